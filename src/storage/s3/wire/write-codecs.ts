// PutObject and UploadPart, said directly.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html and API_UploadPart.html
import { unlikeS3 } from './answer-error.js';
import { isWebPage } from './bounded-answers.js';
import { headersOf, type Codec, type Encoded, type HeaderNames, type HeaderPair } from './codec.js';
import type { Input, Output } from './commands.js';
import { encodeRfc3986 } from './sigv4.js';
import type { TransportAnswer } from './transport.js';

const CHECKSUM_HEADERS = [
  ['ChecksumCRC32', 'x-amz-checksum-crc32'],
  ['ContentMD5', 'content-md5'],
] as const;

const PUT_HEADERS: HeaderNames<keyof Input<'PutObject'>> = [
  ['ContentType', 'content-type'],
  ['CacheControl', 'cache-control'],
  ['ContentDisposition', 'content-disposition'],
  ['ContentEncoding', 'content-encoding'],
  ['ContentLanguage', 'content-language'],
  ['IfMatch', 'if-match'],
  ['IfNoneMatch', 'if-none-match'],
  ['ServerSideEncryption', 'x-amz-server-side-encryption'],
  ['SSEKMSKeyId', 'x-amz-server-side-encryption-aws-kms-key-id'],
  ['StorageClass', 'x-amz-storage-class'],
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

// What a store says beside its headers is of no interest, but it may say it.
const WHOLE_BYTES = 64 * 1024;

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

function metadataHeaders(metadata: Readonly<Record<string, string>> = {}): HeaderPair[] {
  return Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
}
