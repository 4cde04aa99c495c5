// Sealed tokens: what an upload link gives, in a form that only this service can read or make.
import type { Principal } from '../../core/hooks.js';
import { sealablePrincipal, seal, unseal } from '../../core/seal.js';
import type { Attributes } from '../../storage/bucket.js';
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
  /** What is stored beside the bytes, whatever the upload says of it. */
  readonly attributes?: Attributes;
  /** Bytes that the upload must have; absent: any number within the limit. */
  readonly length?: number;
  /** Most bytes, where they are fewer than those of the service. */
  readonly maxBytes?: number;
  /** Tells the container, in which the key lies, from every other one. */
  readonly tenant: string;
  /** Who asked for the link, and in whose name `authorize` is asked again; null was anonymous. */
  readonly principal: Principal | null;
  /** When the link ends, in seconds since 1970. */
  readonly expiresAt: number;
}

/** What a token gives: one upload by a link, to go on with an upload that has begun, one part of it, or any uploads into a folder. */
export type UploadGrant = LinkGrant | SessionGrant | PartGrant | TicketGrant;

/** What a ticket gives to whoever holds it: uploads into one folder, in the name of its maker. */
export interface TicketGrant {
  readonly kind: 'ticket';
  /** Tells it from any other, where its files are counted. */
  readonly id: string;
  /** Most files that may come by it; absent: any number. */
  readonly maxFiles?: number;
  /** The folder: `''`, or ending in `/`. */
  readonly key: string;
  /** The verb whose right is asked at each upload. */
  readonly verb: string;
  readonly createOnly: boolean;
  /** Most bytes of a file. */
  readonly maxBytes?: number;
  /** Media types that files may have, `image/png` or `image/*`; absent: those of the service. */
  readonly types?: readonly string[];
  readonly tenant: string;
  readonly principal: Principal | null;
  readonly expiresAt: number;
}

/** One part of an upload, sent through the service. */
export interface PartGrant {
  readonly kind: 'part';
  readonly key: string;
  readonly part: number;
  readonly session: UploadSession;
  readonly tenant: string;
  readonly principal: Principal | null;
  readonly expiresAt: number;
}

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
  readonly a?: Attributes;
  readonly l?: number;
  readonly m?: number;
  readonly t: string;
  readonly b: Principal | null;
  readonly x: number;
}

interface TicketPayload {
  readonly f: string;
  readonly i: string;
  readonly z?: number;
  readonly v: string;
  readonly w: 'create' | 'replace';
  readonly m?: number;
  readonly y?: readonly string[];
  readonly t: string;
  readonly b: Principal | null;
  readonly x: number;
}

interface PartPayload {
  readonly q: number;
  readonly s: SessionPayload;
  readonly b: Principal | null;
  readonly x: number;
}

type Payload = LinkPayload | SessionPayload | TicketPayload | PartPayload;

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

/** Seals a ticket, as `sealGrant` does. */
export function sealTicket(secrets: readonly string[], ticket: Omit<TicketGrant, 'kind'>): string {
  const { maxBytes, maxFiles, types } = ticket;
  return seal(secrets, UPLOADS, {
    f: ticket.key,
    i: ticket.id,
    ...(maxFiles === undefined ? {} : { z: maxFiles }),
    v: ticket.verb,
    w: ticket.createOnly ? 'create' : 'replace',
    ...(maxBytes === undefined ? {} : { m: maxBytes }),
    ...(types === undefined ? {} : { y: types }),
    t: ticket.tenant,
    b: sealablePrincipal(ticket.principal),
    x: ticket.expiresAt,
  });
}

/** Seals the right to send one part, as `sealGrant` does. */
export function sealPart(
  secrets: readonly string[],
  {
    part,
    session,
    principal,
    expiresAt,
  }: Pick<PartGrant, 'part' | 'session' | 'principal' | 'expiresAt'>,
): string {
  const sealed = sealablePrincipal(principal);
  return seal(secrets, UPLOADS, { q: part, s: sessionPayload(session), b: sealed, x: expiresAt });
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
  const payload = unseal(secrets, UPLOADS, token) as Payload | undefined;
  if (payload === undefined) throw uploadGone();
  const grant = grantOf(payload);
  if (grant.expiresAt * 1000 <= now) throw uploadGone();
  return grant;
}

function payloadOf(grant: Omit<LinkGrant, 'kind'>): LinkPayload {
  const { contentType, attributes, length, maxBytes } = grant;
  return {
    k: grant.key,
    v: grant.verb,
    w: grant.createOnly ? 'create' : 'replace',
    ...(contentType === undefined ? {} : { c: contentType }),
    ...(attributes === undefined ? {} : { a: attributes }),
    ...(length === undefined ? {} : { l: length }),
    ...(maxBytes === undefined ? {} : { m: maxBytes }),
    t: grant.tenant,
    b: sealablePrincipal(grant.principal),
    x: grant.expiresAt,
  };
}

function linkGrant({ k, v, w, c, a, l, m, t, b, x }: LinkPayload): LinkGrant {
  return {
    kind: 'link',
    key: k,
    verb: v,
    createOnly: w === 'create',
    ...(c === undefined ? {} : { contentType: c }),
    ...(a === undefined ? {} : { attributes: a }),
    ...(l === undefined ? {} : { length: l }),
    ...(m === undefined ? {} : { maxBytes: m }),
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

function grantOf(payload: Payload): UploadGrant {
  if ('q' in payload) return partGrant(payload);
  if ('f' in payload) return ticketGrant(payload);
  return 'n' in payload ? sessionGrant(payload) : linkGrant(payload);
}

function ticketGrant({ f, i, z, v, w, m, y, t, b, x }: TicketPayload): TicketGrant {
  return {
    kind: 'ticket',
    id: i,
    ...(z === undefined ? {} : { maxFiles: z }),
    key: f,
    verb: v,
    createOnly: w === 'create',
    ...(m === undefined ? {} : { maxBytes: m }),
    ...(y === undefined ? {} : { types: y }),
    tenant: t,
    principal: b,
    expiresAt: x,
  };
}

function partGrant({ q, s, b, x }: PartPayload): PartGrant {
  const session = sessionOf(s);
  const { key, tenant } = session;
  return { kind: 'part', key, part: q, session, tenant, principal: b, expiresAt: x };
}
