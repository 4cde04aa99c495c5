// Sealed tokens: what an upload link gives, in a form that only this service can read or make.
import type { Principal } from '../../core/hooks.js';
import { sealablePrincipal, seal, unseal } from '../../core/seal.js';
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

const UPLOADS = { name: 's3files-upload/1', keyInfo: 's3files uploads 1' };

/**
 * Seals a grant with the first of `secrets`.
 */
export function sealGrant(secrets: readonly string[], grant: Omit<LinkGrant, 'kind'>): string {
  return seal(secrets, UPLOADS, payloadOf(grant));
}

/** Seals what has to be known of an upload by whoever goes on with it, as `sealGrant` does. */
export function sealSession(secrets: readonly string[], session: UploadSession): string {
  return seal(secrets, UPLOADS, sessionPayload(session));
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
  // What opens is what was sealed for this purpose.
  const payload = unseal(secrets, UPLOADS, token) as LinkPayload | SessionPayload | undefined;
  if (payload === undefined) throw uploadGone();
  const grant = 'n' in payload ? sessionGrant(payload) : linkGrant(payload);
  if (grant.expiresAt * 1000 <= now) throw uploadGone();
  return grant;
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
