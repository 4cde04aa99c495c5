// GetObject, HeadObject and DeleteObject, said directly.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html and its neighbours
import { unlikeS3 } from './answer-error.js';
import { isWebPage } from './bounded-answers.js';
import { dateOf, headersOf, type Codec, type HeaderNames } from './codec.js';
import type { Input, Output } from './commands.js';
import type { TransportAnswer, TransportHeaders } from './transport.js';

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
    query: 'x-id=GetObject',
    headers: headersOf(input, CONDITIONS),
    wholeBytes: WHOLE_BYTES,
    streamed: true,
  }),
  decode: (answer) => ({ ...attributesOf(answer), Body: answer.body }),
};

export const headObject: Codec<'HeadObject'> = {
  encode: (input) => ({
    method: 'HEAD',
    s3Key: input.Key ?? '',
    query: '',
    headers: headersOf(input, CONDITIONS),
    wholeBytes: 0,
    streamed: false,
  }),
  decode: (answer) => {
    const { headers } = answer;
    const tags = headers['x-amz-tagging-count'];
    return {
      ...attributesOf(answer),
      WebsiteRedirectLocation: headers['x-amz-website-redirect-location'],
      // Border with the SDK: its unions of known values are narrower than what stores answer.
      StorageClass: headers['x-amz-storage-class'] as 'STANDARD' | undefined,
      ServerSideEncryption: headers['x-amz-server-side-encryption'] as 'AES256' | undefined,
      SSEKMSKeyId: headers['x-amz-server-side-encryption-aws-kms-key-id'],
      ObjectLockMode: headers['x-amz-object-lock-mode'] as 'GOVERNANCE' | undefined,
      ObjectLockRetainUntilDate: dateOf(headers['x-amz-object-lock-retain-until-date']),
      ObjectLockLegalHoldStatus: headers['x-amz-object-lock-legal-hold'] as 'ON' | undefined,
      TagCount: tags === undefined ? undefined : Number(tags),
    };
  },
};

export const deleteObject: Codec<'DeleteObject'> = {
  encode: (input) => ({
    method: 'DELETE',
    s3Key: input.Key ?? '',
    query: 'x-id=DeleteObject',
    headers: headersOf(input, [['IfMatch', 'if-match']]),
    wholeBytes: WHOLE_BYTES,
    streamed: false,
  }),
  decode: ({ status, headers }) => {
    if (isWebPage(headers['content-type'])) throw unlikeS3('with a web page');
    return { $metadata: { httpStatusCode: status } };
  },
};

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
