// Uploads that are large, many or cut, and work on many entries, in a real browser and asserted on storage
// (rows 6, 7, 8, 9 and 12).
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { FilePage } from '../../src/server/page/file-page.ts';
import { launchChromium } from '../support/chromium.ts';
import { inChromium } from '../support/in-chromium.ts';
import { openTab, servePage, type ServeOptions } from '../support/page.ts';
import { availableStores, doubleStore } from '../support/stores.ts';
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

const MIB = 2 ** 20;
const RESUMABLE: ServeOptions = { config: { resumable: true } };

const folderOnDisk = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 's3files-large-'));
  closers.push(() => rm(folder, { recursive: true }));
  return folder;
};
/** Bytes that no two places share, so that a piece in the wrong place shows. */
const fileOnDisk = async (name: string, size: number) => {
  const path = join(await folderOnDisk(), name);
  const bytes = randomBytes(size);
  await writeFile(path, bytes);
  return { path, sha256: createHash('sha256').update(bytes).digest('hex') };
};
const choose = async (page: Page, button: string, path: string): Promise<void> => {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: button, exact: true }).first().click(),
  ]);
  await chooser.setFiles(path);
};
const sha256Of = (bytes: Buffer | undefined) =>
  createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');

/** Stops the appends of a page from the `nth` on, until they are let go. */
const holdAppends = async (page: Page, nth: number) => {
  let seen = 0;
  let isHolding = false;
  await page.route('**/_uploads/*', async (route: Route) => {
    if (route.request().method() !== 'PATCH') return route.fallback();
    seen += 1;
    isHolding = seen >= nth;
    if (!isHolding) return route.fallback();
  });
  return {
    held: () => until(() => isHolding, { what: `append ${nth}`, deadlineMs: 40_000 }),
    letGo: () => page.unroute('**/_uploads/*'),
  };
};

inChromium.each(availableStores())('on $name', ({ open }) => {
  it('64 MiB go on where they were after a pause, a restart of the server and a reload', async () => {
    const store = await open();
    let served = await servePage(store, RESUMABLE);
    const port = Number(new URL(served.url).port);
    const tab = await openTab(browser, served);
    const { page } = tab;
    closers.push(
      () => tab.close(),
      () => served.close(),
      () => store.close(),
    );
    page.on('dialog', (dialog) => void dialog.accept());
    const film = await fileOnDisk('film.mp4', 64 * MIB);
    await tab.open();
    await page.getByText(/Nothing here/).waitFor();

    const first = await holdAppends(page, 2);
    await choose(page, 'Upload files', film.path);
    await first.held();
    await page.getByRole('button', { name: 'Pause: film.mp4' }).click();
    await page.getByText('Paused').waitFor();
    await first.letGo();
    // While it is paused the server is another process, as far as anybody can tell.
    await served.close();
    served = await servePage(store, { ...RESUMABLE, port });
    const second = await holdAppends(page, 2);
    await page.getByRole('button', { name: 'Go on: film.mp4' }).click();
    await second.held();

    await page.reload();
    await second.letGo();
    await page.getByText(/Broken off at \d+% of 67.1 MB/).waitFor();
    await choose(page, 'Choose “film.mp4” again to go on', film.path);
    await tab.shows(['film.mp4']);
    expect(sha256Of(await served.around.bytes('film.mp4'))).toBe(film.sha256);
    // Went on, and did not begin again: of 64 MiB the rest came after the reload.
    const sent = served.audit
      .filter(({ operation }) => operation === 'append_upload')
      .map(({ bytesIn }) => bytesIn);
    expect(sent.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(56 * MIB);
    await page.reload();
    await tab.shows(['film.mp4']);
    expect(await page.getByText(/Broken off/).count()).toBe(0);
    expect(tab.troubles).toEqual([]);
  });
});

inChromium('a large upload', () => {
  it('goes on when the network is back, in the middle of a piece', async () => {
    const store = await doubleStore();
    const served = await servePage(store, RESUMABLE);
    const tab = await openTab(browser, served);
    closers.push(tab.close, served.close, store.close);
    const { page, context } = tab;
    const film = await fileOnDisk('film.mp4', 20 * MIB);
    await tab.open();
    const appends = await holdAppends(page, 2);
    await choose(page, 'Upload files', film.path);
    await appends.held();
    await context.setOffline(true);
    await page.getByText('No connection. Going on when it is back.').waitFor();
    await page.getByRole('button', { name: 'Pause: film.mp4' }).click();
    await appends.letGo();
    await page.getByRole('button', { name: 'Go on: film.mp4' }).click();
    await page.getByText('Waiting for the network').waitFor();
    await context.setOffline(false);
    await tab.shows(['film.mp4']);
    expect(sha256Of(await served.around.bytes('film.mp4'))).toBe(film.sha256);
  });

  it('leaves nothing: at once when it is cancelled, by the sweep when the tab is closed', async () => {
    const store = await doubleStore();
    const served = await servePage(store, RESUMABLE);
    const film = await fileOnDisk('film.mp4', 20 * MIB);
    const keys = () => store.double.uploads(store.bucket).map(({ key }) => key);
    const begin = async () => {
      const tab = await openTab(browser, served);
      await tab.open();
      const appends = await holdAppends(tab.page, 2);
      await choose(tab.page, 'Upload files', film.path);
      await appends.held();
      expect(keys()).toContain('film.mp4');
      return tab;
    };
    closers.push(served.close, store.close);
    const one = await begin();
    await one.page.getByRole('button', { name: 'Cancel: film.mp4' }).click();
    await until(() => !keys().includes('film.mp4'), { what: 'the upload to be given up' });
    await one.close();
    const other = await begin();
    await other.close();
    store.double.age(store.bucket, 3 * 24 * 3600 * 1000);
    await served.files.sweep();
    expect(keys()).toEqual([]);
    expect(await served.around.keys()).toEqual([]);
  });
});

inChromium('two tabs', () => {
  it('that upload one name at once never replace each other in silence', async () => {
    const store = await doubleStore();
    const served = await servePage(store);
    const tabs = [await openTab(browser, served), await openTab(browser, served)] as const;
    closers.push(() => Promise.all(tabs.map((tab) => tab.close())), served.close, store.close);
    const held: Route[] = [];
    for (const [index, { open, page }] of tabs.entries()) {
      await open();
      await page.route('**/_api/same.txt*', (route) => {
        if (route.request().method() !== 'POST') return route.fallback();
        held.push(route);
        return undefined;
      });
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        page.getByRole('button', { name: 'Upload files' }).click(),
      ]);
      const buffer = Buffer.from(`of tab ${index}`);
      await chooser.setFiles([{ name: 'same.txt', mimeType: 'text/plain', buffer }]);
    }
    await until(() => held.length === 2, { what: 'both requests' });
    await Promise.all(held.map((route) => route.fallback()));
    const dialogs = tabs.map(({ page }) =>
      page.getByRole('dialog', { name: '“same.txt” is already there' }),
    );
    const count = async () =>
      (await Promise.all(dialogs.map((dialog) => dialog.count()))).reduce((a, b) => a + b, 0);
    await until(async () => (await count()) === 1, { what: 'one dialog' });
    const loser = (await dialogs[0]?.count()) === 1 ? 0 : 1;
    expect((await served.around.bytes('same.txt'))?.toString()).toBe(`of tab ${1 - loser}`);
  });
});

/** Counts the uploads that are under way at the same time. */
const counting = () => {
  const most = { atOnce: 0 };
  const mountIn = (page: FilePage): RequestListener => {
    const host = express().use('/files', page);
    let now = 0;
    return (req, res) => {
      if (req.method === 'POST') {
        now += 1;
        most.atOnce = Math.max(most.atOnce, now);
        res.once('close', () => (now -= 1));
      }
      host(req, res);
    };
  };
  return { most, mountIn };
};

inChromium('a folder that is dropped', () => {
  it('500 files in 40 folders, empty ones too, a few at once', async () => {
    const root = join(await folderOnDisk(), 'Archive');
    for (let folder = 0; folder < 40; folder += 1) {
      const place = join(root, `part ${folder % 8}`, `box ${folder}`);
      await mkdir(place, { recursive: true });
      // One box is empty; the others have 500 files together.
      for (let file = folder; file < 500 && folder < 39; file += 39)
        await writeFile(join(place, `${file}.txt`), `file ${file}`);
    }
    const { most, mountIn } = counting();
    const store = await doubleStore();
    const served = await servePage(store, { mountIn });
    const tab = await openTab(browser, served);
    closers.push(tab.close, served.close, store.close);
    const { page, context } = tab;
    await tab.open();
    // Of the system, so that the folder is read as one that a person drags.
    const session = await context.newCDPSession(page);
    const data = { items: [], files: [root], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await session.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data });
    await page.getByText('500 files uploaded').waitFor({ timeout: 60_000 });
    const keys = () => served.around.keys();
    await until(async () => (await keys()).length === 501, { what: 'the empty folder' });
    const found = await keys();
    expect(found).toContain('Archive/part 7/box 39/');
    expect((await served.around.bytes('Archive/part 6/box 38/77.txt'))?.toString()).toBe('file 77');
    expect(most.atOnce).toBeLessThanOrEqual(6);
    await tab.shows(['Archive']);
    expect(tab.troubles).toEqual([]);
  });
});

inChromium('a move of 1000 files', () => {
  it('shows how far it is, and stops without losing any', async () => {
    const store = await doubleStore();
    for (let index = 0; index < 1000; index += 1)
      store.double.seed(store.bucket, `from/${index}.txt`, String(index));
    store.double.seed(store.bucket, 'to/', '');
    const served = await servePage(store);
    const tab = await openTab(browser, served);
    closers.push(tab.close, served.close, store.close);
    const { page } = tab;
    await tab.open('#/from/');
    await page.locator('#entries').focus();
    await page.keyboard.press('Control+a');
    await page.getByRole('toolbar').getByRole('button', { name: 'Move' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Up one level' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'to', exact: true }).click();
    await page.getByRole('button', { name: 'Move here' }).click();
    const bar = page.getByRole('progressbar', { name: 'Moving 1,000 items to to' });
    await until(async () => Number(await bar.getAttribute('aria-valuenow')) >= 4, {
      what: 'the bar to move',
      deadlineMs: 20_000,
    });
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await bar.waitFor({ state: 'detached' });
    const settled = async () => {
      const keys = (await served.around.keys()).filter((key) => key.endsWith('.txt'));
      return new Set(keys.map((key) => key.split('/')[1])).size === 1000 && keys.length;
    };
    await until(async () => (await settled()) === 1000, { what: 'each file to be in one place' });
    const moved = (await served.around.keys()).filter((key) => key.startsWith('to/')).length - 1;
    expect(moved).toBeGreaterThanOrEqual(40);
    expect(moved).toBeLessThan(1000);
    expect(tab.troubles).toEqual([]);
  });
});
