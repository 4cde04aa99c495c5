// Counts in fixed windows, in this process, bounded.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Points in a window of seconds. */
export interface Window {
  readonly points: number;
  readonly seconds: number;
}

/** How a key stands in its window. */
export interface Standing {
  readonly used: number;
  readonly resetSeconds: number;
}

/** Counts by key; each rejects when its store fails, and never for a limit that is reached. */
export interface Counter {
  /** Adds points, also beyond the limit, and says how the key stands then. */
  add(key: string, points: number): Promise<Standing>;
  look(key: string): Promise<Standing>;
}

// The most keys that one table holds, whoever chooses them (reliability: bounded tables).
export const MAX_KEYS = 100_000;

// A host's function may return anything as a key; beyond this its digest stands for it.
const MAX_KEY_LENGTH = 128;

/** What stands for a key. */
export const shorten = (key: string): string =>
  key.length <= MAX_KEY_LENGTH ? key : createHash('sha256').update(key).digest('base64url');

/** A counter in this process, and how many keys it holds. */
export interface MemoryCounter extends Counter {
  readonly size: () => number;
}

interface Count {
  used: number;
  readonly endsAtMs: number;
}

/** Counts in memory, at most 100,000 keys; the one that was used longest ago is forgotten first. */
export function memoryCounter(window: Window): MemoryCounter {
  const counts = new LRUCache<string, Count>({ max: MAX_KEYS });
  const now = (): number => performance.now();
  const resetSeconds = (endsAtMs: number): number =>
    Math.max(1, Math.ceil((endsAtMs - now()) / 1000));
  const current = (key: string): Count | undefined => {
    const found = counts.get(key);
    return found !== undefined && found.endsAtMs > now() ? found : undefined;
  };
  const open = (key: string): Count => {
    const opened = { used: 0, endsAtMs: now() + window.seconds * 1000 };
    counts.set(key, opened);
    return opened;
  };
  return {
    add: (given, points) => {
      const key = shorten(given);
      const count = current(key) ?? open(key);
      count.used += points;
      const standing = { used: count.used, resetSeconds: resetSeconds(count.endsAtMs) };
      return Promise.resolve(standing);
    },
    look: (given) => {
      const count = current(shorten(given));
      const standing =
        count === undefined
          ? { used: 0, resetSeconds: window.seconds }
          : { used: count.used, resetSeconds: resetSeconds(count.endsAtMs) };
      return Promise.resolve(standing);
    },
    size: () => counts.size,
  };
}
