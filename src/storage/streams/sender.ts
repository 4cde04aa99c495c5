// What a sender gives: counted against the length that it announced, its failures as those of a write.
import type { Readable } from 'node:stream';
import { FileServiceError, isFileServiceError } from '../../core/errors.js';

/** Hears a sender. `end` or `fail` comes once, and last. */
export interface SenderListener {
  /** Never more bytes than announced, all chunks together. */
  data(chunk: Buffer): void;
  /** The sender has ended well, with exactly the announced bytes. */
  end(): void;
  /** `incomplete_body`, or the FileServiceError that the sender's stream was destroyed with. */
  fail(error: Error): void;
}

/** Hears `source` from now on; returns what stops hearing it. An error after that is ignored. */
export function listenTo(source: Readable, length: number, listener: SenderListener): () => void {
  let received = 0;
  let isOver = false;

  const stop = (): void => {
    isOver = true;
    source.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
  };
  const onError = (cause: unknown): void => {
    if (isOver) return;
    stop();
    listener.fail(senderError(cause));
  };
  const onData = (chunk: Buffer): void => {
    received += chunk.length;
    if (received > length) onError(new Error('more bytes than announced'));
    else listener.data(chunk);
  };
  const onEnd = (): void => {
    if (isOver) return;
    if (received !== length) return onError(new Error('fewer bytes than announced'));
    stop();
    listener.end();
  };
  const onClose = (): void => onError(source.errored ?? new Error('the sender went away'));

  // Destroyed later without a listener, the stream could end the process.
  source.on('error', () => {});
  source.on('end', onEnd).on('error', onError).on('close', onClose).on('data', onData);
  if (source.readableEnded) queueMicrotask(onEnd);
  else if (source.destroyed)
    queueMicrotask(() => onError(source.errored ?? new Error('the sender has gone')));
  return stop;
}

/** What a write says of a sender that failed: its own FileServiceError, or `incomplete_body`. */
export function senderError(cause: unknown): Error {
  if (isFileServiceError(cause)) return cause;
  return new FileServiceError('incomplete_body', 'The body is not as long as it was announced.', {
    cause,
  });
}
