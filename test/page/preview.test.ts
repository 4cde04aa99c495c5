// Looking at files in a real browser: pictures, sounds, long texts, PDF; what could run never does.
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { samples } from '../../examples/server/samples.ts';
import { launchChromium } from '../support/chromium.ts';
import { inChromium } from '../support/in-chromium.ts';
import { bypass } from '../support/fixture.ts';
import { openTab, servePage } from '../support/page.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { unzipSync } from '../support/unzip.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const start = async () => {
  const store = await doubleStore();
  for (const { key, body, contentType } of samples())
    store.double.seed(store.bucket, key, body, { contentType });
  const served = await servePage(store);
  const tab = await openTab(browser, served);
  closers.push(tab.close, served.close, store.close);
  const seed = (key: string, body: string, contentType: string) =>
    store.double.seed(store.bucket, key, body, { contentType });
  return { store, served, tab, seed, page: tab.page };
};

const RUNS = 'window.ran = true';

inChromium('a preview', () => {
  it('shows a picture, and its neighbours by the arrows; back leaves it', async () => {
    const { tab, page } = await start();
    await tab.open('#/Photos/');
    await page.getByRole('link', { name: 'Blue hour.png' }).click();
    const shown = `document.querySelector('.preview-picture img')?.naturalWidth`;
    await until(async () => (await page.evaluate(shown)) === 640, { what: 'the picture' });
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'Dawn over the valley.png' }).waitFor();
    expect(page.url()).toMatch(/#\/Photos\/Dawn%20over%20the%20valley\.png\?preview$/);
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('heading', { name: 'Blue hour.png' }).waitFor();
    await page.goBack();
    await page.locator('.preview').waitFor({ state: 'detached' });
    await page.locator('#entries').focus();
    await page.keyboard.press('Space');
    await page.getByRole('heading', { name: 'Blue hour.png' }).waitFor();
    await page.keyboard.press('Space');
    await page.locator('.preview').waitFor({ state: 'detached' });
    expect(tab.troubles).toEqual([]);
  });

  it('is reached by its address', async () => {
    const { tab, page } = await start();
    await tab.open('#/Reports/2026/Report%2010.pdf?preview');
    await page.getByRole('heading', { name: 'Report 10.pdf' }).waitFor();
    await page.keyboard.press('Escape');
    await tab.shows(['Report 1.pdf', 'Report 2.pdf', 'Report 3.pdf', 'Report 10.pdf']);
  });

  it('plays a sound from any place in it, by ranges', async () => {
    const { tab, page, served } = await start();
    await tab.open('#/Music/Evening%20chord.wav?preview');
    const audio = `document.querySelector('audio')`;
    await until(async () => ((await page.evaluate(`${audio}?.duration`)) as number) > 5, {
      what: 'the length of the sound',
    });
    await page.evaluate(`${audio}.currentTime = 4`);
    await until(async () => ((await page.evaluate(`${audio}.currentTime`)) as number) >= 4, {
      what: 'the place in the sound',
    });
    const reads = served.audit.filter(({ operation }) => operation === 'read');
    expect(reads.map(({ status }) => status)).toContain(206);
    expect(tab.troubles).toEqual([]);
  });

  it('shows the beginning of a text of 5 GB at once', async () => {
    const { tab, page, store, served } = await start();
    store.double.sparse(store.bucket, 'huge.log', 5 * 2 ** 30, { contentType: 'text/plain' });
    await tab.open('#/huge.log?preview');
    await page.getByRole('button', { name: 'Show more' }).waitFor();
    const bytes = () =>
      served.audit.filter(({ operation }) => operation === 'read').map(({ bytesOut }) => bytesOut);
    expect(bytes()).toEqual([256 * 1024]);
    await page.getByRole('button', { name: 'Show more' }).click();
    await until(() => bytes().length === 2, { what: 'the second piece' });
    expect(bytes()).toEqual([256 * 1024, 256 * 1024]);
  });

  it('shows a text whole, characters across two pieces too', async () => {
    const { tab, page, seed } = await start();
    const text = `a${'é'.repeat(200_000)} the end`;
    seed('long.txt', text, 'text/plain');
    await tab.open('#/long.txt?preview');
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByText('the end').waitFor();
    expect(await page.locator('.preview-text pre').textContent()).toBe(text);
  });

  it('shows a PDF in the viewer of the browser', async () => {
    const { tab, page } = await start();
    await tab.open('#/Handbook.pdf?preview');
    await until(() => page.frames().some((frame) => frame.url().endsWith('_api/Handbook.pdf')), {
      what: 'the frame',
    });
    expect(tab.troubles).toEqual([]);
  });

  it.each([
    ['x.html', 'text/html', `<script>${RUNS}</script><img src=x onerror="${RUNS}">`],
    ['x.svg', 'image/svg+xml', `<svg xmlns="http://www.w3.org/2000/svg" onload="${RUNS}"/>`],
    ['x.md', 'text/markdown', `<script>${RUNS}</script>`],
    ['x', 'text/html', `<script>${RUNS}</script>`],
  ])('shows the source of %s and runs nothing of it', async (name, type, body) => {
    const { tab, page, seed } = await start();
    seed(`z/${name}`, body, type);
    await tab.open(`#/z/${name}?preview`);
    await page.getByText(body).waitFor();
    expect(await page.evaluate('"ran" in globalThis')).toBe(false);
    expect(tab.troubles).toEqual([]);
  });

  it('says so where there is none, or where it fails', async () => {
    const { tab, page, seed } = await start();
    seed('z/a.bin', 'x', 'application/x-thing');
    seed('z/b.png', 'no picture', 'image/png');
    await tab.open('#/z/a.bin?preview');
    await page.getByText('There is no preview of this kind of file.').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByText('The file could not be shown.').waitFor();
  });
});

inChromium('a download', () => {
  it('of a file and of a folder goes by the browser', async () => {
    const { tab, page } = await start();
    await tab.open();
    const saved = async (name: string) => {
      await tab.row(name).click({ position: { x: 500, y: 10 } });
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('toolbar').getByRole('button', { name: 'Download' }).click(),
      ]);
      return [download.suggestedFilename(), await download.failure()];
    };
    expect(await saved('Welcome.md')).toEqual(['Welcome.md', null]);
    expect(await saved('Team')).toEqual(['Team.zip', null]);
  });

  it('of a selection is one archive of exact length, by button and by key', async () => {
    const { tab, page, served } = await start();
    await tab.open();
    await tab.row('Welcome.md').click({ position: { x: 500, y: 10 } });
    await tab.row('Team').click({ position: { x: 500, y: 10 }, modifiers: ['Control'] });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('toolbar').getByRole('button', { name: 'Download' }).click(),
    ]);
    expect([download.suggestedFilename(), await download.failure()]).toEqual(['s3files.zip', null]);
    const bytes = readFileSync(await download.path());
    expect(Object.keys(unzipSync(bytes)).toSorted()).toEqual([
      'Team/Minutes of 12 November.txt',
      'Team/Plan.md',
      'Welcome.md',
    ]);
    await page.locator('#entries').focus();
    const [again] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('d')]);
    expect(readFileSync(await again.path()).length).toBe(bytes.length);
    const zips = served.audit.filter(({ operation }) => operation === 'zip_selection');
    expect(zips.map(({ status, bytesOut }) => [status, bytesOut])).toEqual([
      [200, bytes.length],
      [200, bytes.length],
    ]);
    expect(tab.troubles).toEqual([]);
  });

  it('of a selection that is refused says so', async () => {
    const { tab, page, store } = await start();
    await tab.open('#/Team/');
    await page.locator('#entries').focus();
    await page.keyboard.press('Control+a');
    await tab.row('Plan.md').waitFor();
    await bypass(store).remove('Team/Plan.md');
    await page.getByRole('toolbar').getByRole('button', { name: 'Download' }).click();
    await page.getByText('“Team” is no longer here.').waitFor();
  });
});
