// What a share link gives, sealed into its URL.
import type { OperationSettings } from '../../config/settings.js';
import { FileServiceError } from '../../core/errors.js';
import type { Principal } from '../../core/hooks.js';
import { seal, unseal } from '../../core/seal.js';

/** What a link gives to whoever has it: reading one file, or one folder with all below it, as its maker may. */
export interface ShareGrant {
  /** Names the link in the store of links. */
  readonly id: string;
  /** A file, or a folder, ending in `/`; `''` is the root. Decoded. */
  readonly key: string;
  /** Tells the container, in which the key lies, from every other one. */
  readonly tenant: string;
  /** In whose name `authorize` is asked at each use; null was anonymous. */
  readonly principal: Principal | null;
  /** In seconds since 1970. */
  readonly expiresAt: number;
  /** Files are saved instead of shown. */
  readonly download: boolean;
  /** `salt.key` by scrypt; undefined needs no password. */
  readonly password: string | undefined;
  readonly maxUses: number | undefined;
  /** Whether the store of links knows it: it can be revoked, and its uses are counted. */
  readonly isStored: boolean;
}

// The letters of the payload: a token is part of a URL, which had better be short.
interface Payload {
  readonly i: string;
  readonly k: string;
  readonly t: string;
  readonly b: Principal | null;
  readonly x: number;
  readonly d?: 1;
  readonly p?: string;
  readonly m?: number;
  readonly s?: 1;
}

const LINK = { name: 's3files-link/1', keyInfo: 's3files links 1' };
const PROOF = { name: 's3files-link-proof/1', keyInfo: 's3files link proofs 1' };

type Secrets = Pick<OperationSettings, 'uploadSecrets'>;

/** The token of a link. */
export function sealShare({ uploadSecrets }: Secrets, grant: ShareGrant): string {
  const payload: Payload = {
    i: grant.id,
    k: grant.key,
    t: grant.tenant,
    b: grant.principal,
    x: grant.expiresAt,
    ...(grant.download ? { d: 1 } : {}),
    ...(grant.password === undefined ? {} : { p: grant.password }),
    ...(grant.maxUses === undefined ? {} : { m: grant.maxUses }),
    ...(grant.isStored ? { s: 1 } : {}),
  };
  return seal(uploadSecrets, LINK, payload);
}

/**
 * What a token gives. `now` in milliseconds since 1970.
 *
 * @throws FileServiceError `link_gone`, the same for an altered, a foreign and an expired one
 */
export function openShare(
  { uploadSecrets }: Secrets,
  token: string,
  now: number = Date.now(),
): ShareGrant {
  // What opens is what sealShare wrote.
  const payload = unseal(uploadSecrets, LINK, token) as Payload | undefined;
  if (payload === undefined || payload.x * 1000 <= now) throw linkGone();
  return {
    id: payload.i,
    key: payload.k,
    tenant: payload.t,
    principal: payload.b,
    expiresAt: payload.x,
    download: payload.d === 1,
    password: payload.p,
    maxUses: payload.m,
    isStored: payload.s === 1,
  };
}

/** Says for `seconds` that the password of a link was given. */
export function sealProof({ uploadSecrets }: Secrets, id: string, seconds: number): string {
  return seal(uploadSecrets, PROOF, { i: id, x: Math.floor(Date.now() / 1000) + seconds });
}

/** Whether a proof is one of this link, and still holds. */
export function isProof({ uploadSecrets }: Secrets, id: string, proof: string): boolean {
  const value = unseal(uploadSecrets, PROOF, proof) as { i: string; x: number } | undefined;
  return value !== undefined && value.i === id && value.x * 1000 > Date.now();
}

/** The answer to a link that gives nothing, whatever the cause. */
export function linkGone(): FileServiceError {
  return new FileServiceError(
    'link_gone',
    'The link does not exist, was revoked or used up, or has expired.',
  );
}
