// What a screen reader is told (row 18): asserted on the browser's own accessibility tree.
import type { CDPSession, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { inChromium } from '../support/in-chromium.ts';
import { pageSuite } from '../support/page-suite.ts';
import { openTab, servePage, type ServeOptions } from '../support/page.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { enableVersions } from '../support/versioned.ts';

const { browser, closers } = pageSuite();

/** A node of the tree that is not ignored. */
interface Node {
  readonly id: number;
  readonly role: string;
  readonly name: string;
  /** Everything that is read below it. */
  readonly text: string;
  readonly is: Readonly<Record<string, unknown>>;
}

const treeOf = async (session: CDPSession): Promise<readonly Node[]> => {
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const textOf = (id: string): string => {
    const node = byId.get(id);
    if (node === undefined) return '';
    if (node.role?.value === 'StaticText') return String(node.name?.value ?? '');
    return (node.childIds ?? []).map(textOf).join('');
  };
  return nodes
    .filter(({ ignored }) => !ignored)
    .map((node) => ({
      id: node.backendDOMNodeId ?? -1,
      role: String(node.role?.value),
      name: String(node.name?.value ?? ''),
      text: textOf(node.nodeId),
      is: Object.fromEntries(
        (node.properties ?? []).map(({ name, value }) => [
          name,
          value.value ?? value.relatedNodes?.map(({ backendDOMNodeId }) => backendDOMNodeId),
        ]),
      ),
    }));
};

const start = async (seed: Readonly<Record<string, string>>, options: ServeOptions = {}) => {
  const store = await doubleStore();
  for (const [key, body] of Object.entries(seed))
    store.double.seed(store.bucket, key, body, {
      contentType: 'text/plain',
      lastModified: new Date('2020-03-01T12:00:00Z'),
    });
  if (options.config?.versions === true) await enableVersions(store);
  const served = await servePage(store, options);
  const tab = await openTab(browser(), served);
  closers.push(tab.close, served.close, store.close);
  const session = await tab.context.newCDPSession(tab.page);
  const tree = () => treeOf(session);
  const find = async (role: string, name?: string | RegExp): Promise<Node | undefined> =>
    (await tree()).find(
      (node) => node.role === role && (name === undefined || node.name.match(name)),
    );
  return {
    store,
    served,
    tab,
    page: tab.page,
    tree,
    find,
    /** The node that has the focus: the one in the list, where the list has it. */
    focused: async () => {
      const nodes = await tree();
      const holder = nodes.findLast(
        ({ is, role }) => is['focused'] === true && role !== 'RootWebArea',
      );
      const [active] = (holder?.is['activedescendant'] ?? []) as readonly number[];
      return nodes.find(({ id }) => id === active) ?? holder;
    },
    /** Waits until a region that was there before says this. */
    says: async (regions: readonly Node[], text: string | RegExp) => {
      const ids = new Set(regions.map(({ id }) => id));
      await until(
        async () =>
          (await tree()).some(
            (node) => ids.has(node.id) && isLive(node) && node.text.search(text) >= 0,
          ),
        { what: `a region to say ${String(text)}` },
      );
    },
    regions: async () => (await tree()).filter(isLive),
  };
};

const isLive = ({ is, role }: Node): boolean =>
  role === 'status' || role === 'alert' || (is['live'] !== undefined && is['live'] !== 'off');
const press = async (page: Page, ...keys: readonly string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};

inChromium('a list', () => {
  it('is a grid that counts all its rows, whichever are drawn', async () => {
    const { store, tab, page, find, focused, tree } = await start({});
    for (let index = 0; index < 1500; index += 1)
      store.double.sparse(store.bucket, `f${String(index).padStart(5, '0')}`, 10);
    const count = () => page.locator('#entries').getAttribute('aria-rowcount');
    const indexes = () =>
      page.evaluate(`[...document.querySelectorAll('.row')].map((row) => [
        Number(row.getAttribute('aria-rowindex')), row.querySelector('.name').title])`) as Promise<
        readonly (readonly [number, string])[]
      >;
    const areRight = async () => {
      const drawn = await indexes();
      expect(drawn.length).toBeGreaterThan(10);
      expect(drawn.length).toBeLessThanOrEqual(60);
      // The head is the first row.
      expect(drawn.map(([index]) => index)).toEqual(
        drawn.map(([, name]) => Number(name.slice(1)) + 2),
      );
    };
    await tab.open();
    // Nobody knows yet how many there are.
    expect(await count()).toBe('-1');
    await areRight();
    expect(await find('grid', 'Contents of Files')).toMatchObject({
      is: { multiselectable: true },
    });
    const heads = (await tree()).filter(({ role }) => role === 'columnheader');
    expect(heads.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Name', 'Size', 'Kind', 'Modified']),
    );
    await press(page, 'ArrowDown', 'End');
    await page.getByText('1,500 items').waitFor();
    expect(await count()).toBe('1501');
    await press(page, 'End');
    await until(async () => (await focused())?.name.startsWith('f01499'), { what: 'the last row' });
    await areRight();
    await page.evaluate(`document.getElementById('entries').scrollTop = 30000`);
    await until(async () => (await indexes()).some(([index]) => index === 752), {
      what: 'the middle',
    });
    await areRight();
  });

  it('says of a row what it is, and whether it is selected', async () => {
    const { tab, page, find, focused } = await start({ 'docs/x': 'x', 'a.txt': 'text' });
    await tab.open();
    await press(page, 'ArrowDown');
    expect((await focused())?.name).toBe('docs, Folder');
    await press(page, 'ArrowDown');
    expect(await focused()).toMatchObject({ role: 'row', name: 'a.txt, Text, 4 B, 1 Mar 2020' });
    expect((await focused())?.is['selected']).toBe(false);
    await press(page, 'Control+Space');
    expect((await focused())?.is['selected']).toBe(true);
    expect((await find('row', /^docs/))?.is['selected']).toBe(false);
    await press(page, 'g', 'g');
    await until(async () => (await find('gridcell', /^a\.txt, Text/)) !== undefined, {
      what: 'tiles',
    });
    expect((await find('gridcell', /^a\.txt/))?.is['selected']).toBe(true);
    const grid = page.locator('#entries');
    expect(await grid.getAttribute('aria-rowcount')).toBe('1');
    expect((await focused())?.name).toMatch(/^a\.txt/);
  });

  it('has no head on a phone, and counts so', async () => {
    const { served, store } = await start({});
    for (const name of ['a', 'b']) store.double.seed(store.bucket, name, 'x');
    const phone = await openTab(browser(), served, { viewport: { width: 360, height: 700 } });
    closers.unshift(phone.close);
    await phone.open();
    const list = phone.page.locator('#entries');
    expect(await list.getAttribute('aria-rowcount')).toBe('2');
    expect(await phone.page.locator('.row').first().getAttribute('aria-rowindex')).toBe('1');
  });
});

inChromium('what changes is said', () => {
  it('of transfers, by a region that was there before', async () => {
    const { tab, page, regions, says } = await start({ 'old.txt': 'x' });
    await tab.open();
    const before = await regions();
    const held: (() => Promise<void>)[] = [];
    let sent = 0;
    await page.route('**/_api/new*', (route) => {
      if (route.request().method() !== 'POST' || (sent += 1) <= 3) return route.fallback();
      held.push(() => route.fallback());
      return undefined;
    });
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Upload', exact: true }).click(),
    ]);
    await chooser.setFiles(
      Array.from({ length: 12 }, (_, index) => ({
        name: `new ${index}.txt`,
        mimeType: 'text/plain',
        buffer: Buffer.from('x'),
      })),
    );
    await says(before, /^3 of 12 uploaded/);
    await page.unroute('**/_api/new*');
    await Promise.all(held.map((letGo) => letGo()));
    await says(before, /^12 files uploaded/);
    await says(before, /^13 items/);
  });

  it('of the selection, of the order, of the connection and of what was done', async () => {
    const { tab, page, regions, says } = await start(
      { 'a.txt': 'aa', 'b.txt': 'bbb', 'f/c.txt': 'c' },
      { config: { versions: true, trash: true } },
    );
    await tab.open();
    const before = await regions();
    await says(before, /^3 items/);
    await press(page, 'ArrowDown', 'Control+a');
    await says(before, /^3 selected · 5 B/);
    await press(page, 'Escape');
    await says(before, /^3 items/);
    await page.getByRole('button', { name: 'Size' }).click();
    await says(before, 'Sorted by Size, descending');
    await page.getByRole('button', { name: 'Size' }).click();
    await says(before, 'Sorted by Size, ascending');
    await tab.context.setOffline(true);
    await says(before, 'No connection.');
    await tab.context.setOffline(false);
    await page.locator('#entries').focus();
    await press(page, 'End', 'Delete');
    await says(before, 'is in the trash');
    await page.locator('#filter').fill('c');
    await says(before, /^0 items/);
  });

  it('of a folder that cannot be shown, by an alert', async () => {
    const { tab, find } = await start({ 'a.txt': 'a' }, { config: { authorize: () => false } });
    await tab.open();
    expect((await find('alert'))?.text).toMatch(/^You are signed out\./);
  });
});

/** Every dialog: how it is opened from the list, and its name. */
const DIALOGS: readonly (readonly [string, readonly string[], string])[] = [
  ['a new folder', ['n'], 'New folder'],
  ['another name', ['F2'], 'Rename “a.txt”'],
  ['a deletion', ['Delete'], 'Delete “a.txt”?'],
  ['a link', ['s'], 'Share “a.txt”'],
  ['the keyboard', ['?'], 'Keyboard'],
];

inChromium('a dialog', () => {
  it.each(DIALOGS)('of %s keeps the focus and gives it back', async (_, keys, name) => {
    const { tab, page, tree, focused } = await start({ 'a.txt': 'a', 'b.txt': 'b' });
    const dialog = page.getByRole('dialog', { name });
    await tab.open();
    for (const leave of ['Escape', 'Close']) {
      await press(page, 'ArrowDown', 'Home', ...keys);
      await dialog.waitFor();
      // The rest of the page is not there.
      const nodes = await tree();
      expect(nodes.filter(({ role }) => ['grid', 'row', 'main'].includes(role))).toEqual([]);
      expect(nodes.find(({ role }) => role === 'dialog')).toMatchObject({
        name,
        is: { modal: true },
      });
      const inside = `document.activeElement === document.body ||
        document.activeElement.closest('dialog') !== null`;
      let stops = 0;
      for (let step = 0; step < 20; step += 1) {
        await page.keyboard.press(step % 5 === 4 ? 'Shift+Tab' : 'Tab');
        expect(await page.evaluate(inside)).toBe(true);
        if ((await page.evaluate('document.activeElement.tagName')) !== 'BODY') stops += 1;
      }
      expect(stops).toBeGreaterThan(5);
      if (leave === 'Escape') await page.keyboard.press('Escape');
      else await dialog.getByRole('button', { name: 'Close' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect((await focused())?.name).toMatch(/^a\.txt/);
    }
    expect(tab.troubles).toEqual([]);
  });
});

inChromium('the focus is never lost', () => {
  it('by a deletion, another name, or another folder', async () => {
    const { tab, page, focused } = await start({
      'a.txt': 'a',
      'b.txt': 'b',
      'c.txt': 'c',
      'empty/': '',
      'full/x.txt': 'x',
    });
    const isOn = (name: string | RegExp) =>
      until(async () => (await focused())?.name.match(name), {
        what: `the focus on ${String(name)}`,
      });
    await tab.open();
    await press(page, 'ArrowDown', 'Enter');
    await page.getByText('Nothing here yet').waitFor();
    await until(async () => (await page.evaluate('document.activeElement.id')) === 'no-entries', {
      what: 'the focus where the list would be',
    });
    await press(page, 'Backspace');
    await isOn(/^empty/);
    await press(page, 'ArrowDown', 'Enter');
    await isOn(/^x\.txt/);
    await press(page, 'Backspace');
    await isOn(/^full/);
    await press(page, 'b', 'F2');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('bb');
    await press(page, 'Enter');
    await isOn(/^bb\.txt/);
    await press(page, 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await isOn(/^c\.txt/);
    // The last one: then the one before it.
    await press(page, 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await isOn(/^a\.txt/);
    await press(page, 'g', 'g');
    await page.locator('.grid').waitFor();
    await isOn(/^a\.txt/);
    await press(page, '/');
    await page.keyboard.type('nothing is called so');
    await page.getByText('No name contains').waitFor();
    await press(page, 'Escape');
    await isOn(/./);
    expect(await page.evaluate('document.activeElement.id')).toBe('entries');
  });

  it('by a button that goes with what it was about', async () => {
    const { tab, page } = await start(
      { 'a.txt': 'a', 'b.txt': 'b' },
      { config: { versions: true, trash: true, linkStore: new Map<string, unknown>() } },
    );
    const isKept = async (selector = '#entries') => {
      await until(() => page.evaluate(`document.activeElement.matches('${selector}')`), {
        what: `the focus on ${selector}`,
      });
    };
    await tab.open();
    // The bar of actions goes when the selection ends.
    await tab.row('a.txt').click({ position: { x: 500, y: 10 } });
    await page.getByRole('button', { name: 'End the selection' }).click();
    await isKept();
    await tab.row('a.txt').click({ position: { x: 500, y: 10 } });
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
    await isKept();
    await page.getByRole('button', { name: 'Undo' }).click();
    await isKept();
    await page.getByRole('button', { name: 'Details', exact: true }).click();
    await page.getByRole('complementary').getByRole('button', { name: 'Close' }).click();
    await isKept();
    await press(page, 'Escape');
    await page.route('**/_api/*.bin*', () => undefined);
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Upload', exact: true }).click(),
    ]);
    await chooser.setFiles([{ name: 'x.bin', mimeType: '', buffer: Buffer.from('x') }]);
    await page.getByRole('button', { name: 'Cancel: x.bin' }).click();
    await isKept();
    // In a dialog it stays there.
    await press(page, 'Home', 's');
    await page.getByRole('button', { name: 'Make the link' }).click();
    await page.getByRole('button', { name: 'End this link' }).click();
    await page.getByRole('button', { name: 'End this link' }).waitFor({ state: 'detached' });
    await isKept('dialog, dialog *');
    expect(tab.troubles).toEqual([]);
  });
});
