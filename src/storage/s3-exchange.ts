// One exchange with storage over a pool of sockets: small answers come whole, large ones as a stream.
// Knows HTTP; what the answers mean is its callers' business.
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { FileServiceError } from '../errors.js';
import type { Call, StorageSettings } from './s3-client.js';

/** One call. */
export interface LeanRequest {
  /** AWS's name of it, for counts. */
  readonly operation: string;
  readonly method: 'GET' | 'HEAD' | 'PUT';
  /** The whole key; `''` is the bucket itself. */
  readonly s3Key: string;
  /** Canonical: sorted and percent-encoded. */
  readonly query: string;
  /** Lower-case names with values; all of them are signed. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  /** SHA-256 of the body. @default that of no bytes */
  readonly payload?: string;
  /** Answers up to this many bytes come whole; longer ones as a stream, or not at all without it. */
  readonly whole: number;
  readonly streamed: boolean;
}

/** Response headers by their lower-case names. */
export type LeanHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** A plain answer. */
export interface LeanAnswer {
  readonly status: number;
  readonly headers: LeanHeaders;
  readonly body: Uint8Array | Readable;
}

/** Why there is no plain answer. */
export type NoAnswer = 'unasked' | 'failed';

/** A request as it goes over the wire. */
export interface SignedRequest {
  readonly target: string;
  /** Names and values in turn, as undici takes them. */
  readonly headers: string[];
}

// An error document is small; whatever is larger is not S3's.
const ERROR_BYTES = 64 * 1024;
const NO_BYTES = new Uint8Array(0);

/** On what terms. */
export interface Terms {
  readonly call: Call;
  readonly settings: StorageSettings;
  /** Storage did not answer. */
  readonly onOutage: () => void;
}

/** Sends one signed request. Throws the call's abort reason, and `storage_unavailable` when nothing comes. */
export function exchange(
  pool: Dispatcher,
  request: LeanRequest,
  { target, headers }: SignedRequest,
  terms: Terms,
): Promise<LeanAnswer | NoAnswer> {
  return new Promise((resolve, reject) => {
    const handler = answerHandler(request, terms, resolve, reject);
    pool.dispatch(
      // undici closes a socket after every HEAD, for servers that send a body; storage sends none.
      { method: request.method, path: target, headers, body: request.body ?? null, reset: false },
      handler,
    );
  });
}

// Longer than this a call does not wait for a socket to come free.
const QUEUE_MS = 5000;

function answerHandler(
  request: LeanRequest,
  { call, settings, onOutage }: Terms,
  resolve: (answer: LeanAnswer | NoAnswer) => void,
  reject: (error: unknown) => void,
): Dispatcher.DispatchHandler {
  let controller: Dispatcher.DispatchController | undefined;
  let answer: Omit<LeanAnswer, 'body'> | undefined;
  let stream: Readable | undefined;
  let chunks: Buffer[] = [];
  let size = 0;
  let limit = request.whole;

  const onAbort = (): void => {
    clearTimeout(timer);
    reject(call.signal.reason);
    controller?.abort(asError(call.signal.reason));
  };
  const settle = (): void => {
    clearTimeout(timer);
    call.signal.removeEventListener('abort', onAbort);
  };
  const leaveIt = (): void => {
    settle();
    resolve('failed');
    controller?.abort(new Error('not a plain answer'));
  };
  const giveUp = (cause: Error): void => {
    settle();
    reject(silent(cause));
    controller?.abort(cause);
  };
  const queueMs = Math.min(QUEUE_MS, settings.timeouts.requestMs * 0.9);
  let timer = setTimeout(() => giveUp(new Error('no socket came free')), queueMs);
  call.signal.addEventListener('abort', onAbort);

  return {
    onRequestStart(started) {
      controller = started;
      clearTimeout(timer);
      if (call.signal.aborted) return started.abort(asError(call.signal.reason));
      timer = setTimeout(() => {
        onOutage();
        giveUp(new Error('storage did not answer in time'));
      }, settings.timeouts.requestMs);
    },
    onResponseStart(started, status, headers) {
      answer = { status, headers };
      if (status >= 300) limit = ERROR_BYTES;
      const length = isBodiless(request.method, status)
        ? 0
        : Number(headers['content-length'] ?? Number.NaN);
      const isWhole = length <= limit || (Number.isNaN(length) && !request.streamed);
      if (isWhole) return;
      if (!request.streamed || status >= 300 || Number.isNaN(length)) return leaveIt();
      clearTimeout(timer);
      stream = bodyStream(started).on('close', settle);
      resolve({ status, headers, body: stream });
    },
    onResponseData(started, chunk) {
      if (stream !== undefined) {
        if (!stream.push(chunk)) started.pause();
        return;
      }
      size += chunk.length;
      if (size > limit) return leaveIt();
      chunks.push(chunk);
    },
    onResponseEnd() {
      if (stream !== undefined) return void stream.push(null);
      const [only] = chunks;
      const body = chunks.length > 1 ? Buffer.concat(chunks, size) : (only ?? NO_BYTES);
      chunks = [];
      settle();
      resolve(answer === undefined ? 'failed' : { ...answer, body });
    },
    onResponseError(_, error) {
      if (stream !== undefined) return void stream.destroy(error);
      if (!call.signal.aborted && controller?.aborted !== true) onOutage();
      if (isTimeout(error)) giveUp(error);
      else leaveIt();
    },
  };
}

// RFC 9110 section 6.4.1: these have no content, whatever their headers say.
function isBodiless(method: LeanRequest['method'], status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

function bodyStream(controller: Dispatcher.DispatchController): Readable {
  return new Readable({
    highWaterMark: 65_536,
    read: () => {
      controller.resume();
    },
    destroy: (error, done) => {
      if (!controller.aborted) controller.abort(error ?? new Error('the reader has gone'));
      done(error);
    },
  });
}

// Asking the SDK after a full time-out would make the caller wait twice.
function isTimeout(error: Error): boolean {
  return (error as { code?: unknown }).code === 'ETIMEDOUT';
}

function silent(cause?: unknown): FileServiceError {
  return new FileServiceError('storage_unavailable', 'Storage did not answer in time.', {
    cause,
    headers: { 'Retry-After': '5' },
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
