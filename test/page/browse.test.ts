// Browsing in a real browser: lists, places, keyboard, what a person may not do (rows 3, 4, 5, 16, 17 and 22).
import express from 'express';
import helmet from 'helmet';
import { expect, it } from 'vitest';
import { roles } from '../../src/index.ts';
import { inChromium } from '../support/in-chromium.ts';
import type { ServeOptions, Tab } from '../support/page.ts';
import { pageSuite, type Seed } from '../support/page-suite.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const { open: openPage } = pageSuite();

const start = (open: () => Promise<Store>, seed: Seed, options: ServeOptions = {}) =>
  openPage(open(), { seed, ...options });
// What the browser alone does is the same on every store.
const onDouble = (seed: Seed, options: ServeOptions = {}) =>
  openPage(doubleStore(), { seed, ...options });

inChromium.each(availableStores())('the list on $name', ({ open }) => {
  it('shows folders first and natural order, and sorts by each column', async () => {
    const { tab, page, served } = await start(open, {
      'b10.txt': { body: 'ccc', contentType: 'text/plain', lastModified: '2026-03-02T00:00:00Z' },
      'b2.txt': { body: 'a', contentType: 'text/plain', lastModified: '2026-03-01T00:00:00Z' },
      'z/x': 'x',
      'A.png': { body: 'bb', contentType: 'image/png', lastModified: '2026-03-03T00:00:00Z' },
    });
    const sort = (name: string) => page.getByRole('button', { name, exact: true }).click();
    await tab.open();
    await tab.shows(['z', 'A.png', 'b2.txt', 'b10.txt']);
    await sort('Size');
    await tab.shows(['z', 'b10.txt', 'A.png', 'b2.txt']);
    await sort('Kind');
    await tab.shows(['z', 'A.png', 'b2.txt', 'b10.txt']);
    await sort('Kind');
    await tab.shows(['z', 'b2.txt', 'b10.txt', 'A.png']);
    // The newest first; storage keeps the dates, and names decide between equal ones.
    const names = ['A.png', 'b2.txt', 'b10.txt'];
    const dates = await Promise.all(names.map((name) => served.around.look(name)));
    const dated = names.map((name, at) => ({ name, date: dates[at]?.last_modified ?? '' }));
    const newestFirst = dated.toSorted((one, other) => other.date.localeCompare(one.date));
    await sort('Modified');
    await tab.shows(['z', ...newestFirst.map(({ name }) => name)]);
    await sort('Name');
    await sort('Name');
    await tab.shows(['z', 'b10.txt', 'b2.txt', 'A.png']);
    expect(await page.locator('[aria-sort=descending]').innerText()).toBe('Name');
    expect(tab.troubles).toEqual([]);
  });

  it('goes into folders and back, by pointer, by history, after a reload and in a new tab', async () => {
    const { tab, page } = await start(open, { 'docs/2026/a.txt': 'a', 'top.txt': 'b' });
    await tab.open();
    await page.getByRole('link', { name: 'docs' }).click();
    await tab.shows(['2026']);
    await tab.row('2026').dblclick({ position: { x: 400, y: 10 } });
    await tab.shows(['a.txt']);
    expect(page.url()).toMatch(/#\/docs\/2026\/$/);
    expect(await page.title()).toBe('2026 – Files');
    const other = await tab.context.newPage();
    await other.goto(page.url());
    await other.getByRole('link', { name: 'a.txt' }).waitFor();
    await other.close();
    await page.reload();
    await tab.shows(['a.txt']);
    await page.goBack();
    await tab.shows(['2026']);
    await page.goForward();
    await tab.shows(['a.txt']);
    await page.getByRole('link', { name: 'Home' }).click();
    await tab.shows(['docs', 'top.txt']);
  });

  it('comes back to where it was scrolled, by going back and by a reload', async () => {
    const folders = Array.from({ length: 120 }, (_, at) => `f${String(at).padStart(3, '0')}/x`);
    const { tab, page } = await start(open, Object.fromEntries(folders.map((key) => [key, 'x'])));
    await tab.open();
    const list = `document.getElementById('entries')`;
    const top = () => page.evaluate(`${list}?.scrollTop`) as Promise<number>;
    await page.evaluate(`${list}.scrollTop = 2000`);
    // Written once the list has come to rest.
    await until(async () => (await page.evaluate('history.state')) === 2000, { what: 'state' });
    await page.getByRole('link', { name: 'f055' }).click();
    await tab.shows(['x']);
    await page.goBack();
    await until(async () => (await top()) === 2000, { what: 'the place in the list' });
    await page.reload();
    await until(async () => (await top()) === 2000, { what: 'the place after the reload' });
  });

  it('filters while one types, and searches below on Enter', async () => {
    const { tab, page, served } = await start(open, {
      'a/report.txt': 'x',
      'a/b/Report 2.txt': 'x',
      'c.txt': 'x',
    });
    await tab.open();
    await tab.shows(['a', 'c.txt']);
    // What is listed, and what may be done with it.
    await until(() => served.audit.length === 2, { what: 'both requests' });
    await page.locator('#filter').fill('c');
    await tab.shows(['c.txt']);
    expect(served.audit).toHaveLength(2);
    await page.locator('#filter').fill('report');
    await page.getByText('No name contains “report” in the 2 read').waitFor();
    await page.getByRole('button', { name: 'Search everything below' }).click();
    await tab.shows(['a/b/Report 2.txt', 'a/report.txt']);
    await page.getByText('2 found for “report”').waitFor();
    await page.getByRole('link', { name: 'a/report.txt' }).click();
    await page.getByRole('heading', { name: 'report.txt' }).waitFor();
    await page.keyboard.press('Escape');
    await tab.shows(['a/b/Report 2.txt', 'a/report.txt']);
    await page.locator('#filter').press('Escape');
    await tab.shows(['a', 'c.txt']);
    await page.locator('#filter').fill('REPORT 2');
    await page.keyboard.press('Enter');
    await tab.shows(['a/b/Report 2.txt']);
  });
});

inChromium('the keyboard', () => {
  it('moves, selects, opens and goes up', async () => {
    const seed = { 'a/x.txt': 'x', 'b.txt': 'b', 'c.txt': 'c', 'd.txt': 'd' };
    const { tab, page } = await onDouble(seed);
    const selected = async () => page.locator('.row.selected').count();
    await tab.open();
    await tab.shows(['a', 'b.txt', 'c.txt', 'd.txt']);
    await tab.press();
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
    await tab.press('Home', 'Enter');
    await tab.shows(['x.txt']);
    await tab.press('Backspace');
    await tab.shows(['a', 'b.txt', 'c.txt', 'd.txt']);
  });

  it('reaches filter, path, help, views and details', async () => {
    const { tab, page } = await onDouble({ 'a/b/x.txt': 'x' });
    const active = () => page.evaluate('document.activeElement.id') as Promise<string>;
    await tab.open();
    await tab.press('/');
    expect(await active()).toBe('filter');
    await page.keyboard.press('Escape');
    expect(await active()).toBe('entries');
    await page.keyboard.press('Control+l');
    await page.getByRole('textbox', { name: 'Path' }).fill('/a/b');
    await page.keyboard.press('Enter');
    await tab.shows(['x.txt']);
    await tab.press('?');
    await page.getByRole('heading', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await until(async () => (await active()) === 'entries', { what: 'the focus to come back' });
    await tab.press('g', 'g');
    await page.locator('.grid').waitFor();
    await tab.press('g', 'l');
    await page.locator('.list').waitFor();
    await tab.press('i');
    await page.getByRole('complementary', { name: 'Details' }).waitFor();
  });

  it('lets single letters be turned off', async () => {
    const { tab } = await onDouble({ 'name.txt': 'x', 'other.txt': 'y' });
    await tab.open();
    await tab.press('?');
    await tab.page.getByLabel('Single letters do things').uncheck();
    await tab.page.keyboard.press('Escape');
    await tab.press('n');
    expect(await tab.page.locator('dialog').count()).toBe(0);
    expect(await tab.page.locator('.row.focused .name').innerText()).toBe('name.txt');
  });
});

inChromium.each(availableStores())('what a person may not do on $name', ({ open }) => {
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
    const { tab } = await start(open, seed, as('reader'));
    await tab.open();
    await tab.shows(['inbox', 'c.txt']);
    await tab.select('c.txt');
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
    const { tab } = await start(open, seed, as('member'));
    await tab.open();
    await tab.shows(['inbox', 'private', 'c.txt']);
    expect(await tab.page.getByRole('button', { name: 'Upload', exact: true }).count()).toBe(0);
    await tab.page.getByRole('link', { name: 'inbox' }).click();
    await tab.page.getByRole('button', { name: 'Upload', exact: true }).waitFor();
  });

  it('is left out when the host says so', async () => {
    const options = { readOnly: true, title: 'Archive', locale: 'de' };
    const { tab } = await start(open, seed, { page: options });
    await tab.open();
    await tab.page.getByText('Nur lesen').waitFor();
    expect(await tab.page.getByRole('button', { name: 'Hochladen' }).count()).toBe(0);
    expect(await tab.page.title()).toBe('Archive');
    expect(await tab.page.locator('html').getAttribute('lang')).toBe('de');
  });
});

inChromium.each(availableStores())('states on $name', ({ open }) => {
  it('empty, gone, signed out, not reachable', async () => {
    let isSignedIn = true;
    const { tab } = await start(
      open,
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

const opensDeep = async ({ page, troubles }: Tab) => {
  await page.getByRole('link', { name: 'docs' }).click();
  await page.getByRole('link', { name: 'a.txt' }).click();
  await page.getByText('deep').waitFor();
  expect(troubles).toEqual([]);
};

inChromium('embedded', () => {
  it.each(['/a/b/c/files/', '/'])('works at %s', async (path) => {
    const { tab } = await onDouble(
      { 'docs/a.txt': 'deep' },
      { path, mountIn: (page) => express().use(path, page) },
    );
    await tab.open();
    await opensDeep(tab);
  });

  it('works behind a proxy that rewrites the path, and beside helmet', async () => {
    const { tab } = await onDouble(
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
    await opensDeep(tab);
  });
});
