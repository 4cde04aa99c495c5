// A folder that could not be read is read again by itself where waiting may help: after 1, 2, 4, 8 and 16 seconds.
import { effect, signal } from '@preact/signals';
import type { Failure } from './sentences.js';

/** What is tried again. */
export interface Retried {
  /** What went wrong with the last attempt; undefined while it is under way, and when all is well. */
  readonly failure: () => Failure | undefined;
  /** True once an attempt was well. */
  readonly isWell: () => boolean;
  readonly again: () => void;
}

const PAUSES_SECONDS = [1, 2, 4, 8, 16];

/** Tries again what failed for a reason that passes; without a connection the browser says when it is back. */
export function retryModel({ failure, isWell, again }: Retried) {
  /** Seconds until the next attempt; undefined when none comes by itself. */
  const seconds = signal<number | undefined>(undefined);
  let attempts = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function countDown(left: number): void {
    seconds.value = left;
    timer = setTimeout(() => (left > 1 ? countDown(left - 1) : again()), 1000);
  }
  effect(() => {
    const failed = failure();
    if (isWell()) attempts = 0;
    clearTimeout(timer);
    seconds.value = undefined;
    const pause = PAUSES_SECONDS[attempts];
    if (failed === undefined || !failed.isTransient || failed.reason === 'network') return;
    if (pause === undefined) return;
    attempts += 1;
    countDown(Math.max(pause, failed.retryAfter ?? 0));
  });
  return {
    seconds,
    /** Tries again at once. */
    now: () => {
      attempts = 0;
      again();
    },
  };
}
