// The port's uploads that go on over several requests, in whichever process those come: parts of one size, then one
// object. Of an upload storage keeps everything; no process has to remember it.
import type { Attributes, Signed, Stat, WriteResult } from './object.js';

/** An upload that was opened. It has an owner: complete it or abort it. */
export interface OpenedUpload {
  /** Decoded, relative to the root. */
  readonly key: string;
  /** Names it in every process; opaque, without white space at either end. */
  readonly id: string;
}

/** What the object will be. */
export interface OpenUploadRequest extends Attributes {
  /** A word that stands with the object, so that a finished upload can be told from one that never was. */
  readonly nonce: string;
}

/** A part that storage has. */
export interface UploadPart {
  /** From 1. */
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
}

/** `gone`: completed, aborted, or never begun. */
export type PartsResult =
  { readonly kind: 'open'; readonly parts: readonly UploadPart[] } | { readonly kind: 'gone' };

/** Bytes on their way. */
export interface PartSource {
  /** Ends with what has come, also when it was cut. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Ends it at once: nobody needs the rest. */
  stop(): void;
}

/** How a stream becomes parts. */
export interface Cutting {
  /** The number of the first part. */
  readonly first: number;
  /** Bytes of each part. */
  readonly size: number;
  /** Hears how many parts are stored, from the first one on. */
  readonly onStored?: (parts: number) => void;
}

/** What became of a stream. */
export type CutResult =
  | {
      readonly kind: 'sent';
      /** Parts that were stored, from the first one on. */
      readonly parts: number;
      /** What stands behind the last whole part, fewer bytes than a part has. Whoever gets it releases it. */
      readonly rest: Uint8Array;
      release(): void;
    }
  | { readonly kind: 'gone' };

/** One object that a browser may post straight to storage. It replaces what is there. */
export interface FormRequest {
  readonly contentType: string;
  /** Most bytes. */
  readonly maxBytes: number;
  readonly expiresSeconds: number;
}

/** Where a form goes that needs no other credential, and its fields before the file. */
export interface SignedForm {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  /** How long it holds: shorter than asked when the session that signed it ends before. */
  readonly expiresSeconds: number;
}

/** How to complete. */
export interface CompleteRequest {
  /** Every part, in order. */
  readonly parts: readonly UploadPart[];
  /** The one that the upload was opened with. */
  readonly nonce: string;
  readonly createOnly?: boolean;
  readonly ifMatch?: string;
}

/**
 * `gone`: another request completed or aborted it. `changed`: a part was sent again meanwhile, so that the list of parts
 * is outdated. After `exists` and `precondition-failed` the upload is aborted.
 */
export type CompleteResult = WriteResult | { readonly kind: 'gone' } | { readonly kind: 'changed' };

/** Uploads of one bucket, on behalf of one request. Throws as the bucket does. */
export interface UploadStore {
  /** Begins an upload and marks it as ours, for `sweep`; two storage calls. */
  open(key: string, request: OpenUploadRequest): Promise<OpenedUpload>;
  /** The parts behind part `after`; one storage call for 1000. @default after 0 */
  parts(upload: OpenedUpload, after?: number): Promise<PartsResult>;
  /** Stores one part, replacing the one of that number; one of no bytes is possible. */
  putPart(
    upload: OpenedUpload,
    number: number,
    bytes: Uint8Array,
  ): Promise<{ readonly kind: 'stored'; readonly etag: string } | { readonly kind: 'gone' }>;
  /** Stores whole parts of a stream, several at a time, within the memory that the process may hold for parts. */
  putParts(upload: OpenedUpload, source: PartSource, cutting: Cutting): Promise<CutResult>;
  /** A URL that takes one part and needs no other credential; no storage call. */
  signPart(upload: OpenedUpload, number: number, expiresSeconds: number): Promise<Signed>;
  /** A form that takes one object; no storage call. Null where storage is not signed for in the plain way. */
  signForm(key: string, request: FormRequest): Promise<SignedForm | null>;
  /** Makes the object visible. */
  complete(upload: OpenedUpload, request: CompleteRequest): Promise<CompleteResult>;
  /** Throws the parts away. Resolves when that has landed, or soon. Never throws. */
  abort(upload: OpenedUpload): Promise<void>;
  /** The object, when the upload or the write with this nonce made it; null otherwise. One storage call. */
  made(key: string, nonce: string): Promise<Stat | null>;
}
