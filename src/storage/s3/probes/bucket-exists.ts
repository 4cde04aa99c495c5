// Whether the bucket itself is there, which the HEAD of an object cannot tell.
import { detached, type S3Context } from '../call.js';
import { refusalOf, storageError } from '../errors.js';

/** Throws `storage_bucket_missing` when there is no bucket. A bucket that may not be looked at is one. */
export function assertBucket(context: S3Context): Promise<void> {
  const { connection, call } = context;
  return connection.known.bucketExists.get(() => headBucket(detached(context)), call.signal);
}

async function headBucket(context: S3Context): Promise<void> {
  try {
    await context.send('HeadBucket', {});
  } catch (error) {
    const kind = refusalOf(error)?.kind;
    if (kind === 'denied') return;
    throw kind === 'missing' ? storageError('bucket-missing', error) : error;
  }
}
