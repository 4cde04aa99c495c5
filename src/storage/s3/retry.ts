// Whether a failed call may be made again: a budget, so that retries never become the load that keeps storage down.
import type { ClientSignal } from '../../core/client-signal.js';

/** Tokens for retries, earned by calls that succeed. Shared by every request of one service. */
export interface RetryBudget {
  /** Takes a token; false when there is none. */
  take(): boolean;
  /** Pays for a success. */
  earn(): void;
}

// A store that fails 20 % of its calls needs 0.24 retries a call; one that fails all earns nothing,
// so an outage costs at most the tokens in hand.
const COST = 10;
const EARNED = 3;
const MOST = 20 * COST;

/** A full budget. */
export function retryBudget(): RetryBudget {
  let tokens = MOST;
  return {
    take() {
      if (tokens < COST) return false;
      tokens -= COST;
      return true;
    },
    earn() {
      tokens = Math.min(MOST, tokens + EARNED);
    },
  };
}

const FIRST_PAUSE_MS = 50;

/** Waits before attempt `attempt + 1`, longer each time, jittered; rejects with the signal's reason. */
export function pauseBefore(attempt: number, signal: ClientSignal): Promise<void> {
  const ms = FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2);
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort);
  });
}
