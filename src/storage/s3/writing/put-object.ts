// One PutObject: how it is said, and what became of one that failed.
import { FileServiceError, isFileServiceError } from '../../../core/errors.js';
import type { WriteRequest, WriteResult } from '../../bucket.js';
import { attributesInput, hasNonce, keepingInput, quoted } from '../attributes.js';
import { detached, type S3Context, type SentBody } from '../call.js';
import { nonsense, refusalOf } from '../errors.js';
import { isForeign, putInMemory } from './checksum.js';
import { isGuarded, look, refusedBy, type GuardInput, type Refused } from './guard.js';
import { watchedBytes } from './watched-bytes.js';

/** A write that was decided upon: what every way of writing needs. */
export interface Writing {
  readonly key: string;
  readonly request: WriteRequest;
  readonly guard: GuardInput;
  /** Left in the object, so that a write whose answer was lost can be recognised. */
  readonly nonce: string | undefined;
}

// Larger ones are watched for progress, which one deadline for the whole call is not.
const UNWATCHED_BYTES = 256 * 1024;

/** Stores bytes that are in memory by one PutObject, sent again when storage drops it. */
export async function putBytes(
  context: S3Context,
  bytes: Uint8Array,
  writing: Writing,
): Promise<WriteResult> {
  const { idleMs } = context.settings.timeouts;
  const { signal } = context.call;
  let repeated = false;
  const onRepeat = (): void => void (repeated = true);
  const isSmall = bytes.length <= UNWATCHED_BYTES;
  const watched = { body: () => watchedBytes(bytes, { idleMs, signal }), answerMs: null };
  const options = { onRepeat, ...(isSmall ? {} : watched) };
  try {
    const input = putInput(context, writing);
    const output = await putInMemory(context, { input, bytes, options });
    return { kind: 'written', etag: storedEtag(output), size: bytes.length };
  } catch (error) {
    // The first attempt may have been stored, and the second found it there.
    return outcomeOf(context, error, { writing, size: bytes.length, repeated });
  }
}

/** Stores a stream by one PutObject, sent once. Throws as `send` does. */
export async function putStream(
  context: S3Context,
  body: SentBody,
  writing: Writing,
): Promise<string> {
  const input = putInput(context, writing);
  const options = { body: () => body, answerMs: null, attempts: 1 };
  const { learnt } = context.connection;
  try {
    const output = await context.send('PutObject', input, options);
    learnt.needsChecksum = false;
    return storedEtag(output);
  } catch (error) {
    if (!isForeign(error)) throw error;
    // A stream cannot be sent again by us; the next ones are taken into memory.
    learnt.needsChecksum = true;
    throw refusalOf(error)?.code === 'InvalidRequest' ? wantsChecksum(error) : error;
  }
}

// What a bucket with a default retention says to a write without one:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
function wantsChecksum(cause: unknown): FileServiceError {
  return new FileServiceError(
    'storage_unavailable',
    'Storage takes no file without a checksum; send it again, and it goes with one.',
    { cause, headers: { 'Retry-After': '1' } },
  );
}

function putInput(context: S3Context, { key, request, nonce, guard }: Writing) {
  return {
    Key: context.keyOf(key),
    ...attributesInput(request, nonce),
    ...keepingInput(context.settings),
    ...guard,
  };
}

/** The ETag of what was stored: an answer without one is not S3's. */
export function storedEtag({ ETag }: { readonly ETag?: string | undefined }): string {
  const etag = quoted(ETag);
  if (etag === '') throw nonsense('Storage did not say what it has stored.');
  return etag;
}

/** How far a write had come when it failed. */
export interface Failed {
  readonly writing: Writing;
  readonly size: number;
  /** The same write was sent more than once. */
  readonly repeated?: boolean;
}

/** What became of a write that failed: refused; stored after all; or the error. */
export async function outcomeOf(
  context: S3Context,
  error: unknown,
  { writing, size, repeated = false }: Failed,
): Promise<WriteResult> {
  const refused = refusedBy(error, writing.request);
  const isLost = isFileServiceError(error) && error.reason === 'storage_outcome_unknown';
  const isCut = refusalOf(error)?.kind === 'unreachable';
  if (isLost || isCut || (refused !== undefined && repeated)) {
    const found = await resultByNow(context, writing, isLost);
    if (found !== undefined) return found.kind === 'written' ? { ...found, size } : found;
  }
  if (refused !== undefined) return refused;
  // Stores that take one write a second on a key do not look whether it is there.
  const isTooMany = refusalOf(error)?.status === 429;
  const there = isTooMany ? await look(context, writing.key, writing.request) : undefined;
  if (there !== undefined) return there;
  throw error;
}

type ByNow = { readonly kind: 'written'; readonly etag: string } | Refused;

/**
 * What the object tells of a guarded write without an answer: storage that refuses a long body closes the connection
 * while it comes, and then its answer is lost with it.
 */
async function resultByNow(
  context: S3Context,
  { key, request, guard, nonce }: Writing,
  isLost: boolean,
): Promise<ByNow | undefined> {
  if (nonce === undefined) return undefined;
  const there = await detached(context)
    .send('HeadObject', { Key: context.keyOf(key) })
    .catch(() => undefined);
  if (there === undefined) return undefined;
  if (hasNonce(there, nonce)) return { kind: 'written', etag: quoted(there.ETag) };
  // A write that has arrived whole and carries no condition may still replace what is there.
  const mayFollow = isLost && guard.IfNoneMatch === undefined && guard.IfMatch === undefined;
  if (mayFollow) return undefined;
  // Uploads by parts have a nonce without a guard: nothing stands in their way.
  if (!isGuarded(request)) return undefined;
  if (request.createOnly === true) return { kind: 'exists' };
  const isSame = request.ifMatch === '*' || quoted(there.ETag) === request.ifMatch;
  return isSame ? undefined : { kind: 'precondition-failed' };
}
