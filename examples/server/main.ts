// The demo: the service on http://localhost:3000, over an embedded store or any S3 that the environment names.
import express from 'express';
import { allowAll, apiKeys, configureServer, createFileService } from '../../src/index.ts';
import { embeddedStore, storeFromEnvironment } from './store.ts';

const port = Number(process.env['PORT'] ?? 3000);
const key = process.env['DEMO_KEY'] ?? 'demo';
const mount = '/api/v2/s3files';

const store = storeFromEnvironment(process.env) ?? (await embeddedStore());

const files = createFileService({
  ...store.config,
  authenticate: apiKeys({ [key]: { id: 'demo' } }),
  authorize: allowAll,
});

const server = configureServer(express().use(mount, files).listen(port));
server.once('listening', () => {
  const address = server.address();
  const opened = typeof address === 'object' && address !== null ? address.port : port;
  const url = `http://localhost:${opened}${mount}`;
  console.log(`s3files listens at ${url}/`);
  console.log(`Store: ${store.description}`);
  console.log('Try:');
  console.log(`  curl -H "X-DreamFactory-API-Key: ${key}" ${url}/`);
  console.log(
    `  curl -H "X-DreamFactory-API-Key: ${key}" ${url}/document.pdf?include_properties=true`,
  );
  console.log(
    `  curl -H "X-DreamFactory-API-Key: ${key}" -H "Content-Type: text/plain" -d "Hello" ${url}/uploads/hello.txt`,
  );
});
server.once('error', (error) => {
  console.error(
    `The demo cannot listen on port ${port}: ${error.message}. Choose another with PORT.`,
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
