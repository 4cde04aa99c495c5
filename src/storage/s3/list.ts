// Listing: one ListObjectsV2 a page, keys made relative and decoded.
import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { Entry, ListRequest, Page } from '../bucket.js';
import { attemptsAfter } from './retry.js';
import { quoted } from './attributes.js';
import type { S3Context } from './call.js';
import { nonsense, required } from './errors.js';
import { readListing } from './wire/read-listing.js';
import type { NoAnswer } from './wire/exchange.js';
import { encodeRfc3986 } from './wire/sigv4.js';

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html: 1000 keys a page at most.
const MOST_KEYS = 1000;

/** One page. Throws `storage_failed` when storage says that there is more but not where. */
export async function list(context: S3Context, request: ListRequest): Promise<Page> {
  const { prefix, recursive, limit = MOST_KEYS, after } = request;
  const plain = await leanList(context, request);
  if (typeof plain === 'object') return plain;
  const output = await context.send(
    'meta',
    'ListObjectsV2',
    new ListObjectsV2Command({
      Bucket: context.settings.bucket,
      Prefix: context.keyOf(prefix),
      Delimiter: recursive ? undefined : '/',
      MaxKeys: Math.min(limit, MOST_KEYS),
      ContinuationToken: after,
      // XML 1.0 cannot carry control characters, which other writers' keys may have.
      EncodingType: 'url',
    }),
    { attempts: attemptsAfter(plain) },
  );
  return pageOf(context, output, after);
}

// The bytes that any answer may have: see s3-answer.ts.
const MOST_BYTES = 8 * 2 ** 20;

async function leanList(context: S3Context, request: ListRequest): Promise<Page | NoAnswer> {
  const { prefix, recursive, limit = MOST_KEYS, after } = request;
  const query =
    (after === undefined ? '' : `continuation-token=${encodeRfc3986(after)}&`) +
    (recursive ? '' : 'delimiter=%2F&') +
    `encoding-type=url&list-type=2&max-keys=${Math.min(limit, MOST_KEYS)}&prefix=${encodeRfc3986(context.keyOf(prefix))}`;
  const answer = await context.connection.lean?.ask(
    {
      operation: 'ListObjectsV2',
      method: 'GET',
      s3Key: '',
      query,
      headers: [],
      whole: MOST_BYTES,
      streamed: false,
    },
    context.call,
  );
  if (answer === undefined) return 'unasked';
  if (typeof answer === 'string') return answer;
  if (answer.status !== 200 || !(answer.body instanceof Uint8Array)) return 'failed';
  const { buffer, byteOffset, byteLength } = answer.body;
  const xml = Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
  return readListing(xml, after, (s3Key) => context.relative(s3Key)) ?? 'failed';
}

function pageOf(
  context: S3Context,
  output: ListObjectsV2CommandOutput,
  after: string | undefined,
): Page {
  const key = keyReader(context, output);
  const files = (output.Contents ?? []).map((object): Entry => ({
    key: key(object.Key),
    size: required(object.Size, 'the size of a file'),
    lastModified: object.LastModified ?? null,
    etag: quoted(object.ETag),
  }));
  const folders = (output.CommonPrefixes ?? []).map((folder) => key(folder.Prefix));
  return { files, folders, next: nextOf(output, after) };
}

function nextOf(output: ListObjectsV2CommandOutput, after: string | undefined): string | undefined {
  if (output.IsTruncated !== true) return undefined;
  const next = required(output.NextContinuationToken, 'the place of the next page');
  if (next === '' || next === after)
    throw nonsense('Storage gave the same page of a listing twice.');
  return next;
}

// Stores that do not know EncodingType (s3rver) do not repeat it in their answer, and give keys as they are.
function keyReader(context: S3Context, output: ListObjectsV2CommandOutput) {
  const decode = output.EncodingType === 'url' ? decodeKey : (key: string) => key;
  return (key: string | undefined) => context.relative(decode(required(key, 'the name of a file')));
}

function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch (error) {
    throw nonsense('Storage gave a name that cannot be decoded.', error);
  }
}
