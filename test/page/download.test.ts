// What a person saves is what is stored: one file, a folder, several of both (row 10).
import { readFileSync } from 'node:fs';
import type { Download } from 'playwright-core';
import { expect, it } from 'vitest';
import { inChromium } from '../support/in-chromium.ts';
import { pageSuite } from '../support/page-suite.ts';
import { availableStores } from '../support/stores.ts';
import { unzipSync } from '../support/unzip.ts';

const { open: openPage } = pageSuite();

const SEED = {
  'Team/Minutes of 12 November.txt': 'Present: Ada, Ben, Cleo',
  'Team/2026/Plan.md': '# Plan',
  'Welcome.md': '# Welcome',
  'other.txt': 'of no interest',
};
const TEAM = ['Team/2026/Plan.md', 'Team/Minutes of 12 November.txt'] as const;

const saved = async (download: Download): Promise<Buffer> => {
  expect(await download.failure()).toBeNull();
  return readFileSync(await download.path());
};
/** Files in an archive, folders left out. */
const filesIn = (archive: Buffer) =>
  Object.fromEntries(Object.entries(unzipSync(archive)).filter(([name]) => !name.endsWith('/')));

inChromium.each(availableStores())('a download on $name', ({ open }) => {
  it('of a file and of a folder goes by the browser, with its exact length', async () => {
    const { tab, page, served } = await openPage(open(), { seed: SEED });
    await tab.open();
    const download = async (name: string) => {
      await tab.select(name);
      const [found] = await Promise.all([page.waitForEvent('download'), tab.act('Download')]);
      return found;
    };
    const file = await download('Welcome.md');
    expect(file.suggestedFilename()).toBe('Welcome.md');
    expect(await saved(file)).toEqual(await served.around.bytes('Welcome.md'));
    const folder = await download('Team');
    expect(folder.suggestedFilename()).toBe('Team.zip');
    const archive = await saved(folder);
    expect(Object.values(filesIn(archive))).toEqual(TEAM.map((key) => SEED[key]));
    const again = await fetch(folder.url());
    expect(again.headers.get('content-length')).toBe(String(archive.length));
    expect(Buffer.from(await again.arrayBuffer()).length).toBe(archive.length);
    expect(tab.troubles).toEqual([]);
  });

  it('of a selection is one archive of exact length, by button and by key', async () => {
    const { tab, page, served } = await openPage(open(), { seed: SEED });
    await tab.open();
    await tab.select('Welcome.md');
    await tab.select('Team', 'Control');
    const [download] = await Promise.all([page.waitForEvent('download'), tab.act('Download')]);
    expect(download.suggestedFilename()).toBe('s3files.zip');
    const archive = await saved(download);
    const { 'other.txt': _, ...wanted } = SEED;
    expect(filesIn(archive)).toEqual(wanted);
    const [again] = await Promise.all([page.waitForEvent('download'), tab.press('d')]);
    expect((await saved(again)).length).toBe(archive.length);
    const zips = served.audit.filter(({ operation }) => operation === 'zip_selection');
    expect(zips.map(({ status, bytesOut }) => [status, bytesOut])).toEqual([
      [200, archive.length],
      [200, archive.length],
    ]);
    expect(tab.troubles).toEqual([]);
  });

  it('of a selection that is refused says so', async () => {
    const { tab, page, served } = await openPage(open(), { seed: SEED });
    await tab.open('#/Team/');
    await tab.press('Control+a');
    await tab.row('Minutes of 12 November.txt').waitFor();
    await served.around.remove('Team/Minutes of 12 November.txt');
    await tab.act('Download');
    await page.getByText('“Team” is no longer here.').waitFor();
  });
});
