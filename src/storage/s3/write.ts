// Writing an object: one PutObject where the length allows it, by parts otherwise. Nothing becomes
// visible unless every byte came; whatever fails, no request and no upload stays behind.
import { Readable } from 'node:stream';
import { FINISHED, LinkedAbort } from '../../core/client-signal.js';
import type { WriteRequest, WriteResult } from '../bucket.js';
import { exactBody } from '../streams/exact-body.js';
import { gatherStart } from '../streams/gathered-start.js';
import { newNonce } from './attributes.js';
import type { S3Context } from './call.js';
import { nonsense } from './errors.js';
import { guardInput, isGuarded } from './writing/guard.js';
import { writeByParts } from './writing/multipart.js';
import { outcomeOf, putBytes, putStream, type Writing } from './writing/put-object.js';

/**
 * Stores bytes. `incomplete_body` when they are not as many as `request.length` says; an error that the
 * body was destroyed with is thrown as it is. Destroys a body that it did not read to its end.
 */
export async function write(
  context: S3Context,
  key: string,
  body: Readable | Uint8Array,
  request: WriteRequest,
): Promise<WriteResult> {
  // It may fail while storage is still being asked, and unheard that would end the process.
  if (body instanceof Readable) body.on('error', () => {});
  try {
    const guard = await guardInput(context, key, request);
    if ('kind' in guard) return guard;
    const nonce = request.nonce ?? (isGuarded(request) ? newNonce() : undefined);
    return await store(context, body, { key, request, guard, nonce });
  } finally {
    if (body instanceof Readable && !body.readableEnded) body.destroy();
  }
}

async function store(
  context: S3Context,
  body: Readable | Uint8Array,
  writing: Writing,
): Promise<WriteResult> {
  if (!(body instanceof Readable)) return putBytes(context, body, writing);
  const { length } = writing.request;
  if (length === undefined || length > context.settings.multipartThreshold)
    return writeByParts(context, body, writing);
  // A socket to storage is claimed for what has come, never for what a slow sender may yet send.
  const start = await gatherStart(body, { length, signal: context.call.signal });
  if (start.kind === 'whole') return putBytes(context, start.bytes, writing);
  // A stream cannot be summed before it is sent; parts are in memory.
  const needsChecksum = context.connection.learnt.needsChecksum === true;
  if (start.kind === 'slow' || needsChecksum) return writeByParts(context, body, writing);
  return storeStream(context, body, { writing, length });
}

interface Streaming {
  readonly writing: Writing;
  readonly length: number;
}

async function storeStream(
  context: S3Context,
  source: Readable,
  { writing, length }: Streaming,
): Promise<WriteResult> {
  const halt = new LinkedAbort(context.call.signal);
  let failure: Error | undefined;
  const body = exactBody(source, {
    length,
    idleMs: context.settings.timeouts.idleMs,
    onSenderFailed(error) {
      failure = error;
      // Not the error itself: that would count against storage.
      halt.abort(new Error('the sender failed'));
    },
    onStalled: (error) => halt.abort(error),
  });
  const onAbort = (): void => body.close();
  halt.addEventListener('abort', onAbort);
  if (halt.aborted) onAbort();
  try {
    // Storage hangs up on a request that does not begin; a client may take its time to.
    await body.begun;
    if (failure !== undefined) throw failure;
    const { stream, isSent } = body;
    const sent = { stream, length, signal: halt, isSent, close: () => {} };
    const etag = await putStream(context, sent, writing);
    if (!body.isSent()) throw nonsense('Storage answered before it had the whole file.');
    return { kind: 'written', etag, size: length };
  } catch (error) {
    if (failure !== undefined && !context.call.signal.aborted) throw failure;
    return await outcomeOf(context, error, { writing, size: length });
  } finally {
    halt.release();
    halt.removeEventListener('abort', onAbort);
    body.close();
    // Storage that answers early leaves a request half sent.
    halt.abort(FINISHED);
  }
}
