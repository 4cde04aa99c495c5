// What a store does with `If-None-Match` on CompleteMultipartUpload: some honour it, Ceph 16 ignores it, and others
// refuse the header itself, which must be learnt before all the bytes have been sent.
import { randomUUID } from 'node:crypto';
import { OWN_FOLDER } from '../../../core/key.js';
import { keepingInput } from '../attributes.js';
import { detached, type S3Context } from '../call.js';
import type { CompleteCondition } from '../connection.js';
import { refusalOf, required } from '../errors.js';
import { checksumInput, putInMemory } from '../writing/checksum.js';

/** AWS honours it; other stores are asked once. */
export async function completeCondition(context: S3Context): Promise<CompleteCondition> {
  const { connection, call } = context;
  if ((await connection.wire.endpoint()).isAws) return 'honoured';
  return connection.known.completeCondition.get(() => ask(detached(context)), call.signal);
}

async function ask(context: S3Context): Promise<CompleteCondition> {
  const Key = context.keyOf(`${OWN_FOLDER}probe/${randomUUID()}`);
  const kept = keepingInput(context.settings);
  const Body = new Uint8Array(0);
  await putInMemory(context, { input: { Key, ...kept }, bytes: Body });
  try {
    const { UploadId } = await context.send('CreateMultipartUpload', { Key, ...kept });
    const part = { Key, UploadId: required(UploadId, 'an upload id') };
    try {
      const { ETag } = await context.send('UploadPart', {
        ...part,
        PartNumber: 1,
        Body,
        ...checksumInput(Body, 'md5'),
      });
      return await completeOver(context, { ...part, ETag });
    } finally {
      await context.send('AbortMultipartUpload', part).catch(() => undefined);
    }
  } finally {
    await context.send('DeleteObject', { Key }).catch(() => undefined);
  }
}

/** Completes over an object that is there, which the condition forbids. */
async function completeOver(
  context: S3Context,
  { ETag, ...upload }: { readonly Key: string; readonly UploadId: string; readonly ETag?: string },
): Promise<CompleteCondition> {
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  const input = { ...upload, MultipartUpload, IfNoneMatch: '*' };
  try {
    await context.send('CompleteMultipartUpload', input, { attempts: 1, waitsForTurn: true });
    return 'ignored';
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.kind === 'precondition-failed' || refusal?.kind === 'conflict') return 'honoured';
    const isAnswer = refusal?.status !== undefined && refusal.kind !== 'unavailable';
    if (isAnswer) return 'refused';
    throw error;
  }
}
