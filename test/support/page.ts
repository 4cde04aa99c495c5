// The page in a real browser over a real service: what it asks, what it reports, what it breaks.
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { vi } from 'vitest';
import { allowAll, configureServer, createFileService } from '../../src/index.ts';
import type { AuditEvent, FileService, FileServiceConfig } from '../../src/index.ts';
import { filePage } from '../../src/server/page/file-page.ts';
import type { FilePage, PageOptions } from '../../src/server/page/file-page.ts';
import { bypass, type Bypass } from './fixture.ts';
import { storeConfig } from './service.ts';
import type { Store } from './stores.ts';
import { until } from './until.ts';

// A browser beside other suites on few cores is slow; what waits ends as soon as it can.
vi.setConfig({ testTimeout: 60_000 });
const MOST_MS = 20_000;

/** The page, mounted and listening. */
export interface ServedPage {
  /** With its trailing slash. */
  readonly url: string;
  readonly server: Server;
  readonly files: FileService;
  readonly around: Bypass;
  readonly audit: AuditEvent[];
  readonly close: () => Promise<void>;
}

/** How the page is served. */
export interface ServeOptions {
  readonly config?: Partial<FileServiceConfig>;
  readonly page?: PageOptions;
  /** @default `/files` in Express 5 */
  readonly mountIn?: (page: FilePage) => RequestListener;
  /** @default `/files/` */
  readonly path?: string;
  /** @default any that is free */
  readonly port?: number;
}

/** Serves the page over a store. */
export async function servePage(store: Store, options: ServeOptions = {}): Promise<ServedPage> {
  const audit: AuditEvent[] = [];
  const files = createFileService({
    ...storeConfig(store),
    authorize: allowAll,
    audit: (event) => void audit.push(event),
    ...options.config,
  });
  const mountIn = options.mountIn ?? ((page) => express().use('/files', page));
  const server = configureServer(createServer(mountIn(filePage(files, options.page))));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const around = bypass(store);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.path ?? '/files/'}`,
    server,
    files,
    around,
    audit,
    close: async () => {
      around.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await files.close({ graceMs: 100 });
    },
  };
}

/** A tab, and everything in it that must not be. */
export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Console errors, faults of scripts, reports of the policy, requests to elsewhere. */
  readonly troubles: string[];
  readonly open: (hash?: string) => Promise<void>;
  /** Names in the list, from top to bottom. */
  readonly names: () => Promise<string[]>;
  /** Waits until the list shows exactly these names. */
  readonly shows: (names: readonly string[]) => Promise<void>;
  /** The row of a name. */
  readonly row: (name: string) => ReturnType<Page['locator']>;
  /** Selects the row of a name, by the pointer. */
  readonly select: (name: string, ...modifiers: 'Control'[]) => Promise<void>;
  /** Presses a button above the list, for what is selected. */
  readonly act: (name: string) => Promise<void>;
  /** Gives the list the focus, and presses keys. */
  readonly press: (...keys: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A new tab on a page; English, light and wide unless told. */
export async function openTab(
  browser: Browser,
  served: Pick<ServedPage, 'url'>,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(MOST_MS);
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(`fault: ${error.message}`));
  page.on('console', (message) => {
    // The browser itself reports an answer of 4xx, which the page expects.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      troubles.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    const isOwn = url.startsWith(new URL(served.url).origin) || /^(blob|data|chrome\S*):/.test(url);
    if (!isOwn) troubles.push(`elsewhere: ${url}`);
  });
  const names = () => page.locator('#entries .name').allInnerTexts();
  const tidy = (texts: readonly string[]) => texts.map((text) => text.replaceAll('\n', ''));
  const row = (name: string) =>
    page
      .locator('.row, .tile')
      .filter({ has: page.locator(`.name[title=${JSON.stringify(name)}]`) });
  return {
    page,
    context,
    troubles,
    names: async () => tidy(await names()),
    open: async (hash = '#/') => {
      await page.goto('about:blank');
      await page.goto(served.url + hash);
      await page.locator('#entries, .state, .preview').first().waitFor();
    },
    shows: async (wanted) => {
      await until(async () => JSON.stringify(tidy(await names())) === JSON.stringify(wanted), {
        what: `the list to show ${JSON.stringify(wanted)}`,
        deadlineMs: MOST_MS,
      }).catch(async (error: unknown) => {
        throw new Error(`${String(error)}; it shows ${JSON.stringify(tidy(await names()))}`);
      });
    },
    row,
    // Beside the name, which is a link.
    select: (name, ...modifiers) => row(name).click({ position: { x: 500, y: 10 }, modifiers }),
    act: (name) => page.getByRole('toolbar').getByRole('button', { name }).click(),
    press: async (...keys) => {
      await page.locator('#entries').focus();
      for (const key of keys) await page.keyboard.press(key);
    },
    close: () => context.close(),
  };
}
