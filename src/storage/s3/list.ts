// Listing: one ListObjectsV2 a page, keys made relative and decoded.
import type { Entry, ListRequest, Page } from '../bucket.js';
import { quoted } from './attributes.js';
import type { S3Context } from './call.js';
import { nonsense, required } from './errors.js';
import type { Output } from './wire/commands.js';

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html: 1000 keys a page at most.
const MOST_KEYS = 1000;

/** One page. Throws `storage_failed` when storage says that there is more but not where. */
export async function list(context: S3Context, request: ListRequest): Promise<Page> {
  const { prefix, recursive, limit = MOST_KEYS, after, afterKey } = request;
  const output = await context.send('ListObjectsV2', {
    Prefix: context.keyOf(prefix),
    Delimiter: recursive ? undefined : '/',
    MaxKeys: Math.min(limit, MOST_KEYS),
    ContinuationToken: after,
    StartAfter: afterKey === undefined ? undefined : context.keyOf(afterKey),
    // XML 1.0 cannot carry control characters, which other writers' keys may have.
    EncodingType: 'url',
  });
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

function nextOf(output: Output<'ListObjectsV2'>, after: string | undefined): string | undefined {
  if (output.IsTruncated !== true) return undefined;
  const next = required(output.NextContinuationToken, 'the place of the next page');
  if (next === '' || next === after)
    throw nonsense('Storage gave the same page of a listing twice.');
  return next;
}

/** Reads the keys of a listing. */
// Stores that do not know EncodingType (s3rver) do not repeat it in their answer, and give keys as they are.
export function keyReader(
  context: S3Context,
  { EncodingType }: { readonly EncodingType?: string },
): (key: string | undefined) => string {
  const decode = EncodingType === 'url' ? decodeKey : (key: string) => key;
  return (key) => context.relative(decode(required(key, 'the name of a file')));
}

function decodeKey(encoded: string): string {
  if (!encoded.includes('%') && !encoded.includes('+')) return encoded;
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch (error) {
    throw nonsense('Storage gave a name that cannot be decoded.', error);
  }
}
