// What an upload of several requests is: everything that its token seals. Nothing else of it is remembered anywhere
// but in storage.
import { createHash } from 'node:crypto';
import { OWN_FOLDER } from '../../core/key.js';
import type { Attributes } from '../../storage/bucket.js';
import type { OpenedUpload } from '../../storage/upload-store.js';

/** By which protocol the bytes come. */
export type SessionWay = 'tus' | 'http' | 'direct';

/**
 * When the file may become visible: while none has its key, by the verb or by `If-None-Match: *`; always; while the one
 * with this ETag is there.
 */
export type SessionCondition = 'create' | 'none-match' | 'replace' | { readonly etag: string };

/** Digests that the whole file must have, in base64. */
export interface PromisedDigests {
  readonly md5?: string;
  readonly sha256?: string;
  readonly sha512?: string;
}

/** One upload of several requests. */
export interface UploadSession {
  /** Decoded, from the root. */
  readonly key: string;
  /** Of the upload in storage; absent where the whole file fits one part, and is written at once. */
  readonly id?: string;
  /** Where the object is made, when it must be judged before it stands under its key. */
  readonly staged?: string;
  /** Tells "finished" from "never was": it stands with the object. */
  readonly nonce: string;
  /** Bytes of every part but the last. */
  readonly partSize: number;
  /** Bytes of the file, where they were known when the upload began. */
  readonly length?: number;
  readonly condition: SessionCondition;
  /** The verb whose right is asked, at each request and again at the end. */
  readonly verb: string;
  readonly way: SessionWay;
  /** The media type that will be stored. */
  readonly contentType: string;
  /** What else stands beside the bytes; absent where the upload in storage has it already. */
  readonly attributes?: Attributes;
  /** Most bytes that the file may have. */
  readonly maxBytes: number;
  readonly digests?: PromisedDigests;
  /** The `Upload-Metadata` of tus as it was sent, to be repeated. */
  readonly metadata?: string;
  /** Tells the container, in which the key lies, from every other one. */
  readonly tenant: string;
  /** Digest of the id of whoever began it; null was anonymous. */
  readonly owner: string | null;
  /** When the session ends, in seconds since 1970. */
  readonly expiresAt: number;
}

/** The name of a session, which gives nothing to whoever reads it. */
export function sessionName({ nonce }: Pick<UploadSession, 'nonce'>): string {
  return createHash('sha256').update(nonce).digest('hex').slice(0, 32);
}

/** Where the bytes behind the last whole part lie. */
export function tailsFolder(session: Pick<UploadSession, 'nonce'>): string {
  return `${OWN_FOLDER}tails/${sessionName(session)}/`;
}

/** Where the object is made of a session that has to be judged first. */
export function stagedKey(session: Pick<UploadSession, 'nonce'>): string {
  return `${OWN_FOLDER}staged/${sessionName(session)}`;
}

/** Who a session belongs to, by the id of a principal. */
export function ownerOf(principal: { readonly id: string } | null): string | null {
  return principal === null ? null : createHash('sha256').update(principal.id).digest('base64url');
}

/** The upload in storage; undefined for a session that fits one part. */
export function uploadIn({ key, staged, id }: UploadSession): OpenedUpload | undefined {
  return id === undefined ? undefined : { key: staged ?? key, id };
}

/** How many parts a file of this length has; an empty one has one. */
export function partsOf({ partSize }: UploadSession, length: number): number {
  return Math.max(1, Math.ceil(length / partSize));
}
