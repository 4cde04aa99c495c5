// The versions of objects: what a bucket keeps once its owner has turned versioning on.
import { randomUUID } from 'node:crypto';
import { judgeVersionLock } from './bucket-rules.ts';
import { s3Error } from './errors.ts';
import { secondsNow, type Exchange } from './exchange.ts';
import { requireObject } from './store.ts';
import type { StoredBucket, StoredObject, StoredVersion } from './store.ts';

type Headers = Readonly<Record<string, string>>;

// AWS, "Working with versioning": objects from before versioning have the version id null.
const NULL = 'null';

/** The versions of a key, the newest first. */
export function versionsOf(bucket: StoredBucket, key: string): readonly StoredVersion[] {
  const current = bucket.objects.get(key);
  const kept = bucket.versions.get(key);
  if (kept !== undefined)
    return kept.map((version, index) =>
      // Tags and ACLs of the newest may have changed since.
      index === 0 && version.object !== undefined ? { ...version, object: current } : version,
    );
  if (current === undefined) return [];
  return [{ versionId: NULL, object: current, lastModified: current.lastModified }];
}

/** Stores an object as the newest of its key; the headers that its answer has. */
export function putVersion(bucket: StoredBucket, object: StoredObject): Headers {
  if (bucket.versioning === undefined) {
    bucket.objects.set(object);
    return {};
  }
  const versionId = newVersionId(bucket);
  const older = versionsOf(bucket, object.key).filter((one) => one.versionId !== versionId);
  const { lastModified } = object;
  bucket.objects.set(object);
  bucket.versions.set(object.key, [{ versionId, object, lastModified }, ...older]);
  return { 'x-amz-version-id': versionId };
}

/** Removes the newest of a key: for good, or by a delete marker in its place. */
export function removeNewest(exchange: Exchange, bucket: StoredBucket, key: string): Headers {
  if (bucket.versioning === undefined) {
    bucket.objects.delete(key);
    return {};
  }
  const versionId = newVersionId(bucket);
  const older = versionsOf(bucket, key).filter((one) => one.versionId !== versionId);
  const lastModified = secondsNow(exchange.service);
  bucket.versions.set(key, [{ versionId, object: undefined, lastModified }, ...older]);
  bucket.objects.delete(key);
  return { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId };
}

/** Removes one version for good; the one below becomes the newest. Nothing happens when it is not there. */
export function removeVersion(
  exchange: Pick<Exchange, 'headers' | 'service'>,
  bucket: StoredBucket,
  key: string,
  versionId: string,
): Headers {
  const versions = versionsOf(bucket, key);
  const version = versions.find((one) => one.versionId === versionId);
  if (version === undefined) return {};
  judgeVersionLock(exchange, version.object);
  const left = versions.filter((one) => one !== version);
  const [newest] = left;
  if (left.length === 0) bucket.versions.delete(key);
  else bucket.versions.set(key, left);
  if (newest?.object === undefined) bucket.objects.delete(key);
  else bucket.objects.set(newest.object);
  return {
    'x-amz-version-id': versionId,
    ...(version.object === undefined ? { 'x-amz-delete-marker': 'true' } : {}),
  };
}

/** The object that a read names, by its version id or as the newest. */
export function requireVersion(
  bucket: StoredBucket,
  key: string,
  versionId: string | undefined,
): { readonly object: StoredObject; readonly headers: Headers } {
  const versions = versionsOf(bucket, key);
  if (versionId === undefined) {
    const object = requireObject(bucket, key);
    const [newest] = bucket.versioning === undefined ? [] : versions;
    return {
      object,
      headers: newest === undefined ? {} : { 'x-amz-version-id': newest.versionId },
    };
  }
  const version = versions.find((one) => one.versionId === versionId);
  if (version === undefined) {
    throw s3Error('NoSuchVersion', { elements: { Key: key, VersionId: versionId } });
  }
  // AWS, "Working with delete markers": GET of a delete marker by its version id is 405.
  if (version.object === undefined) throw s3Error('MethodNotAllowed');
  return { object: version.object, headers: { 'x-amz-version-id': versionId } };
}

function newVersionId({ versioning }: StoredBucket): string {
  return versioning === 'Enabled' ? randomUUID().replaceAll('-', '') : NULL;
}
