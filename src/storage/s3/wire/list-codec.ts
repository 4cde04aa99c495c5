// ListObjectsV2, said directly.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
import { unlikeS3 } from './answer-error.js';
import { MOST_DOCUMENT_BYTES, isWebPage } from './bounded-answers.js';
import type { Codec } from './codec.js';
import { readListing } from './read-listing.js';
import { encodeRfc3986 } from './sigv4.js';

export const listObjectsV2: Codec<'ListObjectsV2'> = {
  encode: (input) => ({
    method: 'GET',
    s3Key: '',
    query: queryOf([
      ['continuation-token', input.ContinuationToken],
      ['delimiter', input.Delimiter],
      ['encoding-type', input.EncodingType],
      ['list-type', '2'],
      ['max-keys', input.MaxKeys?.toString()],
      ['prefix', input.Prefix],
      ['start-after', input.StartAfter],
    ]),
    headers: [],
    wholeBytes: MOST_DOCUMENT_BYTES,
    streamed: false,
  }),
  decode({ status, headers, body }) {
    if (isWebPage(headers['content-type'])) throw unlikeS3('with a web page');
    if (!(body instanceof Uint8Array)) throw unlikeS3('a listing without a body');
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
    return { $metadata: { httpStatusCode: status }, ...readListing(text) };
  },
};

// Given in order of their names, as a canonical query wants them.
function queryOf(pairs: readonly (readonly [string, string | undefined])[]): string {
  return pairs
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeRfc3986(value ?? '')}`)
    .join('&');
}
