// Tells when storage makes no progress. Only the time between `wait` and `rest` counts, so that a client
// that is slow and still there never sets it off.

/** A timer that runs only while something is expected of storage. */
export interface Watchdog {
  /** Progress is expected from now on; the time counts anew. */
  wait(): void;
  /** Nothing is expected. */
  rest(): void;
  /** Never fires again. */
  stop(): void;
}

/** Calls `onStall` when `idleMs` pass between a `wait` and whatever follows it. */
export function watchdog(idleMs: number, onStall: () => void): Watchdog {
  let waitingSince: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const look = (): void => {
    timer = undefined;
    if (stopped || waitingSince === null) return;
    const left = waitingSince + idleMs - performance.now();
    // A timer may fire a fraction of a millisecond early.
    if (left >= 1) {
      timer = setTimeout(look, left);
      return;
    }
    waitingSince = null;
    onStall();
  };

  return {
    wait() {
      if (stopped) return;
      waitingSince = performance.now();
      // One timer for many chunks: it looks at the clock when it fires instead of being re-armed.
      timer ??= setTimeout(look, idleMs);
    },
    rest() {
      waitingSince = null;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
