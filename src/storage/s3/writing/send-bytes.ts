// Sending bytes that are in memory: watched like a stream, and sent again when storage drops them.
import { Readable } from 'node:stream';
import { ClientAbort, FINISHED, type ClientSignal } from '../../../core/client-signal.js';
import { stalled } from '../../streams/exact-body.js';
import { attemptsAfter, pauseBefore } from '../retry.js';
import { mayRepeat, type S3Context } from '../call.js';
import type { SentBody, Stored } from '../wire/direct-send.js';
import { watchdog } from '../../streams/watchdog.js';

/** One call whose body is in memory. */
export interface BytesCall {
  readonly bytes: Uint8Array;
  /** Called for each attempt: a stream can be read once. */
  send(body: SentBody): Promise<Stored>;
  readonly signal: ClientSignal;
  /** @default 3 */
  readonly attempts?: number;
  /** Called before an attempt that is not the first. */
  onRepeat?(): void;
}

const SLICE_BYTES = 65_536;

/** Sends, up to three times. Throws as `send` does; `storage_unavailable` when storage takes no bytes. */
export async function sendBytes(context: S3Context, call: BytesCall): Promise<Stored> {
  const { attempts = attemptsAfter('unasked') } = call;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendOnce(context, call);
    } catch (error) {
      if (call.signal.aborted || attempt === attempts || !mayRepeat(context.connection, error))
        throw error;
    }
    await pauseBefore(attempt, call.signal);
    call.onRepeat?.();
  }
}

async function sendOnce(context: S3Context, { bytes, send, signal }: BytesCall): Promise<Stored> {
  const halt = new ClientAbort();
  const onAbort = (): void => halt.abort(signal.reason);
  const dog = watchdog(context.settings.timeouts.idleMs, () => halt.abort(stalled()));
  // A buffer would be hashed for the signature in one go and sent without a sign of progress.
  const stream = slices(bytes, () => dog.wait());
  dog.wait();
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await send({ stream, length: bytes.length, signal: halt });
  } finally {
    signal.removeEventListener('abort', onAbort);
    dog.stop();
    stream.destroy();
    // Storage that answers early leaves a request half sent.
    halt.abort(FINISHED);
  }
}

function slices(bytes: Uint8Array, onProgress: () => void): Readable {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  return new Readable({
    highWaterMark: SLICE_BYTES,
    read() {
      onProgress();
      this.push(offset < whole.length ? whole.subarray(offset, (offset += SLICE_BYTES)) : null);
    },
  }).on('error', () => {});
}
