// The ready-made cache in any Keyv store. Knows Keyv by its shape only.
import type { Cache } from '../core/hooks.js';

/**
 * What is used of a Keyv: `new Keyv(new KeyvRedis('redis://...'))` fits.
 *
 * @example
 * const cacheIn = (keyv: KeyvLike): Cache => keyvCache(keyv);
 */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Keyv tells here what it otherwise keeps to itself. */
  on?(event: 'error', listener: (error: unknown) => void): unknown;
}

// Stores differ in what they make of bytes (Keyv's own JSON turns a Uint8Array into an object), so
// every value travels as a string whose first letter says what it was.
const TEXT = 't';
const BYTES = 'b';

const pack = (value: string | Uint8Array): string =>
  typeof value === 'string' ? TEXT + value : BYTES + Buffer.from(value).toString('base64');

const unpack = (packed: unknown): string | Uint8Array | undefined => {
  if (typeof packed !== 'string') return undefined;
  if (packed.startsWith(TEXT)) return packed.slice(1);
  if (packed.startsWith(BYTES)) return new Uint8Array(Buffer.from(packed.slice(1), 'base64'));
  return undefined;
};

/**
 * A cache in a Keyv store, so in Redis, Valkey, Memcached, Postgres and others. Strings and bytes come
 * back as they went in; anything else found in the store is a miss. A lifetime of 0 s or less keeps
 * nothing; a deletion that the store failed rejects. Bounds are the store's. Listen to the Keyv's
 * `error` event: it reports there.
 *
 * Throws a TypeError when the argument has no `get`, `set` and `delete`.
 *
 * @example
 * import Keyv from 'keyv';
 * const cache = keyvCache(new Keyv());
 */
export function keyvCache(keyv: KeyvLike): Cache {
  for (const method of ['get', 'set', 'delete'] as const) {
    if (typeof keyv?.[method] === 'function') continue;
    throw new TypeError(`keyvCache takes a Keyv: "${method}" is missing.`);
  }
  // Keyv answers false for a deletion that failed as for one that had nothing to delete; only the event
  // tells them apart. A failure of another call meanwhile makes this one fail too: that is the safe side.
  let failures = 0;
  keyv.on?.('error', () => {
    failures += 1;
  });
  return {
    get: async (key) => unpack(await keyv.get(key)),
    set: async (key, value, ttlSeconds) => {
      if (!(ttlSeconds > 0)) return keyv.delete(key);
      return keyv.set(key, pack(value), Math.ceil(ttlSeconds * 1000));
    },
    delete: async (key) => {
      const before = failures;
      await keyv.delete(key);
      if (failures !== before) throw new Error('The store failed while a key was deleted.');
    },
  };
}
