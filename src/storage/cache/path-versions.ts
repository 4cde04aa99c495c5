// The version of each path, kept in the cache itself: deleting it makes every value stored under it
// unreachable, for this instance and for every other that shares the cache.
import { randomBytes } from 'node:crypto';
import { within } from '../../core/deadline.js';
import { isPromise } from '../../core/hooks.js';
import type { Cache } from '../../core/hooks.js';
import { cacheKey } from './cache-key.js';

/** The version under which values of a path are stored. */
export interface PathVersion {
  /** 16 hexadecimal digits. */
  readonly id: string;
  /** Created by this question: nothing is stored under it yet. */
  readonly isNew: boolean;
}

/** The versions of all paths. Errors of the cache are thrown as they are. */
export interface PathVersions {
  /** Created when there is none. Synchronous while the cache is. */
  current(path: string): PathVersion | PromiseLike<PathVersion>;
  remove(paths: Iterable<string>): Promise<void>;
}

/** Longest that anyone waits for an answer of the cache, in milliseconds. */
export const CACHE_WAIT_MS = 100;

const ID_BYTES = 8;
const ID = /^[0-9a-f]{16}$/;

/** The versions that a cache holds below a namespace. */
export function pathVersions(cache: Cache, namespace: string, ttlSeconds: number): PathVersions {
  const beingSet = new Map<string, Promise<PathVersion>>();
  const keyOf = (path: string): string => cacheKey(`${namespace}t:${path}`);

  // Those who ask at once share one new version, or each would fill the cache under its own.
  function create(path: string): PathVersion | Promise<PathVersion> {
    const setting = beingSet.get(path);
    if (setting !== undefined) return setting;
    const version = { id: randomBytes(ID_BYTES).toString('hex'), isNew: true };
    const stored = cache.set(keyOf(path), version.id, ttlSeconds);
    if (!isPromise(stored)) return version;
    // Only a version that is there before storage is read can be deleted by a write that comes then.
    const set = within(stored, CACHE_WAIT_MS, cacheIsLate)
      .then(() => version)
      .finally(() => beingSet.delete(path));
    beingSet.set(path, set);
    return set;
  }

  // A cache may answer anything.
  const versionOf = (path: string, found: unknown): PathVersion | Promise<PathVersion> =>
    typeof found === 'string' && ID.test(found) ? { id: found, isNew: false } : create(path);

  return {
    current(path) {
      const found = cache.get(keyOf(path));
      return isPromise(found)
        ? found.then((answer) => versionOf(path, answer))
        : versionOf(path, found);
    },
    async remove(paths) {
      await Promise.all(Array.from(paths, async (path) => cache.delete(keyOf(path))));
    },
  };
}

/** The cache took too long. */
export function cacheIsLate(): Error {
  return new Error('the cache did not answer in time');
}
