// The body of an answer from a server that nobody vouches for: counted, and never waited for too
// long.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { FileServiceError } from '../../core/errors.js';
import { tooLarge } from '../../core/too-large.js';

/** Bounds of a body. */
export interface BodyBounds {
  readonly maxBytes: number;
  /** How long a piece may take, counted only while the reader waits for it. */
  readonly idleMs: number;
  /** Bytes that were declared. */
  readonly length: number | undefined;
  /** Gives an error of the connection the form that the reader sees. */
  translate(error: Error): Error;
}

/**
 * The body, which fails with `too_large` or `import_failed`; destroying it closes the connection.
 */
export function boundedBody(answer: IncomingMessage, bounds: BodyBounds): Readable {
  const { maxBytes, idleMs, length } = bounds;
  let received = 0;
  let idle: NodeJS.Timeout | undefined;
  const wait = () => {
    clearTimeout(idle);
    idle = setTimeout(
      () => body.destroy(failed('The server of the "url" stopped sending.')),
      idleMs,
    );
  };
  const body = new Readable({
    read() {
      wait();
      answer.resume();
    },
    destroy(error, done) {
      clearTimeout(idle);
      answer.destroy();
      done(error);
    },
  });
  answer.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > maxBytes) {
      body.destroy(overLimit(maxBytes));
      return;
    }
    wait();
    if (body.push(chunk)) return;
    // A slow reader is not the server's fault.
    clearTimeout(idle);
    answer.pause();
  });
  answer.on('end', () => {
    clearTimeout(idle);
    if (length === undefined || received === length) body.push(null);
    else body.destroy(failed('The server of the "url" sent another length than it declared.'));
  });
  answer.on('error', (error) => body.destroy(bounds.translate(error)));
  // Listening for data set it flowing: nothing flows before somebody reads.
  answer.pause();
  // The error is seen by whoever reads; without a listener it would end the process before anyone
  // does.
  body.on('error', () => {});
  return body;
}

/** The body is longer than allowed: 413. */
export function overLimit(maxBytes: number): FileServiceError {
  return tooLarge(`The file at the "url" is larger than ${maxBytes} bytes.`, maxBytes);
}

/** The server or the way to it failed: 502. */
export function failed(sentence: string): FileServiceError {
  return new FileServiceError('import_failed', sentence);
}
