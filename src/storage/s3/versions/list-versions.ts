// Listing versions: one ListObjectVersions a page, versions and the marks of deletions together.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
import type { Version, VersionPage, VersionsRequest } from '../../bucket.js';
import { quoted } from '../attributes.js';
import type { S3Context } from '../call.js';
import { nonsense, required } from '../errors.js';
import { keyReader } from '../list.js';
import type { Output } from '../wire/commands.js';

const MOST_VERSIONS = 1000;

/** One page. Throws `storage_failed` when storage says that there is more but not where. */
export async function listVersions(
  context: S3Context,
  { prefix, limit = MOST_VERSIONS, after, afterKey }: VersionsRequest,
): Promise<VersionPage> {
  const output = await context.send('ListObjectVersions', {
    Prefix: context.keyOf(prefix),
    MaxKeys: Math.min(limit, MOST_VERSIONS),
    EncodingType: 'url',
    ...(afterKey === undefined ? {} : { KeyMarker: context.keyOf(afterKey) }),
    ...(after === undefined ? {} : placeOf(context, after)),
  });
  const key = keyReader(context, output);
  const kept = (output.Versions ?? []).map((version) => ({
    ...commonOf(version, key),
    size: required(version.Size, 'the size of a version'),
    etag: quoted(version.ETag),
    isDeletion: false,
  }));
  const deletions = (output.DeleteMarkers ?? []).map((marker) => ({
    ...commonOf(marker, key),
    size: 0,
    etag: '',
    isDeletion: true,
  }));
  // Ceph begins with the very key of the marker when no version goes with it.
  const listed = inOrder(kept, deletions);
  const versions = listed.filter((version) => version.key !== afterKey);
  return { versions, next: nextOf(context, output, { after, last: listed.at(-1) }) };
}

interface Listed {
  readonly Key?: string;
  readonly VersionId?: string;
  readonly IsLatest?: boolean;
  readonly LastModified?: Date;
}

function commonOf(listed: Listed, key: (name: string | undefined) => string) {
  return {
    key: key(listed.Key),
    versionId: listed.VersionId ?? 'null',
    lastModified: listed.LastModified ?? null,
    isLatest: listed.IsLatest === true,
  };
}

// The SDK gives two lists, each in order, and S3 dates by the second: of one date only the newest is told from the rest.
function inOrder(kept: readonly Version[], deletions: readonly Version[]): readonly Version[] {
  if (deletions.length === 0) return kept;
  return [...kept, ...deletions].sort(
    (left, right) =>
      compareKeys(left.key, right.key) ||
      Number(right.isLatest) - Number(left.isLatest) ||
      (right.lastModified?.getTime() ?? 0) - (left.lastModified?.getTime() ?? 0),
  );
}

function compareKeys(left: string, right: string): number {
  return left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right));
}

// Both markers in one text: opaque to whoever carries it.
function nextOf(
  context: S3Context,
  output: Output<'ListObjectVersions'>,
  { after, last }: { readonly after: string | undefined; readonly last: Version | undefined },
): string | undefined {
  if (output.IsTruncated !== true) return undefined;
  // Ceph 16 writes this one name as it is, although it encodes the others.
  const isLast = last !== undefined && context.keyOf(last.key) === output.NextKeyMarker;
  const key = isLast ? last.key : keyReader(context, output)(output.NextKeyMarker);
  const next = JSON.stringify([key, output.NextVersionIdMarker]);
  if (next === after) throw nonsense('Storage gave the same page of versions twice.');
  return next;
}

function placeOf(context: S3Context, after: string) {
  // What nextOf wrote.
  const [key, versionId] = JSON.parse(after) as [string, string | undefined];
  return { KeyMarker: context.keyOf(key), VersionIdMarker: versionId ?? undefined };
}
