// The host's cache, made safe: failing, slow or lying is a miss, and what a write has outdated cannot be found.
import { randomBytes } from 'node:crypto';
import { debugHook } from '../debug.js';
import type { Cache } from '../hooks.js';

/** Values under paths; a path is a file's or a folder's key. */
export interface Shelf {
  /** Where values of a path are kept at the moment; undefined when the cache cannot be used. */
  readonly place: (path: string) => Promise<string | undefined> | string | undefined;
  readonly get: (place: string, variant: string) => Promise<unknown> | unknown;
  readonly set: (place: string, variant: string, value: string | Uint8Array) => void;
  /** Makes everything kept under these paths unreachable. */
  readonly forget: (paths: Iterable<string>) => Promise<void>;
}

/** Longest that an answer waits for the cache, in milliseconds. */
const CACHE_MS = 100;
const TOKEN = /^[0-9a-f]{16}$/;

/**
 * A shelf of a cache. Every path has a random token in the cache, and values lie under path and token.
 * A write deletes the token, so a fill that began before the write lands where nobody looks, on this
 * instance and on every other that shares the cache.
 */
export function shelfOf(cache: Cache, namespace: string, ttlSeconds: number): Shelf {
  let distrustedUntil = 0;

  const tokenKey = (path: string): string => `${namespace}t:${path}`;
  const valueKey = (place: string, variant: string): string => `${namespace}v:${place}:${variant}`;

  const failed = (error: unknown): undefined => {
    debugHook('cache failed: %O', error);
  };

  const get = (key: string): Promise<unknown> | unknown => {
    if (Date.now() < distrustedUntil) return undefined;
    try {
      const value = cache.get(key);
      return isPromise(value) ? inTime(value).catch(failed) : value;
    } catch (error) {
      return failed(error);
    }
  };

  const set = (key: string, value: string | Uint8Array): void => {
    try {
      const kept = cache.set(key, value, ttlSeconds);
      if (isPromise(kept)) inTime(kept).catch(failed);
    } catch (error) {
      failed(error);
    }
  };

  const placed = (path: string, token: unknown): string => {
    if (typeof token === 'string' && TOKEN.test(token)) return `${path}:${token}`;
    const fresh = randomBytes(8).toString('hex');
    set(tokenKey(path), fresh);
    return `${path}:${fresh}`;
  };

  return {
    place: (path) => {
      if (Date.now() < distrustedUntil) return undefined;
      const token = get(tokenKey(path));
      return isPromise(token) ? token.then((known) => placed(path, known)) : placed(path, token);
    },
    get: (place, variant) => get(valueKey(place, variant)),
    set: (place, variant, value) => {
      if (Date.now() >= distrustedUntil) set(valueKey(place, variant), value);
    },
    forget: async (paths) => {
      try {
        await inTime(Promise.all(Array.from(paths, async (path) => cache.delete(tokenKey(path)))));
      } catch (error) {
        // What could not be deleted may be found again once the cache is back: wait until it has expired.
        distrustedUntil = Date.now() + ttlSeconds * 1000;
        failed(error);
      }
    },
  };
}

async function inTime<T>(work: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the cache did not answer within ${CACHE_MS} ms`));
    }, CACHE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
