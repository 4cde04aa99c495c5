// The host's cache, made safe: failing, slow or lying is a miss, and what a write has outdated cannot be found.
import { createHash, randomBytes } from 'node:crypto';
import { debugHook } from '../../core/debug.js';
import type { Cache } from '../../core/hooks.js';
import { debtsTo } from './pending-invalidations.js';

/** What a look at the shelf found. */
export interface Looked {
  /** Where a value of this path and variant belongs; undefined while the cache cannot be used. */
  readonly place: string | undefined;
  /** What the cache has there; undefined when nothing. */
  readonly value: unknown;
}

/** Values under paths; a path is a file's or a folder's key, from the bucket's root. */
export interface Shelf {
  /** Synchronous while the cache is; never takes longer than 100 ms, never throws. */
  readonly look: (path: string, variant: string) => Looked | Promise<Looked>;
  /** Never rejects; a promise only when the cache is not synchronous. */
  readonly keep: (place: string, value: Uint8Array) => Promise<void> | undefined;
  /** Makes everything kept under these paths unreachable; never rejects. */
  readonly forget: (paths: ReadonlySet<string>) => Promise<void>;
}

/** Longest that a read waits for the cache, in milliseconds. */
const LOOK_MS = 100;
/** Between two questions to a cache that fails, in milliseconds. */
const PAUSE_MS = 1000;
const TOKEN_BYTES = 8;
const TOKEN = /^[0-9a-f]{16}$/;
const AWAY: Looked = { place: undefined, value: undefined };

/**
 * A shelf of a cache. Every path has a random token in the cache, and values lie under path and token.
 * A write deletes the token, so a fill that began before the write lands where nobody looks, on this
 * instance and on every other that shares the cache.
 */
export function shelfOf(cache: Cache, namespace: string, ttlSeconds: number): Shelf {
  const debts = debtsTo(deleteTokens, ttlSeconds * 1000);
  const tokensBeingSet = new Map<string, Promise<string>>();
  let failing = false;
  let askAgainAtMs = 0;

  const tokenKey = (path: string): string => cacheKey(`${namespace}t:${path}`);
  const placeOf = (path: string, variant: string, token: string): string =>
    `${namespace}v:${variant}:${path}:${token}`;

  async function deleteTokens(paths: Iterable<string>): Promise<void> {
    await Promise.all(Array.from(paths, async (path) => cache.delete(tokenKey(path))));
  }

  const failed = (error: unknown): Looked => {
    debugHook('cache failed: %O', error);
    failing = true;
    askAgainAtMs = performance.now() + PAUSE_MS;
    return AWAY;
  };

  const ignoreFailed = (error: unknown): undefined => void failed(error);

  const works = (looked: Looked): Looked => {
    failing = false;
    return looked;
  };

  /** While the cache fails, one look a pause asks it for all the others. */
  const isAway = (): boolean => {
    if (debts.any()) return true;
    if (!failing) return false;
    const now = performance.now();
    if (now < askAgainAtMs) return true;
    askAgainAtMs = now + PAUSE_MS;
    return false;
  };

  /** A token that was not there; those who ask at once share one, or each would fill a place of its own. */
  function freshToken(path: string): string | Promise<string> {
    const beingSet = tokensBeingSet.get(path);
    if (beingSet !== undefined) return beingSet;
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    const kept = cache.set(tokenKey(path), token, ttlSeconds);
    if (!isPromise(kept)) return token;
    // Only a token that is there before storage is read can be deleted by a write that comes then.
    const setting = inTime(kept, LOOK_MS)
      .then(() => token)
      .finally(() => {
        tokensBeingSet.delete(path);
      });
    tokensBeingSet.set(path, setting);
    return setting;
  }

  function lookUnder(path: string, variant: string, token: unknown): Looked | Promise<Looked> {
    const empty = (fresh: string): Looked => ({
      place: placeOf(path, variant, fresh),
      value: undefined,
    });
    if (typeof token !== 'string' || !TOKEN.test(token)) {
      const fresh = freshToken(path);
      return typeof fresh === 'string' ? empty(fresh) : fresh.then(empty);
    }
    const place = placeOf(path, variant, token);
    const value = cache.get(cacheKey(place));
    return isPromise(value) ? value.then((found) => ({ place, value: found })) : { place, value };
  }

  function lookAtOnce(path: string, variant: string): Looked | Promise<Looked> {
    const token = cache.get(tokenKey(path));
    return isPromise(token)
      ? token.then((found) => lookUnder(path, variant, found))
      : lookUnder(path, variant, token);
  }

  return {
    look: (path, variant) => {
      if (isAway()) return AWAY;
      try {
        const looked = lookAtOnce(path, variant);
        return isPromise(looked) ? inTime(looked, LOOK_MS).then(works, failed) : works(looked);
      } catch (error) {
        return failed(error);
      }
    },
    keep: (place, value) => {
      try {
        const kept = cache.set(cacheKey(place), value, ttlSeconds);
        return isPromise(kept) ? inTime(kept, LOOK_MS).then(ignore, ignoreFailed) : undefined;
      } catch (error) {
        return ignoreFailed(error);
      }
    },
    forget: async (paths) => {
      // Nobody waits again for a cache that has just failed.
      if (debts.any()) return debts.owe(paths);
      try {
        await inTime(deleteTokens(paths), LOOK_MS + paths.size);
      } catch (error) {
        failed(error);
        debts.owe(paths);
      }
    },
  };
}

const ignore = (): void => undefined;

const PLAIN_KEY = /^[\x21-\x7e]{1,180}$/;

// Memcached takes 250 bytes without spaces, other stores little more; keys of files may be longer.
function cacheKey(key: string): string {
  if (PLAIN_KEY.test(key)) return key;
  return `s3files:#${createHash('sha256').update(key).digest('base64url')}`;
}

async function inTime<T>(work: PromiseLike<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      // After a long turn of the event loop timers come first; an answer that is there still counts.
      setImmediate(reject, new Error(`the cache did not answer within ${milliseconds} ms`));
    }, milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a cache answered with a promise. */
export function isPromise<T>(value: T | PromiseLike<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
