// Bytes that are in memory as a body of one attempt, watched like a stream.
import { Readable } from 'node:stream';
import { FINISHED, LinkedAbort, type ClientSignal } from '../../../core/client-signal.js';
import { stalled } from '../../streams/exact-body.js';
import { watchdog } from '../../streams/watchdog.js';
import type { SentBody } from '../call.js';

const SLICE_BYTES = 262_144;

/** How to watch. */
export interface Watching {
  /** How long storage may take no byte, or give no answer after the last one, in milliseconds. */
  readonly idleMs: number;
  readonly signal: ClientSignal;
}

/** A body of one attempt; it ends with `storage_unavailable` when storage takes no bytes. */
export function watchedBytes(bytes: Uint8Array, { idleMs, signal }: Watching): SentBody {
  const halt = new LinkedAbort(signal);
  const dog = watchdog(idleMs, () => halt.abort(stalled()));
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  // One buffer would be sent without a sign of progress.
  const stream = new Readable({
    highWaterMark: SLICE_BYTES,
    read() {
      dog.wait();
      this.push(offset < whole.length ? whole.subarray(offset, (offset += SLICE_BYTES)) : null);
    },
  }).on('error', () => {});
  dog.wait();
  return {
    stream,
    length: bytes.length,
    signal: halt,
    isSent: () => offset >= whole.length,
    close() {
      halt.release();
      dog.stop();
      stream.destroy();
      // Storage that answers early leaves a request half sent.
      halt.abort(FINISHED);
    },
  };
}
