// Answers of 1xx that nobody asked for (RFC 9110 section 15.2), on both ways of travelling.
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientAbort } from '../../../src/core/client-signal.ts';
import { streamOf } from '../../../src/http/body/stream-of.ts';
import { s3Storage, type Storage } from '../../../src/storage/s3/storage.ts';
import { settingsFor } from '../contract/given.ts';
import { doubleStore } from '../../support/stores.ts';

describe.each([true, false])('direct calls allowed: %s', (leanCalls) => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let storage: Storage;

  beforeAll(async () => {
    store = await doubleStore();
    storage = s3Storage(settingsFor(store, { leanCalls }));
    store.double.seed(store.bucket, 'a.txt', 'text');
    // What a store can do is found out once.
    await open().conditionalWrites();
  });
  afterAll(async () => {
    await storage.close();
    await store.close();
  });
  const open = () => storage.open('', { signal: new ClientAbort(), onCall: () => undefined });

  it.each([100, 102, 103])(
    'a %i before the answer is skipped, and no call is doubled',
    async (status) => {
      const ask = async (operation: string, call: () => Promise<unknown>): Promise<void> => {
        store.double.clearCalls();
        store.double.inject({ operation, kind: 'informational', status });
        await call();
        expect(store.double.calls.map((made) => made.operation)).toEqual([operation]);
      };
      await ask('GetObject', async () => {
        const read = await open().read('a.txt');
        expect(read.kind === 'found' && (await text(streamOf(read.body)))).toBe('text');
      });
      await ask('HeadObject', async () => {
        expect(await open().stat('a.txt')).toMatchObject({ kind: 'found' });
      });
      await ask('PutObject', async () => {
        const written = await open().write('b.txt', Buffer.from('b'), { length: 1 });
        expect(written).toMatchObject({ kind: 'written' });
      });
      await ask('ListObjectsV2', async () => {
        const { files } = await open().list({ prefix: '', recursive: true });
        expect(files.map(({ key }) => key)).toEqual(['a.txt', 'b.txt']);
      });
      await ask('DeleteObject', () => open().remove('b.txt'));
    },
  );
});
