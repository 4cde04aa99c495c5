// Sending bytes that are in memory: watched like a stream, and sent again when storage drops them.
import { Readable } from 'node:stream';
import type { ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-s3';
import { stalled } from './exact-body.js';
import { attemptsAfter, pauseBefore } from './retry.js';
import { mayRepeat, type S3Command, type S3Context } from './s3-client.js';
import { watchdog } from './watchdog.js';

/** One call whose body is in memory. */
export interface BytesCall<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> {
  readonly operation: string;
  readonly bytes: Uint8Array;
  /** Called for each attempt: a stream can be read once. */
  command(body: Readable): S3Command<Input, Output>;
  readonly signal: AbortSignal;
  /** @default 3 */
  readonly attempts?: number;
  /** Called before an attempt that is not the first. */
  onRepeat?(): void;
}

const SLICE_BYTES = 65_536;

/** Sends, up to three times. Throws as `send` does; `storage_unavailable` when storage takes no bytes. */
export async function sendBytes<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  context: S3Context,
  call: BytesCall<Input, Output>,
): Promise<Output> {
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

async function sendOnce<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  context: S3Context,
  call: BytesCall<Input, Output>,
): Promise<Output> {
  const controller = new AbortController();
  const dog = watchdog(context.settings.timeouts.idleMs, () => controller.abort(stalled()));
  // A buffer would be hashed for the signature in one go and sent without a sign of progress.
  const body = slices(call.bytes, () => dog.wait());
  dog.wait();
  try {
    return await context.send('stream', call.operation, call.command(body), {
      signal: AbortSignal.any([controller.signal, call.signal]),
    });
  } finally {
    dog.stop();
    body.destroy();
    // Storage that answers early leaves a request half sent.
    controller.abort();
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
