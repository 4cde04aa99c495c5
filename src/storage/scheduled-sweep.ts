// Sweeps by the clock: by one instance at a time where they share a store, at different moments where they share none.
import { randomUUID } from 'node:crypto';
import { debugStorage } from '../core/debug.js';
import type { Cache } from '../core/hooks.js';

/** What is done, how often, and who does it. */
export interface Schedule {
  readonly everyMs: number;
  readonly sweep: () => Promise<unknown>;
  /** A store that instances share, and the name of their lease in it. */
  readonly lease?: { readonly store: Pick<Cache, 'get' | 'set'>; readonly key: string };
}

// As long as two instances that have seen no lease may be apart: whoever wrote last has it.
const SETTLING_MS = 250;
/** Which part of an interval instances may be apart that share nothing. */
const JITTER = 0.2;

/** Begins; the answer ends it. Keeps no process alive, and never throws. */
export function scheduleSweeps({ everyMs, sweep, lease }: Schedule): () => void {
  const me = randomUUID();
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;

  const next = (ms: number): void => {
    if (hasEnded) return;
    timer = setTimeout(() => void run(), ms);
    timer.unref();
  };
  const run = async (): Promise<void> => {
    try {
      // What another instance has swept meanwhile is not there: two at once harm nothing.
      if (lease === undefined || (await obtain(lease, me, everyMs))) await sweep();
    } catch (error) {
      // Storage or the store is away: the next turn comes.
      debugStorage('a sweep failed: %O', error);
    }
    next(everyMs * (1 + JITTER * (Math.random() - 0.5)));
  };

  // Instances that start together would sweep together.
  next(everyMs * Math.random());
  return () => {
    hasEnded = true;
    clearTimeout(timer);
  };
}

/** Whether this instance is the one that sweeps in this interval. */
async function obtain(
  { store, key }: NonNullable<Schedule['lease']>,
  me: string,
  everyMs: number,
): Promise<boolean> {
  if ((await store.get(key)) !== undefined) return false;
  // Shorter than the shortest interval, so that whoever is next finds none.
  await store.set(key, me, (everyMs * (1 - JITTER)) / 1000);
  const settling = Math.min(SETTLING_MS, everyMs / 10);
  await new Promise<void>((resolve) => setTimeout(resolve, settling).unref());
  return (await store.get(key)) === me;
}
