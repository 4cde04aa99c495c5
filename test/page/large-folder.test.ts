// Folders of which a page shows a part: first rows, more of them, sorting, and searches that stop (rows 1, 2, 3, 4).
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inChromium } from '../support/in-chromium.ts';
import { openTab, servePage, type ServedPage, type Tab } from '../support/page.ts';
import { pageSuite } from '../support/page-suite.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const { open: openPage, browser, closers } = pageSuite();

const numbered = (index: number) => `f${String(index).padStart(5, '0')}.txt`;

/** A double's bucket with so many files. */
const filled = async (count: number) => {
  const store = await doubleStore();
  for (let index = 0; index < count; index += 1)
    store.double.sparse(store.bucket, numbered(index), 10);
  return store;
};

/** Holds requests back that ask for a further page of a list. */
const holdFurther = async (page: Page) => {
  const held: Route[] = [];
  const isFurther = (url: URL) => url.searchParams.has('cursor');
  await page.route(isFurther, (route) => void held.push(route));
  return {
    held,
    letGo: async () => {
      await page.unroute(isFurther);
      // Whoever asked may be gone.
      for (const route of held.splice(0)) await route.continue().catch(() => undefined);
    },
  };
};

inChromium.each(availableStores())('a folder of 1,100 files on $name', ({ open }) => {
  const FILES = 1100;
  let store: Store;
  let served: ServedPage;
  beforeAll(async () => {
    store = await open();
    served = await servePage(store);
    await served.around.plant(
      Object.fromEntries(Array.from({ length: FILES }, (_, at) => [numbered(at), { body: 'x' }])),
    );
  }, 180_000);
  afterAll(async () => {
    await served.close();
    await store.close();
  });
  const asked = (operation: string) =>
    served.audit.filter((event) => event.operation === operation);
  const newTab = async (): Promise<Tab> => {
    served.audit.length = 0;
    const tab = await openTab(browser(), served);
    closers.unshift(tab.close);
    return tab;
  };

  it('shows its first rows after one listing, and more as one scrolls', async () => {
    const tab = await newTab();
    await tab.open();
    await tab.page.getByText('1,000+ items').waitFor();
    await until(() => asked('list').length > 0, { what: 'the listing' });
    expect(asked('list').map(({ storageCalls }) => storageCalls)).toEqual([1]);
    const whole = served.audit.reduce((sum, { storageCalls }) => sum + storageCalls, 0);
    expect(whole).toBeLessThanOrEqual(2);
    expect(await tab.page.locator('.row').count()).toBeLessThanOrEqual(60);
    await tab.press('End');
    await tab.page.getByText('1,100 items').waitFor();
    expect(await tab.page.locator('.row').count()).toBeLessThanOrEqual(60);
    expect(tab.troubles).toEqual([]);
  });

  it('is sorted although more of it is on its way already', async () => {
    const tab = await newTab();
    await tab.open();
    await tab.page.getByText('1,000+ items').waitFor();
    const further = await holdFurther(tab.page);
    await tab.press('End');
    await until(() => further.held.length === 1, { what: 'the second page' });
    await tab.page.getByRole('button', { name: 'Modified' }).click();
    await further.letGo();
    await tab.page.getByText('1,100 items').waitFor();
    expect(await tab.page.locator('[aria-sort=descending]').innerText()).toBe('Modified');
    expect(asked('list')).toHaveLength(2);
  });

  it('is searched page by page, until that is stopped', async () => {
    const tab = await newTab();
    const { page } = tab;
    const further = await holdFurther(page);
    await tab.open('#/?search=f0');
    await page.getByText('1,000 found so far for “f0”…').waitFor();
    // A search goes on without being looked at.
    await until(() => further.held.length === 1, { what: 'the second page' });
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('1,000 found for “f0” before it was stopped').waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('entries');
    await further.letGo();
    await tab.press('End');
    await page.getByText('f00999.txt').first().waitFor();
    expect(asked('search').map(({ storageCalls }) => storageCalls)).toEqual([1]);
    // What was stopped can be begun again.
    await tab.open('#/?search=f0');
    await page.getByText('1,100 found for “f0”').waitFor();
    await until(() => asked('search').length === 3, { what: 'the second search' });
    expect(asked('search').map(({ storageCalls }) => storageCalls)).toEqual([1, 1, 1]);
    expect(tab.troubles).toEqual([]);
  });
});

inChromium('a large folder', () => {
  it('cannot be sorted above 10,000 entries, and says why', async () => {
    const { tab, page, served } = await openPage(filled(11_500));
    await tab.open();
    await page.getByText('1,000+ items').waitFor();
    const header = (name: string) => page.getByRole('button', { name, exact: true });
    expect(await header('Size').isDisabled()).toBe(false);
    await header('Size').click();
    await page.getByText('10,000+ items').waitFor();
    for (const name of ['Size', 'Kind', 'Modified']) {
      expect(await header(name).isDisabled()).toBe(true);
      expect(await header(name).getAttribute('title')).toMatch(/^Sorted by name/);
    }
    expect(await page.locator('[aria-sort=ascending]').innerText()).toBe('Name');
    const lists = served.audit.filter(({ operation }) => operation === 'list');
    expect(lists).toHaveLength(10);
    expect(await page.locator('.row').count()).toBeLessThanOrEqual(60);
    expect(tab.troubles).toEqual([]);
  });

  it('is searched behind ten thousand keys that have nothing', async () => {
    const store = await filled(11_500);
    store.double.seed(store.bucket, 'z/the report.txt', 'text');
    const { tab, page } = await openPage(store);
    await tab.open('#/?search=report');
    await page.getByText('1 found for “report”').waitFor();
    await tab.shows(['z/the report.txt']);
    expect(tab.troubles).toEqual([]);
  });

  it('is not asked for any more by a search that was stopped in the middle', async () => {
    const { tab, page, store, served } = await openPage(filled(9000));
    const lists = () =>
      store.double.calls.filter(({ operation }) => operation === 'ListObjectsV2').length;
    store.double.inject({ operation: 'ListObjectsV2', kind: 'delay', delayMs: 600, times: 100 });
    await tab.open();
    await page.getByText('1,000+ items').waitFor();
    const before = lists();
    await page.locator('#filter').fill('none of them');
    await page.keyboard.press('Enter');
    await until(() => lists() >= before + 2, { what: 'the second call of the search' });
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('0 found for “none of them” before it was stopped').first().waitFor();
    const searches = () => served.audit.filter(({ operation }) => operation === 'search');
    await until(() => searches().length === 1, { what: 'the end of the search' });
    const after = lists();
    expect(after - before).toBeLessThan(9);
    expect(searches().map(({ complete }) => complete)).toEqual([false]);
    store.double.clearFaults();
    await tab.open();
    await page.getByText('1,000+ items').waitFor();
    expect(lists()).toBe(after + 1);
  });

  it('keeps its rows when the list breaks off, and says so', async () => {
    const { tab, page } = await openPage(filled(1500));
    await tab.open();
    await page.getByText('1,000+ items').waitFor();
    await page.route('**/_api/**', (route) => route.abort());
    await tab.press('End');
    await page.getByText('The list broke off after 1,000.').waitFor();
    await page.unroute('**/_api/**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('1,500 items').or(page.getByText('1,000+ items')).waitFor();
  });
});
