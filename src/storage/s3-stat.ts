// Attributes of one object: one HeadObject.
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { ReadConditions, Stat, StatResult } from './bucket.js';
import { quoted, statOf } from './s3-attributes.js';
import { assertBucket } from './s3-bucket.js';
import type { S3Context } from './s3-client.js';
import { refusalOf, type Refusal } from './s3-errors.js';

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
      return { kind: 'not-modified', stat: unchanged(refusal, conditions.ifNoneMatch) };
    }
    if (refusal?.kind === 'precondition-failed') return { kind: 'precondition-failed' };
    if (refusal?.kind !== 'missing') throw error;
    await assertBucket(context);
    return { kind: 'missing' };
  }
}

/**
 * What a 304 says of the object. Ceph 16 leaves the ETag out of it: then it is the one of the
 * condition, when that named one.
 */
export function unchanged(
  { headers }: Pick<Refusal, 'headers'>,
  ifNoneMatch?: string,
): Partial<Stat> {
  const { etag = ONE_TAG.exec(ifNoneMatch ?? '')?.[1], 'last-modified': lastModified } = headers;
  const { 'cache-control': cacheControl } = headers;
  const date = new Date(lastModified ?? '');
  return {
    ...(etag === undefined ? {} : { etag: quoted(etag) }),
    ...(Number.isNaN(date.getTime()) ? {} : { lastModified: date }),
    ...(cacheControl === undefined ? {} : { cacheControl }),
  };
}

const ONE_TAG = /^(?:W\/)?("[^"]*")$/;
