// Attributes of one object: one HeadObject.
import { statOf, unchanged } from './attributes.js';
import type { ReadConditions, StatResult } from '../bucket.js';
import type { S3Context } from './call.js';
import { objectError, refusalOf } from './errors.js';
import { assertBucket } from './probes/bucket-exists.js';
import { assertSpeaksS3 } from './probes/speaks-s3.js';
import { conditionsInput, isConditional, isOtherVersion, unasked } from './read.js';

/** What storage knows about a key. A missing one may cost a second call: is the bucket there at all? */
export async function stat(
  context: S3Context,
  key: string,
  conditions: ReadConditions = {},
): Promise<StatResult> {
  const { versionId } = conditions;
  const input = {
    Key: context.keyOf(key),
    ...conditionsInput(conditions),
    VersionId: versionId,
  };
  try {
    const output = await context.send('HeadObject', input);
    // Only S3 gives its answers such an id.
    if (output.$metadata.requestId === undefined) await assertSpeaksS3(context, output);
    // SeaweedFS answers so for the name of a folder: nothing that a file has.
    if (output.ETag === undefined && output.LastModified === undefined) return { kind: 'missing' };
    return { kind: 'found', stat: statOf(key, output.ContentLength ?? null, output) };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.kind === 'missing' || isOtherVersion(refusal, versionId)) {
      await assertBucket(context);
      return { kind: 'missing' };
    }
    const isRefused = refusal?.kind === 'not-modified' || refusal?.kind === 'precondition-failed';
    if (!isRefused) throw objectError(error);
    if (!isConditional(conditions)) throw unasked(error);
    if (refusal.kind === 'precondition-failed') return { kind: 'precondition-failed' };
    return { kind: 'not-modified', stat: unchanged(refusal.headers, conditions.ifNoneMatch) };
  }
}
