// Looking at files in a real browser: pictures, sounds, films, long texts, PDF; what could run never does (row 11).
import type { RequestListener } from 'node:http';
import express from 'express';
import { expect, it } from 'vitest';
import { samples } from '../../examples/server/samples.ts';
import type { FilePage } from '../../src/server/page/file-page.ts';
import { film, FILM_SECONDS } from '../support/film.ts';
import { inChromium } from '../support/in-chromium.ts';
import type { ServeOptions } from '../support/page.ts';
import { pageSuite, type Seed } from '../support/page-suite.ts';
import { installed } from '../support/programs.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

// With a viewer of PDFs.
const { open: openPage } = pageSuite({ whole: true });

/** The samples of the demo below some folders. */
const samplesIn = (...folders: readonly string[]): Seed =>
  Object.fromEntries(
    samples()
      .filter(({ key }) => folders.some((folder) => key.startsWith(folder)))
      .map(({ key, body, contentType }) => [key, { body, contentType }]),
  );
const PHOTOS = samplesIn('Photos/');
const MUSIC = samplesIn('Music/');
const REPORTS = samplesIn('Reports/2026/', 'Handbook.pdf');

const start = (open: () => Promise<Store>, seed: Seed, options: ServeOptions = {}) =>
  openPage(open(), { seed, ...options });

/** Keeps what ranges were asked of a file. */
const rangesOf = (path: string) => {
  const ranges: (string | undefined)[] = [];
  const mountIn = (page: FilePage): RequestListener => {
    const host = express().use('/files', page);
    return (req, res) => {
      if (req.url?.endsWith(path) === true) ranges.push(req.headers.range);
      host(req, res);
    };
  };
  return { ranges, mountIn };
};

const RUNS = 'window.ran = true';

inChromium.each(availableStores())('a preview on $name', ({ open }) => {
  it('shows a picture, and its neighbours by the arrows; back leaves it', async () => {
    const { tab, page } = await start(open, PHOTOS);
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
    await tab.press('Space');
    await page.getByRole('heading', { name: 'Blue hour.png' }).waitFor();
    await page.keyboard.press('Space');
    await page.locator('.preview').waitFor({ state: 'detached' });
    expect(tab.troubles).toEqual([]);
  });

  it('is reached by its address, in a new tab and after a reload', async () => {
    const { tab, page } = await start(open, REPORTS);
    const address = '#/Reports/2026/Report%2010.pdf?preview';
    await tab.open(address);
    await page.getByRole('heading', { name: 'Report 10.pdf' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Report 10.pdf' }).waitFor();
    const other = await tab.context.newPage();
    await other.goto(page.url());
    await other.getByRole('heading', { name: 'Report 10.pdf' }).waitFor();
    await other.close();
    await page.keyboard.press('Escape');
    await tab.shows(['Report 1.pdf', 'Report 2.pdf', 'Report 3.pdf', 'Report 10.pdf']);
  });

  it('plays a sound from any place in it, by ranges', async () => {
    const { tab, page, served } = await start(open, MUSIC);
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

  it.runIf(installed('ffmpeg'))(
    'plays a film from any place in it, and reads that place',
    async () => {
      const bytes = await film();
      const { ranges, mountIn } = rangesOf('/film.mp4');
      const seed = { 'film.mp4': { body: bytes, contentType: 'video/mp4' } };
      const { tab, page, served } = await start(open, seed, { mountIn });
      await tab.open('#/film.mp4?preview');
      const video = `document.querySelector('video')`;
      const found = async (what: string) => Number(await page.evaluate(`${video}?.${what}`));
      await until(async () => (await found('videoWidth')) === 320, {
        what: 'the film',
        deadlineMs: 20_000,
      });
      expect(Math.round(await found('duration'))).toBe(FILM_SECONDS);
      const PLACE = FILM_SECONDS - 10;
      const before = ranges.length;
      await page.evaluate(`${video}.pause(), ${video}.currentTime = ${PLACE}`);
      await until(async () => (await page.evaluate(`${video}.seeking`)) === false, {
        what: 'the place in the film',
        deadlineMs: 20_000,
      });
      expect(await found('currentTime')).toBe(PLACE);
      // From there, and not all that lies between.
      const starts = ranges
        .slice(before)
        .map((range) => Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1]));
      expect(Math.max(...starts)).toBeGreaterThan(bytes.length / 2);
      await tab.close();
      const reads = () => served.audit.filter(({ operation }) => operation === 'read');
      await until(() => reads().length === ranges.length, { what: 'the end of each read' });
      const statuses = new Set(reads().map(({ status }) => status));
      expect([statuses.has(206), statuses.has(200)]).toEqual([true, false]);
      expect(tab.troubles).toEqual([]);
    },
  );

  it('shows a text whole, characters across two pieces too, and reads no piece twice', async () => {
    const text = `a${'é'.repeat(200_000)} the end`;
    const { tab, page, served } = await start(open, { 'long.txt': text });
    await tab.open('#/long.txt?preview');
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByText('the end').waitFor();
    expect(await page.locator('.preview-text pre').textContent()).toBe(text);
    const reads = () => served.audit.filter(({ operation }) => operation === 'read');
    await until(() => reads().length === 2, { what: 'both reads' });
    expect(reads().map(({ status, bytesOut }) => [status, bytesOut])).toEqual([
      [206, 256 * 1024],
      [206, 400_009 - 256 * 1024],
    ]);
  });

  it('shows a PDF in the viewer of the browser', async () => {
    const { tab, page, served } = await start(open, REPORTS);
    await tab.open('#/Handbook.pdf?preview');
    await until(() => page.frames().some((frame) => frame.url().endsWith('_api/Handbook.pdf')), {
      what: 'the frame',
    });
    const stored = await served.around.bytes('Handbook.pdf');
    const reads = () => served.audit.filter(({ path }) => path === 'Handbook.pdf');
    await until(() => reads().some(({ bytesOut }) => bytesOut === stored?.length), {
      what: 'the document to be read',
    });
    expect(tab.troubles).toEqual([]);
  });

  it.each([
    ['x.html', 'text/html', `<script>${RUNS}</script><img src=x onerror="${RUNS}">`],
    ['x.svg', 'image/svg+xml', `<svg xmlns="http://www.w3.org/2000/svg" onload="${RUNS}"/>`],
    ['x.md', 'text/markdown', `<script>${RUNS}</script>`],
    ['x', 'text/html', `<script>${RUNS}</script>`],
  ])('shows the source of %s and runs nothing of it', async (name, contentType, body) => {
    const { tab, page } = await start(open, { [`z/${name}`]: { body, contentType } });
    await tab.open(`#/z/${name}?preview`);
    await page.getByText(body).waitFor();
    expect(await page.evaluate('"ran" in globalThis')).toBe(false);
    expect(tab.troubles).toEqual([]);
  });

  it('says so where there is none, or where it fails', async () => {
    const { tab, page } = await start(open, {
      'z/a.bin': { body: 'x', contentType: 'application/x-thing' },
      'z/b.png': { body: 'no picture', contentType: 'image/png' },
    });
    await tab.open('#/z/a.bin?preview');
    await page.getByText('There is no preview of this kind of file.').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByText('The file could not be shown.').waitFor();
  });
});

inChromium('a preview of a text of 5 GB', () => {
  it('reads its beginning and no more', async () => {
    const { tab, page, store, served } = await openPage(doubleStore());
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
});
