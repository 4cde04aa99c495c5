// Sealed tokens: what an upload link gives, in a form that only this service can read or make.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { Principal } from '../../core/hooks.js';
import { uploadGone } from './refusals.js';
import { sessionOf, sessionPayload, type SessionPayload } from './session-payload.js';
import type { UploadSession } from './upload-session.js';

/** What a link gives to whoever holds it: one upload to one key, and nothing else. */
export interface LinkGrant {
  readonly kind: 'link';
  /** Decoded, from the root. */
  readonly key: string;
  /** The verb whose right is asked when the link is used: `PUT` when it may replace. */
  readonly verb: string;
  /** True: only while no file has this key. */
  readonly createOnly: boolean;
  /** The media type that the upload must have; absent: any that is allowed. */
  readonly contentType?: string;
  /** Bytes that the upload must have; absent: any number within the limit. */
  readonly length?: number;
  /** Tells the container, in which the key lies, from every other one. */
  readonly tenant: string;
  /** Who asked for the link, and in whose name `authorize` is asked again; null was anonymous. */
  readonly principal: Principal | null;
  /** When the link ends, in seconds since 1970. */
  readonly expiresAt: number;
}

/** What a token gives: one upload by a link, or to go on with an upload that has begun. */
export type UploadGrant = LinkGrant | SessionGrant;

/** An upload that goes on; its owner has to prove who it is at each request. */
export interface SessionGrant {
  readonly kind: 'session';
  readonly key: string;
  readonly tenant: string;
  readonly expiresAt: number;
  readonly session: UploadSession;
}

// The letters of the payload: a token is part of a URL, which had better be short.
interface LinkPayload {
  readonly k: string;
  readonly v: string;
  readonly w: 'create' | 'replace';
  readonly c?: string;
  readonly l?: number;
  readonly t: string;
  readonly b: Principal | null;
  readonly x: number;
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + IV_BYTES;
const AUTHENTICATED = Buffer.from('s3files-upload/1');
const KEY_INFO = 's3files uploads 1';
/** Bytes of a principal's JSON beyond which only its id and roles are sealed. */
const MAX_PRINCIPAL_BYTES = 1024;

/**
 * Seals a grant with the first of `secrets`:
 * `base64url(key id (1) || iv (12) || AES-256-GCM(payload) || tag (16))`, the key by HKDF-SHA-256 of the secret.
 */
export function sealGrant(secrets: readonly string[], grant: Omit<LinkGrant, 'kind'>): string {
  return seal(secrets, payloadOf(grant));
}

/** Seals what has to be known of an upload by whoever goes on with it, as `sealGrant` does. */
export function sealSession(secrets: readonly string[], session: UploadSession): string {
  return seal(secrets, sessionPayload(session));
}

function seal(secrets: readonly string[], payload: LinkPayload | SessionPayload): string {
  const [secret] = secrets;
  if (secret === undefined) throw new TypeError('a token needs a secret');
  const key = keyOf(secret);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(
    AUTHENTICATED,
  );
  const sealed = Buffer.concat([cipher.update(JSON.stringify(payload)), cipher.final()]);
  return Buffer.concat([idOf(key), iv, sealed, cipher.getAuthTag()]).toString('base64url');
}

/**
 * Opens a token that any of `secrets` has sealed. `now` in milliseconds since 1970.
 *
 * @throws FileServiceError `upload_gone`, the same for an altered, a foreign and an expired one
 */
export function openGrant(
  secrets: readonly string[],
  token: string,
  now: number = Date.now(),
): UploadGrant {
  const bytes = Buffer.from(token, 'base64url');
  // Node's decoder ignores what is no base64url, and the spare bits of the last character.
  if (bytes.toString('base64url') !== token || bytes.length < HEAD_BYTES + TAG_BYTES)
    throw uploadGone();
  for (const secret of secrets) {
    const key = keyOf(secret);
    if (!idOf(key).equals(bytes.subarray(0, 1))) continue;
    const grant = decrypt(key, bytes);
    if (grant !== null && grant.expiresAt * 1000 > now) return grant;
  }
  throw uploadGone();
}

function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', KEY_INFO, KEY_BYTES));
}

// Which of several secrets sealed a token, so that a removed one costs no attempt; it says nothing of the key.
function idOf(key: Buffer): Buffer {
  return createHash('sha256').update(key).digest().subarray(0, 1);
}

function decrypt(key: Buffer, bytes: Buffer): UploadGrant | null {
  const iv = bytes.subarray(1, HEAD_BYTES);
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES })
    .setAAD(AUTHENTICATED)
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const opened = decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES));
    const text = Buffer.concat([opened, decipher.final()]).toString('utf8');
    // Authentic, so it is what sealGrant wrote.
    const payload = JSON.parse(text) as LinkPayload | SessionPayload;
    return 'n' in payload ? sessionGrant(payload) : linkGrant(payload);
  } catch {
    return null;
  }
}

function payloadOf(grant: Omit<LinkGrant, 'kind'>): LinkPayload {
  const { contentType, length } = grant;
  return {
    k: grant.key,
    v: grant.verb,
    w: grant.createOnly ? 'create' : 'replace',
    ...(contentType === undefined ? {} : { c: contentType }),
    ...(length === undefined ? {} : { l: length }),
    t: grant.tenant,
    b: sealablePrincipal(grant.principal),
    x: grant.expiresAt,
  };
}

function linkGrant({ k, v, w, c, l, t, b, x }: LinkPayload): LinkGrant {
  return {
    kind: 'link',
    key: k,
    verb: v,
    createOnly: w === 'create',
    ...(c === undefined ? {} : { contentType: c }),
    ...(l === undefined ? {} : { length: l }),
    tenant: t,
    principal: b,
    expiresAt: x,
  };
}

function sessionGrant(payload: SessionPayload): SessionGrant {
  const session = sessionOf(payload);
  const { key, tenant, expiresAt } = session;
  return { kind: 'session', key, tenant, expiresAt, session };
}

// Rules may use the host's own fields; a whole user record would make a URL that no server takes.
function sealablePrincipal(principal: Principal | null): Principal | null {
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
