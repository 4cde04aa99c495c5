// Invalidations that the cache has not taken because it failed; it is asked again until it takes them.

/** Paths that still have to be invalidated. */
export interface PendingInvalidations {
  /** While true the cache may hold what a write has outdated, and nothing in it can be used. */
  readonly any: () => boolean;
  readonly add: (paths: Iterable<string>) => void;
}

/** Between two attempts, in milliseconds. */
const RETRY_MS = 1000;

// Beyond this the paths are not remembered: everything in the cache has to expire first.
const MAX_PATHS = 10_000;

/**
 * Invalidations to come. `invalidate` rejects when the cache has not taken them. What is older than `expiryMs`
 * has expired in the cache by itself.
 */
export function pendingInvalidations(
  invalidate: (paths: Iterable<string>) => Promise<void>,
  expiryMs: number,
): PendingInvalidations {
  let pending = new Set<string>();
  let running = false;
  let tooMany = false;
  let expiresAtMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const any = (): boolean => running || tooMany || pending.size > 0;

  const schedule = (): void => {
    // A process that has nothing else to do need not stay for this.
    timer ??= setTimeout(() => void retry(), RETRY_MS).unref();
  };

  async function retry(): Promise<void> {
    timer = undefined;
    if (performance.now() >= expiresAtMs) {
      tooMany = false;
      pending.clear();
      return;
    }
    if (!tooMany) await invalidatePending();
    if (any()) schedule();
  }

  async function invalidatePending(): Promise<void> {
    const paths = pending;
    // What a write outdates from here on is pending anew: it may commit after this invalidation.
    pending = new Set();
    running = true;
    try {
      await invalidate(paths);
    } catch {
      for (const path of paths) pending.add(path);
    } finally {
      running = false;
    }
  }

  return {
    any,
    add: (paths) => {
      expiresAtMs = performance.now() + expiryMs;
      for (const path of paths) pending.add(path);
      if (pending.size > MAX_PATHS) {
        tooMany = true;
        pending.clear();
      }
      schedule();
    },
  };
}
