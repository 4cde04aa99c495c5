// The demo on http://127.0.0.1:3000: the page and the service, over an embedded store or any S3 that the environment names.
import { randomBytes } from 'node:crypto';
import express from 'express';
import { configureServer, createFileService, memoryCache } from '../../src/index.ts';
import { filePage } from '../../src/server/page/file-page.ts';
import { buildPage } from '../../web/build.ts';
import { demoPages, noWatchers } from './demo-pages.ts';
import { authenticateWith, authorize } from './people.ts';
import { embeddedStore, storeFromEnvironment } from './store.ts';

const port = Number(process.env['PORT'] ?? 3000);
// This computer only: whoever has the key may read, write and delete everything.
const host = process.env['HOST'] ?? '127.0.0.1';
const key = process.env['DEMO_KEY'] ?? randomBytes(12).toString('hex');
const mount = '/api/v2/s3files';

const named = storeFromEnvironment(process.env);
const store = named ?? (await embeddedStore());

const watchers = noWatchers();
const files = createFileService({
  ...store.config,
  authenticate: authenticateWith(key),
  authorize,
  audit: watchers.tell,
  cache: memoryCache({ maxBytes: 32 * 2 ** 20 }),
  cacheTtl: 10,
});

console.log(`Store: ${store.description}`);
if (named !== undefined) await printFindings();

// A checkout has no built page yet.
await buildPage();
const app = express().disable('x-powered-by');
app.use(mount, files);
app.use('/files', filePage(files));
app.use(demoPages(key, watchers));
const server = configureServer(app.listen(port, host));
server.once('listening', () => {
  const address = server.address();
  const opened = typeof address === 'object' && address !== null ? address.port : port;
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${opened}`;
  const url = origin + mount;
  console.log(`Open ${origin}/?key=${key}`);
  console.log(`s3files listens at ${url}/`);
  console.log('Try:');
  console.log(`  curl -H "X-DreamFactory-API-Key: ${key}" ${url}/`);
  console.log(
    `  curl -H "X-DreamFactory-API-Key: ${key}" -H "Content-Type: text/plain" -d "Hello" ${url}/uploads/hello.txt`,
  );
  console.log(
    `  curl -H "X-DreamFactory-API-Key: ${key}" ${url}/uploads/hello.txt?include_properties=true`,
  );
});
server.once('error', (error) => {
  console.error(
    `The demo cannot listen on port ${port} of ${host}: ${error.message}. Choose others with PORT and HOST.`,
  );
  process.exitCode = 1;
  // The embedded store would keep the process alive.
  void files.close().then(() => store.close());
});

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    server.close();
    void files.close({ graceMs: 2000 }).then(() => store.close());
  });

/** What `check()` finds in a bucket of the user's own, before anybody asks for a file. */
async function printFindings(): Promise<void> {
  const { findings } = await files.check();
  for (const finding of findings)
    console.log(
      finding.ok
        ? `  ok      ${finding.name}`
        : `  problem ${finding.name}: ${finding.reason} ${finding.advice}`,
    );
}
