// Removal of one file: found, then gone; its bytes are never read.
import { evaluate } from '../../http/conditions.js';
import { flag } from '../../http/parameters.js';
import { statFile } from './file-properties.js';
import { preconditionFailed } from './missing.js';
import type { Looking } from './missing.js';

/** Parameters of deleting a file. */
export const removeQuery = {
  no_check: flag('Answers 200 without looking whether the file exists.'),
};

/**
 * Removes one file, under the conditions of `headers`.
 *
 * @throws FileServiceError `not_found` unless `unchecked`; `precondition_failed`
 */
export async function removeFile(
  looking: Looking,
  key: string,
  unchecked: boolean,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { bucket } = looking;
  const conditional =
    headers['if-match'] !== undefined || headers['if-unmodified-since'] !== undefined;
  if (unchecked && !conditional) {
    await bucket.remove(key);
    return;
  }
  const stat = await statFile(looking, key);
  if (evaluate(headers, 'DELETE', stat) !== 'proceed') throw preconditionFailed(key);
  // Also handed to storage, which some decide atomically.
  const result = await bucket.remove(key, conditional && stat.etag !== '' ? stat.etag : undefined);
  if (result.kind === 'precondition-failed') throw preconditionFailed(key);
}
