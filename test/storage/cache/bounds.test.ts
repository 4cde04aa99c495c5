// More files through the cache than it has room for, whoever chose their names: its bounds hold (K137).
// That memoryCache itself stands a million keys is test/policies/caches.test.ts.
import { describe, expect, it } from 'vitest';
import { ClientAbort } from '../../../src/core/client-signal.ts';
import { memoryCache } from '../../../src/index.ts';
import type { Bucket, Page, Stat } from '../../../src/storage/bucket.ts';
import { cachedBuckets } from '../../../src/storage/cache/cached-bucket.ts';
import { liveBytes } from '../../support/memory.ts';

const MIB = 2 ** 20;
const BODY = Buffer.alloc(100, 'x');

const statOf = (key: string): Stat => ({
  key,
  size: BODY.length,
  lastModified: new Date(0),
  etag: '"e"',
  contentType: 'text/plain',
  cacheControl: null,
  contentDisposition: null,
  contentEncoding: null,
  contentLanguage: null,
  metadata: {},
  digest: null,
});

const never = (): never => {
  throw new Error('not asked for here');
};

/** A bucket in which every key is a small file and every folder has one. */
const everything = (): { bucket: Bucket; calls: () => number } => {
  let calls = 0;
  const bucket: Bucket = {
    list: ({ prefix }): Promise<Page> => {
      calls += 1;
      const file = { key: `${prefix}a`, size: 1, lastModified: null, etag: '"e"' };
      return Promise.resolve({ files: [file], folders: [], next: undefined });
    },
    stat: (key) => {
      calls += 1;
      return Promise.resolve({ kind: 'found', stat: statOf(key) });
    },
    read: (key) => {
      calls += 1;
      return Promise.resolve({ kind: 'found', stat: statOf(key), range: null, body: BODY });
    },
    write: never,
    copy: never,
    remove: never,
    removeMany: never,
    listVersions: never,
    removeVersions: never,
    usage: never,
    signedWritesAreBound: never,
    sign: never,
    conditionalWrites: never,
    uploads: never,
  };
  return { bucket, calls: () => calls };
};

describe('160,000 distinct keys', () => {
  it('leave the cache inside its bounds, and the last of them in it', async () => {
    const { bucket, calls } = everything();
    const lookups = { hits: 0, misses: 0 };
    const open = cachedBuckets(
      {
        cache: memoryCache({ maxBytes: 16 * MIB }),
        cacheTtlSeconds: 3600,
        cacheMaxBodyBytes: 1024,
        storage: { bucket: 'b', endpoint: undefined },
      },
      () => bucket,
      (hit) => void (lookups[hit ? 'hits' : 'misses'] += 1),
    );
    const cached = open('', { signal: new ClientAbort().signal, onCall: () => {} });
    await cached.read('warm');
    const before = liveBytes();
    for (let index = 0; index < 160_000; index += 4) {
      await cached.read(`dir ${index}/file`);
      await cached.read(`dir ${index}/file`);
      await cached.stat(`dir ${index}/other`);
      await cached.stat(`dir ${index}/${'deep/'.repeat(40)}`);
      await cached.list({ prefix: `dir ${index}/`, recursive: false });
    }
    // 16 MiB as it counts; what was decoded of it, and the tables, take as much again and a half.
    expect(liveBytes() - before).toBeLessThan(40 * MIB);
    expect([calls(), lookups]).toEqual([160_001, { hits: 40_000, misses: 160_001 }]);
    expect((await cached.read('dir 159996/file')).kind).toBe('found');
    expect(lookups.hits).toBe(40_001);
  }, 120_000);
});
