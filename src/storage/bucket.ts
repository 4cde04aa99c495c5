// The port: what operations ask of storage, in keys, bytes, dates and ETags; no HTTP, no AWS type.
// Keys are relative to the service's root: an implementation applies the container prefix, alone.
import type { Readable } from 'node:stream';
import type { Attributes, Signed, Stat, WriteResult } from './object.js';
import type { UploadStore } from './upload-store.js';
import type { FileServiceError } from '../core/errors.js';

export type { Attributes, Signed, Stat, WriteResult } from './object.js';

/** What a listing shows of an object. */
export interface Entry {
  readonly key: string;
  readonly size: number;
  readonly lastModified: Date | null;
  readonly etag: string;
}

/** One page of a listing: what one storage call returned. */
export interface Page {
  /** Objects, in UTF-8 byte order of their keys. */
  readonly files: readonly Entry[];
  /** Keys of the folders directly below the prefix, each ending in `/`; empty without delimiter. */
  readonly folders: readonly string[];
  /** Where the next page starts; undefined on the last one. Opaque. */
  readonly next: string | undefined;
}

/** What to list. */
export interface ListRequest {
  /** `''` or a folder key ending in `/`. */
  readonly prefix: string;
  /** False groups everything below a `/` into a folder; true lists the whole tree. */
  readonly recursive: boolean;
  /** Keys and folders of one page, at most 1000. @default 1000 */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
  /** Begins behind this key, which need not be there, and not where a page ended. */
  readonly afterKey?: string;
}

/** A part of an object. Ends are inclusive, offsets in bytes; `suffix` counts from the end. */
export type ByteRange =
  | { readonly kind: 'from'; readonly start: number; readonly end?: number }
  | { readonly kind: 'suffix'; readonly length: number };

/** Conditions that storage itself decides on a read. ETags with quotes; `*` is any. */
export interface ReadConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly ifModifiedSince?: Date;
  readonly ifUnmodifiedSince?: Date;
  /** One version of the object instead of the newest; one that is not there, or marks a deletion, is `missing`. */
  readonly versionId?: string;
}

/** One version of an object, or the mark that its deletion left. */
export interface Version {
  readonly key: string;
  readonly versionId: string;
  /** Bytes; 0 for a deletion. */
  readonly size: number;
  readonly lastModified: Date | null;
  /** `''` for a deletion. */
  readonly etag: string;
  readonly isLatest: boolean;
  readonly isDeletion: boolean;
}

/** One page of versions: what one storage call returned. */
export interface VersionPage {
  /** By key, in UTF-8 byte order; within a key the newest first. */
  readonly versions: readonly Version[];
  /** Where the next page starts; undefined on the last one. Opaque. */
  readonly next: string | undefined;
}

/** Which versions to list: those of all keys that begin with `prefix`. */
export interface VersionsRequest {
  readonly prefix: string;
  /** Versions of one page, at most 1000. @default 1000 */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
  /** Begins behind the last version of this key. */
  readonly afterKey?: string;
}

/** One version that is to go, and what its going changes of the objects that a listing shows. */
export interface VersionRemoval {
  readonly key: string;
  readonly versionId: string;
  /** Bytes that appear (what a deletion hid) or, below 0, go with it. @default 0 */
  readonly bytes?: number;
  /** Objects that appear or, below 0, go with it. @default 0 */
  readonly files?: number;
  /** It hides the others of its key, or is what the key holds. @default false */
  readonly isLatest?: boolean;
}

/** How to read. */
export interface ReadRequest extends ReadConditions {
  readonly range?: ByteRange;
}

/** What a read found. `unsatisfiable.size` is null when storage did not say it. */
export type ReadResult =
  | {
      readonly kind: 'found';
      readonly stat: Stat;
      /** The bytes that the body holds, when a range was asked and served. */
      readonly range: { readonly start: number; readonly end: number } | null;
      /** Small ones may come whole. A stream has an owner the moment it is returned: consume or destroy it. */
      readonly body: Readable | Uint8Array;
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'not-modified'; readonly stat: Partial<Stat> }
  | { readonly kind: 'precondition-failed' }
  | { readonly kind: 'unsatisfiable'; readonly size: number | null };

/** What a head found. */
export type StatResult =
  | { readonly kind: 'found'; readonly stat: Stat }
  | { readonly kind: 'missing' }
  | { readonly kind: 'not-modified'; readonly stat: Partial<Stat> }
  | { readonly kind: 'precondition-failed' };

/** How to write. */
export interface WriteRequest extends Attributes {
  /** Bytes that will come; undefined when unknown. Never from anything but HTTP's own length. */
  readonly length?: number;
  /** True: only when no object has this key, decided atomically where storage can. */
  readonly createOnly?: boolean;
  /** Only when the object has this ETag. */
  readonly ifMatch?: string;
  /** A word that stands with the object, by which `uploads().made` knows it again. */
  readonly nonce?: string;
}

/** How to copy. */
export interface CopyRequest {
  readonly from: string;
  readonly to: string;
  readonly createOnly?: boolean;
  /** Only when the object in its place has this ETag; `*` is any. */
  readonly ifMatch?: string;
  /** With `createOnly`: the caller has just seen that nothing is there, so that storage's own condition is guard enough. */
  readonly seenFree?: boolean;
  /** Only while the source has this ETag. */
  readonly ifSourceMatch?: string;
  /** This version of the source instead of the newest. */
  readonly versionId?: string;
  /** Given: replaces all attributes of the copy. Not given: they are kept. */
  readonly attributes?: Attributes;
  /** Size of the source in bytes, of one file among many: spares looking at it, and keeps what the store copies by itself. */
  readonly size?: number;
}

/** What a copy did. */
export type CopyResult =
  | { readonly kind: 'copied'; readonly etag: string; readonly size: number | null }
  | { readonly kind: 'missing' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'precondition-failed' };

/** What to sign. Expiry in seconds, 1 to 604800. */
export type SignRequest =
  | {
      readonly kind: 'read';
      readonly key: string;
      readonly versionId?: string;
      readonly expiresSeconds: number;
      readonly contentType?: string;
      readonly contentDisposition?: string;
      readonly cacheControl?: string;
    }
  | {
      readonly kind: 'write';
      readonly key: string;
      readonly expiresSeconds: number;
      /** The URL's user has to send them. */
      readonly attributes?: Attributes;
      readonly contentLength?: number;
      readonly createOnly?: boolean;
    }
  | {
      /** One part of an upload that is open, by storage's own name of it. */
      readonly kind: 'part';
      readonly key: string;
      readonly expiresSeconds: number;
      readonly uploadId: string;
      readonly number: number;
    };

/** How much of its quota a container has used. */
export interface Usage {
  /** Bytes of the files that are there. */
  readonly used: number;
  /** Bytes that may be there. */
  readonly allowed: number;
  readonly files: number;
}

/** Result of removing many keys: those that storage refused to remove. */
export interface RemoveManyResult {
  readonly failed: readonly string[];
  readonly deleted: number;
  /** `locked`, when a lock is why storage refused the first of them. */
  readonly locked?: FileServiceError;
}

/**
 * One bucket below one prefix, on behalf of one request.
 *
 * Every method throws FileServiceError: `storage_access_denied`, `storage_bucket_missing`,
 * `storage_unavailable` (unreachable, slow, throttling, failing), `storage_failed` (nonsense),
 * `storage_outcome_unknown` (a write whose answer was lost), `locked` (object lock refused to replace or remove). An abort of the bucket's signal
 * settles every call and leaves nothing behind.
 */
export interface Bucket {
  /** One page; exactly one storage call. */
  list(request: ListRequest): Promise<Page>;
  /** Attributes of one object; exactly one storage call, and another look at the bucket when it is missing. */
  stat(key: string, conditions?: ReadConditions): Promise<StatResult>;
  /** Bytes of one object; exactly one storage call. A body cut by storage is resumed or destroyed with an error. */
  read(key: string, request?: ReadRequest): Promise<ReadResult>;
  /** Stores bytes; nothing becomes visible unless every one arrived. Destroys `body` when it fails. */
  write(key: string, body: Readable | Uint8Array, request: WriteRequest): Promise<WriteResult>;
  /** Copies inside storage, by parallel part copies above 5 GiB. */
  copy(request: CopyRequest): Promise<CopyResult>;
  /** Removes one object, whether or not it exists; with `ifMatch` only that one. */
  remove(
    key: string,
    ifMatch?: string,
  ): Promise<{ readonly kind: 'removed' | 'precondition-failed' }>;
  /** Removes up to 1000 objects in one storage call. */
  removeMany(keys: readonly string[]): Promise<RemoveManyResult>;
  /** One page of versions, the marks of deletions included; exactly one storage call. */
  listVersions(request: VersionsRequest): Promise<VersionPage>;
  /** Removes up to 1000 versions for good in one storage call; removing the mark of a deletion undoes it. */
  removeVersions(versions: readonly VersionRemoval[]): Promise<RemoveManyResult>;
  /** A pre-signed URL; no storage call. */
  sign(request: SignRequest): Promise<Signed>;
  /**
   * Whether a signed upload URL gives that upload and nothing else: whether storage refuses `x-amz-*` headers that
   * were not signed, such as a copy source or an ACL.
   */
  signedWritesAreBound(): Promise<boolean>;
  /** How much of its quota the container has used; null without a quota. */
  usage(): Promise<Usage | null>;
  /** Whether create-only writes are atomic here. False makes `createOnly` a best effort. */
  conditionalWrites(): Promise<boolean>;
  /** Uploads that go on over several requests. */
  uploads(): UploadStore;
}
