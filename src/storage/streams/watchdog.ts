// Tells when storage owes progress and makes none. Only the time between `wait` and `rest` counts,
// so a slow but living client never trips it.

/** A timer that runs only while the other side owes something. */
export interface Watchdog {
  /** The other side owes progress from now on; an earlier debt is settled. */
  wait(): void;
  /** Nothing is owed. */
  rest(): void;
  /** Never fires again. */
  stop(): void;
}

/** Calls `onStall` when `idleMs` pass between a `wait` and whatever follows it. */
export function watchdog(idleMs: number, onStall: () => void): Watchdog {
  let owedSince: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const look = (): void => {
    timer = undefined;
    if (stopped || owedSince === null) return;
    const left = owedSince + idleMs - performance.now();
    // A timer may fire a fraction of a millisecond early.
    if (left >= 1) {
      timer = setTimeout(look, left);
      return;
    }
    owedSince = null;
    onStall();
  };

  return {
    wait() {
      if (stopped) return;
      owedSince = performance.now();
      // One timer for many chunks: it looks at the clock when it fires instead of being re-armed.
      timer ??= setTimeout(look, idleMs);
    },
    rest() {
      owedSince = null;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
