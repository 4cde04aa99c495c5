// How a bucket is made to keep versions.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
import type { Connection } from '../connection.js';
import { refusalOf } from '../errors.js';
import type { Terms } from '../wire/commands.js';

/** Turns versioning on unless it is. A refusal changes nothing: `check()` names it. */
export async function enableVersioning({ wire, settings, closing }: Connection): Promise<void> {
  const terms: Terms = { signal: closing, answerMs: settings.timeouts.requestMs };
  try {
    const { Status } = await wire.send('GetBucketVersioning', {}, terms);
    if (Status === 'Enabled') return;
    const input = { VersioningConfiguration: { Status: 'Enabled' as const } };
    await wire.send('PutBucketVersioning', input, terms);
  } catch (error) {
    const kind = refusalOf(error)?.kind;
    if (kind !== 'denied' && kind !== 'unsupported') throw error;
  }
}
