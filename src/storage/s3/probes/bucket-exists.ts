// Whether the bucket itself is there, which the HEAD of an object cannot tell.
import { CreateBucketCommand, HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Connection, S3Context } from '../call.js';
import { refusalOf, storageError, translate } from '../errors.js';

// A burst of questions about missing files asks for the bucket once.
const REMEMBERED_MS = 1000;
const SEEN = new WeakMap<Connection, { readonly until: number; readonly answer: Promise<void> }>();

/** Throws `storage_bucket_missing` when there is no bucket. A bucket that may not be looked at is one. */
export function assertBucket(context: S3Context): Promise<void> {
  const { connection } = context;
  const seen = SEEN.get(connection);
  if (seen !== undefined && performance.now() < seen.until) return seen.answer;
  const answer = headBucket(context);
  SEEN.set(connection, { until: performance.now() + REMEMBERED_MS, answer });
  answer.catch(() => SEEN.delete(connection));
  return answer;
}

async function headBucket(context: S3Context): Promise<void> {
  const command = new HeadBucketCommand({ Bucket: context.settings.bucket });
  try {
    await context.send('meta', 'HeadBucket', command);
  } catch (error) {
    const kind = refusalOf(error)?.kind;
    if (kind === 'denied') return;
    throw kind === 'missing' ? storageError('bucket-missing', error) : error;
  }
}

/** Creates the bucket unless it is there; of several at once, one creates and the others agree. */
export async function createBucket(
  client: S3Client,
  settings: { readonly bucket: string; readonly region: string },
): Promise<void> {
  const { bucket: Bucket, region } = settings;
  try {
    await client.send(new HeadBucketCommand({ Bucket }));
  } catch (error) {
    if (refusalOf(error)?.kind !== 'missing') throw translate(error);
    await create(client, Bucket, region);
  }
}

const OURS_ALREADY = new Set([
  'BucketAlreadyOwnedByYou',
  'BucketAlreadyExists',
  'OperationAborted',
]);

async function create(client: S3Client, Bucket: string, region: string): Promise<void> {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html: us-east-1 is not a constraint.
  // Border with the SDK: its union of regions is narrower than what stores accept.
  const place = region === 'us-east-1' ? undefined : { LocationConstraint: region as 'eu-west-1' };
  const command = new CreateBucketCommand({ Bucket, CreateBucketConfiguration: place });
  await client.send(command).catch((error: unknown) => {
    if (!OURS_ALREADY.has(refusalOf(error)?.code ?? '')) throw translate(error);
  });
}
