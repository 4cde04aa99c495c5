// The ready-made authenticator: API keys in headers, compared in constant time, guessing throttled.
import { createHash, timingSafeEqual } from 'node:crypto';
import { FileServiceError } from '../core/errors.js';
import type { HookRequest, Principal } from '../core/hooks.js';
import { checkOptions, checkWhole, isPlainObject } from './known-options.js';
import { guessThrottle } from './guess-throttle.js';

/**
 * Finds the principal of a key, for keys that live in a database. It gets the key as it was sent and
 * its SHA-256 in lower-case hex, which is the better thing to store. Null, or anything that is no
 * principal, answers 401.
 *
 * @example
 * const principals = new Map([['9f86d081...', { id: 'importer' }]]);
 * const lookup: KeyLookup = (_key, sha256) => principals.get(sha256);
 */
export type KeyLookup = (
  key: string,
  sha256: string,
) => Principal | null | undefined | Promise<Principal | null | undefined>;

/**
 * Options of {@link apiKeys}.
 *
 * @example
 * const options: ApiKeysOptions = { header: 'x-api-key', failures: { points: 20, seconds: 60 } };
 */
export interface ApiKeysOptions {
  /**
   * The only header that a key is read from. `authorization` reads `Bearer` credentials.
   * @default the first present of `X-DreamFactory-API-Key`, `X-API-Key`, `Authorization: Bearer`
   */
  readonly header?: string;
  /** True: without a key, the caller is anonymous. A wrong key is 401 all the same. @default false */
  readonly allowAnonymous?: boolean;
  /**
   * Wrong keys that an address may send in a window before it is answered 429; false for no limit.
   * @default { points: 100, seconds: 60 }
   */
  readonly failures?: { readonly points?: number; readonly seconds?: number } | false;
}

const HEADERS = ['x-dreamfactory-api-key', 'x-api-key', 'authorization'];

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();

const isPrincipal = (value: unknown): value is Principal =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { id?: unknown }).id === 'string' &&
  (value as Principal).id !== '';

interface Entry {
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** Messages count the key instead of showing it. */
const readEntry = (key: string, principal: unknown, index: number): Entry => {
  const where = `apiKeys: key ${index + 1}`;
  // `{ [process.env.KEY]: ... }` without the variable is the key "undefined", which anyone can guess.
  if (key === 'undefined' || key === 'null') throw new TypeError(`${where} is ${key}.`);
  if (!/^[\u0021-\u007e]+$/.test(key)) {
    throw new TypeError(
      `${where} must be printable ASCII without spaces, or no header can hold it.`,
    );
  }
  if (!isPrincipal(principal)) throw new TypeError(`${where} must have a principal with an "id".`);
  if (principal.roles !== undefined && !Array.isArray(principal.roles))
    throw new TypeError(`${where} must have "roles" as a list.`);
  return { digest: digestOf(key), principal: Object.freeze({ ...principal }) };
};

/** Compares with every key, so that the time tells nothing of which one was near. */
const lookupIn = (keys: Readonly<Record<string, Principal>>) => {
  const entries = Object.entries(keys).map(([key, principal], index) =>
    readEntry(key, principal, index),
  );
  if (entries.length === 0) throw new TypeError('apiKeys: there is no key.');
  return (digest: Buffer): Principal | null => {
    let found: Principal | null = null;
    for (const entry of entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.principal;
    }
    return found;
  };
};

const keyIn = (header: string, value: string): string | null => {
  if (header !== 'authorization') return value;
  // RFC 9110 section 11.1: the scheme is case-insensitive. Other schemes are another hook's business.
  const [scheme, ...credentials] = value.split(' ');
  return scheme?.toLowerCase() === 'bearer' ? credentials.join(' ').trim() : null;
};

const sentKey = (
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
): string | null => {
  for (const name of names) {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    const key = value === undefined ? null : keyIn(name, value);
    if (key !== null) return key;
  }
  return null;
};

const unauthorized = (): FileServiceError =>
  new FileServiceError('unauthorized', 'A valid API key is required.', {
    // RFC 9110 section 15.5.2: a 401 must say how to authenticate.
    headers: { 'WWW-Authenticate': 'Bearer' },
  });

const readOptions = (options: ApiKeysOptions) => {
  checkOptions('apiKeys', options, ['header', 'allowAnonymous', 'failures']);
  const { header, allowAnonymous = false, failures = {} } = options;
  if (
    header !== undefined &&
    (typeof header !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(header))
  ) {
    throw new TypeError('apiKeys: "header" must be a header\'s name.');
  }
  if (typeof allowAnonymous !== 'boolean') {
    throw new TypeError('apiKeys: "allowAnonymous" must be true or false.');
  }
  const names = header === undefined ? HEADERS : [header.toLowerCase()];
  return { names, allowAnonymous, throttle: failures === false ? null : throttleOf(failures) };
};

const throttleOf = (failures: Exclude<ApiKeysOptions['failures'], false | undefined>) => {
  checkOptions('apiKeys: "failures"', failures, ['points', 'seconds']);
  const { points = 100, seconds = 60 } = failures;
  checkWhole('apiKeys: "failures.points"', points, 1);
  checkWhole('apiKeys: "failures.seconds"', seconds, 1);
  return guessThrottle({ points, seconds });
};

/**
 * Authenticates by API key: `apiKeys({ [process.env.KEY!]: { id: 'billing', roles: ['member'] } })`,
 * or with a lookup in a database.
 *
 * A missing, unknown or malformed key is 401 `unauthorized`, with one text for all. An address that
 * sends too many wrong keys is 429 `rate_limited` with `Retry-After`, but for keys that were right
 * from there before. Addresses are `request.ip`: behind a proxy, set the framework's `trust proxy`.
 * What a lookup throws is passed on.
 *
 * Throws a TypeError for a wrong option, a key that no header can hold, or a principal without id.
 *
 * @example
 * const authenticate = apiKeys({ 'a long random key': { id: 'billing', roles: ['member'] } });
 */
export function apiKeys(
  keys: Readonly<Record<string, Principal>> | KeyLookup,
  options: ApiKeysOptions = {},
): (request: HookRequest<unknown>) => Promise<Principal | null> {
  if (typeof keys !== 'function' && !isPlainObject(keys)) {
    throw new TypeError('apiKeys takes an object of keys, or a lookup.');
  }
  const { names, allowAnonymous, throttle } = readOptions(options);
  const find =
    typeof keys === 'function'
      ? (digest: Buffer, key: string) => keys(key, digest.toString('hex'))
      : lookupIn(keys);

  return async ({ headers, ip }) => {
    const key = sentKey(headers, names);
    if (key === null && allowAnonymous) return null;
    if (key === null) throw unauthorized();
    const digest = digestOf(key);
    await throttle?.check(ip, digest);
    const principal: unknown = await find(digest, key);
    if (!isPrincipal(principal)) {
      await throttle?.wrong(ip);
      throw unauthorized();
    }
    throttle?.right(ip, digest);
    return principal;
  };
}
