// The demo on http://127.0.0.1:3000: what `s3files serve` serves, over an embedded store or any S3 that the environment
// names, with people to become and the requests to watch.
import { randomBytes } from 'node:crypto';
import express from 'express';
import { serve } from '../../src/cli/serve.ts';
import { memoryCache } from '../../src/index.ts';
import { buildPage } from '../../web/build.ts';
import { demoPages, noWatchers } from './demo-pages.ts';
import { authenticateWith, authorize } from './people.ts';
import { embeddedStore, storeFromEnvironment } from './store.ts';

// Whoever has the key may read, write and delete everything.
const key = process.env['DEMO_KEY'] ?? randomBytes(12).toString('hex');
const named = storeFromEnvironment(process.env);
const store = named ?? (await embeddedStore());
const watchers = noWatchers();

// A checkout has no built page yet.
await buildPage();
process.exitCode = await serve(
  {
    config: {
      ...store.config,
      authenticate: authenticateWith(key),
      authorize,
      audit: watchers.tell,
      cache: memoryCache({ maxBytes: 32 * 2 ** 20 }),
      cacheTtl: 10,
      serverTiming: true,
      // What was deleted can be restored, links be ended, and the room is bounded.
      linkStore: new Map<string, unknown>(),
      quota: { bytes: 500 * 2 ** 20 },
      resumable: true,
      uploadSecret: key.padEnd(16, key),
    },
    description: store.description,
    // This computer only.
    host: process.env['HOST'] ?? '127.0.0.1',
    port: Number(process.env['PORT'] ?? 3000),
    mount: '/api/v2/s3files',
    page: '/files',
    key,
    front: express().disable('x-powered-by').use(demoPages(key, watchers)),
    checks: named !== undefined,
    onClose: store.close,
  },
  { env: process.env, out: process.stdout, err: process.stderr },
);
