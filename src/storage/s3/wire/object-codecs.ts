// The frequent commands on one object, said directly: GetObject, HeadObject, DeleteObject, PutObject, UploadPart.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html and its neighbours
import { unlikeS3 } from './answer-error.js';
import { isWebPage } from './bounded-answers.js';
import type { Codec, Encoded, HeaderPair } from './codec.js';
import type { Input, Output } from './commands.js';
import { encodeRfc3986 } from './sigv4.js';
import type { TransportAnswer, TransportHeaders } from './transport/transport.js';

const CONDITIONS: HeaderNames<keyof Input<'HeadObject'>> = [
  ['IfMatch', 'if-match'],
  ['IfModifiedSince', 'if-modified-since'],
  ['IfNoneMatch', 'if-none-match'],
  ['IfUnmodifiedSince', 'if-unmodified-since'],
  ['Range', 'range'],
];

// Up to so many bytes an object comes whole: one socket buffer, no stream, no watching.
const WHOLE_BYTES = 64 * 1024;

export const getObject: Codec<'GetObject'> = {
  encode: (input) => ({
    method: 'GET',
    s3Key: input.Key ?? '',
    query: queryOf(input, 'x-id=GetObject'),
    headers: headersOf(input, CONDITIONS),
    wholeBytes: WHOLE_BYTES,
    streamed: true,
  }),
  decode: (answer) => {
    const output: Output<'GetObject'> = attributesOf(answer);
    output.Body = answer.body;
    return output;
  },
};

export const headObject: Codec<'HeadObject'> = {
  encode: (input) => ({
    method: 'HEAD',
    s3Key: input.Key ?? '',
    query: queryOf(input, ''),
    headers: headersOf(input, CONDITIONS),
    wholeBytes: 0,
    streamed: false,
  }),
  decode: (answer) => {
    const { headers } = answer;
    const tags = headers['x-amz-tagging-count'];
    const output = attributesOf(answer);
    output.WebsiteRedirectLocation = headers['x-amz-website-redirect-location'];
    // Border with the SDK: its unions of known values are narrower than what stores answer.
    output.StorageClass = headers['x-amz-storage-class'] as 'STANDARD' | undefined;
    output.ServerSideEncryption = headers['x-amz-server-side-encryption'] as 'AES256' | undefined;
    output.SSEKMSKeyId = headers['x-amz-server-side-encryption-aws-kms-key-id'];
    output.ObjectLockMode = headers['x-amz-object-lock-mode'] as 'GOVERNANCE' | undefined;
    output.ObjectLockRetainUntilDate = dateOf(headers['x-amz-object-lock-retain-until-date']);
    output.ObjectLockLegalHoldStatus = headers['x-amz-object-lock-legal-hold'] as 'ON' | undefined;
    output.TagCount = tags === undefined ? undefined : Number(tags);
    return output;
  },
};

export const deleteObject: Codec<'DeleteObject'> = {
  encode: (input) => ({
    method: 'DELETE',
    s3Key: input.Key ?? '',
    query: queryOf(input, 'x-id=DeleteObject'),
    headers: headersOf(input, [['IfMatch', 'if-match']]),
    wholeBytes: WHOLE_BYTES,
    streamed: false,
  }),
  decode: ({ status, headers }) => {
    if (isWebPage(headers['content-type'])) throw unlikeS3('with a web page');
    const DeleteMarker = headers['x-amz-delete-marker'] === 'true';
    return { $metadata: { httpStatusCode: status }, DeleteMarker };
  },
};

// In order of the names, as a canonical query wants them.
function queryOf({ VersionId }: { readonly VersionId?: string }, id: string): string {
  if (VersionId === undefined) return id;
  const version = `versionId=${encodeRfc3986(VersionId)}`;
  return id === '' ? version : `${version}&${id}`;
}

// The fields of one kind of answer are added to it: a spread would make a hidden class for each.
function attributesOf({ status, headers }: TransportAnswer): Output<'HeadObject'> {
  const length = Number(headers['content-length'] ?? Number.NaN);
  return {
    $metadata: { httpStatusCode: status, requestId: headers['x-amz-request-id'] },
    ContentLength: Number.isSafeInteger(length) ? length : undefined,
    ContentRange: headers['content-range'],
    ETag: headers['etag'],
    LastModified: dateOf(headers['last-modified']),
    ContentType: headers['content-type'],
    CacheControl: headers['cache-control'],
    ContentDisposition: headers['content-disposition'],
    ContentEncoding: headers['content-encoding'],
    ContentLanguage: headers['content-language'],
    ExpiresString: headers['expires'],
    Metadata: metadataOf(headers),
  };
}

const META = 'x-amz-meta-';

function metadataOf(headers: TransportHeaders): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const name in headers)
    if (name.startsWith(META)) metadata[name.slice(META.length)] = headers[name] ?? '';
  return metadata;
}

const CHECKSUM_HEADERS = [
  ['ChecksumCRC32', 'x-amz-checksum-crc32'],
  ['ContentMD5', 'content-md5'],
] as const;

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

const PUT_HEADERS: HeaderNames<keyof Input<'PutObject'>> = [
  ...ATTRIBUTE_HEADERS,
  ['IfMatch', 'if-match'],
  ['IfNoneMatch', 'if-none-match'],
  ...CHECKSUM_HEADERS,
];

export const putObject: Codec<'PutObject'> = {
  encode: (input) => ({
    s3Key: input.Key ?? '',
    query: 'x-id=PutObject',
    headers: [...headersOf(input, PUT_HEADERS), ...metadataHeaders(input.Metadata)],
    ...written(input),
  }),
  decode: stored,
};

export const uploadPart: Codec<'UploadPart'> = {
  encode: (input) => ({
    s3Key: input.Key ?? '',
    query: `partNumber=${input.PartNumber}&uploadId=${encodeRfc3986(input.UploadId ?? '')}&x-id=UploadPart`,
    headers: headersOf(input, CHECKSUM_HEADERS),
    ...written(input),
  }),
  decode: stored,
};

type Written = Pick<Encoded, 'method' | 'body' | 'wholeBytes' | 'streamed'>;

type Body = Pick<Input<'UploadPart'>, 'Body' | 'ContentLength'>;

function written({ Body, ContentLength }: Body): Written {
  const bytes = Body ?? new Uint8Array(0);
  const length = bytes instanceof Uint8Array ? bytes.length : (ContentLength ?? 0);
  return { method: 'PUT', body: { bytes, length }, wholeBytes: WHOLE_BYTES, streamed: false };
}

function stored({ status, headers }: TransportAnswer): Output<'UploadPart'> {
  if (isWebPage(headers['content-type'])) throw unlikeS3('with a web page');
  return { $metadata: { httpStatusCode: status }, ETag: headers['etag'] };
}

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

/** A date of a header; undefined when there is none, or none that can be read. */
function dateOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
