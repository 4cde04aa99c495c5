// A body of known length out of one or more answers of storage: cut or stalled midway, the rest is asked
// for again, so that the reader gets every byte once or an error. Knows streams, not S3.
import { Readable } from 'node:stream';
import { FileServiceError, isFileServiceError } from '../../core/errors.js';
import type { DigestCheck } from './digest-check.js';
import type { Flow, FlowReceiver } from './flow.js';
import { parking, type Parking } from './parking.js';
import { watchdog, type Watchdog } from './watchdog.js';

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
  /** True while others wait for a socket to storage: a body whose reader is slow gives up its own. */
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

/**
 * The body that begins with the answer `first`. It is destroyed with `storage_unavailable` when storage
 * cannot be made to give the rest, and with `storage_failed` when what it gave does not add up. The last
 * bytes are held back until storage's answer has ended well, so that a reader who has counted them all
 * may trust them.
 */
export function resumingBody(first: Flow, resumable: ResumableSource): Readable {
  const body = new ResumingBody(resumable);
  // An error between this moment and the first listener of the reader must not end the process.
  body.on('error', () => {});
  body.attach(first);
  return body;
}

class ResumingBody extends Readable implements FlowReceiver {
  readonly #source: ResumableSource;
  readonly #stall: Watchdog;
  readonly #parking: Parking;
  readonly #losses = lossCounter();
  /** The answer of storage that is being read; undefined between two, and while parked. */
  #answer: Flow | undefined;
  #received = 0;
  #isComplete = false;
  #last: Buffer | undefined;
  #pause: NodeJS.Timeout | undefined;

  constructor(source: ResumableSource) {
    super({ highWaterMark: READ_AHEAD });
    this.#source = source;
    this.#stall = watchdog(source.idleMs, () =>
      this.fail(new Error('storage gave no byte in time')),
    );
    this.#parking = parking({
      isContended: () => this.#answer !== undefined && source.isContended(),
      letGo: () => this.#detach(),
    });
  }

  attach(answer: Flow): void {
    if (this.destroyed) return answer.destroy();
    this.#answer = answer;
    this.#stall.wait();
    answer.start(this);
  }

  override _read(): void {
    if (this.#parking.end()) return this.#reopen();
    if (this.#answer === undefined) return;
    this.#stall.wait();
    this.#answer.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stall.stop();
    clearTimeout(this.#pause);
    this.#parking.end();
    this.#detach();
    if (!this.#isComplete) this.#source.release();
    done(error);
  }

  data(chunk: Buffer): void {
    const { length, check } = this.#source;
    this.#received += chunk.length;
    if (this.#received > length) return void this.destroy(inexact());
    check?.update(chunk);
    if (this.#received === length) {
      this.#last = chunk;
      return this.#stall.wait();
    }
    if (this.push(chunk)) return this.#stall.wait();
    this.#stall.rest();
    this.#answer?.pause();
    this.#parking.begin();
  }

  end(): void {
    const { length, check } = this.#source;
    if (this.#received < length) return this.fail(new Error('storage ended its answer too early'));
    if (check?.matches() === false) return void this.destroy(inexact());
    this.#isComplete = true;
    this.#detach();
    this.#stall.stop();
    const last = this.#last;
    // A body that is over may lie among the old objects until the next full collection, and with it what it holds.
    this.#last = undefined;
    if (last !== undefined) this.push(last);
    this.push(null);
  }

  /** The answer was lost: the rest is asked for after a pause, unless too many were. */
  fail(cause: unknown): void {
    const { length } = this.#source;
    this.#detach();
    this.#stall.rest();
    // Every byte came and the answer is still bad: a checksum did not match.
    if (this.#received === length && length > 0) return void this.destroy(inexact(cause));
    const pauseMs = this.#losses.pauseAfterLoss(this.#received);
    if (pauseMs === undefined) return void this.destroy(brokenOff(cause));
    this.#pause = setTimeout(() => this.#reopen(), pauseMs);
  }

  #detach(): void {
    this.#answer?.destroy();
    this.#answer = undefined;
  }

  #reopen(): void {
    this.#source.reopen(this.#received).then(
      (answer) => this.attach(answer),
      (error: unknown) => this.#reopenFailed(error),
    );
  }

  #reopenFailed(error: unknown): void {
    if (this.destroyed) return;
    // Anything but our own error is why the whole request was aborted.
    if (!isFileServiceError(error)) return void this.destroy(error as Error);
    if (error.reason === 'storage_unavailable') return this.fail(error);
    this.destroy(brokenOff(error));
  }
}

interface LossCounter {
  /** Milliseconds to wait before the rest is asked for; undefined when the body is given up. */
  pauseAfterLoss(received: number): number | undefined;
}

function lossCounter(): LossCounter {
  let losses = 0;
  let receivedAtLoss = 0;
  return {
    pauseAfterLoss(received) {
      losses = received - receivedAtLoss >= PROGRESS_BYTES ? 1 : losses + 1;
      receivedAtLoss = received;
      return losses > MOST_LOSSES ? undefined : PAUSE_MS * losses;
    },
  };
}

/** `storage_unavailable`: the rest of a file does not come. */
export function brokenOff(cause: unknown): FileServiceError {
  return new FileServiceError('storage_unavailable', 'Storage broke off in the middle of a file.', {
    cause,
  });
}

/** `storage_failed`: the bytes are not those that were announced. */
export function inexact(cause?: unknown): FileServiceError {
  return new FileServiceError('storage_failed', 'Storage gave other bytes than it announced.', {
    cause,
  });
}
