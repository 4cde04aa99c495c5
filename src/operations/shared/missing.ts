// Why something is not there: a missing file is told from a missing bucket and from a folder's name.
import { FileServiceError } from '../../core/errors.js';
import type { Bucket } from '../../storage/bucket.js';

/** A folder or file that does not exist. */
export function notFound(key: string): FileServiceError {
  const kind = key.endsWith('/') ? 'Folder' : 'File';
  return new FileServiceError('not_found', `${kind} '${key}' does not exist in storage.`, {
    context: { path: key },
  });
}

/**
 * The error for a file that storage did not find. One more call tells whether the bucket is gone
 * (it throws) and whether a folder has this name, which its message then says.
 *
 * @throws FileServiceError `storage_bucket_missing`, or storage's own trouble
 */
export async function explainMissing(bucket: Bucket, key: string): Promise<FileServiceError> {
  const page = await bucket.list({ prefix: `${key}/`, recursive: true, limit: 1 });
  if (page.files.length === 0) return notFound(key);
  return new FileServiceError(
    'not_found',
    `File '${key}' does not exist in storage; a folder '${key}/' does.`,
    { context: { path: key } },
  );
}

/** A file or folder that stands where a new one was to be. */
export function alreadyExists(key: string): FileServiceError {
  const kind = key.endsWith('/') ? 'Folder' : 'File';
  return new FileServiceError('already_exists', `${kind} '${key}' already exists.`, {
    context: { path: key },
  });
}

/** A condition of the request that does not hold. */
export function preconditionFailed(key: string): FileServiceError {
  return new FileServiceError(
    'precondition_failed',
    `A condition of the request does not hold for '${key}'.`,
  );
}
