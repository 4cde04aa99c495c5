// A body of known length on its way to storage: neither more nor less than announced, and the last bytes
// only when the sender's side has ended well. Knows streams, not S3.
import { Readable } from 'node:stream';
import { FileServiceError, isFileServiceError } from '../../core/errors.js';
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

/**
 * Wraps `source`. Holding back the last chunk is what makes a failure at the very end (a digest that
 * does not match, a connection that ends too early) leave nothing in storage.
 */
export function exactBody(source: Readable, options: ExactBodyOptions): ExactBody {
  const { length, idleMs, onSenderFailed, onStalled } = options;
  let received = 0;
  let sent = false;
  let last: Buffer | undefined;
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const dog = watchdog(idleMs, () => onStalled(stalled()));

  const stream = new Readable({
    highWaterMark: 65_536,
    read() {
      if (sent) return;
      dog.rest();
      source.resume();
    },
  });

  const take = (chunk: Buffer): void => {
    received += chunk.length;
    if (received > length) return fail(new Error('more bytes than announced'));
    if (received === length) {
      last = chunk;
      return;
    }
    begin();
    if (stream.push(chunk)) return;
    source.pause();
    dog.wait();
  };
  const finish = (): void => {
    if (received !== length) return fail(new Error('fewer bytes than announced'));
    detach();
    sent = true;
    begin();
    if (last !== undefined) stream.push(last);
    stream.push(null);
    // Storage owes the taking of what is buffered, and then an answer.
    dog.wait();
  };
  const fail = (cause: unknown): void => {
    detach();
    onSenderFailed(senderError(cause));
    begin();
  };
  const onClose = (): void => fail(new Error('the sender went away'));

  const detach = (): void => {
    source.off('data', take).off('end', finish).off('error', fail).off('close', onClose);
  };

  // Destroyed later without a listener, either stream could end the process.
  source.on('error', () => {});
  stream.on('error', () => {}).on('end', () => dog.wait());
  source.on('end', finish).on('error', fail).on('close', onClose).on('data', take);
  if (source.readableEnded) queueMicrotask(finish);
  else if (source.destroyed) queueMicrotask(() => fail(source.errored ?? new Error('no body')));

  return {
    stream,
    begun,
    isSent: () => sent,
    close() {
      dog.stop();
      detach();
      begin();
      stream.destroy();
      if (!source.readableEnded) source.destroy();
    },
  };
}

/** What a write says of a sender that failed: its own FileServiceError, or `incomplete_body`. */
export function senderError(cause: unknown): Error {
  if (isFileServiceError(cause)) return cause;
  return new FileServiceError('incomplete_body', 'The body is not as long as it was announced.', {
    cause,
  });
}

/** `storage_unavailable`: storage takes no bytes, or does not say what became of them. */
export function stalled(): FileServiceError {
  const cause = Object.assign(new Error('storage made no progress'), { name: 'TimeoutError' });
  return new FileServiceError('storage_unavailable', 'Storage did not take the file in time.', {
    cause,
    headers: { 'Retry-After': '5' },
  });
}
