// Whether the bucket keeps versions.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
import { FileServiceError } from '../../../core/errors.js';
import { detached, type S3Context } from '../call.js';
import { refusalOf } from '../errors.js';

/** Whether what is replaced or deleted stays as a version. Asked of storage once a minute. */
export function keepsVersions(context: S3Context): Promise<boolean> {
  const { connection, call } = context;
  return connection.known.keepsVersions.get(async () => {
    const { Status } = await detached(context).send('GetBucketVersioning', {});
    return Status === 'Enabled';
  }, call.signal);
}

/**
 * Refuses to delete for good where the host counts on a trash.
 *
 * @throws FileServiceError `storage_failed` when the bucket keeps no versions
 */
export async function assertTrash(context: S3Context): Promise<void> {
  if (!context.settings.trash) return;
  try {
    if (await keepsVersions(context)) return;
  } catch (error) {
    // Who may not ask has to trust the host.
    if (refusalOf(error)?.kind === 'denied') return;
    throw error;
  }
  throw new FileServiceError(
    'storage_failed',
    'The bucket keeps no versions, so that nothing deleted could be restored; its versioning has to be enabled.',
  );
}
