// How long to wait before a failed call is made again.
import type { ClientSignal } from '../../core/client-signal.js';

const FIRST_PAUSE_MS = 50;

/** Waits before attempt `attempt + 1`, longer each time, jittered; rejects with the signal's reason. */
export function pauseBefore(attempt: number, signal: ClientSignal): Promise<void> {
  return pause(FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2), signal);
}

/** Waits; rejects with the signal's reason. */
export function pause(ms: number, signal: ClientSignal): Promise<void> {
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
