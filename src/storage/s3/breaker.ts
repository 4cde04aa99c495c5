// When storage is out, asking it again helps nobody: the breaker answers instead, and looks once a second.
import { FileServiceError } from '../../core/errors.js';

/** Stops calls to a storage that is out. Shared by every request of one service. */
export interface Breaker {
  /** Throws `storage_unavailable` while storage is out and it is not time for another look. */
  admit(): void;
  /** Storage answered, with whatever it had to say. */
  succeeded(): void;
  /** Storage did not answer (weight 2) or answered that it cannot (weight 1). */
  failed(weight: 1 | 2): void;
  /** True while calls are refused: no time for retries. */
  isOpen(): boolean;
}

// Five lost connections, or ten 5xx, without one answer in between. At 20 % random 503s ten in a row
// come once in ten million calls, so a store that is only busy is never taken for one that is out.
const OPENS_AT = 10;
const PROBE_EVERY_MS = 1000;

/** A closed breaker; `now` gives milliseconds that never go back. */
export function breaker(now: () => number = () => performance.now()): Breaker {
  let score = 0;
  let nextProbe: number | undefined;

  return {
    admit() {
      if (nextProbe === undefined) return;
      if (now() < nextProbe) throw out();
      nextProbe = now() + PROBE_EVERY_MS;
    },
    succeeded() {
      score = 0;
      nextProbe = undefined;
    },
    failed(weight) {
      score += weight;
      if (nextProbe === undefined && score >= OPENS_AT) nextProbe = now() + PROBE_EVERY_MS;
    },
    isOpen: () => nextProbe !== undefined,
  };
}

function out(): FileServiceError {
  return new FileServiceError('storage_unavailable', 'Storage is out of service at the moment.', {
    headers: { 'Retry-After': '1' },
  });
}
