// Writing an object by parts: for bodies of unknown length and for long ones. Parts wait in memory, so
// they can be sent again; how many may, is the whole process's budget and not the request's.
import type { Readable } from 'node:stream';
import { partSizeFor } from '../../../core/part-size.js';
import type { WriteResult } from '../../bucket.js';
import { cutParts, type Piece } from '../../streams/cut-parts.js';
import { senderError } from '../../streams/sender.js';
import { partBudget } from '../../streams/part-budget.js';
import { newNonce } from '../attributes.js';
import type { S3Context } from '../call.js';
import { complete } from './complete.js';
import { look } from './guard.js';
import { haltOf, partsOf, type Halt } from './parts.js';
import { openUpload } from './upload.js';
import { putBytes, type Writing } from './put-object.js';

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
  // It may fail while nobody reads it.
  body.on('error', () => {});
  const halt = haltOf(context, () => body.destroy());
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
  const parts = partsOf(context, { key, uploadId: upload.id, halt });
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
