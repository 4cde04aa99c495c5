// Writing an object by parts: for bodies of unknown length and for long ones. Parts wait in memory, so
// they can be sent again; how many may, is the whole process's budget and not the request's.
import type { Readable } from 'node:stream';
import type { CompletedPart } from '@aws-sdk/client-s3';
import { FileServiceError } from '../../../core/errors.js';
import type { WriteResult } from '../../bucket.js';
import { cutParts, type Piece } from '../../streams/cut-parts.js';
import { senderError } from '../../streams/sender.js';
import { partBudget } from '../../streams/part-budget.js';
import { newNonce } from '../attributes.js';
import { completeCondition } from '../probes/complete-condition.js';
import type { S3Context } from '../call.js';
import { checksumInput, learning, type ChecksumInput } from './checksum.js';
import { isGuarded, look } from './guard.js';
import { watchedBytes } from './watched-bytes.js';
import { stat } from '../stat.js';
import type { Input, Output } from '../wire/commands.js';
import { MOST_PARTS, openUpload, partSizeFor, type Upload } from './upload.js';
import { outcomeOf, putBytes, storedEtag, type Writing } from './put-object.js';

// Enough to hide the wait for answers; more would only take buffers from other uploads.
const PARTS_IN_FLIGHT = 4;

/**
 * Stores a stream by parts of equal size (R2 insists), or by one PutObject when it fits one part. A
 * stream of unknown length may have 10,000 parts of `partSize`; more is `too_large`.
 */
export async function writeByParts(
  context: S3Context,
  body: Readable,
  decided: Writing,
): Promise<WriteResult> {
  const { partSize: smallest, maxPartBuffers } = context.settings;
  const { key, request } = decided;
  const { length } = request;
  // The nonce costs nothing here, and tells a lost answer of Complete from a lost upload.
  const writing = { ...decided, nonce: decided.nonce ?? newNonce() };
  const size = length === undefined ? smallest : partSizeFor(length, smallest);
  const halt = haltOf(context, body);
  const limitBytes = maxPartBuffers * smallest;
  const borrow = () => partBudget.acquire({ size, limitBytes, signal: halt.signal });
  const pieces = cutParts(senderOf(body, length), { size, borrow });
  try {
    const first = (await pieces.next()).value as Piece;
    if (first.isLast) return await putPiece(context, first, writing);
    // Looking is cheaper than sending all of it for nothing.
    const refused = request.createOnly === true ? await look(context, key, request) : undefined;
    if (refused !== undefined) {
      first.release();
      return refused;
    }
    return await sendPieces(context, { first, pieces, writing, halt });
  } catch (error) {
    throw halt.cause() ?? error;
  } finally {
    halt.end();
    await pieces.return();
  }
}

interface Halt {
  readonly signal: AbortSignal;
  /** Stops reading and sending; the first cause counts. */
  now(cause: unknown): void;
  cause(): unknown;
  end(): void;
}

function haltOf({ call }: S3Context, body: Readable): Halt {
  const controller = new AbortController();
  let cause: unknown;
  const now = (error: unknown): void => {
    cause ??= error;
    // Not the error itself: what the sender did would count against storage.
    controller.abort(new Error('the write was given up'));
    body.destroy();
  };
  const onAbort = (): void => now(call.signal.reason);
  body.on('error', () => {});
  call.signal.addEventListener('abort', onAbort);
  if (call.signal.aborted) onAbort();
  return {
    signal: controller.signal,
    now,
    cause: () => cause,
    end: () => call.signal.removeEventListener('abort', onAbort),
  };
}

// The stream's own failures become those of a write; too few or too many bytes do as well.
async function* senderOf(body: Readable, length: number | undefined): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      received += chunk.length;
      if (length !== undefined && received > length) throw new Error('more bytes than announced');
      yield chunk;
    }
    if (length !== undefined && received < length) throw new Error('fewer bytes than announced');
  } catch (error) {
    throw senderError(error);
  }
}

async function putPiece(context: S3Context, piece: Piece, writing: Writing): Promise<WriteResult> {
  try {
    return await putBytes(context, piece.bytes, writing);
  } finally {
    piece.release();
  }
}

interface Sending {
  readonly first: Piece;
  readonly pieces: AsyncGenerator<Piece, void, undefined>;
  readonly writing: Writing;
  readonly halt: Halt;
}

async function sendPieces(
  context: S3Context,
  { first, pieces, writing, halt }: Sending,
): Promise<WriteResult> {
  const { key, request, nonce } = writing;
  const upload = await openUpload(context, { key, attributes: request, nonce }).catch(
    (error: unknown) => {
      first.release();
      throw error;
    },
  );
  const parts = partsOf(context, { key, upload, halt });
  try {
    await parts.add(first);
    for await (const piece of pieces) await parts.add(piece);
    const sent = await parts.done();
    const result = await complete(context, { upload, writing, ...sent });
    if (result.kind !== 'written') await upload.abort();
    return result;
  } catch (error) {
    halt.now(error);
    // A part that lands after the abort would stay for ever.
    await parts.done().catch(() => undefined);
    await upload.abort();
    throw error;
  }
}

interface Parts {
  /** Begins to send a part, when there is room in flight for it. Releases it when it is sent. */
  add(piece: Piece): Promise<void>;
  /** Waits for all. */
  done(): Promise<{ readonly parts: readonly CompletedPart[]; readonly size: number }>;
}

interface PartsOptions {
  readonly key: string;
  readonly upload: Upload;
  readonly halt: Halt;
}

function partsOf(context: S3Context, { key, upload, halt }: PartsOptions): Parts {
  const parts: CompletedPart[] = [];
  const inFlight = new Set<Promise<void>>();
  let number = 0;
  let size = 0;

  const send = async (piece: Piece, PartNumber: number): Promise<void> => {
    try {
      const output = await sendPart(context, {
        input: { Key: context.keyOf(key), UploadId: upload.id, PartNumber },
        bytes: piece.bytes,
        signal: halt.signal,
      });
      parts.push({ PartNumber, ETag: storedEtag(output) });
    } catch (error) {
      // The client may be silent for long: its stream must end, not the next chunk be waited for.
      halt.now(error);
    } finally {
      piece.release();
    }
  };
  const check = (): void => {
    if (halt.signal.aborted) throw halt.cause();
  };

  return {
    async add(piece) {
      number += 1;
      size += piece.bytes.length;
      if (number > MOST_PARTS) {
        piece.release();
        throw new FileServiceError('too_large', 'The file has more parts than storage accepts.');
      }
      const sending = send(piece, number).finally(() => inFlight.delete(sending));
      inFlight.add(sending);
      if (inFlight.size >= PARTS_IN_FLIGHT) await Promise.race(inFlight);
      check();
    },
    async done() {
      await Promise.all(inFlight);
      check();
      return { parts, size };
    },
  };
}

interface PartOf {
  readonly input: Omit<Input<'UploadPart'>, 'Body'>;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal;
}

function sendPart(
  context: S3Context,
  { input, bytes, signal }: PartOf,
): Promise<Output<'UploadPart'>> {
  const { connection, settings } = context;
  const { idleMs } = settings.timeouts;
  const body = () => watchedBytes(bytes, { idleMs, signal });
  const send = (checksum: Partial<ChecksumInput>) =>
    context.send('UploadPart', { ...input, ...checksum }, { body, answerMs: null });
  // Of the kind that says nothing of the whole upload, which was begun without a checksum.
  const withChecksum = () => send(checksumInput(bytes, 'md5'));
  if (connection.learnt.needsChecksum === true) return withChecksum();
  return learning(context, () => send({}), withChecksum);
}

interface Completing {
  readonly upload: Upload;
  readonly writing: Writing;
  readonly parts: readonly CompletedPart[];
  readonly size: number;
}

async function complete(
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
