// A body of known length on its way to storage: neither more nor less than announced, and the last bytes
// only when the sender's side has ended well. Knows streams, not S3.
import { Readable } from 'node:stream';
import { FileServiceError } from '../../core/errors.js';
import { listenTo } from './sender.js';
import { watchdog } from './watchdog.js';

/** What to send, and what to expect of both sides. */
export interface ExactBodyOptions {
  /** Bytes that storage was told of. */
  readonly length: number;
  /** How long storage may take no byte, or give no answer after the last one, in milliseconds. */
  readonly idleMs: number;
  /** The sender failed: `incomplete_body`, or the FileServiceError that its stream was destroyed with. */
  onSenderFailed(error: Error): void;
  /** Storage takes nothing (`storage_unavailable`). */
  onStalled(error: FileServiceError): void;
}

/** A body under way. */
export interface ExactBody {
  /** For storage to read. */
  readonly stream: Readable;
  /** Resolves with the first bytes for storage, with the end, or with a failure. */
  readonly begun: Promise<void>;
  /** Every byte was handed over: from now on storage may have stored them. */
  isSent(): boolean;
  /** Stops everything and destroys the sender's stream unless it has ended. */
  close(): void;
}

// Over 60 lines: the two sides of one body share all their state, and each has to stop the other.
/**
 * Wraps `source`. Holding back the last chunk is what makes a failure at the very end (a digest that
 * does not match, a connection that ends too early) leave nothing in storage.
 */
export function exactBody(source: Readable, options: ExactBodyOptions): ExactBody {
  const { length, idleMs, onSenderFailed, onStalled } = options;
  let received = 0;
  let isSent = false;
  let last: Buffer | undefined;
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const stall = watchdog(idleMs, () => onStalled(stalled()));

  const stream = new Readable({
    // What storage does not take at once waits with the sender: bytes that wait here outlive many collections.
    highWaterMark: 1,
    read() {
      if (isSent) return;
      stall.rest();
      source.resume();
    },
  });

  const stopListening = listenTo(source, length, {
    data(chunk) {
      received += chunk.length;
      if (received === length) {
        last = chunk;
        return;
      }
      begin();
      if (stream.push(chunk)) return;
      source.pause();
      stall.wait();
    },
    end() {
      isSent = true;
      begin();
      if (last !== undefined) stream.push(last);
      // What is over and not collected yet holds no bytes.
      last = undefined;
      stream.push(null);
      // Storage has yet to take what is buffered, and then to answer.
      stall.wait();
    },
    fail(error) {
      onSenderFailed(error);
      begin();
    },
  });

  // Whoever looked at its start has paused it.
  source.resume();

  // Destroyed later without a listener, it could end the process.
  stream.on('error', () => {}).on('end', () => stall.wait());

  return {
    stream,
    begun,
    isSent: () => isSent,
    close() {
      stall.stop();
      stopListening();
      begin();
      stream.destroy();
      if (!source.readableEnded) source.destroy();
    },
  };
}

/** `storage_unavailable`: storage takes no bytes, or does not say what became of them. */
export function stalled(): FileServiceError {
  const cause = Object.assign(new Error('storage made no progress'), { code: 'ETIMEDOUT' });
  return new FileServiceError('storage_unavailable', 'Storage did not take the file in time.', {
    cause,
  });
}
