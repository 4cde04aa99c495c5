// Attributes of one object: one HeadObject.
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { ReadConditions, StatResult } from '../bucket.js';
import { statFromHeaders, statOf, unchanged } from './attributes.js';
import { assertBucket } from './probes/bucket-exists.js';
import { attemptsAfter } from './retry.js';
import type { S3Context } from './call.js';
import { refusalOf } from './errors.js';
import { conditionHeaders } from './wire/direct-read.js';
import type { NoAnswer } from './wire/exchange.js';

/** What storage knows about a key. A missing one may cost a second call: is the bucket there at all? */
export async function stat(
  context: S3Context,
  key: string,
  conditions: ReadConditions = {},
): Promise<StatResult> {
  const plain = await leanStat(context, key, conditions);
  if (typeof plain === 'object') return plain;
  const command = new HeadObjectCommand({
    Bucket: context.settings.bucket,
    Key: context.keyOf(key),
    IfMatch: conditions.ifMatch,
    IfNoneMatch: conditions.ifNoneMatch,
    IfModifiedSince: conditions.ifModifiedSince,
    IfUnmodifiedSince: conditions.ifUnmodifiedSince,
  });
  try {
    const output = await context.send('meta', 'HeadObject', command, {
      attempts: attemptsAfter(plain),
    });
    return { kind: 'found', stat: statOf(key, output.ContentLength, output) };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.kind === 'not-modified') {
      return { kind: 'not-modified', stat: unchanged(refusal.headers, conditions.ifNoneMatch) };
    }
    if (refusal?.kind === 'precondition-failed') return { kind: 'precondition-failed' };
    if (refusal?.kind !== 'missing') throw error;
    await assertBucket(context);
    return { kind: 'missing' };
  }
}

async function leanStat(
  context: S3Context,
  key: string,
  conditions: ReadConditions,
): Promise<StatResult | NoAnswer> {
  const answer = await context.connection.lean?.ask(
    {
      operation: 'HeadObject',
      method: 'HEAD',
      s3Key: context.keyOf(key),
      query: '',
      headers: conditionHeaders(conditions),
      whole: 0,
      streamed: false,
    },
    context.call,
  );
  if (answer === undefined) return 'unasked';
  if (typeof answer === 'string') return answer;
  const { status, headers } = answer;
  if (status === 200) {
    const size = Number(headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(size)) return 'failed';
    return { kind: 'found', stat: statFromHeaders(key, size, headers) };
  }
  if (status === 304)
    return { kind: 'not-modified', stat: unchanged(headers, conditions.ifNoneMatch) };
  if (status === 412) return { kind: 'precondition-failed' };
  if (status !== 404) return 'failed';
  await assertBucket(context);
  return { kind: 'missing' };
}
