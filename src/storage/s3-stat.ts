// Attributes of one object: one HeadObject.
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { ReadConditions, Stat, StatResult } from './bucket.js';
import { statOf } from './s3-attributes.js';
import { assertBucket } from './s3-bucket.js';
import type { S3Context } from './s3-client.js';
import { refusalOf } from './s3-errors.js';
import { partialStat } from './s3-read.js';

/** What storage knows about a key. A missing one may cost a second call: is the bucket there at all? */
export async function stat(
  context: S3Context,
  key: string,
  conditions: ReadConditions = {},
): Promise<StatResult> {
  const command = new HeadObjectCommand({
    Bucket: context.settings.bucket,
    Key: context.keyOf(key),
    IfMatch: conditions.ifMatch,
    IfNoneMatch: conditions.ifNoneMatch,
    IfModifiedSince: conditions.ifModifiedSince,
    IfUnmodifiedSince: conditions.ifUnmodifiedSince,
  });
  try {
    const output = await context.send('meta', 'HeadObject', command);
    return { kind: 'found', stat: statOf(key, output.ContentLength, output) };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.kind === 'not-modified') {
      const known = tagOf(conditions.ifNoneMatch);
      return { kind: 'not-modified', stat: { ...known, ...partialStat(refusal.headers) } };
    }
    if (refusal?.kind === 'precondition-failed') return { kind: 'precondition-failed' };
    if (refusal?.kind !== 'missing') throw error;
    await assertBucket(context);
    return { kind: 'missing' };
  }
}

const ONE_TAG = /^(?:W\/)?("[^"]*")$/;

/** The ETag of an object that is not modified, from the condition: Ceph 16 leaves it out of its 304. */
export function tagOf(ifNoneMatch: string | undefined): Pick<Partial<Stat>, 'etag'> {
  const tag = ONE_TAG.exec(ifNoneMatch ?? '')?.[1];
  return tag === undefined ? {} : { etag: tag };
}
