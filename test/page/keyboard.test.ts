// Every row of the keyboard map, in the list and in the tiles; then each feature without any pointer.
import type { FileChooser, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { inChromium } from '../support/in-chromium.ts';
import { pageSuite } from '../support/page-suite.ts';
import { openTab, servePage, type ServeOptions, type Tab } from '../support/page.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { enableVersions } from '../support/versioned.ts';

const { browser, closers } = pageSuite();

type View = 'list' | 'grid';

interface Given {
  readonly tab: Tab;
  readonly page: Page;
  readonly press: (...keys: readonly string[]) => Promise<void>;
  /** Name of the entry that has the focus. */
  readonly focused: () => Promise<string>;
  readonly goesTo: (name: string) => Promise<boolean>;
  readonly selected: () => Promise<readonly string[]>;
  readonly keys: () => Promise<readonly string[]>;
  readonly textOf: (key: string) => Promise<string | undefined>;
  /** The dialog of the system for files, once it is asked for. */
  readonly nextChooser: () => Promise<FileChooser>;
  /** Stores around the service. */
  readonly plant: (key: string, body: string) => Promise<unknown>;
}

const start = async (
  seed: Readonly<Record<string, string>>,
  { view = 'list', ...options }: ServeOptions & { view?: View; hasTrash?: boolean } = {},
): Promise<Given> => {
  const plain = await doubleStore();
  const store = options.hasTrash === true ? await enableVersions(plain) : plain;
  for (const [key, body] of Object.entries(seed))
    plain.double.seed(store.bucket, key, body, { contentType: 'text/plain' });
  const kept = options.hasTrash === true ? { versions: true, trash: true } : {};
  const served = await servePage(store, { ...options, config: { ...options.config, ...kept } });
  const tab = await openTab(browser(), served);
  closers.push(tab.close, served.close, store.close);
  const { page } = tab;
  // All the time: a key is quicker than a browser that is told to listen.
  const choosers: FileChooser[] = [];
  page.on('filechooser', (chooser) => choosers.push(chooser));
  await tab.open();
  // The first arrow leads into the list.
  await page.keyboard.press('ArrowDown');
  if (view === 'grid') {
    await page.keyboard.press('g');
    await page.keyboard.press('g');
    await page.locator('.grid').waitFor();
  }
  await page.keyboard.press('Home');
  const focused = async () => {
    const name = page.locator('.focused .name');
    return (await name.count()) === 0 ? '' : (await name.innerText()).replaceAll('\n', '');
  };
  return {
    tab,
    page,
    focused,
    press: async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    },
    goesTo: (name) => until(async () => (await focused()) === name, { what: `focus on ${name}` }),
    selected: () => page.locator('.selected .name').allInnerTexts(),
    keys: () => served.around.keys(),
    textOf: async (key) => (await served.around.bytes(key))?.toString(),
    nextChooser: async () => {
      await until(() => choosers.length > 0, { what: 'the dialog of the system' });
      return choosers.shift() as FileChooser;
    },
    plant: (key, body) => served.around.plant({ [key]: { body, contentType: 'text/plain' } }),
  };
};

const numbered = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`f${String(index).padStart(2, '0')}`, 'x']),
  );
const hasFocus = (page: Page, selector: string) =>
  until(() => page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`), {
    what: `the focus on ${selector}`,
  });
/** Tabs on until a control of that name has the focus. */
const tabTo = async (page: Page, name: string | RegExp, key = 'Tab'): Promise<void> => {
  const seen: unknown[] = [];
  for (let step = 0; step < 80; step += 1) {
    await page.keyboard.press(key);
    const at = await page.evaluate(`(() => {
      const { activeElement: element } = document;
      return element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText;
    })()`);
    const found = String(at).trim();
    if (typeof name === 'string' ? found === name : name.test(found)) return;
    seen.push(at);
  }
  throw new Error(`Tab never came to ${String(name)}; it came by ${JSON.stringify(seen)}`);
};

inChromium.each(['list', 'grid'] as const)('in the %s', (view) => {
  it('arrows, Home, End and the page keys move the focus, and what has it is in sight', async () => {
    const { page, press, goesTo, focused } = await start(numbered(90), { view });
    const inSight = () =>
      until(
        () =>
          page.evaluate(`(() => {
            const list = document.getElementById('entries').getBoundingClientRect();
            const box = document.querySelector('.focused')?.getBoundingClientRect();
            return box !== undefined && box.top >= list.top - 1 && box.bottom <= list.bottom + 1;
          })()`),
        { what: 'the focus in sight' },
      );
    const attribute = await page.locator('#entries').getAttribute('aria-colcount');
    const columns = view === 'grid' ? Number(attribute) : 1;
    const name = (index: number) => `f${String(index).padStart(2, '0')}`;
    await goesTo('f00');
    await press('ArrowDown');
    await goesTo(name(columns));
    await press('ArrowUp');
    await goesTo('f00');
    // There is nothing above, and no other column is meant.
    await press(view === 'grid' ? 'ArrowRight' : 'ArrowDown', 'ArrowDown', 'ArrowUp');
    await goesTo('f01');
    if (view === 'grid') {
      await press('ArrowUp');
      await goesTo('f01');
      await press('ArrowLeft');
    } else await press('ArrowUp');
    await goesTo('f00');
    await press('End');
    await goesTo('f89');
    await inSight();
    await press('ArrowDown');
    await goesTo('f89');
    await press('PageUp');
    await inSight();
    const before = Number((await focused()).slice(1));
    expect(before).toBeLessThan(89 - columns);
    await press('PageDown');
    await goesTo('f89');
    await press('Home');
    await goesTo('f00');
    await inSight();
  });

  it('Enter opens; Backspace and Alt+Up go up, to the folder that one came from', async () => {
    const given = await start(
      { 'a/one.txt': '1', 'b/c/two.txt': '2', 'b/three.txt': '3', 'z.txt': 'z' },
      { view },
    );
    const { tab, press, goesTo, page } = given;
    await press(view === 'grid' ? 'ArrowRight' : 'ArrowDown', 'Enter');
    await tab.shows(['c', 'three.txt']);
    await goesTo('c');
    await press('Enter');
    await tab.shows(['two.txt']);
    await press('Backspace');
    await goesTo('c');
    await press('Alt+ArrowUp');
    await goesTo('b');
    await tab.shows(['a', 'b', 'z.txt']);
    await press('End', 'Enter');
    await page.getByRole('heading', { name: 'z.txt' }).waitFor();
    await press('Escape');
    await goesTo('z.txt');
  });

  it('Space shows the file, and takes the preview away again', async () => {
    const { page, press, goesTo } = await start({ 'a.txt': 'text of a', 'b.txt': 'b' }, { view });
    await press('Space');
    await page.getByText('text of a').waitFor();
    await press('Space');
    await page.locator('.preview').waitFor({ state: 'detached' });
    await goesTo('a.txt');
  });

  it('Shift extends, Ctrl+Space and Ctrl+click toggle, Ctrl+A takes all, Esc none', async () => {
    const { page, tab, press, selected } = await start(numbered(6), { view });
    const next = view === 'grid' ? 'ArrowRight' : 'ArrowDown';
    const back = view === 'grid' ? 'ArrowLeft' : 'ArrowUp';
    await press(next, `Shift+${next}`, `Shift+${next}`);
    expect(await selected()).toEqual(['f01', 'f02', 'f03']);
    await press(`Shift+${back}`);
    expect(await selected()).toEqual(['f01', 'f02']);
    await press('Shift+End');
    expect(await selected()).toEqual(['f01', 'f02', 'f03', 'f04', 'f05']);
    await press('Control+Space');
    expect(await selected()).toEqual(['f01', 'f02', 'f03', 'f04']);
    await tab.row('f02').click({ modifiers: ['Control'], position: { x: 20, y: 20 } });
    expect(await selected()).toEqual(['f01', 'f03', 'f04']);
    // The click was on the row: the keys still are those of the list.
    await press('Control+a');
    expect(await selected()).toHaveLength(6);
    await press('Escape');
    expect(await selected()).toEqual([]);
    await page.getByText('6 items').waitFor();
  });

  it('F2 renames, with the name marked without its extension', async () => {
    const { page, press, keys, goesTo } = await start({ 'a.tar.gz': 'a', 'b.txt': 'b' }, { view });
    await press('F2');
    await page.getByLabel('New name').waitFor();
    const marked = 'document.activeElement.value.slice(0, document.activeElement.selectionEnd)';
    expect(await page.evaluate(marked)).toBe('a');
    await page.keyboard.type('z');
    await press('Enter');
    await goesTo('z.tar.gz');
    expect(await keys()).toEqual(['b.txt', 'z.tar.gz']);
  });

  it('Delete removes, Ctrl+Z brings back, and the focus stays where it was', async () => {
    const { tab, page, press, keys, goesTo } = await start(
      { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' },
      { view, hasTrash: true },
    );
    await press(view === 'grid' ? 'ArrowRight' : 'ArrowDown', 'Delete');
    await page.getByText('“b.txt” is in the trash').waitFor();
    await tab.shows(['a.txt', 'c.txt']);
    await goesTo('c.txt');
    expect(await keys()).toEqual(['a.txt', 'c.txt']);
    await press('Control+z');
    await tab.shows(['a.txt', 'b.txt', 'c.txt']);
    expect(await keys()).toEqual(['a.txt', 'b.txt', 'c.txt']);
  });

  it('Ctrl+C, X and V copy and move', async () => {
    const { tab, press, textOf, keys, goesTo } = await start(
      { 'to/x.txt': 'x', 'a.txt': 'a', 'b.txt': 'b' },
      { view },
    );
    await press('a', 'Control+c', 'Home', 'Enter');
    await tab.shows(['x.txt']);
    await press('Control+v');
    await tab.shows(['a.txt', 'x.txt']);
    await press('Backspace');
    await goesTo('to');
    await press('End', 'Control+x');
    expect(await tab.row('b.txt').getAttribute('class')).toContain('dimmed');
    await press('Home', 'Enter');
    await tab.shows(['a.txt', 'x.txt']);
    await press('Control+v');
    await tab.shows(['a.txt', 'b.txt', 'x.txt']);
    expect([await textOf('to/a.txt'), await textOf('to/b.txt')]).toEqual(['a', 'b']);
    expect(await keys()).toEqual(['a.txt', 'to/a.txt', 'to/b.txt', 'to/x.txt']);
  });

  it('N, U, Shift+U, D, S and I do what they say', async () => {
    const { page, press, keys, goesTo, nextChooser } = await start({ 'a.txt': 'a' }, { view });
    await press('n');
    await page.getByLabel('Name of the folder').waitFor();
    await page.keyboard.type('made');
    await press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await goesTo('made');
    for (const [key, isFolder] of [
      ['u', false],
      ['Shift+U', true],
    ] as const) {
      await press(key);
      const chooser = await nextChooser();
      const input = chooser.element();
      expect(await input.evaluate((element) => Reflect.get(element, 'webkitdirectory'))).toBe(
        isFolder,
      );
      if (!isFolder)
        await chooser.setFiles([{ name: 'u.txt', mimeType: '', buffer: Buffer.from('u') }]);
    }
    await page.getByText('1 file uploaded').waitFor();
    expect(await keys()).toEqual(['a.txt', 'made/', 'u.txt']);
    await press('Escape', 'Home', view === 'grid' ? 'ArrowRight' : 'ArrowDown');
    await goesTo('a.txt');
    const [download] = await Promise.all([page.waitForEvent('download'), press('d')]);
    expect(download.suggestedFilename()).toBe('a.txt');
    await press('s');
    await page.getByRole('dialog', { name: 'Share “a.txt”' }).waitFor();
    await press('Escape');
    await hasFocus(page, '#entries');
    await press('i');
    await page.getByRole('complementary', { name: 'Details' }).getByText('text/plain').waitFor();
    await press('i');
    await page.getByRole('complementary', { name: 'Details' }).waitFor({ state: 'detached' });
  });

  it('Shift+F10 and the menu key open the menu of what is selected', async () => {
    const { page, press, selected } = await start(numbered(3), { view });
    await press('Control+a', 'Shift+F10');
    const menu = page.getByRole('menu');
    await menu.getByRole('menuitem', { name: 'Move' }).waitFor();
    expect(await menu.getByRole('menuitem', { name: 'Rename' }).count()).toBe(0);
    await press('Escape');
    await hasFocus(page, '#entries');
    expect(await selected()).toHaveLength(3);
    await press('Escape', 'ContextMenu', 'ArrowDown');
    await menu.getByRole('menuitem', { name: 'Rename' }).waitFor();
    await press('End', 'Enter');
    await page.getByRole('dialog', { name: 'Delete “f00”?' }).waitFor();
  });
});

inChromium('letters', () => {
  it('go to the name that begins so, until a second has passed', async () => {
    const { page, press, goesTo, tab } = await start({});
    await tab.page.clock.install();
    for (const name of ['bar.txt', 'baz.txt', 'go.txt', 'oak.txt', 'zoo.txt'])
      await page.evaluate(`fetch('_api/${name}', { method: 'PUT', body: 'x' })`);
    await tab.open();
    await press('ArrowDown', 'End');
    await goesTo('zoo.txt');
    await press('b', 'a', 'z');
    await goesTo('baz.txt');
    await page.clock.fastForward(1500);
    // The same letter again goes on to the next, and round.
    await press('b', 'b');
    await goesTo('baz.txt');
    await page.clock.fastForward(1500);
    await press('g', 'o');
    await goesTo('go.txt');
    // A view is chosen although a name was typed before.
    await page.clock.fastForward(1500);
    await press('g', 'g');
    await page.locator('.grid').waitFor();
    await page.clock.fastForward(1500);
    await press('o');
    await goesTo('oak.txt');
    await page.clock.fastForward(1500);
    await press('g', 'l');
    await page.locator('.list').waitFor();
    // A key that does something ends what was typed, within the second too.
    await page.clock.fastForward(1500);
    await press('b', 'ArrowDown', 'o');
    await goesTo('oak.txt');
    await press('b', 'Escape', 'g', 'g');
    await page.locator('.grid').waitFor();
    expect(tab.troubles).toEqual([]);
  });

  it('that do something are those of the list alone, and can be turned off for good', async () => {
    const { page, press, tab, goesTo } = await start({
      'a.txt': 'a',
      'docs/x': 'x',
      'g.txt': 'g',
      'info.txt': 'i',
      'name.txt': 'n',
      'some.txt': 's',
      'u.txt': 'u',
    });
    const nothing = async () => {
      expect(await page.locator('dialog, .panel, .grid').count()).toBe(0);
      expect(await page.evaluate('document.activeElement.id')).toBe('entries');
    };
    // On a button they are nothing.
    await tabTo(page, 'Size');
    await press('n', 'i', 's', '?');
    expect(await page.locator('dialog, .panel').count()).toBe(0);
    await tabTo(page, 'Contents of Files', 'Shift+Tab');
    await press('?');
    await page.getByRole('heading', { name: 'Keyboard' }).waitFor();
    await tabTo(page, 'Single letters do things while the list has the focus');
    await press('Space', 'Escape');
    await hasFocus(page, '#entries');
    const opened: unknown[] = [];
    page.on('download', (download) => opened.push(download));
    page.on('filechooser', (chooser) => opened.push(chooser));
    await page.clock.install();
    for (let round = 0; round < 2; round += 1) {
      for (const [key, name] of [
        ['n', 'name.txt'],
        ['i', 'info.txt'],
        ['s', 'some.txt'],
        ['d', 'docs'],
        ['u', 'u.txt'],
        ['g', 'g.txt'],
        ['/', 'g.txt'],
        ['?', 'g.txt'],
      ] as const) {
        await press(key);
        await goesTo(name);
        await nothing();
        await page.clock.fastForward(1500);
      }
      expect(opened).toEqual([]);
      await page.reload();
      await tab.shows(['docs', 'a.txt', 'g.txt', 'info.txt', 'name.txt', 'some.txt', 'u.txt']);
      await press('ArrowDown');
    }
  });

  it('/ and Ctrl+F lead to the filter, Ctrl+L to the path, ? to the table of all this', async () => {
    const { page, press, tab } = await start({ 'a/b/x.txt': 'x', 'c.txt': 'c' });
    for (const key of ['/', 'Control+f']) {
      await press(key);
      await hasFocus(page, '#filter');
      await page.keyboard.type('c');
      await tab.shows(['c.txt']);
      await press('Escape');
      await tab.shows(['a', 'c.txt']);
      await hasFocus(page, '#entries');
    }
    await press('Control+l');
    await hasFocus(page, '.path-field input');
    await page.keyboard.type('/a/b/');
    await press('Enter');
    await tab.shows(['x.txt']);
    await hasFocus(page, '#entries');
    await press('Control+l');
    await hasFocus(page, '.path-field input');
    await press('Escape');
    await hasFocus(page, '#entries');
    await press('?');
    const table = page.getByRole('dialog', { name: 'Keyboard' });
    for (const key of [
      'F2',
      'PgDn',
      'Backspace',
      'Space',
      'Delete',
      'F10',
      '/',
      'L',
      'D',
      'S',
      'I',
    ])
      await table.locator('kbd', { hasText: key }).first().waitFor();
    await press('Escape');
    await table.waitFor({ state: 'detached' });
  });
});

inChromium('the clipboard', () => {
  const pasteFile = (page: Page) =>
    page.evaluate(`(() => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(['pasted'], 'p.txt', { type: 'text/plain' }));
      const init = { clipboardData, bubbles: true, cancelable: true };
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', init));
    })()`);

  it('of the system brings files, into an empty folder too', async () => {
    const { page, tab, press, textOf } = await start({ 'empty/': '' });
    await press('Enter');
    await page.getByText('Nothing here yet').waitFor();
    await hasFocus(page, '#no-entries');
    await pasteFile(page);
    await tab.shows(['p.txt']);
    expect(await textOf('empty/p.txt')).toBe('pasted');
  });

  it('holds the names of what was copied here, so that nothing older is pasted instead', async () => {
    const { page, tab, press } = await start({ 'a.txt': 'a', 'b.txt': 'b' });
    await tab.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await press('Control+a', 'Control+c');
    await until(
      async () => (await page.evaluate('navigator.clipboard.readText()')) === 'a.txt\nb.txt',
      {
        what: 'the names',
      },
    );
  });
});

inChromium('without any pointer', () => {
  it('the list is sorted, filtered, and searched below', async () => {
    const { page, tab, press } = await start({
      'big.txt': 'xxx',
      'small.txt': 'x',
      'f/big 2.txt': 'xxx',
    });
    await tabTo(page, 'Size');
    await press('Enter');
    await tab.shows(['f', 'big.txt', 'small.txt']);
    await press('Enter');
    await tab.shows(['f', 'small.txt', 'big.txt']);
    await tabTo(page, 'Contents of Files', 'Shift+Tab');
    await press('/');
    await page.keyboard.type('big');
    await tab.shows(['big.txt']);
    await press('Enter');
    await tab.shows(['big.txt', 'f/big 2.txt']);
    await press('Escape');
    await tab.shows(['f', 'small.txt', 'big.txt']);
  });

  it('files go up, are paused, go on and are cancelled; a name that is taken is answered', async () => {
    const { page, press, keys, textOf, nextChooser } = await start({
      'a.txt': 'old a',
      'b.txt': 'old b',
    });
    const choose = async (names: readonly string[]) => {
      await press('u');
      const chooser = await nextChooser();
      const files = names.map((name) => ({
        name,
        mimeType: '',
        buffer: Buffer.from(`new ${name}`),
      }));
      await chooser.setFiles(files);
    };
    await choose(['a.txt', 'b.txt']);
    await page.getByRole('dialog', { name: '“a.txt” is already there' }).waitFor();
    await press('Enter');
    await page.getByRole('dialog', { name: '“b.txt” is already there' }).waitFor();
    await tabTo(page, 'Replace', 'Shift+Tab');
    await press('Enter');
    await page.getByText('2 files uploaded').waitFor();
    expect(await keys()).toEqual(['a (2).txt', 'a.txt', 'b.txt']);
    expect([await textOf('a.txt'), await textOf('b.txt')]).toEqual(['old a', 'new b.txt']);

    await hasFocus(page, '#entries');
    let held = 0;
    await page.route('**/_api/*.bin*', () => {
      held += 1;
    });
    await choose(['stop.bin', 'wait.bin']);
    await until(() => held === 2, { what: 'both requests' });
    // Held requests that the page has ended and the browser does not know of yet would go on with the others.
    const isEnded = (name: string) =>
      page.waitForEvent('requestfailed', (request) => request.url().includes(name));
    const stopped = isEnded('stop.bin');
    await tabTo(page, 'Cancel: stop.bin');
    await press('Enter');
    await page.getByText('Cancelled').waitFor();
    await stopped;
    const paused = isEnded('wait.bin');
    await tabTo(page, 'Pause: wait.bin');
    await press('Enter');
    await page.getByText('Paused').waitFor();
    await paused;
    await page.unroute('**/_api/*.bin*');
    await tabTo(page, 'Go on: wait.bin');
    await press('Enter');
    await page.getByText('1 file uploaded').waitFor();
    expect(await keys()).toEqual(['a (2).txt', 'a.txt', 'b.txt', 'wait.bin']);
  });

  it('entries move by their menu and the dialog of folders, and several are one archive', async () => {
    const { page, press, keys, tab } = await start({
      'a.txt': 'a',
      'b.txt': 'b',
      'to/in/x.txt': 'x',
    });
    await press('ArrowDown', 'Shift+ArrowDown');
    const [download] = await Promise.all([page.waitForEvent('download'), press('d')]);
    expect(download.suggestedFilename()).toMatch(/\.zip$/);
    await press('Shift+F10');
    for (let step = 0; step < 10; step += 1) {
      if ((await page.evaluate('document.activeElement.innerText')) === 'Move') break;
      await press('ArrowDown');
    }
    await press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Move 2 items' });
    await dialog.getByRole('button', { name: 'to' }).waitFor();
    await tabTo(page, 'to');
    await press('Enter');
    await dialog.getByRole('button', { name: 'in' }).waitFor();
    await tabTo(page, 'Move here');
    await press('Enter');
    await tab.shows(['to']);
    expect(await keys()).toEqual(['to/a.txt', 'to/b.txt', 'to/in/x.txt']);
    await hasFocus(page, '#entries');
  });

  it('a deletion without a trash is agreed to', async () => {
    const { page, press, keys } = await start({ 'a.txt': 'a', 'b.txt': 'b' });
    await press('Delete');
    await page.getByRole('dialog', { name: 'Delete “a.txt”?' }).waitFor();
    await press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await keys()).toEqual(['a.txt', 'b.txt']);
    await press('Delete');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'Delete');
    await press('Enter');
    await until(async () => (await keys()).length === 1, { what: 'the deletion' });
    expect(await keys()).toEqual(['b.txt']);
  });

  it('a link is made, and properties are changed', async () => {
    const { page, press } = await start({ 'a.txt': 'text of a' });
    await press('s');
    await page.getByRole('dialog', { name: 'Share “a.txt”' }).waitFor();
    await press('Enter');
    const url = await page.getByLabel('Link', { exact: true }).inputValue();
    expect(await (await fetch(url)).text()).toBe('text of a');
    await press('Escape');
    await hasFocus(page, '#entries');
    await press('i');
    await page.getByRole('button', { name: 'Edit' }).waitFor();
    await tabTo(page, 'Edit');
    await press('Enter');
    await hasFocus(page, '.properties input');
    await press('Control+a');
    await page.keyboard.type('text/csv');
    await press('Enter');
    await page.getByRole('complementary').getByText('text/csv').waitFor();
  });

  it('the trash is opened, and what lies in it comes back', async () => {
    const { page, tab, press, keys } = await start(
      { 'a.txt': 'a', 'b.txt': 'b' },
      { hasTrash: true },
    );
    await press('Delete');
    await tab.shows(['b.txt']);
    await tabTo(page, 'Trash', 'Shift+Tab');
    await press('Enter');
    await tab.shows(['a.txt']);
    await tabTo(page, 'Contents of Files');
    await press('Enter');
    await page.getByText('Nothing in the trash').waitFor();
    await press('Backspace');
    await tab.shows(['a.txt', 'b.txt']);
    expect(await keys()).toEqual(['a.txt', 'b.txt']);
  });

  it('an older version comes back, and a link is ended', async () => {
    const { page, press, plant, textOf } = await start(
      { 'a.txt': 'first' },
      { hasTrash: true, config: { linkStore: new Map<string, unknown>() } },
    );
    await plant('a.txt', 'the second');
    await press('i');
    await page.getByRole('heading', { name: 'Versions' }).waitFor();
    await tabTo(page, /^Restore the version of/);
    await press('Enter');
    await page.getByText('“a.txt” is the older version again.').waitFor();
    expect(await textOf('a.txt')).toBe('first');
    await tabTo(page, 'Contents of Files', 'Shift+Tab');
    await press('s');
    await page.getByRole('dialog', { name: 'Share “a.txt”' }).waitFor();
    await press('Enter');
    const url = await page.getByLabel('Link', { exact: true }).inputValue();
    expect((await fetch(url)).status).toBe(200);
    await page.getByRole('button', { name: 'End this link' }).waitFor();
    await tabTo(page, 'End this link');
    await press('Enter');
    await page.getByText('The link no longer works.').waitFor();
    expect((await fetch(url)).status).toBe(404);
  });
});
