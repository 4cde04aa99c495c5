// What the page changes, in a real browser and asserted on storage: uploads, folders, names, moves, deletions.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { expect, it } from 'vitest';
import { inChromium } from '../support/in-chromium.ts';
import type { ServeOptions } from '../support/page.ts';
import { pageSuite, type Opened } from '../support/page-suite.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const { open: openPage, closers } = pageSuite();

type Given = Pick<Opened, 'tab' | 'served'>;

const start = (
  open: () => Promise<Store>,
  seed: Readonly<Record<string, string>>,
  options: ServeOptions & { readonly look?: BrowserContextOptions } = {},
): Promise<Given> => openPage(open(), { seed, ...options });

const textOf = async ({ served }: Given, key: string) =>
  (await served.around.bytes(key))?.toString();

interface Chosen {
  readonly name: string;
  readonly body: string | Buffer;
}

const choose = async ({ tab }: Given, files: readonly Chosen[]): Promise<void> => {
  const [chooser] = await Promise.all([
    tab.page.waitForEvent('filechooser'),
    tab.page.getByRole('button', { name: 'Upload', exact: true }).first().click(),
  ]);
  await chooser.setFiles(
    files.map(({ name, body }) => ({
      name,
      mimeType: 'text/plain',
      buffer: Buffer.from(body),
    })),
  );
};
const select = ({ tab }: Given, name: string) =>
  tab.row(name).click({ position: { x: 500, y: 10 } });
const toolbar = ({ tab }: Given, name: string) =>
  tab.page.getByRole('toolbar').getByRole('button', { name }).click();
const focusList = ({ tab }: Given) => tab.page.locator('#entries').focus();

inChromium.each(availableStores())('on $name', ({ open }) => {
  it('uploads files and shows them at once', async () => {
    const given = await start(open, { 'docs/old.txt': 'old' });
    await given.tab.open('#/docs/');
    await choose(given, [
      { name: 'b.txt', body: 'two' },
      { name: 'a "quoted" #1.txt', body: 'one' },
    ]);
    await given.tab.page.getByText('2 files uploaded').waitFor();
    await given.tab.shows(['a "quoted" #1.txt', 'b.txt', 'old.txt']);
    expect(await textOf(given, 'docs/a "quoted" #1.txt')).toBe('one');
    expect(given.tab.troubles).toEqual([]);
  });

  it('never replaces unasked: keeps both, replaces or leaves out', async () => {
    const given = await start(open, { 'a.txt': 'old a', 'b.txt': 'old b', 'c.txt': 'old c' });
    const { page } = given.tab;
    const dialog = (name: string) =>
      page.getByRole('dialog', { name: `“${name}” is already there` });
    await given.tab.open();
    await choose(
      given,
      ['a', 'b', 'c'].map((name) => ({ name: `${name}.txt`, body: `new ${name}` })),
    );
    await dialog('a.txt').getByText('5 B').first().waitFor();
    await dialog('a.txt').getByRole('button', { name: 'Keep both' }).click();
    await dialog('b.txt').getByRole('button', { name: 'Replace' }).click();
    await dialog('c.txt').getByRole('button', { name: 'Skip' }).click();
    await given.tab.shows(['a (2).txt', 'a.txt', 'b.txt', 'c.txt']);
    await until(async () => (await textOf(given, 'b.txt')) === 'new b', { what: 'the new b' });
    expect(await textOf(given, 'a.txt')).toBe('old a');
    expect(await textOf(given, 'a (2).txt')).toBe('new a');
    expect(await textOf(given, 'c.txt')).toBe('old c');
  });

  it('answers for all at once', async () => {
    const given = await start(open, { 'a.txt': 'old', 'b.txt': 'old', 'c.txt': 'old' });
    const { page } = given.tab;
    await given.tab.open();
    await choose(
      given,
      ['a', 'b', 'c'].map((name) => ({ name: `${name}.txt`, body: 'new' })),
    );
    await page.getByLabel('Do this for all 3').check();
    await page.getByRole('button', { name: 'Replace' }).click();
    await page.getByText('3 files uploaded').waitFor();
    for (const key of ['a.txt', 'b.txt', 'c.txt']) expect(await textOf(given, key)).toBe('new');
  });

  it('makes folders, by button and by key', async () => {
    const given = await start(open, { 'x.txt': 'x' });
    const { page } = given.tab;
    await given.tab.open();
    await page.getByRole('button', { name: 'New folder' }).click();
    await page.getByLabel('Name of the folder').fill('a/b');
    await page.keyboard.press('Enter');
    await page.getByText('A name cannot have a slash.').waitFor();
    await page.getByLabel('Name of the folder').fill('<new> folder');
    await page.keyboard.press('Enter');
    await given.tab.shows(['<new> folder', 'x.txt']);
    await focusList(given);
    await page.keyboard.press('n');
    await page.getByLabel('Name of the folder').fill('second');
    await page.keyboard.press('Enter');
    await given.tab.shows(['<new> folder', 'second', 'x.txt']);
    expect(await given.served.around.keys()).toEqual(['<new> folder/', 'second/', 'x.txt']);
  });

  it('renames files and folders', async () => {
    const given = await start(open, { 'a.txt': 'a', 'taken.txt': 't', 'f/one.txt': '1' });
    const { page } = given.tab;
    await given.tab.open();
    await select(given, 'a.txt');
    await page.keyboard.press('F2');
    const field = page.getByLabel('New name');
    const marked = 'document.activeElement.value.slice(0, document.activeElement.selectionEnd)';
    expect(await page.evaluate(marked)).toBe('a');
    await field.fill('taken.txt');
    await page.keyboard.press('Enter');
    await page.getByText('“taken.txt” is already there.').waitFor();
    await field.fill('b.txt');
    await page.keyboard.press('Enter');
    await given.tab.shows(['f', 'b.txt', 'taken.txt']);
    await select(given, 'f');
    await toolbar(given, 'Rename');
    await field.fill('g');
    await page.keyboard.press('Enter');
    await given.tab.shows(['g', 'b.txt', 'taken.txt']);
    expect(await given.served.around.keys()).toEqual(['b.txt', 'g/one.txt', 'taken.txt']);
  });

  it('moves by dialog and by cut and paste, copies by drag with Alt', async () => {
    const given = await start(open, { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c', 'to/x.txt': 'x' });
    const { page } = given.tab;
    await given.tab.open();
    await select(given, 'a.txt');
    await toolbar(given, 'Move');
    await page.getByRole('dialog').getByRole('button', { name: 'to' }).click();
    await page.getByRole('button', { name: 'Move here' }).click();
    await given.tab.shows(['to', 'b.txt', 'c.txt']);
    await select(given, 'b.txt');
    await focusList(given);
    await page.keyboard.press('Control+x');
    await page.getByRole('link', { name: 'to', exact: true }).click();
    await given.tab.shows(['a.txt', 'x.txt']);
    await page.getByRole('button', { name: 'Paste' }).click();
    await given.tab.shows(['a.txt', 'b.txt', 'x.txt']);
    await page.getByRole('link', { name: 'Home' }).click();
    await given.tab.shows(['to', 'c.txt']);
    await page.keyboard.down('Alt');
    await given.tab.row('c.txt').dragTo(given.tab.row('to'), { sourcePosition: { x: 400, y: 10 } });
    await page.keyboard.up('Alt');
    await until(async () => (await textOf(given, 'to/c.txt')) === 'c', { what: 'the copy' });
    expect(await given.served.around.keys()).toEqual([
      'c.txt',
      'to/a.txt',
      'to/b.txt',
      'to/c.txt',
      'to/x.txt',
    ]);
  });

  it('deletes after it was said what goes, and not on the first Enter', async () => {
    const given = await start(open, {
      'a.txt': 'a',
      'f/b.txt': 'bb',
      'f/g/c.txt': 'ccc',
      'k.txt': 'k',
    });
    const { page } = given.tab;
    await given.tab.open();
    await select(given, 'f');
    await page.keyboard.press('Delete');
    await page.getByText('These are 2 files, 5 B.').waitFor();
    // The focus is on Cancel.
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await given.served.around.keys()).toHaveLength(4);
    await given.tab.row('a.txt').click({ modifiers: ['Control'], position: { x: 500, y: 10 } });
    await page.keyboard.press('Delete');
    await page.getByRole('button', { name: 'Delete' }).last().click();
    await given.tab.shows(['k.txt']);
    expect(await given.served.around.keys()).toEqual(['k.txt']);
  });
});

inChromium('uploads', () => {
  it('of a folder keep its shape', async () => {
    const folder = await mkdtemp(join(tmpdir(), 's3files-page-'));
    closers.push(() => rm(folder, { recursive: true }));
    const root = join(folder, 'Holiday');
    for (let index = 0; index < 12; index += 1) {
      const inner = join(root, `day ${index % 4}`);
      await mkdir(inner, { recursive: true });
      await writeFile(join(inner, `${index}.txt`), String(index));
    }
    const given = await start(() => doubleStore(), {});
    const { page } = given.tab;
    await given.tab.open();
    const menu = page.getByRole('button', { name: 'Upload a folder' });
    await menu.click();
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('menuitem', { name: 'Upload a folder' }).click(),
    ]);
    await chooser.setFiles(root);
    await page.getByText('12 files uploaded').waitFor();
    await given.tab.shows(['Holiday']);
    const keys = await given.served.around.keys();
    expect(keys).toHaveLength(12);
    expect(keys).toContain('Holiday/day 3/11.txt');
  });

  it('on a phone come from its camera too', async () => {
    const look = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    const given = await start(() => doubleStore(), {}, { look });
    const { page } = given.tab;
    await given.tab.open();
    await page.locator('.floating').tap();
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('menuitem', { name: 'Take a photo' }).tap(),
    ]);
    const input = chooser.element();
    expect(await input.getAttribute('accept')).toBe('image/*');
    expect(await input.getAttribute('capture')).toBe('environment');
    expect(chooser.isMultiple()).toBe(false);
    const photo = { name: 'image.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('a photo') };
    await chooser.setFiles(photo);
    await given.tab.shows(['image.jpg']);
    expect(await textOf(given, 'image.jpg')).toBe('a photo');
  });

  it('by drop go into the folder under the pointer', async () => {
    const given = await start(() => doubleStore(), { 'inside/x.txt': 'x', 'y.txt': 'y' });
    const { page } = given.tab;
    await given.tab.open();
    await given.tab.shows(['inside', 'y.txt']);
    const drag = (type: string, selector: string) =>
      page.evaluate(`(() => {
        const data = new DataTransfer();
        data.items.add(new File(['dropped'], 'drop.txt', { type: 'text/plain' }));
        const init = { dataTransfer: data, bubbles: true, cancelable: true };
        document.querySelector('${selector}').dispatchEvent(new DragEvent('${type}', init));
      })()`);
    await drag('dragover', '.row[data-folder]');
    await page.getByText('Drop to upload to inside').waitFor();
    await drag('drop', '.row[data-folder]');
    await page.getByText('1 file uploaded').waitFor();
    await drag('dragover', '.list');
    await page.getByText('Drop to upload to Files').waitFor();
    await drag('drop', '.list');
    await given.tab.shows(['inside', 'drop.txt', 'y.txt']);
    expect(await given.served.around.keys()).toEqual([
      'drop.txt',
      'inside/drop.txt',
      'inside/x.txt',
      'y.txt',
    ]);
  });

  it('go on when the network is back, and only wait meanwhile', async () => {
    const given = await start(() => doubleStore(), { 'x.txt': 'x' });
    const { page, context } = given.tab;
    await given.tab.open();
    await given.tab.shows(['x.txt']);
    await context.setOffline(true);
    await choose(given, [{ name: 'a.txt', body: 'a' }]);
    await page.getByText('Waiting for the network').waitFor();
    await page.getByText('No connection. Going on when it is back.').waitFor();
    await context.setOffline(false);
    await given.tab.shows(['a.txt', 'x.txt']);
    expect(await textOf(given, 'a.txt')).toBe('a');
  });

  it('try again by themselves after a 503, and by hand after a refusal', async () => {
    let refuses = true;
    const given = await start(
      () => doubleStore(),
      { 'x.txt': 'x' },
      { config: { authorize: ({ operation }) => operation !== 'write' || !refuses } },
    );
    const { page } = given.tab;
    await given.tab.open();
    let failures = 0;
    await page.route('**/_api/soon.txt*', async (route) => {
      failures += 1;
      if (failures > 1) return route.fallback();
      const error = { reason: 'storage_unavailable', message: 'Later.', status_code: 503 };
      return route.fulfill({ status: 503, json: { error } });
    });
    await choose(given, [{ name: 'soon.txt', body: 'soon' }]);
    await page.getByText('Trying again in').waitFor();
    await page.getByText('You are signed out.').first().waitFor();
    expect(failures).toBe(2);
    refuses = false;
    await page.getByRole('button', { name: 'Try again: soon.txt' }).click();
    await given.tab.shows(['soon.txt', 'x.txt']);
    expect(await textOf(given, 'soon.txt')).toBe('soon');
  });

  it('leave nothing when they are cancelled, and are paused and resumed', async () => {
    const given = await start(() => doubleStore(), { 'x.txt': 'x' });
    const { page } = given.tab;
    await given.tab.open();
    const held: (() => Promise<void>)[] = [];
    await page.route('**/_api/*.bin*', (route) => {
      held.push(() => route.fallback());
    });
    await choose(given, [
      { name: 'stop.bin', body: Buffer.alloc(50_000) },
      { name: 'wait.bin', body: Buffer.alloc(50_000) },
    ]);
    await until(() => held.length === 2, { what: 'both requests' });
    await page.getByRole('button', { name: 'Cancel: stop.bin' }).click();
    await page.getByText('Cancelled').waitFor();
    const pause = page.getByRole('button', { name: 'Pause: wait.bin' });
    if (await pause.isVisible()) {
      await pause.click();
      await page.getByText('Paused').waitFor();
      await page.unroute('**/_api/*.bin*');
      await page.getByRole('button', { name: 'Go on: wait.bin' }).click();
    }
    await given.tab.shows(['wait.bin', 'x.txt']);
    expect(await given.served.around.keys()).toEqual(['wait.bin', 'x.txt']);
  });
});

inChromium('work on many', () => {
  it('says which were not done, and tries those again', async () => {
    let refuses = true;
    const given = await start(
      () => doubleStore(),
      { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' },
      {
        config: {
          authenticate: () => ({ id: 'u' }),
          authorize: ({ action, path }) => !(refuses && action === 'delete' && path === 'b.txt'),
        },
      },
    );
    const { page } = given.tab;
    await given.tab.open();
    await focusList(given);
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('2 of 3 done. These were not:').waitFor();
    await page.getByText('You may not do this with “b.txt”.').waitFor();
    await given.tab.shows(['b.txt']);
    refuses = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Nothing here yet').waitFor();
    expect(await given.served.around.keys()).toEqual([]);
  });
});

inChromium('details', () => {
  it('change type and metadata', async () => {
    const given = await start(() => doubleStore(), { 'a.bin': 'x' });
    const { page } = given.tab;
    await given.tab.open();
    await select(given, 'a.bin');
    await page.getByRole('button', { name: 'Details', exact: true }).click();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Type').fill('text/csv');
    await page.getByRole('button', { name: 'Add a field' }).click();
    await page.getByLabel('Field').fill('project');
    await page.getByLabel('Value').fill('apollo');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('apollo').waitFor();
    expect(await given.served.around.look('a.bin')).toMatchObject({
      content_type: 'text/csv',
      metadata: { project: 'apollo' },
    });
  });

  it('of a file that somebody else has stored meanwhile stay as they are', async () => {
    const given = await start(() => doubleStore(), { 'a.bin': 'x' });
    const { page } = given.tab;
    await given.tab.open();
    await select(given, 'a.bin');
    await page.getByRole('button', { name: 'Details', exact: true }).click();
    await page.getByRole('button', { name: 'Edit' }).click();
    await given.served.around.plant({ 'a.bin': { body: 'other', contentType: 'text/x-other' } });
    await page.getByLabel('Type').fill('text/csv');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('“a.bin” was changed by somebody else meanwhile.').waitFor();
    expect(await given.served.around.look('a.bin')).toMatchObject({ content_type: 'text/x-other' });
  });
});
