// What storage knows about a file or a folder, for the verbs that answer it.
import { baseName } from '../../core/key.js';
import { jsonDate } from '../../http/entry.js';
import type { StoredFile } from '../../http/entry.js';
import { typeOf } from '../../http/media-type.js';
import type { Bucket, Stat } from '../../storage/bucket.js';
import { explainMissing, notFound, versionNotFound } from './missing.js';
import type { Looking } from './missing.js';

/** A file's properties as JSON; key order is part of the contract. */
export function describeFile(stat: Stat): Readonly<Record<string, unknown>> {
  return {
    path: stat.key,
    name: baseName(stat.key),
    type: 'file',
    content_type: typeOf(stat.contentType, stat.key),
    content_length: stat.size,
    last_modified: jsonDate(stat.lastModified),
    etag: stat.etag,
    metadata: stat.metadata,
  };
}

/** A file as the answer of what stored it; key order is part of the contract. */
export function describeStored(stat: Stat): StoredFile {
  return {
    name: baseName(stat.key),
    path: stat.key,
    content_type: typeOf(stat.contentType, stat.key),
    content_length: stat.size ?? 0,
    type: 'file',
    ...(stat.etag === '' ? {} : { etag: stat.etag }),
  };
}

/**
 * Attributes of a file that must exist, or of one version of it: one call.
 *
 * @throws FileServiceError `not_found`, `storage_bucket_missing`
 */
export async function statFile(looking: Looking, key: string, versionId?: string): Promise<Stat> {
  if (versionId === undefined) {
    const result = await looking.bucket.stat(key);
    if (result.kind === 'found') return result.stat;
    throw await explainMissing(looking, key);
  }
  const result = await looking.bucket.stat(key, { versionId });
  if (result.kind === 'found') return result.stat;
  throw versionNotFound(key, versionId);
}

/** The placeholder of a folder that must exist; null for the root and for implied folders. */
export async function statFolder(bucket: Bucket, key: string): Promise<Stat | null> {
  if (key === '') return null;
  const result = await bucket.stat(key);
  if (result.kind === 'found') return result.stat;
  const page = await bucket.list({ prefix: key, recursive: true, limit: 1 });
  if (page.files.length === 0) throw notFound(key);
  return null;
}
