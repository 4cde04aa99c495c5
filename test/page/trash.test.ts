// What is deleted can be taken back: at once, from the trash, and an older version of what is there (row 13).
import { expect, it } from 'vitest';
import type { FileServiceConfig } from '../../src/index.ts';
import { inChromium } from '../support/in-chromium.ts';
import { pageSuite, type Opened, type Seed } from '../support/page-suite.ts';
import { availableStores, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { enableVersions, keptVersions } from '../support/versioned.ts';

const { open: openPage } = pageSuite();

const start = async (
  open: () => Promise<Store>,
  seed: Seed,
  config: Partial<FileServiceConfig> = {},
): Promise<Opened> => {
  const store = await enableVersions(await open());
  return openPage(store, { seed, config: { versions: true, trash: true, ...config } });
};
const textOf = async ({ served }: Opened, key: string) =>
  (await served.around.bytes(key))?.toString();

const TREE = { 'f/a.txt': 'aa', 'f/g/b.txt': 'bbb', 'c.txt': 'c', 'd.txt': 'd' };

inChromium.each(availableStores())('on $name', ({ open }) => {
  it('a deletion is made at once, and taken back by a button', async () => {
    const given = await start(open, TREE);
    const { page } = given;
    await given.tab.open();
    await given.tab.select('f');
    await given.tab.select('c.txt', 'Control');
    await page.keyboard.press('Delete');
    await given.tab.shows(['d.txt']);
    expect(await given.served.around.keys()).toEqual(['d.txt']);
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.getByText('2 items are in the trash').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await given.tab.shows(['f', 'c.txt', 'd.txt']);
    expect(await given.served.around.keys()).toEqual(Object.keys(TREE).toSorted());
    expect(await textOf(given, 'f/g/b.txt')).toBe('bbb');
    expect(given.tab.troubles).toEqual([]);
  });

  it('a deletion is taken back by Ctrl+Z while that is offered', async () => {
    const given = await start(open, TREE);
    const { page } = given;
    await given.tab.open();
    await given.tab.select('f');
    await page.keyboard.press('Delete');
    await page.getByText('“f” is in the trash').waitFor();
    await given.tab.press('Control+z');
    await given.tab.shows(['f', 'c.txt', 'd.txt']);
    expect(await given.served.around.keys()).toEqual(Object.keys(TREE).toSorted());
  });

  it('a deletion can be taken back for ten seconds, and then from the trash alone', async () => {
    const given = await start(open, TREE);
    const { page, tab } = given;
    await page.clock.install();
    await tab.open();
    await tab.select('c.txt');
    await page.keyboard.press('Delete');
    const offer = page.getByText('“c.txt” is in the trash');
    await offer.waitFor();
    await page.clock.fastForward(8_000);
    expect(await offer.count()).toBe(1);
    await page.clock.fastForward(2_000);
    await offer.waitFor({ state: 'detached' });
    await tab.press('Control+z');
    await tab.open('#/?trash');
    await tab.shows(['c.txt']);
    expect(given.served.audit.map(({ operation }) => operation)).not.toContain('restore');
    expect(await given.served.around.keys()).toEqual(['d.txt', 'f/a.txt', 'f/g/b.txt']);
  });

  it('the trash shows what was deleted below the folder, restores it and empties', async () => {
    const given = await start(open, TREE);
    const { page } = given;
    await given.served.around.remove('f/a.txt');
    await given.served.around.remove('f/g/b.txt');
    await given.served.around.remove('c.txt');
    await given.tab.open();
    await page.getByRole('button', { name: 'Trash' }).click();
    await given.tab.shows(['c.txt', 'f/a.txt', 'f/g/b.txt']);
    expect(page.url()).toMatch(/#\/\?trash$/);
    await given.tab.select('f/a.txt');
    await given.tab.act('Restore');
    await given.tab.shows(['c.txt', 'f/g/b.txt']);
    expect(await textOf(given, 'f/a.txt')).toBe('aa');
    // By the keyboard, and not on the first Enter.
    await given.tab.select('f/g/b.txt');
    await given.tab.press('Delete');
    await page.getByText('This is 1 file, 3 B.').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'End the selection' }).click();
    await page.getByRole('button', { name: 'Empty the trash' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('Nothing in the trash').waitFor();
    const kept = (await keptVersions(given.store)).map(({ key }) => key);
    // Only the restored file and the one that was never deleted are left.
    expect(kept).toEqual(['d.txt', 'f/a.txt']);
    await page.goBack();
    await given.tab.shows(['f', 'd.txt']);
    expect(given.tab.troubles).toEqual([]);
  });

  it('everything in the trash comes back by one request', async () => {
    const given = await start(open, TREE);
    const { page } = given;
    for (const key of ['f/a.txt', 'f/g/b.txt', 'c.txt']) await given.served.around.remove(key);
    await given.tab.open('#/?trash');
    await given.tab.shows(['c.txt', 'f/a.txt', 'f/g/b.txt']);
    await page.getByRole('button', { name: 'Restore everything' }).click();
    await page.getByText('3 items restored').waitFor();
    await page.getByText('Nothing in the trash').waitFor();
    expect(await given.served.around.keys()).toEqual(Object.keys(TREE).toSorted());
    const asked = given.served.audit.filter(({ operation }) => operation === 'restore');
    expect(asked).toHaveLength(1);
  });

  it('an older version becomes the newest, unless somebody was quicker', async () => {
    const given = await start(open, { 'c.txt': 'first' });
    const { page } = given;
    await given.served.around.plant({ 'c.txt': { body: 'the second' } });
    await given.tab.open();
    await given.tab.select('c.txt');
    await page.getByRole('button', { name: 'Details', exact: true }).click();
    await page.getByRole('heading', { name: 'Versions' }).waitFor();
    const versions = page.locator('.version');
    expect(await versions.count()).toBe(2);
    await versions
      .filter({ hasText: '5 B' })
      .getByRole('button', { name: /^Restore the version of/ })
      .click();
    await page.getByText('“c.txt” is the older version again.').waitFor();
    expect(await textOf(given, 'c.txt')).toBe('first');
    await until(async () => (await versions.count()) === 3, { what: 'three versions' });
    await given.served.around.plant({ 'c.txt': { body: 'of somebody else' } });
    await versions
      .filter({ hasText: '10 B' })
      .getByRole('button', { name: /^Restore the version of/ })
      .click();
    await page.getByText('was changed by somebody else meanwhile').waitFor();
    expect(await textOf(given, 'c.txt')).toBe('of somebody else');
    expect(given.tab.troubles).toEqual([]);
  });
});

inChromium.each(availableStores())('the trash on $name', ({ open }) => {
  it('keeps what is there again although the trash was opened before', async () => {
    const given = await start(open, { 'a.txt': 'a', 'b.txt': 'b' });
    const { page } = given;
    for (const key of ['a.txt', 'b.txt']) await given.served.around.remove(key);
    await given.tab.open('#/?trash');
    await given.tab.shows(['a.txt', 'b.txt']);
    // Meanwhile somebody brings one of them back.
    await given.served.around.plant({ 'a.txt': { body: 'needed' } });
    await page.getByRole('button', { name: 'Empty the trash' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('Nothing in the trash').waitFor();
    expect(await textOf(given, 'a.txt')).toBe('needed');
    expect((await keptVersions(given.store, 'b.txt')).length).toBe(0);
  });

  it('is nowhere when the service has none, and a deletion is asked about', async () => {
    const given = await start(open, { 'a.txt': 'a' }, { versions: false, trash: false });
    const { page } = given;
    await given.tab.open();
    expect(await page.getByRole('button', { name: 'Trash' }).count()).toBe(0);
    await given.tab.select('a.txt');
    await page.keyboard.press('Delete');
    await page.getByRole('dialog', { name: 'Delete “a.txt”?' }).waitFor();
  });

  it('offers only what the person may', async () => {
    const given = await start(
      open,
      { 'a.txt': 'a' },
      { authorize: ({ operation }) => operation !== 'purge', authenticate: () => ({ id: 'u' }) },
    );
    const { page } = given;
    await given.served.around.remove('a.txt');
    await given.tab.open('#/?trash');
    await given.tab.shows(['a.txt']);
    await given.tab.select('a.txt');
    expect(await page.getByRole('toolbar').getByRole('button').allInnerTexts()).toEqual([
      '',
      'Restore',
    ]);
    await page.getByRole('button', { name: 'End the selection' }).click();
    expect(await page.getByRole('button', { name: 'Empty the trash' }).count()).toBe(0);
  });

  it('of a folder that is gone is reached from where it was', async () => {
    const given = await start(open, { 'f/a.txt': 'a' });
    const { page } = given;
    await given.served.around.remove('f/a.txt');
    await given.tab.open('#/f/');
    await page.getByRole('link', { name: 'Look in the trash' }).click();
    await given.tab.shows(['a.txt']);
    await given.tab.select('a.txt');
    await given.tab.press('Enter');
    await page.getByText('Nothing in the trash').waitFor();
    expect(await textOf(given, 'f/a.txt')).toBe('a');
  });
});
