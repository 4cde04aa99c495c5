// Sealed tokens: values in a form that only this service can make or read, small enough for a URL.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import type { Principal } from './hooks.js';

/** What a token is for: one that was sealed for something else does not open. */
export interface Purpose {
  /** Authenticated with the token (AAD). */
  readonly name: string;
  /** Tells the key of this purpose from others that the same secret gives (HKDF info). */
  readonly keyInfo: string;
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + IV_BYTES;

/**
 * Seals a JSON value with the first of `secrets`:
 * `base64url(key id (1) || iv (12) || AES-256-GCM(payload) || tag (16))`, the key by HKDF-SHA-256 of the secret.
 */
export function seal(secrets: readonly string[], purpose: Purpose, value: unknown): string {
  const [first] = keysOf(secrets, purpose);
  if (first === undefined) throw new TypeError('a token needs a secret');
  const { id, key } = first;
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(
    Buffer.from(purpose.name),
  );
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return Buffer.concat([id, iv, sealed, cipher.getAuthTag()]).toString('base64url');
}

/** What any of `secrets` has sealed for this purpose; undefined for an altered or a foreign token. */
export function unseal(secrets: readonly string[], purpose: Purpose, token: string): unknown {
  const bytes = Buffer.from(token, 'base64url');
  // Node's decoder ignores what is no base64url, and the spare bits of the last character.
  if (bytes.toString('base64url') !== token || bytes.length < HEAD_BYTES + TAG_BYTES)
    return undefined;
  for (const { id, key } of keysOf(secrets, purpose)) {
    if (id[0] !== bytes[0]) continue;
    const value = decrypt(key, bytes, purpose);
    if (value !== undefined) return value;
  }
  return undefined;
}

interface Key {
  readonly secret: string;
  /** Which of several secrets sealed a token, so that a removed one costs no attempt; it says nothing of the key. */
  readonly id: Buffer;
  readonly key: KeyObject;
}

// To derive a key takes longer than to seal with it. Module state on purpose: a list of secrets gives the same keys to
// whoever has it, and takes them along when it goes.
const DERIVED = new WeakMap<readonly string[], Map<string, readonly Key[]>>();

function keysOf(secrets: readonly string[], { keyInfo }: Purpose): readonly Key[] {
  const ofList = DERIVED.get(secrets) ?? new Map<string, readonly Key[]>();
  const known = ofList.get(keyInfo);
  // It may be the host's own list, out of which a secret is taken that must open nothing from then on.
  if (known?.length === secrets.length && known.every(({ secret }, at) => secret === secrets[at]))
    return known;
  const keys = secrets.map((secret) => derive(secret, keyInfo));
  DERIVED.set(secrets, ofList.set(keyInfo, keys));
  return keys;
}

function derive(secret: string, keyInfo: string): Key {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', keyInfo, KEY_BYTES));
  return {
    secret,
    id: createHash('sha256').update(bytes).digest().subarray(0, 1),
    key: createSecretKey(bytes),
  };
}

function decrypt(key: KeyObject, bytes: Buffer, { name }: Purpose): unknown {
  const iv = bytes.subarray(1, HEAD_BYTES);
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(name))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const opened = decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES));
    // Authentic, so it is what `seal` wrote.
    return JSON.parse(Buffer.concat([opened, decipher.final()]).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Bytes of a principal's JSON beyond which only its id and roles are sealed. */
const MAX_PRINCIPAL_BYTES = 1024;

/** A principal as a URL can hold it: rules may use the host's own fields, but no server takes a whole user record. */
export function sealablePrincipal(principal: Principal | null): Principal | null {
  if (principal === null) return null;
  const { id, roles } = principal;
  const least = { id, ...(roles === undefined ? {} : { roles }) };
  try {
    const text = JSON.stringify(principal);
    return Buffer.byteLength(text) <= MAX_PRINCIPAL_BYTES ? principal : least;
  } catch {
    // A circular record, or a BigInt in it.
    return least;
  }
}
