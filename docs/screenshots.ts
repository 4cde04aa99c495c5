// Makes the pictures of docs/images/ anew: the demo's files, a fixed clock. `npm run screenshots`.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { embeddedStore } from '../examples/server/store.ts';
import { allowAll, createFileService } from '../src/index.ts';
import { filePage } from '../src/server/page/file-page.ts';
import { launchChromium } from '../test/support/chromium.ts';
import { buildPage } from '../web/build.ts';

const FOLDER = fileURLToPath(new URL('./images/', import.meta.url));
const NOW = new Date('2026-11-25T12:00:00Z');

interface Picture {
  readonly name: string;
  readonly hash: string;
  readonly options?: BrowserContextOptions;
  readonly act?: (page: Page) => Promise<unknown>;
}

const select = (page: Page, name: string) =>
  page
    .locator('.row, .tile')
    .filter({ has: page.locator(`.name[title="${name}"]`) })
    .click({ position: { x: 90, y: 20 }, modifiers: ['Control'] });
/** Chooses files of a date, as they lie on a disk. */
const upload = async (
  page: Page,
  names: readonly string[],
  { bytes, date }: { readonly bytes: number; readonly date: string },
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 's3files-pictures-'));
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) {
    writeFileSync(path, Buffer.alloc(bytes));
    utimesSync(path, new Date(date), new Date(date));
  }
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Upload', exact: true }).click(),
  ]);
  await chooser.setFiles(paths);
  folders.push(folder);
};
const folders: string[] = [];
const scans = Array.from({ length: 6 }, (_, index) => `Scan ${index + 1}.pdf`);

const PICTURES: readonly Picture[] = [
  {
    name: 'list',
    hash: '#/',
    act: async (page) => {
      await select(page, 'Handbook.pdf');
      await select(page, 'mount-files.ts');
    },
  },
  {
    name: 'tiles',
    hash: '#/Photos/',
    act: async (page) => {
      await page.getByRole('button', { name: 'Grid' }).click();
      await page.getByRole('button', { name: 'Details', exact: true }).click();
      await select(page, 'Desert evening.png');
      await page.getByText('13 October 2026').waitFor();
    },
  },
  {
    name: 'upload',
    hash: '#/Inbox/',
    act: async (page) => {
      // Two stay under way for the picture.
      await page.route(/Scan%20[56]\.pdf/, () => undefined);
      await upload(page, scans, { bytes: 2_400_000, date: '2026-11-24T09:30:00Z' });
      await page.getByText('4 of 6 uploaded').waitFor();
    },
  },
  {
    name: 'conflict',
    hash: '#/Inbox/',
    act: async (page) => {
      const rest = { bytes: 1_300_000, date: '2026-11-25T11:42:00Z' };
      await upload(page, scans.slice(0, 2), rest);
      await page.getByRole('dialog').getByText('2.4 MB').waitFor();
    },
  },
  {
    name: 'share',
    hash: '#/Reports/',
    act: async (page) => {
      await select(page, 'Visitors.csv');
      await page.getByRole('button', { name: 'Share a link' }).click();
    },
  },
  { name: 'preview', hash: '#/Photos/Purple%20ridge.png?preview' },
  {
    name: 'dark',
    hash: '#/',
    options: { colorScheme: 'dark' },
    act: (page) => select(page, 'app.log'),
  },
  {
    name: 'phone',
    hash: '#/',
    options: { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true },
  },
];

mkdirSync(FOLDER, { recursive: true });
await buildPage();
// What is stored while the pictures are taken has their date too.
const ahead = Date.now() - NOW.getTime();
const now = Date.now.bind(Date);
Date.now = () => now() - ahead;
globalThis.Date = new Proxy(Date, {
  construct: (target, given) =>
    Reflect.construct(target, given.length === 0 ? [Date.now()] : given),
});
const store = await embeddedStore();
const files = createFileService({
  ...store.config,
  authorize: allowAll,
  linkStore: new Map<string, unknown>(),
  quota: { bytes: 50_000_000 },
});
const server = createServer(express().use('/files', filePage(files)));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/files/`;
const browser = await launchChromium({ whole: true });
for (const { name, hash, options, act } of PICTURES) {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1200, height: 720 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(NOW);
  await page.goto(url + hash);
  await page.locator('#entries, .state').first().waitFor();
  await act?.(page);
  // Nothing is pointed at.
  await page.mouse.move(600, 719);
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: `${FOLDER}${name}.png` });
  await context.close();
  console.log(`docs/images/${name}.png`);
}
await browser.close();
server.closeAllConnections();
server.close();
await files.close();
await store.close();
for (const folder of folders) rmSync(folder, { recursive: true });
