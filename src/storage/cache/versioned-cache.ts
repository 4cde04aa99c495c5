// The host's cache, made safe: failing, slow or lying is a miss, and what a write has outdated cannot be found.
import { within } from '../../core/deadline.js';
import { isPromise } from '../../core/hooks.js';
import type { Cache } from '../../core/hooks.js';
import { cacheHealth } from './cache-health.js';
import { cacheKey } from './cache-key.js';
import {
  CACHE_WAIT_MS,
  cacheIsLate,
  pathVersions,
  type PathVersion,
  type PathVersions,
} from './path-versions.js';
import { pendingInvalidations } from './pending-invalidations.js';

/** What the cache answered about one path. */
export interface Lookup {
  /** Names the place of a value by variant, path and version; undefined while the cache cannot be used. */
  readonly slot: string | undefined;
  /** What the cache has there; undefined when nothing. */
  readonly value: unknown;
}

/** Values under paths; a path is a file's or a folder's key, from the bucket's root. */
export interface VersionedCache {
  /** Synchronous while the cache is; never takes longer than 100 ms, never throws. */
  readonly lookup: (path: string, variant: string) => Lookup | Promise<Lookup>;
  /** Never rejects; a promise only when the cache is not synchronous. */
  readonly store: (slot: string, value: Uint8Array) => Promise<void> | undefined;
  /** Makes everything stored under these paths unreachable; never rejects. */
  readonly invalidate: (paths: ReadonlySet<string>) => Promise<void>;
}

const UNUSABLE: Lookup = { slot: undefined, value: undefined };

/**
 * A versioned cache. Every path has a random version in the cache, and values are stored under path and version.
 * A write deletes the version, so what a read that began before the write stores is never looked for again.
 */
export function versionedCache(
  cache: Cache,
  namespace: string,
  ttlSeconds: number,
): VersionedCache {
  const versions = pathVersions(cache, namespace, ttlSeconds);
  const pending = pendingInvalidations((paths) => versions.remove(paths), ttlSeconds * 1000);
  const health = cacheHealth();

  const failed = (error: unknown): Lookup => {
    health.failed(error);
    return UNUSABLE;
  };
  const succeeded = (found: Lookup): Lookup => {
    health.succeeded();
    return found;
  };
  const ignoreFailure = (error: unknown): undefined => {
    health.failed(error);
  };
  const lookup = lookupIn(cache, versions, namespace);

  return {
    lookup: (path, variant) => {
      if (pending.any() || !health.mayAsk()) return UNUSABLE;
      try {
        const found = lookup(path, variant);
        if (!isPromise(found)) return succeeded(found);
        return within(found, CACHE_WAIT_MS, cacheIsLate).then(succeeded, failed);
      } catch (error) {
        return failed(error);
      }
    },
    store: (slot, value) => {
      try {
        const stored = cache.set(cacheKey(slot), value, ttlSeconds);
        if (!isPromise(stored)) return undefined;
        return within(stored, CACHE_WAIT_MS, cacheIsLate).then(ignore, ignoreFailure);
      } catch (error) {
        return ignoreFailure(error);
      }
    },
    invalidate: async (paths) => {
      // Nobody waits again for a cache that has just failed.
      if (pending.any()) return pending.add(paths);
      try {
        await within(versions.remove(paths), CACHE_WAIT_MS + paths.size, cacheIsLate);
      } catch (error) {
        health.failed(error);
        pending.add(paths);
      }
    },
  };
}

/** Looks a value up under the version that its path has now. */
function lookupIn(cache: Cache, versions: PathVersions, namespace: string) {
  return (path: string, variant: string): Lookup | PromiseLike<Lookup> => {
    const underVersion = ({ id, isNew }: PathVersion): Lookup | PromiseLike<Lookup> => {
      const slot = `${namespace}v:${variant}:${path}:${id}`;
      if (isNew) return { slot, value: undefined };
      const value = cache.get(cacheKey(slot));
      return isPromise(value) ? value.then((found) => ({ slot, value: found })) : { slot, value };
    };
    const version = versions.current(path);
    return isPromise(version) ? version.then(underVersion) : underVersion(version);
  };
}

const ignore = (): void => undefined;
