import KeyvRedis from '@keyv/redis';
import Keyv from 'keyv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from '../../src/core/hooks.ts';
import { keyvCache } from '../../src/policies/keyv-cache.ts';
import { memoryCache } from '../../src/policies/memory-cache.ts';
import { installed } from '../support/programs.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { liveBytes } from '../support/memory.ts';
import { repeated } from './request.ts';

const BYTES = Uint8Array.from({ length: 256 }, (_, index) => index);

const behavesAsCache = (makeCache: () => Cache): void => {
  it('gives back strings and bytes as they went in', async () => {
    const cache = makeCache();
    const values = [
      '',
      'text',
      ':base64:AA==',
      'null',
      '\u00e9\u{1f600}\u0000',
      BYTES,
      new Uint8Array(),
    ];
    for (const [index, value] of values.entries()) await cache.set(`key ${index}`, value, 60);
    const found = [];
    for (const index of values.keys()) found.push(await cache.get(`key ${index}`));
    expect(found).toEqual(values);
  });

  it('takes a Buffer for its bytes', async () => {
    const cache = makeCache();
    await cache.set('buffer', Buffer.from('abc'), 60);
    expect(Buffer.from((await cache.get('buffer')) as Uint8Array).toString()).toBe('abc');
  });

  it('knows nothing of a key that was never set, or deleted', async () => {
    const cache = makeCache();
    await cache.set('gone', 'x', 60);
    await cache.delete('gone');
    await cache.delete('never');
    expect([
      await cache.get('gone'),
      await cache.get('never'),
      await cache.get('__proto__'),
    ]).toEqual([undefined, undefined, undefined]);
  });

  it('forgets after the time to live, and keeps what lives longer', async () => {
    const cache = makeCache();
    await cache.set('short', 'x', 0.05);
    await cache.set('long', 'x', 60);
    await until(async () => (await cache.get('short')) === undefined, {
      what: 'the end of its life',
    });
    expect(await cache.get('long')).toBe('x');
  });

  it.each([0, -1, NaN])(
    'keeps nothing for %d seconds, not even the value before',
    async (ttlSeconds) => {
      const cache = makeCache();
      await cache.set('key', 'old', 60);
      await cache.set('key', 'new', ttlSeconds);
      expect(await cache.get('key')).toBe(undefined);
    },
  );
};

describe('memoryCache', () => {
  behavesAsCache(() => memoryCache());

  it('keeps a copy of bytes, so that their owner may use them again', async () => {
    const cache = memoryCache();
    const bytes = Uint8Array.of(1, 2, 3);
    cache.set('key', bytes, 60);
    bytes.fill(9);
    expect(cache.get('key')).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('forgets what was used longest ago when its bytes are spent', () => {
    const cache = memoryCache({ maxBytes: 10_000 });
    const put = (name: string) => cache.set(name, new Uint8Array(3000), 60);
    put('a');
    put('b');
    put('c');
    cache.get('a');
    put('d');
    expect(['a', 'b', 'c', 'd'].filter((name) => cache.get(name) !== undefined)).toEqual([
      'a',
      'c',
      'd',
    ]);
  });

  it('counts keys and empty values too', () => {
    const cache = memoryCache({ maxBytes: 100_000 });
    for (let index = 0; index < 1000; index += 1) cache.set(`${'k'.repeat(1000)}${index}`, '', 60);
    const kept = Array.from({ length: 1000 }, (_, index) =>
      cache.get(`${'k'.repeat(1000)}${index}`),
    );
    expect(kept.filter((value) => value !== undefined).length).toBeLessThan(50);
    expect(kept.at(-1)).toBe('');
  });

  it('does not keep a value that is larger than it, nor the value before', () => {
    const cache = memoryCache({ maxBytes: 1000 });
    cache.set('key', 'small', 60);
    cache.set('key', new Uint8Array(2000), 60);
    expect(cache.get('key')).toBe(undefined);
  });

  it('stays within bytes and entries for a million keys (case 137)', () => {
    const cache = memoryCache();
    const before = liveBytes();
    for (let index = 0; index < 1_000_000; index += 1)
      cache.set(`list ${index}`, 'x'.repeat(200), 60);
    let kept = 0;
    for (let index = 0; index < 1_000_000; index += 1)
      kept += cache.get(`list ${index}`) === undefined ? 0 : 1;
    expect([kept > 50_000, kept <= 100_000]).toEqual([true, true]);
    expect(liveBytes() - before).toBeLessThan(64 * 2 ** 20);
  });

  it('never holds more than 100,000 entries', () => {
    const cache = memoryCache({ maxBytes: 2 ** 30 });
    for (let index = 0; index < 150_000; index += 1) cache.set(`${index}`, '', 60);
    expect([cache.get('49999'), cache.get('50000')]).toEqual([undefined, '']);
  });

  it.each([
    [{ maxBytes: 0 }, '"maxBytes" must be a whole number from 1'],
    [{ maxBytes: '64MB' }, '"maxBytes" must be a whole number from 1'],
    [{ maxEntries: 1.5 }, '"maxEntries" must be a whole number from 1'],
    [{ maxByte: 1 }, 'did you mean "maxBytes"?'],
    [{ sizeLimit: 1 }, 'the options are maxBytes, maxEntries.'],
  ])('throws at construction for %j', (options, message) => {
    expect(() => memoryCache(options as never)).toThrow(TypeError);
    expect(() => memoryCache(options as never)).toThrow(message);
  });
});

describe('keyvCache in memory', () => {
  behavesAsCache(() => keyvCache(new Keyv()));

  it('takes what it did not write for a miss', async () => {
    const keyv = new Keyv();
    const cache = keyvCache(keyv);
    const found = [];
    for (const foreign of [7, null, { a: 1 }, 'xyz', '', ['b']]) {
      await keyv.set('key', foreign);
      found.push(await cache.get('key'));
    }
    expect(found).toEqual(repeated(6, undefined));
  });

  it('gives the store milliseconds', async () => {
    const lives: number[] = [];
    const store = { get: async () => undefined, delete: async () => true };
    const cache = keyvCache({ ...store, set: async (_key, _value, ttlMs) => lives.push(ttlMs) });
    await cache.set('key', 'x', 60);
    await cache.set('key', 'x', 0.0001);
    expect(lives).toEqual([60_000, 1]);
  });

  it('rejects a deletion that the store failed, though Keyv itself does not', async () => {
    const store = new Map<string, unknown>();
    const keyv = new Keyv({ store });
    keyv.on('error', () => undefined);
    const cache = keyvCache(keyv);
    await cache.set('key', 'x', 60);
    store.delete = () => {
      throw new Error('connection lost');
    };
    expect(await keyv.delete('key')).toBe(false);
    await expect(Promise.resolve(cache.delete('key'))).rejects.toThrow('The store failed');
    expect(await cache.get('key')).toBe('x');
  });

  it('throws at construction for what is no Keyv', () => {
    expect(() => keyvCache({} as never)).toThrow('keyvCache takes a Keyv: "get" is missing.');
    expect(() => keyvCache(undefined as never)).toThrow(TypeError);
  });
});

describe.runIf(installed('redis'))('keyvCache in Redis', () => {
  let redis: RedisServer;
  let keyv: Keyv;

  beforeAll(async () => {
    redis = await startRedis();
    const socket = { reconnectStrategy: () => 50 };
    keyv = new Keyv(new KeyvRedis({ url: redis.url, socket }));
    keyv.on('error', () => undefined);
  });

  afterAll(async () => {
    await keyv.disconnect();
    await redis.close();
  });

  behavesAsCache(() => keyvCache(keyv));

  it('works again after Redis was killed and came back', async () => {
    const cache = keyvCache(keyv);
    await cache.set('key', 'before', 60);
    await redis.kill();
    // What a cache says while its store is away is the service's to survive; it must not end us.
    const away = Promise.resolve(cache.get('key')).catch(() => undefined);
    await redis.restart();
    expect(await away).toBe(undefined);
    await until(
      async () => {
        await Promise.resolve(cache.set('key', 'after', 60)).catch(() => undefined);
        return (await Promise.resolve(cache.get('key')).catch(() => undefined)) === 'after';
      },
      { what: 'the cache to work again', deadlineMs: 10_000 },
    );
  });
});
