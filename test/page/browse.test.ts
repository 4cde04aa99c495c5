// Browsing in a real browser: lists, places, keyboard, search, large folders, hostile names.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { roles } from '../../src/index.ts';
import { launchChromium } from '../support/chromium.ts';
import { inChromium } from '../support/in-chromium.ts';
import { openTab, servePage, type ServeOptions, type Tab } from '../support/page.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Seed = Readonly<Record<string, { body?: string; contentType?: string } | string>>;

const start = async (seed: Seed, options: ServeOptions = {}) => {
  const store = await doubleStore();
  for (const [key, given] of Object.entries(seed)) {
    const { body = 'text', contentType = 'text/plain' } =
      typeof given === 'string' ? { body: given } : given;
    store.double.seed(store.bucket, key, body, {
      contentType,
      lastModified: new Date('2026-03-01T00:00:00Z'),
    });
  }
  const served = await servePage(store, options);
  const tab = await openTab(browser, served);
  closers.push(tab.close, served.close, store.close);
  return { store, served, tab };
};
const focusList = async ({ page }: Tab) => page.locator('#entries').focus();
const fieldValue = ({ page }: Tab) => page.locator('dialog input').first().inputValue();

inChromium('the list', () => {
  it('shows folders first and natural order, and sorts by each column', async () => {
    const { tab } = await start({
      'b10.txt': 'ccc',
      'b2.txt': 'a',
      'z/x': 'x',
      'A.md': { body: 'bb', contentType: 'text/markdown' },
    });
    await tab.open();
    await tab.shows(['z', 'A.md', 'b2.txt', 'b10.txt']);
    await tab.page.getByRole('button', { name: 'Size' }).click();
    await tab.shows(['z', 'b10.txt', 'A.md', 'b2.txt']);
    await tab.page.getByRole('button', { name: 'Name' }).click();
    await tab.page.getByRole('button', { name: 'Name' }).click();
    await tab.shows(['z', 'b10.txt', 'b2.txt', 'A.md']);
    expect(await tab.page.locator('[aria-sort=descending]').innerText()).toBe('Name');
    expect(tab.troubles).toEqual([]);
  });

  it('goes into folders and back, by pointer, by history and after a reload', async () => {
    const { tab } = await start({ 'docs/2026/a.txt': 'a', 'top.txt': 'b' });
    await tab.open();
    await tab.page.getByRole('link', { name: 'docs' }).click();
    await tab.shows(['2026']);
    await tab.row('2026').dblclick({ position: { x: 400, y: 10 } });
    await tab.shows(['a.txt']);
    expect(tab.page.url()).toMatch(/#\/docs\/2026\/$/);
    expect(await tab.page.title()).toBe('2026 – Files');
    await tab.page.reload();
    await tab.shows(['a.txt']);
    await tab.page.goBack();
    await tab.shows(['2026']);
    await tab.page.goForward();
    await tab.shows(['a.txt']);
    await tab.page.getByRole('link', { name: 'Home' }).click();
    await tab.shows(['docs', 'top.txt']);
  });

  it('comes back to where it was scrolled', async () => {
    const { tab } = await start(
      Object.fromEntries(
        Array.from({ length: 120 }, (_, index) => [`f${String(index).padStart(3, '0')}/x`, 'x']),
      ),
    );
    await tab.open();
    const list = `document.getElementById('entries')`;
    const top = () => tab.page.evaluate(`${list}?.scrollTop`) as Promise<number>;
    await tab.page.evaluate(`${list}.scrollTop = 2000`);
    // Written once the list has come to rest.
    await until(async () => (await tab.page.evaluate('history.state')) === 2000, { what: 'state' });
    await tab.page.getByRole('link', { name: 'f055' }).click();
    await tab.shows(['x']);
    await tab.page.goBack();
    await until(async () => (await top()) === 2000, { what: 'the place in the list' });
  });

  it('filters while one types, and searches below on Enter', async () => {
    const { tab, served } = await start({
      'a/report.txt': 'x',
      'a/b/Report 2.txt': 'x',
      'c.txt': 'x',
    });
    await tab.open();
    const before = served.audit.length;
    await tab.page.locator('#filter').fill('c');
    await tab.shows(['c.txt']);
    expect(served.audit).toHaveLength(before);
    await tab.page.locator('#filter').fill('report');
    await tab.page.getByText('No name contains “report” in the 2 read').waitFor();
    await tab.page.getByRole('button', { name: 'Search everything below' }).click();
    await tab.shows(['a/b/Report 2.txt', 'a/report.txt']);
    await tab.page.getByText('2 found for “report”').waitFor();
    await tab.page.getByRole('link', { name: 'a/report.txt' }).click();
    await tab.page.getByRole('heading', { name: 'report.txt' }).waitFor();
    await tab.page.keyboard.press('Escape');
    await tab.shows(['a/b/Report 2.txt', 'a/report.txt']);
    await tab.page.locator('#filter').press('Escape');
    await tab.shows(['a', 'c.txt']);
  });
});

inChromium('a large folder', () => {
  it('shows its first rows after one listing, and more as one scrolls', async () => {
    const { tab, served, store } = await start({});
    for (let index = 0; index < 2500; index += 1)
      store.double.sparse(store.bucket, `f${String(index).padStart(5, '0')}`, 10);
    store.double.clearCalls();
    await tab.open();
    await tab.page.getByText('1,000+ items').waitFor();
    const lists = () => served.audit.filter(({ operation }) => operation === 'list').length;
    expect(lists()).toBe(1);
    expect(store.double.calls.length).toBeLessThanOrEqual(3);
    expect(await tab.page.locator('.row').count()).toBeLessThanOrEqual(60);
    await focusList(tab);
    await tab.page.keyboard.press('End');
    await tab.page.getByText('2,000+ items').waitFor();
    await tab.page.getByRole('button', { name: 'Size' }).click();
    await tab.page.getByText('2,500 items').waitFor();
    expect(await tab.page.locator('.row').count()).toBeLessThanOrEqual(60);
    expect(tab.troubles).toEqual([]);
  });

  it('keeps its rows when the list breaks off, and says so', async () => {
    const { tab, store } = await start({});
    for (let index = 0; index < 1500; index += 1)
      store.double.sparse(store.bucket, `f${String(index).padStart(5, '0')}`, 10);
    await tab.open();
    await tab.page.getByText('1,000+ items').waitFor();
    await tab.page.route('**/_api/**', (route) => route.abort());
    await focusList(tab);
    await tab.page.keyboard.press('End');
    await tab.page.getByText('The list broke off after 1,000.').waitFor();
    await tab.page.unroute('**/_api/**');
    await tab.page.getByRole('button', { name: 'Try again' }).click();
    await tab.page.getByText('1,500 items').or(tab.page.getByText('1,000+ items')).waitFor();
  });
});

inChromium('the keyboard', () => {
  it('moves, selects, opens and goes up', async () => {
    const { tab } = await start({ 'a/x.txt': 'x', 'b.txt': 'b', 'c.txt': 'c', 'd.txt': 'd' });
    const { page } = tab;
    const selected = async () => page.locator('.row.selected').count();
    await tab.open();
    await tab.shows(['a', 'b.txt', 'c.txt', 'd.txt']);
    await focusList(tab);
    const focused = () => page.locator('.row.focused .name').innerText();
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('b.txt');
    await page.keyboard.press('Shift+ArrowDown');
    expect(await selected()).toBe(2);
    await page.keyboard.press('Control+a');
    expect(await selected()).toBe(4);
    await page.keyboard.press('Escape');
    expect(await selected()).toBe(0);
    await page.keyboard.press('End');
    expect(await focused()).toBe('d.txt');
    await page.keyboard.press('Control+Space');
    expect(await selected()).toBe(1);
    await page.keyboard.press('c');
    expect(await focused()).toBe('c.txt');
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await tab.shows(['x.txt']);
    await page.locator('#entries').focus();
    await page.keyboard.press('Backspace');
    await tab.shows(['a', 'b.txt', 'c.txt', 'd.txt']);
  });

  it('reaches filter, path, help, views and details', async () => {
    const { tab } = await start({ 'a/b/x.txt': 'x' });
    const { page } = tab;
    const active = () => page.evaluate('document.activeElement.id') as Promise<string>;
    await tab.open();
    await focusList(tab);
    await page.keyboard.press('/');
    expect(await active()).toBe('filter');
    await page.keyboard.press('Escape');
    expect(await active()).toBe('entries');
    await page.keyboard.press('Control+l');
    await page.getByRole('textbox', { name: 'Path' }).fill('/a/b');
    await page.keyboard.press('Enter');
    await tab.shows(['x.txt']);
    await focusList(tab);
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await until(async () => (await active()) === 'entries', { what: 'the focus to come back' });
    await page.keyboard.press('g');
    await page.keyboard.press('g');
    await page.locator('.grid').waitFor();
    await focusList(tab);
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await page.locator('.list').waitFor();
    await focusList(tab);
    await page.keyboard.press('i');
    await page.getByRole('complementary', { name: 'Details' }).waitFor();
  });

  it('lets single letters be turned off', async () => {
    const { tab } = await start({ 'name.txt': 'x', 'other.txt': 'y' });
    await tab.open();
    await focusList(tab);
    await tab.page.keyboard.press('?');
    await tab.page.getByLabel('Single letters do things').uncheck();
    await tab.page.keyboard.press('Escape');
    await focusList(tab);
    await tab.page.keyboard.press('n');
    expect(await tab.page.locator('dialog').count()).toBe(0);
    expect(await tab.page.locator('.row.focused .name').innerText()).toBe('name.txt');
  });
});

const HOSTILE = [
  '<img src=x onerror=window.ran=true>',
  '"><svg onload=window.ran=true>',
  '%2e',
  'a#b?c&d=e+f',
  "it's `${1}` {{2}}",
  'עברית العربية.txt',
  'emoji 🦊👩‍👩‍👧.txt',
  'trailing...',
  '.env',
  '__proto__',
  'constructor',
  `${'long '.repeat(50)}.txt`,
];

inChromium('a name is only text', () => {
  it.each(HOSTILE)('%j', async (name) => {
    const { tab, served } = await start({ [`${name}/${name}`]: 'content of it' });
    const { page } = tab;
    await tab.open();
    await tab.shows([name]);
    await tab.row(name).dblclick({ position: { x: 600, y: 10 } });
    await until(() => page.url().split('/').length > 6, { what: 'the folder' });
    await tab.shows([name]);
    await page.reload();
    await tab.shows([name]);
    await focusList(tab);
    await page.keyboard.press('Space');
    await page.getByText('content of it').waitFor();
    await page.keyboard.press('Escape');
    await focusList(tab);
    await page.keyboard.press('F2');
    expect(await fieldValue(tab)).toBe(name);
    await page.locator('dialog input').fill('plain.txt');
    await page.keyboard.press('Enter');
    await tab.shows(['plain.txt']);
    expect(await served.around.keys()).toEqual([`${name}/plain.txt`]);
    expect(await page.evaluate('"ran" in globalThis')).toBe(false);
    expect(tab.troubles).toEqual([]);
  });

  it('that nobody could type stays closed', async () => {
    const { tab } = await start({ 'a//b': 'x', 'plain.txt': 'y' });
    await tab.open('#/a/');
    await tab.shows(['/']);
    await tab.page.locator('.row').dblclick({ position: { x: 600, y: 10 } });
    expect(await tab.page.locator('.row .cell-menu button').count()).toBe(0);
    expect(tab.page.url()).toMatch(/#\/a\/$/);
  });
});

inChromium('what a person may not do', () => {
  const policy = roles({
    reader: [
      { path: '**', allow: ['GET'] },
      { path: 'private/**', deny: '*' },
    ],
    member: [
      { path: '**', allow: ['GET'] },
      { path: 'inbox/**', allow: '*' },
    ],
  });
  const as = (role: string): ServeOptions => ({
    config: { authorize: policy, authenticate: () => ({ id: role, roles: [role] }) },
  });
  const seed = { 'inbox/a.txt': 'x', 'private/b.txt': 'x', 'c.txt': 'x' };

  it('is not there for a reader', async () => {
    const { tab } = await start(seed, as('reader'));
    await tab.open();
    await tab.shows(['inbox', 'c.txt']);
    await tab.row('c.txt').click({ position: { x: 500, y: 10 } });
    await tab.page.getByRole('toolbar').waitFor();
    expect(await tab.page.getByRole('toolbar').getByRole('button').allInnerTexts()).toEqual([
      '',
      'Download',
      'Share a link',
      'Copy',
    ]);
    await tab.open('#/private/');
    await tab.page.getByText('You may not look into this folder.').waitFor();
    expect(await tab.page.getByRole('button', { name: 'Upload' }).count()).toBe(0);
    expect(tab.troubles).toEqual([]);
  });

  it('is there where a member may', async () => {
    const { tab } = await start(seed, as('member'));
    await tab.open();
    await tab.shows(['inbox', 'private', 'c.txt']);
    expect(await tab.page.getByRole('button', { name: 'Upload', exact: true }).count()).toBe(0);
    await tab.page.getByRole('link', { name: 'inbox' }).click();
    await tab.page.getByRole('button', { name: 'Upload', exact: true }).waitFor();
  });

  it('is left out when the host says so', async () => {
    const { tab } = await start(seed, { page: { readOnly: true, title: 'Archive', locale: 'de' } });
    await tab.open();
    await tab.page.getByText('Nur lesen').waitFor();
    expect(await tab.page.getByRole('button', { name: 'Hochladen' }).count()).toBe(0);
    expect(await tab.page.title()).toBe('Archive');
    expect(await tab.page.locator('html').getAttribute('lang')).toBe('de');
  });
});

inChromium('states', () => {
  it('empty, gone, signed out, not reachable', async () => {
    let isSignedIn = true;
    const { tab } = await start(
      { 'empty/': '', 'x.txt': 'x' },
      { config: { authorize: () => isSignedIn }, page: { signIn: '/sign-in' } },
    );
    await tab.open('#/empty/');
    await tab.page.getByText('Nothing here yet').waitFor();
    await tab.open('#/nowhere/');
    await tab.page.getByText('This folder is no longer here.').waitFor();
    await tab.page.getByRole('button', { name: 'Up one level' }).click();
    await tab.shows(['empty', 'x.txt']);
    isSignedIn = false;
    await tab.open('#/empty/');
    await tab.page.getByText('You are signed out.').waitFor();
    expect(await tab.page.getByRole('link', { name: 'Sign in' }).getAttribute('href')).toBe(
      '/sign-in',
    );
    isSignedIn = true;
    await tab.page.route('**/_api/**', (route) => route.abort());
    await tab.page.goto(`${tab.page.url().split('#')[0]}#/`);
    await tab.page.getByText('No connection.').waitFor();
    await tab.page.unroute('**/_api/**');
    await tab.page.getByRole('button', { name: 'Try again' }).click();
    await tab.shows(['empty', 'x.txt']);
  });
});

inChromium('embedded', () => {
  it.each(['/a/b/c/files/', '/'])('works at %s', async (path) => {
    const { default: express } = await import('express');
    const { tab } = await start(
      { 'docs/a.txt': 'deep' },
      { path, mountIn: (page) => express().use(path, page) },
    );
    await tab.open();
    await tab.page.getByRole('link', { name: 'docs' }).click();
    await tab.page.getByRole('link', { name: 'a.txt' }).click();
    await tab.page.getByText('deep').waitFor();
    expect(tab.troubles).toEqual([]);
  });

  it('works behind a proxy that rewrites the path, and beside helmet', async () => {
    const { default: express } = await import('express');
    const { default: helmet } = await import('helmet');
    const { tab } = await start(
      { 'docs/a.txt': 'deep' },
      {
        path: '/outside/here/',
        mountIn: (page) => {
          const host = express()
            .use(helmet({ strictTransportSecurity: false }))
            .use('/files', page);
          return (req, res) => {
            req.url = (req.url ?? '').replace('/outside/here/', '/files/');
            host(req, res);
          };
        },
      },
    );
    await tab.open();
    await tab.page.getByRole('link', { name: 'docs' }).click();
    await tab.page.getByRole('link', { name: 'a.txt' }).click();
    await tab.page.getByText('deep').waitFor();
    expect(tab.troubles).toEqual([]);
  });
});
