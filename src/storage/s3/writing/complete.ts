// The completion of a multipart upload under a guard, whatever the store makes of its condition.
import type { CompletedPart } from '@aws-sdk/client-s3';
import type { WriteResult } from '../../bucket.js';
import type { S3Context } from '../call.js';
import { completeCondition } from '../probes/complete-condition.js';
import { stat } from '../stat.js';
import { isGuarded, look } from './guard.js';
import { outcomeOf, type Writing } from './put-object.js';
import type { Upload } from './upload.js';

/** An upload of which every part is there. */
interface Completing {
  readonly upload: Upload;
  readonly writing: Writing;
  readonly parts: readonly CompletedPart[];
  readonly size: number;
}

/**
 * Completes an upload, unless its guard does not hold: then it is still open. What became of a completion whose answer
 * was lost is found out.
 */
export async function complete(
  context: S3Context,
  { upload, writing, parts, size }: Completing,
): Promise<WriteResult> {
  const { key, request, guard } = writing;
  if (!isGuarded(request)) return completeNow(context, { upload, writing, parts, size });
  const condition = await completeCondition(context);
  const input = condition === 'refused' ? {} : guard;
  const completing = { upload, writing: { ...writing, guard: input }, parts, size };
  if (condition === 'honoured') return completeNow(context, completing);
  return context.connection.turns(context.keyOf(key), async () => {
    const refused = await look(context, key, request);
    return refused ?? completeNow(context, completing);
  });
}

async function completeNow(
  context: S3Context,
  { upload, writing, parts, size }: Completing,
): Promise<WriteResult> {
  try {
    const etag = await upload.complete(parts, writing.guard);
    // Ceph 16 gives no ETag here, and the object is there all the same.
    return { kind: 'written', etag: etag || (await etagOf(context, writing.key)), size };
  } catch (error) {
    const result = await outcomeOf(context, error, { writing, size });
    // Stored after all: there is nothing to abort, and its mark goes.
    if (result.kind === 'written') await upload.abort();
    return result;
  }
}

async function etagOf(context: S3Context, key: string): Promise<string> {
  const there = await stat(context, key);
  return there.kind === 'found' ? there.stat.etag : '';
}
