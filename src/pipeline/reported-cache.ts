// The host's cache, its failures told to the host on their way.
import { within } from '../core/deadline.js';
import type { ReportError } from '../core/error-reporter.js';
import { isPromise } from '../core/hooks.js';
import type { Cache } from '../core/hooks.js';

/**
 * A cache whose failures are reported, and its silence once `silentMs` have passed; its answers stay as they are. It is
 * shared by all requests, so that none of them is named.
 */
export function reportedCache<Req>(
  cache: Cache,
  report: ReportError<Req>,
  silentMs: number,
): Cache {
  const failed = (error: unknown): void => report(error, 'cache', null);
  const late = (): Error => new Error(`cache did not answer within ${silentMs} ms`);
  // Synchronous while the cache is.
  const reported = (call: () => unknown): unknown => {
    try {
      const answer = call();
      if (isPromise(answer)) within(answer, silentMs, late).catch(failed);
      return answer;
    } catch (error) {
      failed(error);
      throw error;
    }
  };
  return {
    get: (key) => reported(() => cache.get(key)),
    set: (key, value, ttlSeconds) => reported(() => cache.set(key, value, ttlSeconds)),
    delete: (key) => reported(() => cache.delete(key)),
  };
}
