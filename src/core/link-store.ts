// The store of share links that a host gives.

/**
 * Where the service remembers share links, so that they can be listed, revoked and used up. A Keyv fits.
 *
 * @example
 * import Keyv from 'keyv';
 * const linkStore: LinkStore = new Keyv();
 */
export interface LinkStore {
  get(key: string): unknown;
  /** `value` is what JSON can hold; without a lifetime it is kept. */
  set(key: string, value: unknown, ttlMs?: number): unknown;
  delete(key: string): unknown;
}
