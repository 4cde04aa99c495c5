// Counts in fixed windows, on rate-limiter-flexible: in this process, bounded, or in Redis.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';

/** Points in a window of seconds. */
export interface Window {
  readonly points: number;
  readonly seconds: number;
}

/** How a key stands in its window. */
export interface Standing {
  readonly used: number;
  readonly resetSeconds: number;
}

/** Counts by key; each rejects when its store fails, and never for a limit that is reached. */
export interface Counter {
  /** Adds points, also beyond the limit, and says how the key stands then. */
  add(key: string, points: number): Promise<Standing>;
  look(key: string): Promise<Standing>;
}

// The most keys that one table holds, whoever chooses them (reliability: bounded tables).
const MAX_KEYS = 100_000;

// A host's function may return anything as a key; beyond this its digest stands for it.
const MAX_KEY_LENGTH = 128;

const shorten = (key: string): string =>
  key.length <= MAX_KEY_LENGTH ? key : createHash('sha256').update(key).digest('base64url');

/** A counter in this process, and how many keys it holds. */
export interface MemoryCounter extends Counter {
  readonly size: () => number;
}

/**
 * Counts in memory, at most 100,000 keys; the one that was used longest ago is forgotten first.
 *
 * The library's memory limiter alone has no bound, and a timer a key, which fires at once for windows
 * over 24 days; so it counts without an end here, and this table says when a window ends.
 */
export function memoryCounter(window: Window): MemoryCounter {
  const limiter = new RateLimiterMemory({ points: window.points, duration: 0, keyPrefix: '' });
  const ends = new LRUCache<string, number>({
    max: MAX_KEYS,
    // Also when a new window replaces an old one: its count begins again.
    dispose: (_end, key) => void limiter.delete(key),
  });
  const resetSeconds = (endsAtMs: number): number =>
    Math.max(1, Math.ceil((endsAtMs - performance.now()) / 1000));
  const endOf = (key: string): number | undefined => {
    const endsAtMs = ends.get(key);
    return endsAtMs !== undefined && endsAtMs > performance.now() ? endsAtMs : undefined;
  };
  const open = (key: string): number => {
    const endsAtMs = performance.now() + window.seconds * 1000;
    ends.set(key, endsAtMs);
    return endsAtMs;
  };
  return {
    add: async (given, points) => {
      const key = shorten(given);
      const endsAtMs = endOf(key) ?? open(key);
      const { consumedPoints } = await limiter.penalty(key, points);
      return { used: consumedPoints, resetSeconds: resetSeconds(endsAtMs) };
    },
    look: async (given) => {
      const key = shorten(given);
      const endsAtMs = endOf(key);
      if (endsAtMs === undefined) return { used: 0, resetSeconds: window.seconds };
      const found = await limiter.get(key);
      return { used: found?.consumedPoints ?? 0, resetSeconds: resetSeconds(endsAtMs) };
    },
    size: () => ends.size,
  };
}

/** A connected ioredis or node-redis client, as rate-limiter-flexible takes it. */
export type RedisClient = object;

/** Counts in Redis, shared by every process that uses the same prefix. */
export function redisCounter(window: Window, client: RedisClient, prefix: string): Counter {
  const limiter = new RateLimiterRedis({
    points: window.points,
    duration: window.seconds,
    keyPrefix: prefix,
    storeClient: client,
    // The library knows node-redis by a class name that its version 5 no longer has.
    useRedisPackage: 'pTTL' in client,
  });
  const standing = ({ consumedPoints, msBeforeNext }: RateLimiterRes): Standing => ({
    used: consumedPoints,
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
  });
  return {
    add: async (key, points) => standing(await limiter.penalty(shorten(key), points)),
    look: async (key) => {
      const found = await limiter.get(shorten(key));
      return found === null ? { used: 0, resetSeconds: window.seconds } : standing(found);
    },
  };
}
