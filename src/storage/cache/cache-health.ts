// Whether the host's cache works: after a failure it is asked once a second until it answers again.
import { debugHook } from '../../core/debug.js';

/** Whether the cache may be asked. */
export interface CacheHealth {
  /** False while the cache fails; every second one caller gets true and asks it for all the others. */
  mayAsk(): boolean;
  succeeded(): void;
  failed(error: unknown): void;
}

/** Between two questions to a cache that fails, in milliseconds. */
const PAUSE_MS = 1000;

/** A cache that is taken to work until it fails. */
export function cacheHealth(): CacheHealth {
  let failing = false;
  let askAgainAtMs = 0;

  return {
    mayAsk() {
      if (!failing) return true;
      const now = performance.now();
      if (now < askAgainAtMs) return false;
      askAgainAtMs = now + PAUSE_MS;
      return true;
    },
    succeeded() {
      failing = false;
    },
    failed(error) {
      debugHook('cache failed: %O', error);
      failing = true;
      askAgainAtMs = performance.now() + PAUSE_MS;
    },
  };
}
