// Makes the bucket what the host wants before the first call: there, and keeping versions.
import type { ClientSignal } from '../../../core/client-signal.js';
import type { Connection } from '../connection.js';
import { refusalOf, translate } from '../errors.js';
import { enableVersioning } from '../versions/enable-versioning.js';
import type { Terms } from '../wire/commands.js';

/** Does it once a connection; of several processes one creates the bucket and the others agree. */
export function readyBucket(connection: Connection, signal: ClientSignal): Promise<void> {
  return connection.known.bucketCreated.get(() => ready(connection), signal);
}

async function ready(connection: Connection): Promise<void> {
  if (connection.settings.createBucket) await createBucket(connection);
  if (connection.settings.enableVersioning) await enableVersioning(connection);
}

async function createBucket({ wire, settings, closing }: Connection): Promise<void> {
  const terms: Terms = { signal: closing, answerMs: settings.timeouts.requestMs };
  try {
    await wire.send('HeadBucket', {}, terms);
  } catch (error) {
    if (refusalOf(error)?.kind !== 'missing') throw translate(error);
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html: us-east-1 is not a constraint.
    const { region } = settings;
    // Border with the SDK: its union of regions is narrower than what stores accept.
    const constraint = { LocationConstraint: region as 'eu-west-1' };
    const input = region === 'us-east-1' ? {} : { CreateBucketConfiguration: constraint };
    await wire.send('CreateBucket', input, terms).catch((refused: unknown) => {
      if (!OURS_ALREADY.has(refusalOf(refused)?.code ?? '')) throw translate(refused);
    });
  }
}

const OURS_ALREADY = new Set([
  'BucketAlreadyOwnedByYou',
  'BucketAlreadyExists',
  'OperationAborted',
]);
