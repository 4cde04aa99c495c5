// Removing from a storage that takes its time.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientAbort } from '../../../src/core/client-signal.ts';
import { s3Storage, type Storage } from '../../../src/storage/s3/storage.ts';
import { settingsFor } from '../contract/given.ts';
import { doubleStore } from '../../support/stores.ts';

const REQUEST_MS = 300;
const KEYS = Array.from({ length: 1000 }, (_, n) => `many/${n}`);

describe.each([true, false])('a thousand keys, direct calls allowed: %s', (leanCalls) => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let storage: Storage;

  beforeAll(async () => {
    store = await doubleStore();
    const timeouts = { connectMs: 5000, requestMs: REQUEST_MS, idleMs: 5000 };
    storage = s3Storage(settingsFor(store, { timeouts, leanCalls }));
    for (const key of KEYS) store.double.seed(store.bucket, key, 'x');
  });
  afterAll(async () => {
    await storage.close();
    await store.close();
  });
  const open = () => storage.open('', { signal: new ClientAbort(), onCall: () => undefined });

  it('may take far longer than one request, and are no outage', async () => {
    store.double.inject({ operation: 'DeleteObjects', kind: 'delay', delayMs: 8 * REQUEST_MS });
    const { failed, deleted } = await open().removeMany(KEYS);
    expect([failed, deleted]).toEqual([[], KEYS.length]);
    expect([...store.double.objects(store.bucket)]).toEqual([]);
    // Nothing was asked twice, and the next call is not refused.
    expect(store.double.calls.filter(({ operation }) => operation === 'DeleteObjects').length).toBe(
      1,
    );
    expect((await open().list({ prefix: '', recursive: true })).files).toEqual([]);
  });
});
