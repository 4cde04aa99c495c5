// The service in its process with hooks that fail at random: they throw, reject, answer nonsense or never answer.
import { createServer } from 'node:http';
import express from 'express';
import { configureServer, createFileService } from '../../../src/index.ts';
import type { FileServiceConfig, HookRequest } from '../../../src/index.ts';
import { reportToParent } from '../child-harness.ts';
import { seededRandom } from '../random.ts';

// What startServiceChild wrote.
const config = JSON.parse(process.env.FILE_SERVICE ?? '') as Omit<FileServiceConfig, 'authorize'>;
const random = seededRandom(Number(process.env.SEED ?? 1));

// Of a hundred calls of a hook so many fail, by each of the ways below.
const FAILURES_PER_CENT = 3;

/** Gives `answer`, unless it is this call's turn to fail. */
function maybe<T>(answer: T): T | Promise<T> {
  // Border on purpose: a host without types answers anything.
  const ways: readonly (() => unknown)[] = [
    () => {
      throw new Error('a hook throws');
    },
    () => Promise.reject(new Error('a hook rejects')),
    () => Promise.reject(undefined),
    () => 'nonsense',
    () => null,
    () => new Promise(() => {}),
    () => new Promise((resolve) => setImmediate(resolve, answer)),
  ];
  const way = ways[Math.floor((random() * 100) / FAILURES_PER_CENT)];
  return way === undefined ? answer : (way() as T);
}

const remembered = new Map<string, string | Uint8Array>();
const files = createFileService({
  ...config,
  timeouts: { hookMs: 100 },
  authenticate: () => maybe({ id: 'someone' }),
  authorize: () => maybe(true as boolean),
  limit: () => maybe({ allowed: true, limit: 10, remaining: 9, resetSeconds: 1 }),
  audit: () => maybe(undefined as void),
  scan: () => maybe(true as boolean),
  container: (_request: HookRequest) => maybe('tenant1') as string,
  onError: () => maybe(undefined as void),
  cacheEnabled: true,
  cache: {
    get: (key) => maybe(remembered.get(key)),
    set: (key, value) => maybe(void remembered.set(key, value)),
    delete: (key) => maybe(remembered.delete(key)),
  },
});
const app = express().use('/api/v2/s3files', files);
reportToParent(configureServer(createServer(app)).listen(0, '127.0.0.1'));
