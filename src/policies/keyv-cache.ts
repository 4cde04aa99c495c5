// The ready-made cache in any Keyv store. Knows Keyv by its shape only.
import type { Cache } from '../hooks.js';

/** What is used of a Keyv: `new Keyv(new KeyvRedis('redis://...'))` fits. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
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
 * nothing. Bounds are the store's. Listen to the Keyv's `error` event: it may report there.
 *
 * Throws a TypeError when the argument has no `get`, `set` and `delete`.
 */
export function keyvCache(keyv: KeyvLike): Cache {
  for (const method of ['get', 'set', 'delete'] as const) {
    if (typeof keyv?.[method] === 'function') continue;
    throw new TypeError(`keyvCache takes a Keyv: "${method}" is missing.`);
  }
  return {
    get: async (key) => unpack(await keyv.get(key)),
    set: async (key, value, ttlSeconds) => {
      if (!(ttlSeconds > 0)) return keyv.delete(key);
      return keyv.set(key, pack(value), Math.ceil(ttlSeconds * 1000));
    },
    delete: (key) => keyv.delete(key),
  };
}
