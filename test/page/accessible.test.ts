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
  /** A service that asks who one is, and lets nobody write; one that knows nobody. @default one that allows all */
  readonly host?: 'reader' | 'nobody';
  readonly act?: (page: Page, isPhone: boolean) => Promise<unknown>;
}

const focusList = (page: Page) => page.locator('#entries').focus();
const press = async (page: Page, ...keys: readonly string[]) => {
  await focusList(page);
  for (const key of keys) await page.keyboard.press(key);
};
const upload = async (page: Page, isPhone: boolean, names: readonly string[]) => {
  const button = page.getByRole('button', { name: 'Upload', exact: true });
  if (isPhone) await button.click();
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    isPhone ? page.getByRole('menuitem', { name: 'Upload files' }).click() : button.click(),
  ]);
  const buffer = Buffer.from('x');
  await chooser.setFiles(names.map((name) => ({ name, mimeType: 'text/plain', buffer })));
};
/** Answers of the service to a name, or none. */
const answering = (page: Page, status: number, reason: string, pattern: string) =>
  page.route(pattern, (route) =>
    route.fulfill({
      status,
      // So that what is tried again still waits when it is looked at.
      headers: { 'Retry-After': '60' },
      json: { error: { status_code: status, reason, message: 'As the test has it.' } },
    }),
  );
let rounds = 0;

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
      await upload(page, isPhone, ['Plan.md']);
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'loading',
    hash: '#/',
    act: async (page) => {
      await page.route('**/_api/Music/*', () => undefined);
      await page.evaluate(`location.hash = '#/Music/'`);
      await page.locator('.skeleton-row').first().waitFor();
    },
  },
  {
    name: 'more to come, and broken off',
    hash: '#/Many/',
    act: async (page) => {
      await page.getByText('1,000+ items').waitFor();
      await page.route('**/_api/**', (route) => route.abort());
      await press(page, 'End');
      await page.getByText('The list broke off after 1,000.').waitFor();
    },
  },
  {
    name: 'storage does not answer',
    hash: '#/',
    act: async (page) => {
      await answering(page, 503, 'storage_unavailable', '**/_api/Music/*');
      await page.evaluate(`location.hash = '#/Music/'`);
      await page.getByText('Trying again in').waitFor();
      await page.getByText('Details', { exact: true }).last().click();
    },
  },
  {
    name: 'offline, and uploads that wait',
    hash: '#/Team/',
    act: async (page, isPhone) => {
      await page.context().setOffline(true);
      await upload(page, isPhone, [`offline ${(rounds += 1)}.txt`]);
      await page.getByText('Waiting for the network').waitFor();
      await page.getByText('No connection. Going on').waitFor();
    },
  },
  { name: 'refused', hash: '#/Private/', host: 'reader' },
  { name: 'read only', hash: '#/', host: 'reader', act: (page) => press(page, 'Control+a') },
  { name: 'empty, may not write', hash: '#/Inbox/', host: 'reader' },
  { name: 'signed out', hash: '#/', host: 'nobody' },
  {
    name: 'rows that are cut, busy, or have no address',
    hash: '#/Odd/',
    act: async (page) => {
      await press(page, 'End', 'ArrowUp', 'Control+x', 'ArrowUp');
      await page.route('**/_api/**', (route) =>
        route.request().method() === 'DELETE' || route.request().method() === 'POST'
          ? undefined
          : route.fallback(),
      );
      await press(page, 'Delete');
      await page.locator('.busy').waitFor();
    },
  },
  {
    name: 'transfers in every state',
    hash: '#/Team/',
    act: async (page, isPhone) => {
      const round = (rounds += 1);
      await answering(page, 403, 'access_denied', '**/refused*');
      await answering(page, 503, 'storage_unavailable', '**/later*');
      await page.route('**/held*', () => undefined);
      const held = [1, 2, 3, 4, 5].map((index) => `held ${index}.txt`);
      await upload(page, isPhone, [`done ${round}.txt`, 'refused.txt', 'later.txt', ...held]);
      await page.getByText('Done · 1 B').waitFor();
      await page.getByText('You may not do this with “refused.txt”.').waitFor();
      await page.getByText('Trying again in').waitFor();
      await page.getByRole('button', { name: 'Pause: held 1.txt' }).click();
      await page.getByText('Paused').waitFor();
      await page.getByText('Details', { exact: true }).last().click();
    },
  },
  {
    name: 'a path is typed',
    hash: '#/Team/',
    act: (page) => press(page, 'Control+l'),
  },
  {
    name: 'files are dragged over it',
    hash: '#/',
    act: (page) =>
      page.evaluate(`(() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(['x'], 'x.txt'));
        document.querySelector('[data-folder]').dispatchEvent(
          new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true }));
      })()`),
  },
  {
    name: 'a message of what went wrong, over a preview',
    hash: '#/Music/nothing.wav?preview',
    act: async (page) => {
      await page.getByText('“nothing.wav” is no longer here.').waitFor();
      await page.getByText('Details', { exact: true }).last().click();
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
let hosts: Readonly<Record<'all' | NonNullable<State['host']>, ServedPage>>;
let closeStore: () => Promise<void>;
beforeAll(async () => {
  const store = await enableVersions(await doubleStore());
  for (const { key, body, contentType, date } of samples())
    store.double.seed(store.bucket, key, body, { contentType, lastModified: new Date(date) });
  // A second version of one, so that there is something to go back to.
  store.double.seed(store.bucket, 'Photos/Purple ridge.png', 'newer', { contentType: 'image/png' });
  for (const name of ['busy.txt', 'cut.txt', 'other.txt', '/b'])
    store.double.seed(store.bucket, `Odd/${name}`, 'x', { contentType: 'text/plain' });
  for (let index = 0; index < 1200; index += 1)
    store.double.sparse(store.bucket, `Many/${String(index).padStart(4, '0')}`, 10);
  const config = {
    versions: true,
    trash: true,
    linkStore: new Keyv(),
    quota: { bytes: 20_000_000 },
  };
  hosts = {
    all: await servePage(store, { config }),
    reader: await servePage(store, {
      config: {
        authenticate: () => ({ id: 'reader' }),
        authorize: ({ path }) => !path.startsWith('Private'),
      },
      page: { readOnly: true },
    }),
    nobody: await servePage(store, {
      config: { authorize: () => false },
      page: { signIn: '/sign-in' },
    }),
  };
  closeStore = store.close;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  for (const served of Object.values(hosts)) await served.close();
  await closeStore();
});

// The other two differ in colours or in width alone: there the main states are enough.
const EVERY_STATE = ['light, wide', 'dark, phone'];
const MAIN_STATES = 21;

inChromium.each(LOOKS)('%s', (look, options, isPhone) => {
  it('has no violation in any state, and no trouble', async () => {
    const found: string[] = [];
    const settings = { ...options, reducedMotion: 'reduce' } as const;
    const tabs = {
      all: await openTab(browser, hosts.all, settings),
      reader: await openTab(browser, hosts.reader, settings),
      nobody: await openTab(browser, hosts.nobody, settings),
    };
    const runOnly = JSON.stringify(options.colorScheme === 'dark' ? COLOURS : TAGS);
    const states = EVERY_STATE.includes(look) ? STATES : STATES.slice(0, MAIN_STATES);
    for (const { name, hash, act, host = 'all' } of states) {
      const tab = tabs[host];
      await tab.open(hash);
      await tab.page.evaluate('localStorage.clear()');
      await act?.(tab.page, isPhone).catch((error: unknown) => {
        found.push(`${name}: ${String(error)}`);
      });
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
      await tab.page.evaluate('localStorage.clear(); sessionStorage.clear()');
      // What is held ends with the page, and is not let go.
      await tab.page.goto('about:blank');
      await tab.page.unrouteAll({ behavior: 'ignoreErrors' });
      await tab.context.setOffline(false);
    }
    for (const tab of Object.values(tabs)) await tab.close();
    expect(found).toEqual([]);
  }, 180_000);
});
