// Behind a compressor: ranges and strong ETags are of the bytes that are sent (RFC 9110 section 7.7, no-transform).
import compression from 'compression';
import express from 'express';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allowAll, createFileService } from '../../src/index.ts';
import type { FileService } from '../../src/index.ts';
import { ask, storeConfig } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const TEXT = 'compressible '.repeat(2000);

let store: Awaited<ReturnType<typeof doubleStore>>;
let files: FileService;
let port: number;
const app = express().use(compression({ threshold: 0 }));
const server = createServer(app);

beforeAll(async () => {
  store = await doubleStore();
  store.double.seed(store.bucket, 'a.txt', TEXT, { contentType: 'text/plain' });
  files = createFileService({ ...storeConfig(store), authorize: allowAll });
  app.use('/files', files).get('/own', (_, res) => void res.type('text').send(TEXT));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await files.close();
  await store.close();
});

const headers = { 'Accept-Encoding': 'gzip' };

it('compresses what is the host\u2019s, so that this is no empty test', async () => {
  const answer = await ask(port, { path: '/own', headers });
  expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip' });
});

it.each([
  ['a file', {}, 200, TEXT],
  ['a range of a file', { Range: 'bytes=5-20' }, 206, TEXT.slice(5, 21)],
])('leaves %s as it is', async (_, more, status, text) => {
  const answer = await ask(port, { path: '/files/a.txt', headers: { ...headers, ...more } });
  expect([answer.status, answer.text]).toEqual([status, text]);
  expect(answer.headers).not.toHaveProperty('content-encoding');
  expect(answer.headers).toMatchObject({ 'content-length': `${text.length}` });
});
