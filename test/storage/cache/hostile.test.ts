// Caches that fail, hang, lie or are full of rubbish: nothing is lost but speed (K136).
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryCache } from '../../../src/index.ts';
import type { Cache } from '../../../src/index.ts';
import type { RunningService } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';
import { until } from '../../support/until.ts';
import { cachedService, put } from './given.ts';

let store: Awaited<ReturnType<typeof doubleStore>>;
let service: RunningService;

beforeEach(async () => {
  store = await doubleStore();
});
afterEach(async () => {
  await service.close();
  await store.close();
});

const fail = (): never => {
  throw new Error('the cache is broken');
};
const hang = (): Promise<never> => new Promise(() => {});
const answering = (value: unknown): Cache => ({
  get: () => value,
  set: () => true,
  delete: () => true,
});

/** A cache that gives for every key the bytes that were put under another one last; tokens are right. */
const mixingUp = (): Cache => {
  const kept = memoryCache();
  let last: Uint8Array | undefined;
  return {
    ...kept,
    get: (key) => {
      const value = kept.get(key);
      return typeof value === 'string' ? value : last;
    },
    set: (key, value, ttl) => {
      if (typeof value !== 'string') last = Uint8Array.from(value);
      return kept.set(key, value, ttl);
    },
  };
};

/** A cache whose values are spoiled on the way back; tokens, which are texts, are not. */
const spoiling = (spoil: (value: Uint8Array) => unknown): Cache => {
  const kept = memoryCache();
  return {
    ...kept,
    get: (key) => {
      const value = kept.get(key);
      return value instanceof Uint8Array ? spoil(Uint8Array.from(value)) : value;
    },
  };
};

const HUGE = Buffer.alloc(100 * 2 ** 20, '{"a":');
// Format and length as they should be, in front of 100 MB of attributes.
const HUGE_HEAD = Buffer.from(HUGE);
HUGE_HEAD.writeUInt8(2, 0);
HUGE_HEAD.writeUInt32BE(HUGE.length - 5, 1);

const CACHES: readonly (readonly [string, () => Cache])[] = [
  ['throws', () => ({ get: fail, set: fail, delete: fail })],
  [
    'rejects',
    () => ({ get: async () => fail(), set: async () => fail(), delete: async () => fail() }),
  ],
  ['never answers', () => ({ get: hang, set: hang, delete: hang })],
  ['never answers a get', () => ({ get: hang, set: () => true, delete: () => true })],
  ['never ends a set', () => ({ ...memoryCache(), set: hang })],
  ['throws on set', () => ({ ...memoryCache(), set: fail })],
  ['never ends a delete', () => ({ ...memoryCache(), delete: hang })],
  ['rejects a delete', () => ({ ...memoryCache(), delete: async () => fail() })],
  ['answers null', () => answering(null)],
  ['answers a number', () => answering(42)],
  ['answers an object', () => answering({ stat: { key: 'dir/a.txt', size: 1 }, bytes: 'x' })],
  ['answers text', () => answering('0123456789abcdef')],
  ['answers zeros', () => answering(new Uint8Array(1000))],
  [
    'answers bytes that promise more than they hold',
    () => answering(Uint8Array.of(2, 255, 255, 255, 255)),
  ],
  ['answers 100 MB of bytes', () => answering(HUGE)],
  ['gives 100 MB of attributes', () => spoiling(() => HUGE_HEAD)],
  ['answers 100 MB of text', () => answering(HUGE.toString('latin1'))],
  ['gives what lies under another key', mixingUp],
  ['cuts values short', () => spoiling((value) => value.subarray(0, value.length - 1))],
  ['gives values with bytes to spare', () => spoiling((value) => Buffer.concat([value, value]))],
  ['gives values without their heads', () => spoiling((value) => value.subarray(40))],
  ['turns bytes into objects', () => spoiling((value) => Object.fromEntries(value.entries()))],
];

/** After what time a silent cache is told of: longer than it is waited for. */
const timeouts = { hookMs: 200 };

/** Waits until the host was told that its cache fails. */
const tellsOfCache = () =>
  until(() => service.told().includes('cache'), { what: 'onError to be told of the cache' });

describe.each(CACHES)('a cache that %s', (name, makeCache) => {
  it('changes no answer, and delays none by more than about 100 ms', async () => {
    service = await cachedService(store, { cache: makeCache(), timeouts });
    const plain = await cachedService(store, { cache: undefined, cacheTtl: 0 });
    await put(service, '/dir/a.txt', 'first');
    await put(service, '/dir/b.txt', 'other text');
    const paths = [
      '/dir/a.txt',
      '/dir/b.txt',
      '/dir/',
      '/?full_tree=true',
      '/dir/a.txt?include_properties=true',
      '/dir/none.txt',
    ];
    const took: number[] = [];
    const compare = async () => {
      for (const path of [...paths, ...paths]) {
        const startedAt = performance.now();
        const { status, text } = await service.ask({ path });
        took.push(performance.now() - startedAt);
        const expected = await plain.ask({ path });
        expect([path, status, text]).toEqual([path, expected.status, expected.text]);
      }
    };
    await compare();
    await put(service, '/dir/a.txt', 'second');
    await compare();
    await service.ask({ method: 'DELETE', path: '/dir/b.txt' });
    await compare();
    // 100 ms of patience; the rest is for the request itself on a busy machine, which may stop all of us for a moment.
    const slowest = took.toSorted((a, b) => b - a);
    expect(slowest[0]).toBeLessThan(1500);
    expect(slowest[2]).toBeLessThan(500);
    await plain.close();
    if (/^(throws|rejects|never)/.test(name)) await tellsOfCache();
    else expect(service.told()).toEqual([]);
  });
});

describe('a cache that was away', () => {
  /** A cache in another place, which loses nothing while it cannot be reached. */
  const remote = () => {
    const near = memoryCache();
    const state = { reachable: true, asked: 0 };
    const reach = <T>(act: () => T): T => {
      state.asked += 1;
      return state.reachable ? act() : fail();
    };
    const cache: Cache = {
      get: (key) => reach(() => near.get(key)),
      set: (key, value, ttl) => reach(() => near.set(key, value, ttl)),
      delete: (key) => reach(() => near.delete(key)),
    };
    return { cache, state };
  };

  it('forgets what was written meanwhile before anything in it is believed', async () => {
    const { cache, state } = remote();
    service = await cachedService(store, { cache });
    const other = await cachedService(store, { cache });
    await put(service, '/a.txt', 'old');
    const read = async (from: RunningService) => (await from.ask({ path: '/a.txt' })).text;
    expect([await read(service), await read(other)]).toEqual(['old', 'old']);
    state.reachable = false;
    await put(service, '/a.txt', 'new');
    expect(await read(service)).toBe('new');
    state.reachable = true;
    expect(await read(service)).toBe('new');
    // The other instance cannot know; it learns as soon as the first one reaches the cache.
    await until(async () => (await read(other)) === 'new', { what: 'the debt to be paid' });
    await until(
      async () => {
        const before = store.double.calls.length;
        await read(service);
        return store.double.calls.length === before;
      },
      { what: 'the cache to be used again' },
    );
    expect(await read(service)).toBe('new');
    expect(service.told()).toContain('cache');
    await other.close();
  });

  it('is asked once a second while it fails, not by everyone', async () => {
    const { cache, state } = remote();
    service = await cachedService(store, { cache });
    await put(service, '/a.txt', 'text');
    await service.ask({ path: '/a.txt' });
    state.reachable = false;
    state.asked = 0;
    const startedAt = performance.now();
    for (let index = 0; index < 100; index += 1)
      expect((await service.ask({ path: '/a.txt' })).text).toBe('text');
    const seconds = (performance.now() - startedAt) / 1000;
    expect(state.asked).toBeLessThanOrEqual(1 + Math.ceil(seconds));
    expect(service.told()).toContain('cache');
  });

  it('makes one request wait while it is silent, and then none', async () => {
    const cache = { get: hang, set: hang, delete: hang };
    service = await cachedService(store, { cache, timeouts });
    store.double.seed(store.bucket, 'a.txt', 'text');
    await service.ask({ path: '/a.txt' });
    const startedAt = performance.now();
    for (let index = 0; index < 20; index += 1) await service.ask({ path: '/a.txt' });
    // Each waiting its 100 ms would take twice as long.
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await tellsOfCache();
  });
});
