// Which header a field of a command's input is, for those that several commands have.
import type { HeaderPair } from './codec.js';

/** What an object is stored with, by PutObject and CreateMultipartUpload alike. */
export const ATTRIBUTE_HEADERS = [
  ['ContentType', 'content-type'],
  ['CacheControl', 'cache-control'],
  ['ContentDisposition', 'content-disposition'],
  ['ContentEncoding', 'content-encoding'],
  ['ContentLanguage', 'content-language'],
  ['ServerSideEncryption', 'x-amz-server-side-encryption'],
  ['SSEKMSKeyId', 'x-amz-server-side-encryption-aws-kms-key-id'],
  ['StorageClass', 'x-amz-storage-class'],
] as const;

/** The headers of the host's own metadata. */
export function metadataHeaders(metadata: Readonly<Record<string, string>> = {}): HeaderPair[] {
  return Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
}

/** A table that says which header a field of an input is. */
export type HeaderNames<F extends string> = readonly (readonly [field: F, header: string])[];

/** The headers of those fields that are given; dates and numbers are written as HTTP has them. */
export function headersOf<F extends string>(
  input: Readonly<Partial<Record<F, unknown>>>,
  names: HeaderNames<F>,
): HeaderPair[] {
  const headers: HeaderPair[] = [];
  for (const [field, header] of names) {
    const value = input[field];
    if (value === undefined) continue;
    headers.push([header, value instanceof Date ? value.toUTCString() : String(value)]);
  }
  return headers;
}
