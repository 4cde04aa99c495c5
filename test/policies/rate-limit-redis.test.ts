import { createClient } from '@keyv/redis';
import { Redis } from 'ioredis';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileServiceError } from '../../src/core/errors.ts';
import type { Use } from '../../src/core/hooks.ts';
import { rateLimit, type RateLimitOptions } from '../../src/policies/rate-limit.ts';
import { installed } from '../support/programs.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { access, by, rejection, repeated } from './request.ts';

const ASKS: Use = { kind: 'request', access: [access('GET', 'a')] };
const ignore = (): void => undefined;

const ioredis = (port: number): Redis => {
  const client = new Redis({ port, retryStrategy: () => 50 });
  // Both clients report every lost connection; a host would count them.
  client.on('error', ignore);
  return client;
};

const nodeRedis = async (url: string) => {
  const client = createClient({ url, socket: { reconnectStrategy: () => 50 } });
  client.on('error', ignore);
  await client.connect();
  return client;
};

describe.runIf(installed('redis'))('rateLimit in Redis', () => {
  let redis: RedisServer;
  let first: Redis;
  let second: Awaited<ReturnType<typeof nodeRedis>>;

  beforeAll(async () => {
    redis = await startRedis();
    first = ioredis(redis.port);
    second = await nodeRedis(redis.url);
  });

  afterAll(async () => {
    first.disconnect();
    second.destroy();
    await redis.close();
  });

  const limits = (options: RateLimitOptions) => ({
    one: rateLimit({ ...options, store: first }),
    other: rateLimit({ ...options, store: second }),
  });

  it('shares its counts between instances, and between ioredis and node-redis', async () => {
    const { one, other } = limits({ points: 10, seconds: 60 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? one : other)(ASKS, by('alice'))),
    );
    expect(answers.filter((status) => status?.allowed)).toHaveLength(10);
    expect(await one(ASKS, by('bob'))).toEqual({
      allowed: true,
      limit: 10,
      remaining: 9,
      resetSeconds: 60,
    });
    expect(await other(ASKS, by('bob'))).toEqual({
      allowed: true,
      limit: 10,
      remaining: 8,
      resetSeconds: 60,
    });
  });

  it('keeps limits of different options and names apart', async () => {
    const { one } = limits({ points: 1, seconds: 60 });
    const { one: longer } = limits({ points: 1, seconds: 61 });
    const { one: named } = limits({ points: 1, seconds: 60, name: 'named' });
    const answers = [];
    for (const limit of [one, one, longer, named, named]) {
      answers.push((await limit(ASKS, by('apart')))?.allowed);
    }
    expect(answers).toEqual([true, false, true, true, false]);
  });

  it('counts bytes', async () => {
    for (const limit of Object.values(limits({ points: 100, seconds: 60, unit: 'bytes' }))) {
      const caller = by(`bytes-${Math.random()}`);
      const seen = [
        await limit(ASKS, caller),
        await limit({ ...ASKS, kind: 'transfer', bytesIn: 60, bytesOut: 50 }, caller),
        await limit(ASKS, caller),
      ];
      expect(seen.map((status) => [status?.allowed, status?.remaining])).toEqual([
        [true, 100],
        [false, 0],
        [false, 0],
      ]);
    }
  });

  describe('by leases', () => {
    /** Twenty instances over one store that counts its calls. */
    const instances = (options: RateLimitOptions) => {
      let calls = 0;
      const counted = {
        multi: ignore,
        eval: (...given: Parameters<Redis['eval']>) => {
          calls += 1;
          return first.eval(...given);
        },
      };
      const all = Array.from({ length: 20 }, () => rateLimit({ ...options, store: counted }));
      return { all, calls: () => calls };
    };
    const spread = async (all: readonly ReturnType<typeof rateLimit>[], requests: number) => {
      let passed = 0;
      for (let index = 0; index < requests; index += 1) {
        const limit = all[(index * 7) % all.length];
        if ((await limit?.(ASKS, by('leased')))?.allowed === true) passed += 1;
      }
      return passed;
    };

    it('asks Redis for less than one request in twenty, and allows none too many', async () => {
      const { all, calls } = instances({ points: 4000, seconds: 60 });
      const passed = await spread(all, 6000);
      expect(passed).toBeLessThanOrEqual(4000);
      // What the others have taken and not spent.
      expect(passed).toBeGreaterThan(4000 - 20 * 100);
      expect(calls() / 6000).toBeLessThanOrEqual(0.05);
    });

    it('allows all of them where requests come evenly, also many at once', async () => {
      const { all } = instances({ points: 2000, seconds: 60, name: 'even' });
      let passed = 0;
      for (let round = 0; round < 130; round += 1) {
        const answers = await Promise.all(all.map((limit) => limit(ASKS, by('leased'))));
        passed += answers.filter((status) => status?.allowed).length;
      }
      expect(passed).toBe(2000);
    });

    it('says how many are left, and lets nobody wait once none is', async () => {
      const { all, calls } = instances({ points: 40, seconds: 60, name: 'left', lease: 20 });
      const [one, other] = all;
      const seen = [
        (await one?.(ASKS, by('a')))?.remaining,
        (await other?.(ASKS, by('a')))?.remaining,
        (await one?.(ASKS, by('a')))?.remaining,
      ];
      // The other knows that the first has taken twenty.
      expect(seen).toEqual([39, 19, 38]);
      for (let index = 0; index < 100; index += 1) await one?.(ASKS, by('a'));
      expect(await one?.(ASKS, by('a'))).toMatchObject({ allowed: false, remaining: 0 });
      expect(calls()).toBe(3);
    });

    it('begins anew with the next window, and asks for each request where a lease is one', async () => {
      const { all, calls } = instances({ points: 20, seconds: 1, name: 'short', lease: 20 });
      const [one] = all;
      for (let index = 0; index < 20; index += 1) await one?.(ASKS, by('a'));
      expect((await one?.(ASKS, by('a')))?.allowed).toBe(false);
      await until(async () => (await one?.(ASKS, by('a')))?.allowed, { what: 'the next window' });
      expect(calls()).toBeLessThanOrEqual(4);
      const { all: exact, calls: each } = instances({ points: 1000, seconds: 60, lease: 1 });
      for (let index = 0; index < 10; index += 1) await exact[0]?.(ASKS, by('exact'));
      expect(each()).toBe(10);
    });
  });

  it('lets keys expire with their window', async () => {
    const { one: limit } = limits({ points: 1, seconds: 1 });
    expect((await limit(ASKS, by('expiring')))?.allowed).toBe(true);
    expect((await limit(ASKS, by('expiring')))?.allowed).toBe(false);
    await until(async () => (await limit(ASKS, by('expiring')))?.allowed, {
      what: 'the next window',
    });
  });
});

describe.runIf(installed('redis'))('rateLimit when Redis dies (case 105)', () => {
  it.each([
    ['ioredis', async ({ port }: RedisServer) => ioredis(port)],
    ['node-redis', ({ url }: RedisServer) => nodeRedis(url)],
  ])(
    'lets requests pass within 100 ms, warns once, and counts again afterwards with %s',
    async (_name, connect) => {
      const redis = await startRedis();
      const store = await connect(redis);
      const failures: unknown[] = [];
      const limit = rateLimit({
        points: 2,
        seconds: 60,
        store,
        onStoreFailure: (error) => failures.push(error),
      });
      const timed = async () => {
        const startedAt = performance.now();
        const status = await limit(ASKS, by('alice'));
        return { allowed: status?.allowed ?? null, tookMs: performance.now() - startedAt };
      };
      try {
        expect([await timed(), await timed(), await timed()].map(({ allowed }) => allowed)).toEqual(
          [true, true, false],
        );
        await redis.kill();
        const during = [];
        for (let index = 0; index < 200; index += 1) during.push(await timed());
        expect(new Set(during.map(({ allowed }) => allowed))).toEqual(new Set([null]));
        // 80 ms of patience; the rest is for a busy machine, which may stop all of us for a moment.
        const slowest = during.map(({ tookMs }) => tookMs).toSorted((a, b) => b - a);
        expect(slowest[0]).toBeLessThan(1000);
        expect(slowest[2]).toBeLessThan(150);
        expect(failures).toHaveLength(1);
        await redis.restart();
        await until(async () => (await timed()).allowed === false, {
          what: 'counting again',
          deadlineMs: 10_000,
        });
        const after = [await timed(), await timed(), await timed()];
        expect(after.map(({ allowed }) => allowed)).toEqual([false, false, false]);
        expect(failures).toHaveLength(1);
      } finally {
        if (store instanceof Redis) store.disconnect();
        else store.destroy();
        await redis.close();
      }
    },
  );

  it('answers 503 instead when told to refuse, and never for bytes that have moved', async () => {
    const redis = await startRedis();
    const store = ioredis(redis.port);
    const options = {
      points: 2,
      seconds: 60,
      unit: 'bytes',
      store,
      onStoreFailure: ignore,
    } as const;
    const limit = rateLimit({ ...options, whenStoreFails: 'refuse' });
    try {
      expect((await limit(ASKS, by('alice')))?.allowed).toBe(true);
      await redis.kill();
      const error = await rejection(limit(ASKS, by('alice')));
      expect(error).toBeInstanceOf(FileServiceError);
      expect(error).toMatchObject({
        reason: 'limit_unavailable',
        status: 503,
        headers: { 'Retry-After': '1' },
      });
      expect(await limit({ ...ASKS, kind: 'transfer', bytesIn: 1, bytesOut: 0 }, by('alice'))).toBe(
        null,
      );
    } finally {
      store.disconnect();
      await redis.close();
    }
  });
});

describe('rateLimit when its store is silent', () => {
  it('waits less than 100 ms once, and then for nobody', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const store = ioredis((silent.address() as AddressInfo).port);
    const warned = once(process, 'warning');
    const limit = rateLimit({ points: 1, seconds: 60, store, name: 'silent' });
    try {
      const startedAt = performance.now();
      const answers = [];
      let waits = 0;
      for (let index = 0; index < 50; index += 1) {
        const askedAt = performance.now();
        answers.push(await limit(ASKS, by('alice')));
        if (performance.now() - askedAt > 60) waits += 1;
      }
      expect(answers).toEqual(repeated(50, null));
      // A busy machine may stop all of us for a moment, once or twice.
      expect(waits).toBeLessThanOrEqual(3);
      expect(performance.now() - startedAt).toBeLessThan(1000);
      const [warning] = await warned;
      expect(warning).toMatchObject({
        name: 'FileServiceWarning',
        code: 'S3FILES_LIMIT_STORE',
        message: 'The store of the rate limit "silent" fails: no answer in 80 ms.',
      });
    } finally {
      store.disconnect();
      sockets.forEach((socket) => socket.destroy());
      silent.close();
    }
  });
});
