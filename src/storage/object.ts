// What an object is to the port: its attributes, what storage knows of it, and what became of a write.

/** What storage knows about one object. */
export interface Stat {
  /** Decoded, relative to the root, no leading slash. */
  readonly key: string;
  /** Bytes; null when storage sends another form of the object than it keeps, and does not know how long that is. */
  readonly size: number | null;
  readonly lastModified: Date | null;
  /** With its quotes, as HTTP has it: `"d41d..."`; `''` when storage gave none. */
  readonly etag: string;
  readonly contentType: string | null;
  readonly cacheControl: string | null;
  readonly contentDisposition: string | null;
  readonly contentEncoding: string | null;
  readonly contentLanguage: string | null;
  /** User metadata, decoded; names in lower case; without the service's own (`digest`). */
  readonly metadata: Readonly<Record<string, string>>;
  /** RFC 9530 digest of the whole object, `sha-256=:...:`, when it was stored with one. */
  readonly digest: string | null;
}

/** What is stored beside the bytes. */
export interface Attributes {
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly digest?: string;
}

/** What a write did. A write that cannot happen says so; everything else throws. */
export type WriteResult =
  | { readonly kind: 'written'; readonly etag: string; readonly size: number }
  /** `createOnly` found an object; or `ifMatch` did not. */
  | { readonly kind: 'exists' }
  | { readonly kind: 'precondition-failed' };

/** A URL that needs no other credential, and the headers that its user must send. */
export interface Signed {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How long it lives: shorter than asked when the session that signed it ends before. */
  readonly expiresSeconds: number;
}
