// What a cache that was away should have forgotten; it is told as soon as it is back.

/** Paths that the cache still has to forget. */
export interface Debts {
  /** While true the cache may hold what a write has outdated, and nothing in it can be believed. */
  readonly any: () => boolean;
  readonly owe: (paths: Iterable<string>) => void;
}

/** Between two attempts to pay, in milliseconds. */
const RETRY_MS = 1000;

// Beyond this the paths are not remembered: everything in the cache has to expire first.
const MAX_OWED = 10_000;

/**
 * Debts that `pay` settles by making the cache forget; it rejects when it could not. What is older
 * than `expiryMs` has expired in the cache by itself.
 */
export function debtsTo(pay: (paths: Iterable<string>) => Promise<void>, expiryMs: number): Debts {
  let owed = new Set<string>();
  let paying = false;
  let tooMany = false;
  let expiresAtMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const any = (): boolean => paying || tooMany || owed.size > 0;

  const schedule = (): void => {
    // A process that has nothing else to do need not stay for this.
    timer ??= setTimeout(() => void settle(), RETRY_MS).unref();
  };

  async function settle(): Promise<void> {
    timer = undefined;
    if (performance.now() >= expiresAtMs) {
      tooMany = false;
      owed.clear();
      return;
    }
    if (!tooMany) await payWhatIsOwed();
    if (any()) schedule();
  }

  async function payWhatIsOwed(): Promise<void> {
    const paths = owed;
    // What a write outdates from here on is a debt of its own: it may commit after this payment.
    owed = new Set();
    paying = true;
    try {
      await pay(paths);
    } catch {
      for (const path of paths) owed.add(path);
    } finally {
      paying = false;
    }
  }

  return {
    any,
    owe: (paths) => {
      expiresAtMs = performance.now() + expiryMs;
      for (const path of paths) owed.add(path);
      if (owed.size > MAX_OWED) {
        tooMany = true;
        owed.clear();
      }
      schedule();
    },
  };
}
