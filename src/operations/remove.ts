// DELETE of a file: found, then gone; its bytes are never read.
import { evaluate } from '../http/conditions.js';
import { flag, readParameters } from '../http/parameters.js';
import { json } from '../http/reply.js';
import { baseName } from '../core/key.js';
import type { Bucket } from '../storage/bucket.js';
import { preconditionFailed } from './shared/missing.js';
import { access } from './operation.js';
import type { Operation } from './operation.js';
import { statFile } from './properties.js';

/** Parameters of deleting a file. */
export const removeQuery = {
  no_check: flag('Answers 200 without looking whether the file exists.'),
};

/** DELETE /file */
export const remove: Operation = {
  name: 'remove',
  sentence: 'Deletes a file.',
  methods: ['DELETE'],
  targets: ['file'],
  query: removeQuery,
  headers: { 'if-match': { sentence: 'Deletes only the version with this ETag.' } },
  body: [],
  replies: { 200: { sentence: 'The file is gone.', schema: 'RemovedItem' } },
  refusals: [404, 412],
  plan: ({ request, target, verb }) => {
    const { no_check } = readParameters(request.query, removeQuery);
    return {
      access: [access('delete', target.key, verb, 'remove')],
      run: async ({ bucket }) => {
        await removeFile(bucket, target.key, no_check, request.headers);
        return json(200, { name: baseName(target.key), path: target.key });
      },
    };
  },
};

/**
 * Removes one file, under the conditions of `headers`.
 *
 * @throws FileServiceError `not_found` unless `unchecked`; `precondition_failed`
 */
export async function removeFile(
  bucket: Bucket,
  key: string,
  unchecked: boolean,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const conditional =
    headers['if-match'] !== undefined || headers['if-unmodified-since'] !== undefined;
  if (unchecked && !conditional) {
    await bucket.remove(key);
    return;
  }
  const stat = await statFile(bucket, key);
  if (evaluate(headers, 'DELETE', stat) !== 'proceed') throw preconditionFailed(key);
  // Also handed to storage, which some decide atomically.
  const result = await bucket.remove(key, conditional && stat.etag !== '' ? stat.etag : undefined);
  if (result.kind === 'precondition-failed') throw preconditionFailed(key);
}
