// Sending a stream the lean way. It can be read but once, so that nothing falls back to the SDK here: what
// storage refuses is thrown as the SDK would throw it.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../../core/client-signal.js';
import { quoted } from '../attributes.js';
import type { S3Context } from '../call.js';
import { answerError, nonsense, translate } from '../errors.js';
import type { LeanRequest } from './exchange.js';

/** A body under way. */
export interface SentBody {
  /** Watched by its owner. */
  readonly stream: Readable;
  readonly length: number;
  /** Ends the call: the sender has failed, storage stands still, the client has left. */
  readonly signal: ClientSignal;
}

/** What storage says of what it stored. */
export interface Stored {
  /** `''` when it says nothing. */
  readonly etag: string;
}

/** What was stored, or `unasked`: then nothing of the stream was read. Throws as a call of the SDK does. */
export async function leanSend(
  context: S3Context,
  what: Pick<LeanRequest, 'operation' | 's3Key' | 'query' | 'headers'>,
  { stream, length, signal }: SentBody,
): Promise<Stored | 'unasked'> {
  const { lean } = context.connection;
  if (lean === null) return 'unasked';
  // As the SDK sends streams: to hash them first would need them twice.
  const body = { bytes: stream, length, payload: 'UNSIGNED-PAYLOAD' };
  const { onCall } = context.call;
  const answer = await lean
    .ask({ ...what, method: 'PUT', body, whole: 0, streamed: false }, { signal, onCall })
    .catch((error: unknown) => {
      throw signal.aborted ? signal.reason : translate(error);
    });
  if (answer === 'unasked') return answer;
  if (answer === 'failed') throw nonsense('Storage did not answer as S3 does.');
  const { status, headers } = answer;
  if (status >= 200 && status <= 299) return { etag: quoted(headers['etag']) };
  const text = answer.body instanceof Uint8Array ? Buffer.from(answer.body).toString() : '';
  throw translate(answerError(status, headers, text));
}
