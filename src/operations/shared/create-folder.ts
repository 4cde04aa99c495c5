// Folders as objects: a zero-byte placeholder whose key ends in a slash.
import { access } from '../../core/hooks.js';
import { FileServiceError } from '../../core/errors.js';
import { baseName } from '../../core/key.js';
import type { Bucket } from '../../storage/bucket.js';
import type { Ask, Plan } from '../operation.js';
import { created } from './created.js';
import { alreadyExists } from './missing.js';

/** How other tools mark a folder's placeholder. */
export const FOLDER_TYPE = 'application/x-directory';

/** The plan that creates one folder. */
export function planFolder(ask: Ask, key: string, operation: string): Plan {
  if (key === '')
    throw new FileServiceError(
      'invalid_body',
      'Nothing to create: give a path, an "X-File-Name" or "X-Folder-Name" header, a form or a JSON "resource" list.',
    );
  return {
    access: [access('write', key, ask.verb, operation)],
    run: async ({ bucket }) => {
      await createFolder(bucket, key, ask.settings.compat);
      return created(ask, { name: baseName(key), path: key });
    },
  };
}

/**
 * Creates a folder that must not exist, not even by implication.
 *
 * @throws FileServiceError `already_exists`; `folder_exists` (400) in the original server's mode
 */
export async function createFolder(
  bucket: Bucket,
  key: string,
  compat: 'dreamfactory' | undefined,
): Promise<void> {
  const page = await bucket.list({ prefix: key, recursive: true, limit: 1 });
  const exists = page.files.length > 0 || !(await placeFolder(bucket, key));
  if (!exists) return;
  if (compat === undefined) throw alreadyExists(key);
  throw new FileServiceError('folder_exists', `Folder '${key}' already exists.`, {
    context: { path: key },
  });
}

/** Writes a placeholder where no object is; false when one is there, which stays as it is, bytes and metadata. */
export async function placeFolder(
  bucket: Bucket,
  key: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const { kind } = await bucket.write(key, Buffer.alloc(0), {
    length: 0,
    contentType: FOLDER_TYPE,
    metadata,
    createOnly: true,
  });
  return kind === 'written';
}
