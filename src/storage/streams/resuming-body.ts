// A body of known length out of one or more answers of storage: cut or stalled midway, the rest is asked
// for again, so that the reader gets every byte once or an error. Knows streams, not S3.
import { Readable } from 'node:stream';
import { FileServiceError } from '../../core/errors.js';
import type { DigestCheck } from './digest-check.js';
import type { Flow, FlowReceiver } from './flow.js';
import { watchdog } from './watchdog.js';

/** Where a body's bytes come from. */
export interface ResumableSource {
  /** Bytes that the body has, neither more nor less. */
  readonly length: number;
  /** How long storage may give nothing to a reader that wants bytes, in milliseconds. */
  readonly idleMs: number;
  /** What the bytes must add up to; null when nothing is known of it. */
  readonly check: DigestCheck | null;
  /** Asks for the bytes from `offset` on. Its rejection ends the body, but `storage_unavailable` is tried again. */
  reopen(offset: number): Promise<Flow>;
  /** True while others wait for what this body holds of storage: it lets go when its reader is slow. */
  isContended(): boolean;
  /** Nobody waits any longer for what `reopen` was to bring. */
  release(): void;
}

// Losses in a row, with less than this between them, after which the body is given up.
const MOST_LOSSES = 4;
const PROGRESS_BYTES = 8 * 2 ** 20;
const PAUSE_MS = 50;
// One chunk as it comes off a socket and no more: hundreds of slow readers each hold this much.
const READ_AHEAD = 16 * 1024;
// A reader that takes nothing for so long can wait for another request to storage.
const PARK_MS = 250;

/**
 * The body that begins with the answer `first`. It is destroyed with `storage_unavailable` when storage
 * cannot be made to give the rest, and with `storage_failed` when what it gave does not add up. The last
 * bytes are held back until storage's answer has ended well, so that a reader who has counted them all
 * may trust them.
 */
export function resumingBody(first: Flow, resumable: ResumableSource): Readable {
  const { length, idleMs } = resumable;
  let received = 0;
  let losses = 0;
  let receivedAtLoss = 0;
  let complete = false;
  let last: Buffer | undefined;
  let source: Flow | undefined;
  let pause: NodeJS.Timeout | undefined;
  let parking: NodeJS.Timeout | undefined;
  let isParked = false;
  const dog = watchdog(idleMs, () => lose(new Error('storage gave no byte in time')));

  const body = new Readable({
    highWaterMark: READ_AHEAD,
    read() {
      clearTimeout(parking);
      if (isParked) {
        isParked = false;
        return reopen();
      }
      if (source === undefined) return;
      dog.wait();
      source.resume();
    },
    destroy(error, done) {
      close();
      done(error);
    },
  });

  const close = (): void => {
    dog.stop();
    clearTimeout(pause);
    clearTimeout(parking);
    detach();
    if (!complete) resumable.release();
  };

  const detach = (): void => {
    source?.destroy();
    source = undefined;
  };

  const take = (chunk: Buffer): void => {
    received += chunk.length;
    if (received > length) return void body.destroy(inexact());
    resumable.check?.update(chunk);
    if (received === length) {
      last = chunk;
      dog.wait();
      return;
    }
    if (body.push(chunk)) return dog.wait();
    dog.rest();
    source?.pause();
    clearTimeout(parking);
    parking = setTimeout(park, PARK_MS);
  };

  // The reader takes its time: whoever waits for a socket shall have this one meanwhile.
  const park = (): void => {
    if (source === undefined) return;
    if (!resumable.isContended()) return void (parking = setTimeout(park, PARK_MS));
    isParked = true;
    detach();
  };

  const finish = (): void => {
    if (received < length) return lose(new Error('storage ended its answer too early'));
    if (resumable.check?.matches() === false) return void body.destroy(inexact());
    complete = true;
    detach();
    dog.stop();
    if (last !== undefined) body.push(last);
    body.push(null);
  };

  const lose = (cause: unknown): void => {
    detach();
    dog.rest();
    // Every byte came and the answer is still bad: a checksum did not match.
    if (received === length && length > 0) return void body.destroy(inexact(cause));
    losses = received - receivedAtLoss >= PROGRESS_BYTES ? 1 : losses + 1;
    receivedAtLoss = received;
    if (losses > MOST_LOSSES) return void body.destroy(gone(cause));
    pause = setTimeout(reopen, PAUSE_MS * losses);
  };

  const reopen = (): void => {
    resumable.reopen(received).then(attach, (error: unknown) => {
      if (body.destroyed) return;
      const again = error instanceof FileServiceError && error.reason === 'storage_unavailable';
      if (again) return lose(error);
      // Anything but our own error is why the whole request was aborted.
      body.destroy(error instanceof FileServiceError ? gone(error) : (error as Error));
    });
  };

  const receiver: FlowReceiver = { data: take, end: finish, fail: lose };

  const attach = (next: Flow): void => {
    if (body.destroyed) return next.destroy();
    source = next;
    dog.wait();
    next.start(receiver);
  };

  // An error between this moment and the first listener of the reader must not end the process.
  body.on('error', () => {});
  attach(first);
  return body;
}

function gone(cause: unknown): FileServiceError {
  return new FileServiceError('storage_unavailable', 'Storage broke off in the middle of a file.', {
    cause,
    headers: { 'Retry-After': '5' },
  });
}

/** `storage_failed`: the bytes are not those that were announced. */
export function inexact(cause?: unknown): FileServiceError {
  return new FileServiceError('storage_failed', 'Storage gave other bytes than it announced.', {
    cause,
  });
}
