// The option `serverTiming`: what an answer has cost, where a browser's own tools show it.
import { afterEach, expect, it } from 'vitest';
import { memoryCache } from '../../src/index.ts';
import { startService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const start = async (config: Parameters<typeof startService>[1]) => {
  const store = await doubleStore();
  store.double.seed(store.bucket, 'a.txt', 'a');
  const service = await startService(store, config);
  closers.push(service.close, store.close);
  return async (path: string, method = 'GET') =>
    (await service.ask({ path, method })).headers['server-timing'];
};

it('counts the calls to storage, and says what the cache had', async () => {
  const timing = await start({ serverTiming: true, cache: memoryCache(), cacheTtl: 60 });
  expect(await timing('/')).toBe('s3;desc="1", cache;desc="miss"');
  expect(await timing('/')).toBe('s3;desc="0", cache;desc="hit"');
  expect(await timing('/b.txt', 'PUT')).toBe('s3;desc="1"');
});

it('says nothing of a cache that there is not, and nothing at all unless it is asked to', async () => {
  const timing = await start({ serverTiming: true });
  expect(await timing('/a.txt')).toBe('s3;desc="1"');
  expect(await (await start({}))('/a.txt')).toBeUndefined();
});
