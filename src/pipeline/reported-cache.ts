// Hooks of the host that others call, so that what they throw is reported on its way.
import type { ReportError } from '../core/error-reporter.js';
import { isChosenAnswer } from '../core/error-reporter.js';
import { isPromise } from '../core/hooks.js';
import type { Cache, HookRequest, Scan } from '../core/hooks.js';

/** A cache whose failures are reported. It is shared by all requests, so that none of them is named. */
export function reportedCache<Req>(cache: Cache, report: ReportError<Req>): Cache {
  const failed = (error: unknown): never => {
    report(error, 'cache', null);
    throw error;
  };
  // Synchronous while the cache is.
  const reported = (call: () => unknown): unknown => {
    try {
      const answer = call();
      return isPromise(answer) ? answer.then(undefined, failed) : answer;
    } catch (error) {
      return failed(error);
    }
  };
  return {
    get: (key) => reported(() => cache.get(key)),
    set: (key, value, ttlSeconds) => reported(() => cache.set(key, value, ttlSeconds)),
    delete: (key) => reported(() => cache.delete(key)),
  };
}

/** A scanner whose failures are reported. */
export function reportedScan<Req>(
  scan: Scan,
  report: ReportError<Req>,
  request: HookRequest<Req>,
): Scan {
  return async (stream, info) => {
    try {
      return await scan(stream, info);
    } catch (error) {
      if (!isChosenAnswer(error)) report(error, 'scan', request);
      throw error;
    }
  };
}
