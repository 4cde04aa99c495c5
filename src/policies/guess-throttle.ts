// Slows down who guesses keys: so many wrong ones an address and window, then 429.
import { LRUCache } from 'lru-cache';
import { FileServiceError } from '../core/errors.js';
import { addressGroup } from './address-group.js';
import { memoryCounter, type Window } from './counter.js';

// As many as a counter holds.
const MAX_KNOWN = 100_000;

/** Counts wrong keys by address. */
export interface GuessThrottle {
  /** Throws `rate_limited` when the address has spent its wrong keys; a known right key passes. */
  check(ip: string, digest: Buffer): Promise<void>;
  wrong(ip: string): Promise<void>;
  right(ip: string, digest: Buffer): void;
}

/**
 * At most 100,000 addresses are counted. Many callers may share an address, so a key that was right
 * from there before is still looked up while others are refused: one bad neighbour shuts out nobody.
 */
export function guessThrottle(window: Window): GuessThrottle {
  const counter = memoryCounter(window);
  const known = new LRUCache<string, true>({ max: MAX_KNOWN });
  const nameOf = (ip: string, digest: Buffer): string =>
    `${addressGroup(ip)} ${digest.toString('base64')}`;
  return {
    check: async (ip, digest) => {
      const { used, resetSeconds } = await counter.look(addressGroup(ip));
      if (used < window.points || known.has(nameOf(ip, digest))) return;
      throw new FileServiceError('rate_limited', 'Too many wrong API keys; try again later.', {
        headers: {
          'Retry-After': `${resetSeconds}`,
          'RateLimit-Limit': `${window.points}`,
          'RateLimit-Remaining': '0',
          'RateLimit-Reset': `${resetSeconds}`,
        },
      });
    },
    wrong: async (ip) => void (await counter.add(addressGroup(ip), 1)),
    right: (ip, digest) => void known.set(nameOf(ip, digest), true),
  };
}
