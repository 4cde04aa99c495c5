// Why something is not there: a missing file is told from a missing bucket and from a folder's name.
import { access } from '../../core/hooks.js';
import { FileServiceError } from '../../core/errors.js';
import type { RunContext } from '../operation.js';

/** A folder or file that does not exist. */
export function notFound(key: string): FileServiceError {
  const kind = key.endsWith('/') ? 'Folder' : 'File';
  return new FileServiceError('not_found', `${kind} '${key}' does not exist in storage.`, {
    context: { path: key },
  });
}

/** The error for a version that is not there. */
export function versionNotFound(key: string, versionId: string): FileServiceError {
  return new FileServiceError(
    'not_found',
    `File '${key}' has no version ${JSON.stringify(versionId)} in storage.`,
    { context: { path: key, version_id: versionId } },
  );
}

/** What looking at a file takes: storage, and what its caller may know of the folders around it. */
export type Looking = Pick<RunContext, 'bucket' | 'permits'>;

/**
 * The error for a file, or a version of it, that storage did not find. One more call tells whether the bucket is gone
 * (it throws) and whether a folder has this name, which its message then says to those who may list it.
 *
 * @throws FileServiceError `storage_bucket_missing`, or storage's own trouble
 */
export async function explainMissing(
  { bucket, permits }: Looking,
  key: string,
  { versionId }: { readonly versionId?: string } = {},
): Promise<FileServiceError> {
  if (versionId !== undefined) return versionNotFound(key, versionId);
  const folder = `${key}/`;
  const page = await bucket.list({ prefix: folder, recursive: true, limit: 1 });
  if (page.files.length === 0) return notFound(key);
  if (!(await permits(access('list', folder, 'GET', 'list')))) return notFound(key);
  return new FileServiceError(
    'not_found',
    `File '${key}' does not exist in storage; a folder '${folder}' does.`,
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

/** A range that names no byte of a file. */
export function unsatisfiable(key: string, size: number): FileServiceError {
  return new FileServiceError(
    'range_not_satisfiable',
    `The header "Range" names no byte of '${key}', which has ${size}.`,
    { headers: { 'Content-Range': `bytes */${size}` }, context: { size } },
  );
}
