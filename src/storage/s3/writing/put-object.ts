// One PutObject: how it is said, and what became of one that failed.
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { FileServiceError } from '../../../core/errors.js';
import { abortSignalOf } from '../../../core/client-signal.js';
import type { WriteRequest, WriteResult } from '../../bucket.js';
import { attributesInput, hasNonce, keepingInput, quoted } from '../attributes.js';
import { attemptsAfter } from '../retry.js';
import { detached, type S3Context } from '../call.js';
import { refusalOf } from '../errors.js';
import { refusedBy, type GuardInput } from './guard.js';
import { leanPut, leanPutStream } from '../wire/direct-put.js';
import type { SentBody, Stored } from '../wire/direct-send.js';
import { sendBytes } from './send-bytes.js';

/** A write that was decided upon: what every way of writing needs. */
export interface Writing {
  readonly key: string;
  readonly request: WriteRequest;
  readonly guard: GuardInput;
  /** Left in the object, so that a write whose answer was lost can be recognised. */
  readonly nonce: string | undefined;
}

/** Stores bytes that are in memory by one PutObject, sent again when storage drops it. */
export async function putBytes(
  context: S3Context,
  bytes: Uint8Array,
  writing: Writing,
): Promise<WriteResult> {
  const plain = await leanPut(context, bytes, writing);
  if (typeof plain === 'object') return plain;
  let repeated = plain === 'failed';
  try {
    const { etag } = await sendBytes(context, {
      bytes,
      // What the lean way has failed at is the SDK's.
      send: (body) => (repeated ? sdkPut : putStream)(context, body, writing),
      signal: context.call.signal,
      attempts: attemptsAfter(plain),
      onRepeat: () => (repeated = true),
    });
    return { kind: 'written', etag, size: bytes.length };
  } catch (error) {
    // The first attempt may have been stored, and the second found it there.
    return settle(context, error, { writing, size: bytes.length, isSent: true, repeated });
  }
}

/** How far a write had come when it failed. */
export interface Failed {
  readonly writing: Writing;
  readonly size: number;
  /** Storage had all it needs to store the object. */
  readonly isSent: boolean;
  /** The same write was sent more than once. */
  readonly repeated?: boolean;
}

/**
 * What became of a write that failed: refused; stored after all; or an error, which is
 * `storage_outcome_unknown` when all was sent and no answer came.
 */
export async function settle(
  context: S3Context,
  error: unknown,
  { writing, size, isSent, repeated = false }: Failed,
): Promise<WriteResult> {
  const refused = refusedBy(error, writing.request);
  const lost = isSent && isLost(error);
  if (lost || (refused !== undefined && repeated)) {
    const etag = await ownEtag(context, writing);
    if (etag !== undefined) return { kind: 'written', etag, size };
  }
  if (refused !== undefined) return refused;
  if (!lost || context.call.signal.aborted) throw error;
  throw new FileServiceError(
    'storage_outcome_unknown',
    'Storage did not say whether the file was stored.',
    { cause: error, headers: { 'Retry-After': '5' } },
  );
}

/** One PutObject of a stream. Throws as `send` does. */
export async function putStream(
  context: S3Context,
  body: SentBody,
  writing: Writing,
): Promise<Stored> {
  const plain = await leanPutStream(context, body, writing);
  return plain === 'unasked' ? sdkPut(context, body, writing) : plain;
}

async function sdkPut(
  context: S3Context,
  { stream, length, signal }: SentBody,
  { key, request, nonce, guard }: Writing,
): Promise<Stored> {
  const command = new PutObjectCommand({
    Bucket: context.settings.bucket,
    Key: context.keyOf(key),
    Body: stream,
    ContentLength: length,
    ...attributesInput(request, nonce),
    ...keepingInput(context.settings),
    ...guard,
  });
  const output = await context.send('stream', 'PutObject', command, {
    signal: abortSignalOf(signal),
  });
  return { etag: quoted(output.ETag) };
}

// No answer came: neither S3's word nor a connection that was never made.
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

function isLost(error: unknown): boolean {
  const refusal = refusalOf(error);
  if (refusal === undefined) return false;
  const code: unknown = (refusal.error as { code?: unknown }).code;
  if (typeof code === 'string' && NEVER_SENT.has(code)) return false;
  return refusal.kind === 'unreachable' || refusal.kind === 'timeout';
}

async function ownEtag(context: S3Context, { key, nonce }: Writing): Promise<string | undefined> {
  if (nonce === undefined) return undefined;
  const command = new HeadObjectCommand({
    Bucket: context.settings.bucket,
    Key: context.keyOf(key),
  });
  try {
    const output = await detached(context).send('meta', 'HeadObject', command);
    return hasNonce(output, nonce) ? quoted(output.ETag) : undefined;
  } catch {
    return undefined;
  }
}
