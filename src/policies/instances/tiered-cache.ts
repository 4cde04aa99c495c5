// A cache of two levels: this process' memory in front of a store that instances share.
import { isPromise } from '../../core/hooks.js';
import type { Cache } from '../../core/hooks.js';
import { checkOptions, checkWhole } from '../known-options.js';
import { memoryCache } from '../memory-cache.js';

/**
 * Options of {@link tieredCache}.
 *
 * @example
 * const optionsFor = (keyv: KeyvLike): TieredCacheOptions => ({ far: keyvCache(keyv), nearSeconds: 30 });
 */
export interface TieredCacheOptions {
  /** The store that instances share, `keyvCache(keyv)`. */
  readonly far: Cache;
  /** The first level. @default memoryCache() */
  readonly near?: Cache;
  /** How long what the store gave is kept near, in seconds. @default 60 */
  readonly nearSeconds?: number;
  /**
   * How long an instance may overlook what others have written, in seconds; then most hits ask nobody. With 0 each hit
   * asks the store for the version of its path, a few bytes, and never for the value. @default 0
   */
  readonly staleSeconds?: number;
}

/**
 * A cache of two levels. Values are found near, under versions that the shared store keeps, so that a write through any
 * instance is seen by all at once, unless `staleSeconds` lets them wait.
 *
 * Throws a TypeError for a wrong option.
 *
 * @example
 * const cacheIn = (keyv: KeyvLike): Cache => tieredCache({ far: keyvCache(keyv) });
 */
export function tieredCache(options: TieredCacheOptions): Cache {
  checkOptions('tieredCache', options, ['far', 'near', 'nearSeconds', 'staleSeconds']);
  const { far, near = memoryCache(), nearSeconds = 60, staleSeconds = 0 } = options;
  checkWhole('tieredCache: "nearSeconds"', nearSeconds, 1);
  checkWhole('tieredCache: "staleSeconds"', staleSeconds, 0);
  if (typeof far?.get !== 'function') throw new TypeError('tieredCache: "far" must be a cache.');

  // The service stores bytes under a version of their path, for which nothing else is ever stored; versions are texts.
  const secondsOf = (value: unknown): number =>
    value instanceof Uint8Array ? nearSeconds : staleSeconds;
  const keepNear = (key: string, value: unknown, most: number): void => {
    const seconds = Math.min(secondsOf(value), most);
    if (seconds > 0 && (typeof value === 'string' || value instanceof Uint8Array))
      near.set(key, value, seconds);
  };
  const found = (key: string, value: unknown): unknown => {
    keepNear(key, value, Infinity);
    return value;
  };

  return {
    get(key) {
      const known = near.get(key);
      if (known !== undefined) return known;
      const answer = far.get(key);
      return isPromise(answer) ? answer.then((value) => found(key, value)) : found(key, answer);
    },
    set(key, value, ttlSeconds) {
      keepNear(key, value, ttlSeconds);
      return far.set(key, value, ttlSeconds);
    },
    delete(key) {
      near.delete(key);
      return far.delete(key);
    },
  };
}
