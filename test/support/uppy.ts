// Uppy as it is published in a page of the service's own site, made of nothing but the code of docs/uploads.md.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { build, type Rollup } from 'vite';
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  PutBucketCorsCommand,
} from '@aws-sdk/client-s3';
import type { Double } from './double/index.ts';
import { bypass, type Bypass } from './fixture.ts';
import { MOUNT } from './mount.ts';
import { startService, type RunningService } from './service.ts';
import { client, type Store } from './stores.ts';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGES = join(ROOT, 'test/clients/uppy');

/** The code blocks of the guide that use Uppy, in their order. */
const BLOCKS = [
  ...readFileSync(join(ROOT, 'docs/uploads.md'), 'utf8').matchAll(/^```ts\n([^]*?)^```$/gm),
]
  .map(([, code = '']) => code)
  .filter((code) => code.includes("'@uppy/core'"));

/** The ways by which Uppy uploads, each with the block of the guide that says how. */
export const WAYS = {
  tus: { block: 0, folder: 'inbox/', isFive: false },
  'aws-s3 6': { block: 1, folder: '', isFive: false },
  'aws-s3 5': { block: 2, folder: '', isFive: true },
} as const;
export type Way = keyof typeof WAYS;

const FIVE = Object.fromEntries(
  ['core', 'aws-s3', 'golden-retriever'].map((name) => [`@uppy/${name}`, `uppy-${name}-5`]),
);

/** The script of a page. Beside the guide's code it shows the uploader to whoever plays the user. */
export async function scriptOf(way: Way): Promise<string> {
  const { block, isFive } = WAYS[way];
  const code = `${BLOCKS[block] ?? ''}\nglobalThis.uppy = uppy;\n`;
  // Packages have folders of their own name, whichever version stands in it.
  const alias = Object.entries(isFive ? FIVE : {}).map(([name, other]) => ({
    find: new RegExp(`^${name}$`),
    replacement: mainOf(other),
  }));
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    root: PACKAGES,
    resolve: { alias },
    plugins: [
      {
        name: 'guide',
        resolveId: (id) => (id === 'guide' ? join(PACKAGES, 'guide.ts') : null),
        load: (id) => (id === join(PACKAGES, 'guide.ts') ? code : null),
      },
    ],
    build: { write: false, minify: false, rollupOptions: { input: 'guide' } },
  });
  // One entry, built once, is one chunk.
  return (output as Rollup.RollupOutput).output[0].code;
}

function mainOf(name: string): string {
  const main = join(PACKAGES, 'node_modules', name, 'lib/index.js');
  if (!existsSync(main)) throw new Error(`${name} is missing: npm ci --prefix test/clients/uppy`);
  return main;
}

const PAGE = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body></body>';

/** A service with pages of the same site, one for each way, over one store. */
export interface UppyTrial {
  readonly service: RunningService;
  readonly store: Store & { readonly double?: Double };
  readonly around: Bypass;
  /** A new page in a context of its own. */
  readonly open: (way: Way) => Promise<UppyPage>;
  /** Keys of multipart uploads that nobody has ended. */
  readonly openUploads: () => Promise<readonly (string | undefined)[]>;
  /** Removes what a test has left, whatever became of it. */
  readonly clear: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts one; the pages may send parts to the bucket as the guide says. */
export async function startUppyTrial(store: Store, browser: Browser): Promise<UppyTrial> {
  const scripts = new Map<string, Promise<string>>();
  const service = await startService(store, { resumable: true, direct: true }, (files) => {
    const app = express().use(MOUNT, files);
    app.get('/page', (_, res) => void res.send(PAGE));
    // The keys of a table.
    for (const way of Object.keys(WAYS) as Way[])
      app.get(`/${encodeURIComponent(way)}.js`, async (_, res) => {
        if (!scripts.has(way)) scripts.set(way, scriptOf(way));
        res.type('text/javascript').send(await scripts.get(way));
      });
    return app;
  });
  const s3 = client(store);
  const CORSRules = [
    {
      AllowedOrigins: [`http://127.0.0.1:${service.port}`],
      AllowedMethods: ['PUT'],
      AllowedHeaders: ['*'],
      ExposeHeaders: ['ETag'],
    },
  ];
  await s3.send(
    new PutBucketCorsCommand({ Bucket: store.bucket, CORSConfiguration: { CORSRules } }),
  );
  const around = bypass(store);
  const uploads = async () => {
    const { Uploads = [] } = await s3.send(
      new ListMultipartUploadsCommand({ Bucket: store.bucket }),
    );
    return Uploads;
  };
  return {
    service,
    store,
    around,
    open: (way) => openPage(browser, `http://127.0.0.1:${service.port}`, way),
    openUploads: async () => (await uploads()).map(({ Key }) => Key),
    clear: async () => {
      for (const { Key, UploadId } of await uploads())
        await s3.send(new AbortMultipartUploadCommand({ Bucket: store.bucket, Key, UploadId }));
      for (const key of await around.keys()) await around.remove(key);
    },
    close: async () => {
      await service.close();
      around.close();
      s3.destroy();
      await store.close();
    },
  };
}

/** How a user meets the page. */
export interface UppyPage {
  readonly page: Page;
  /** Chooses a file of random bytes; answers their SHA-256. */
  readonly choose: (name: string, size: number) => Promise<string>;
  /** Begins to upload, and does not wait for the end. */
  readonly begin: () => Promise<void>;
  /** Presses a button of the Dashboard: a method of Uppy, or an event. */
  readonly press: (call: string) => Promise<void>;
  /** Waits until so many bytes of all files are on their way or there. */
  readonly sent: (bytes: number) => Promise<void>;
  /** Waits until every file is there; answers how many failed. */
  readonly ended: () => Promise<number>;
  /** Bytes a second upwards; 0 is a network that is gone, null one without a bound. */
  readonly network: (bytesPerSecond: number | null) => Promise<void>;
  readonly reload: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function openPage(browser: Browser, origin: string, way: Way): Promise<UppyPage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  let session = await context.newCDPSession(page);
  await page.goto(`${origin}/page`);
  const load = () => page.addScriptTag({ url: `/${encodeURIComponent(way)}.js`, type: 'module' });
  await load();
  return {
    page,
    choose: (name, size) => page.evaluate(`(${CHOOSE})(${JSON.stringify(name)}, ${size})`),
    begin: async () => {
      await page.evaluate('void uppy.upload().catch(() => {})');
    },
    press: async (call) => {
      await page.evaluate(`void uppy.${call}`);
    },
    sent: async (bytes) => {
      await page.waitForFunction(
        `uppy.getFiles().reduce((sum, { progress }) => sum + (progress.bytesUploaded || 0), 0) >= ${bytes}`,
      );
    },
    ended: async () => {
      await page.waitForFunction(
        'uppy.getFiles().length > 0 && uppy.getFiles().every(({ error, progress }) => error || progress.uploadComplete)',
        undefined,
        { timeout: 120_000 },
      );
      return page.evaluate('uppy.getFiles().filter(({ error }) => error).length');
    },
    network: (bytesPerSecond) => emulate(session, bytesPerSecond),
    reload: async () => {
      await page.reload();
      await load();
      session = await context.newCDPSession(page);
    },
    close: () => context.close(),
  };
}

async function emulate(session: CDPSession, bytesPerSecond: number | null): Promise<void> {
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: bytesPerSecond === 0,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond ?? -1,
  });
}

/** Runs in the page. */
const CHOOSE = `async (name, size) => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  uppy.addFile({ name, type: 'application/x-test', data: new File([bytes], name) });
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}`;

/** The SHA-256 of bytes as the page says it; undefined for none. */
export const sha256 = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && createHash('sha256').update(bytes).digest('hex');
