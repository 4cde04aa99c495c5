// WCAG 2.2 A and AA in every state: light and dark, wide and phone. axe finds nothing.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Keyv from 'keyv';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { samples } from '../../examples/server/samples.ts';
import { launchChromium } from '../support/chromium.ts';
import { inChromium } from '../support/in-chromium.ts';
import { openTab, servePage, type ServedPage } from '../support/page.ts';
import { doubleStore } from '../support/stores.ts';
import { enableVersions } from '../support/versioned.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
// The dark look has the same elements: only its colours can be wrong.
const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

interface State {
  readonly name: string;
  readonly hash: string;
  readonly act?: (page: Page, isPhone: boolean) => Promise<unknown>;
}

const focusList = (page: Page) => page.locator('#entries').focus();
const press = async (page: Page, ...keys: readonly string[]) => {
  await focusList(page);
  for (const key of keys) await page.keyboard.press(key);
};
const upload = async (page: Page, isPhone: boolean, name: string) => {
  const button = page.getByRole('button', { name: 'Upload', exact: true });
  if (isPhone) await button.click();
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    isPhone ? page.getByRole('menuitem', { name: 'Upload files' }).click() : button.click(),
  ]);
  await chooser.setFiles([{ name, mimeType: 'text/plain', buffer: Buffer.from('x') }]);
};

const STATES: readonly State[] = [
  { name: 'list', hash: '#/' },
  { name: 'selection', hash: '#/', act: (page) => press(page, 'Control+a') },
  { name: 'tiles', hash: '#/Photos/', act: (page) => press(page, 'g', 'g') },
  { name: 'empty', hash: '#/Inbox/' },
  { name: 'gone', hash: '#/nowhere/' },
  {
    name: 'no match',
    hash: '#/',
    act: (page) => page.locator('#filter').fill('zzz'),
  },
  { name: 'found', hash: '#/?search=report' },
  {
    name: 'menu',
    hash: '#/',
    act: (page) => page.getByRole('button', { name: 'More' }).first().click(),
  },
  { name: 'new folder', hash: '#/', act: (page) => press(page, 'n') },
  {
    name: 'deleted, and can be undone',
    hash: '#/Reports/2026/',
    act: async (page) => {
      await press(page, 'End', 'Delete');
      await page.getByRole('button', { name: 'Undo' }).waitFor();
    },
  },
  {
    name: 'move',
    hash: '#/Team/',
    act: async (page) => {
      await press(page, 'Control+a', 'ContextMenu');
      await page.locator('.row').first().click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Move' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'share',
    hash: '#/Team/',
    act: async (page) => {
      await press(page, 'End', 's');
      await page.getByRole('button', { name: 'Make the link' }).click();
      await page.getByText('Who has it can read the file').waitFor();
      await page.getByText('until').nth(1).waitFor();
    },
  },
  {
    name: 'my links',
    hash: '#/',
    act: async (page) => {
      await page.getByRole('button', { name: 'More' }).first().click();
      await page.getByRole('menuitem', { name: 'My links' }).click();
      await page.getByRole('dialog').getByText('Team/').first().waitFor();
    },
  },
  { name: 'trash', hash: '#/?trash' },
  {
    name: 'trash, asked before it is emptied',
    hash: '#/?trash',
    act: async (page) => {
      await page.getByRole('button', { name: 'Empty the trash' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'keyboard',
    hash: '#/',
    act: async (page) => {
      await press(page, '?');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'details',
    hash: '#/Photos/',
    act: async (page) => {
      await press(page, 'End', 'i');
      await page.getByRole('heading', { name: 'Versions' }).waitFor();
      await page.getByRole('button', { name: 'Edit' }).click();
    },
  },
  { name: 'preview of a picture', hash: '#/Photos/Blue%20hour.png?preview' },
  {
    name: 'preview of a text',
    hash: '#/app.log?preview',
    act: (page) => page.getByRole('button', { name: 'Show more' }).waitFor(),
  },
  { name: 'preview of a sound', hash: '#/Music/Evening%20chord.wav?preview' },
  {
    name: 'conflict and transfers',
    hash: '#/Team/',
    act: async (page, isPhone) => {
      await upload(page, isPhone, 'Plan.md');
      await page.getByRole('dialog').waitFor();
    },
  },
];

const LOOKS = [
  ['light, wide', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }, false],
  ['dark, wide', { colorScheme: 'dark', viewport: { width: 1280, height: 800 } }, false],
  [
    'light, phone',
    { colorScheme: 'light', viewport: { width: 360, height: 740 }, hasTouch: true },
    true,
  ],
  [
    'dark, phone',
    { colorScheme: 'dark', viewport: { width: 360, height: 740 }, hasTouch: true },
    true,
  ],
] as const;

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: unknown; readonly failureSummary: string }[];
}

let browser: Browser;
let served: ServedPage;
let closeStore: () => Promise<void>;
beforeAll(async () => {
  const store = await enableVersions(await doubleStore());
  for (const { key, body, contentType, date } of samples())
    store.double.seed(store.bucket, key, body, { contentType, lastModified: new Date(date) });
  // A second version of one, so that there is something to go back to.
  store.double.seed(store.bucket, 'Photos/Purple ridge.png', 'newer', { contentType: 'image/png' });
  const config = {
    versions: true,
    trash: true,
    linkStore: new Keyv(),
    quota: { bytes: 20_000_000 },
  };
  served = await servePage(store, { config });
  closeStore = store.close;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await served.close();
  await closeStore();
});

inChromium.each(LOOKS)('%s', (_, options, isPhone) => {
  it('has no violation in any state, and no trouble', async () => {
    const found: string[] = [];
    const tab = await openTab(browser, served, { ...options, reducedMotion: 'reduce' });
    const runOnly = JSON.stringify(options.colorScheme === 'dark' ? COLOURS : TAGS);
    for (const { name, hash, act } of STATES) {
      await tab.open(hash);
      await tab.page.evaluate('localStorage.clear()');
      await act?.(tab.page, isPhone);
      // As the browser's own tools do: the page's policy does not apply to it.
      await tab.page.evaluate(AXE);
      const run = `axe.run({ runOnly: ${runOnly} }).then(({ violations }) => violations)`;
      const violations = (await tab.page.evaluate(run)) as readonly Violation[];
      for (const { id, nodes } of violations)
        found.push(
          ...nodes.map(
            ({ target, failureSummary }) =>
              `${name}: ${id} ${JSON.stringify(target)} ${failureSummary.slice(0, 160)}`,
          ),
        );
      const wide = 'document.documentElement.scrollWidth > innerWidth';
      if ((await tab.page.evaluate(wide)) === true) found.push(`${name}: scrolls sideways`);
      found.push(...tab.troubles.splice(0).map((trouble) => `${name}: ${trouble}`));
      await tab.page.evaluate('localStorage.clear()');
    }
    await tab.close();
    expect(found).toEqual([]);
  }, 120_000);
});
