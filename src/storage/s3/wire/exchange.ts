// One exchange with storage over a pool of sockets: small answers come whole, large ones as they flow.
// Knows HTTP; what the answers mean is its callers' business.
import { Readable } from 'node:stream';
import { FileServiceError } from '../../../core/errors.js';
import { answerFlow, type AnswerFlow } from './answer-flow.js';
import type { Flow } from '../../streams/flow.js';
import type { Call, StorageSettings } from '../settings.js';
import { isFileServiceError } from '../../../core/errors.js';
import type { Claimant, WirePool } from './socket-pool.js';
import type { Head, WireHeaders } from './response-head.js';
import type { Outgoing, Receiver, Wire } from './socket.js';

/** One call. */
export interface LeanRequest {
  /** AWS's name of it, for counts. */
  readonly operation: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** The whole key; `''` is the bucket itself. */
  readonly s3Key: string;
  /** Canonical: sorted and percent-encoded. */
  readonly query: string;
  /** Lower-case names with values; all of them are signed. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: LeanBody;
  /** Answers up to this many bytes come whole; longer ones as they flow, or not at all without `streamed`. */
  readonly whole: number;
  readonly streamed: boolean;
}

/** What a call sends. */
export interface LeanBody {
  /** A stream is watched by its owner, who aborts the call when it stands still: no deadline is set for it. */
  readonly bytes: Uint8Array | Readable;
  readonly length: number;
  /** SHA-256 in hexadecimal, or `UNSIGNED-PAYLOAD`. */
  readonly payload: string;
}

/** A plain answer. */
export interface LeanAnswer {
  readonly status: number;
  readonly headers: WireHeaders;
  readonly body: Uint8Array | Flow;
}

/** Why there is no plain answer. */
export type NoAnswer = 'unasked' | 'failed';

/** On what terms. */
export interface Terms {
  readonly call: Call;
  readonly settings: StorageSettings;
  /** Storage did not answer. */
  readonly onOutage: () => void;
}

/**
 * Sends one request. Throws the call's abort reason, and `storage_unavailable` when nothing comes; for a
 * body that is a stream, which can be sent once only, whatever broke the connection.
 */
export function exchange(
  pool: WirePool,
  request: LeanRequest,
  head: string,
  terms: Terms,
): Promise<LeanAnswer | NoAnswer> {
  return new Promise((resolve, reject) => {
    new Exchange(pool, request, head, terms, { resolve, reject }).begin();
  });
}

interface Settling {
  readonly resolve: (answer: LeanAnswer | NoAnswer) => void;
  readonly reject: (error: unknown) => void;
}

// An error document is small; whatever is larger is not S3's.
const ERROR_BYTES = 64 * 1024;
const NO_BYTES = Buffer.alloc(0);
// Longer than this a call does not wait for a socket to come free.
const QUEUE_MS = 5000;

// A class, because one is made for every request: its functions are shared.
class Exchange implements Claimant, Receiver {
  readonly #pool: WirePool;
  readonly #request: LeanRequest;
  readonly #message: Outgoing;
  readonly #terms: Terms;
  readonly #settling: Settling;
  readonly #onAbort = (): void => this.#abort();
  #wire: Wire | undefined;
  #timer: NodeJS.Timeout | undefined;
  #answer: Head | undefined;
  #limit: number;
  /** Filled as the bytes come, where the answer says how many they are; else put together of pieces. */
  #body = NO_BYTES;
  #pieces: Buffer[] | undefined;
  #size = 0;
  #flow: AnswerFlow | undefined;

  constructor(
    pool: WirePool,
    request: LeanRequest,
    head: string,
    terms: Terms,
    settling: Settling,
  ) {
    this.#pool = pool;
    this.#request = request;
    this.#message = { method: request.method, head, body: request.body?.bytes ?? null };
    this.#terms = terms;
    this.#settling = settling;
    this.#limit = request.whole;
  }

  begin(): void {
    const { call, settings } = this.#terms;
    const { requestMs } = settings.timeouts;
    if (call.signal.aborted) return this.#settling.reject(call.signal.reason);
    call.signal.addEventListener('abort', this.#onAbort);
    this.#pool.claim(this);
    // A stream waits for its turn as long as its owner lets it.
    if (this.#wire !== undefined || this.#isOnce()) return;
    this.#timer = setTimeout(noSocket, Math.min(QUEUE_MS, requestMs * 0.9), this);
  }

  start(wire: Wire): void {
    clearTimeout(this.#timer);
    this.#wire = wire;
    wire.send(this.#message, this);
    const { requestMs } = this.#terms.settings.timeouts;
    if (!this.#isOnce()) this.#timer = setTimeout(noAnswer, requestMs, this);
  }

  head(answer: Head): boolean {
    const { whole, streamed } = this.#request;
    const { status, headers, length } = answer;
    this.#answer = answer;
    const isPlain = status < 300;
    this.#limit = isPlain ? whole : ERROR_BYTES;
    const isWhole = length === 'chunked' ? !(isPlain && streamed) : length <= this.#limit;
    if (!isWhole) {
      // How long it is has to be known before it is promised to anybody.
      if (!isPlain || !streamed || length === 'chunked') this.#leave();
      else if (this.#wire !== undefined) {
        clearTimeout(this.#timer);
        this.#flow = answerFlow(this.#wire, () => this.#close());
        this.#settling.resolve({ status, headers, body: this.#flow });
      }
      return true;
    }
    if (length === 'chunked') this.#pieces = [];
    else if (length > 0) this.#body = Buffer.allocUnsafe(length);
    return false;
  }

  data(bytes: Buffer): void {
    if (this.#flow !== undefined) return this.#flow.data(bytes);
    const from = this.#size;
    this.#size += bytes.length;
    if (this.#size > this.#limit) this.#leave();
    // The bytes are lent.
    else if (this.#pieces === undefined) bytes.copy(this.#body, from);
    else this.#pieces.push(Buffer.from(bytes));
  }

  end(): void {
    this.#settle();
    if (this.#flow !== undefined) return this.#flow.end();
    if (this.#answer === undefined) return this.#settling.resolve('failed');
    const { status, headers } = this.#answer;
    const body = this.#pieces === undefined ? this.#body : Buffer.concat(this.#pieces, this.#size);
    this.#settling.resolve({ status, headers, body });
  }

  fail(error: Error): void {
    this.#settle();
    if (this.#flow !== undefined) return this.#flow.fail(error);
    // The service is closing.
    if (error instanceof FileServiceError) return this.#settling.reject(error);
    this.#terms.onOutage();
    if (this.#isOnce()) this.#settling.reject(error);
    // Asking the SDK after a full time-out would make the caller wait twice.
    else if (isTimeout(error)) this.#settling.reject(silent(error));
    else this.#settling.resolve('failed');
  }

  /** No socket came free, or storage has not answered in time. */
  expire(cause: Error): void {
    if (this.#wire !== undefined) this.#terms.onOutage();
    this.#close();
    this.#settling.reject(silent(cause));
  }

  #abort(): void {
    const { reason } = this.#terms.call.signal;
    if (this.#wire !== undefined && isFileServiceError(reason)) this.#terms.onOutage();
    this.#close();
    if (this.#flow === undefined) this.#settling.reject(reason);
    else this.#flow.fail(asError(reason));
  }

  // Not a plain answer: the SDK asks again, unless what was sent is gone.
  #leave(): void {
    this.#close();
    if (this.#isOnce()) this.#settling.reject(unlikeS3());
    else this.#settling.resolve('failed');
  }

  #isOnce(): boolean {
    return this.#message.body instanceof Readable;
  }

  #close(): void {
    this.#settle();
    this.#wire?.close();
  }

  #settle(): void {
    clearTimeout(this.#timer);
    if (this.#wire === undefined) this.#pool.withdraw(this);
    this.#terms.call.signal.removeEventListener('abort', this.#onAbort);
  }
}

function noSocket(exchange: Exchange): void {
  exchange.expire(new Error('no socket came free'));
}

function noAnswer(exchange: Exchange): void {
  exchange.expire(new Error('storage did not answer in time'));
}

function isTimeout(error: Error): boolean {
  return (error as { code?: unknown }).code === 'ETIMEDOUT';
}

function silent(cause?: unknown): FileServiceError {
  return new FileServiceError('storage_unavailable', 'Storage did not answer in time.', {
    cause,
    headers: { 'Retry-After': '5' },
  });
}

function unlikeS3(): Error {
  return Object.assign(new Error('storage did not answer as S3 does'), { code: 'EPROTO' });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
