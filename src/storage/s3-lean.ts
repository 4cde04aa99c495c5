// The lean way to storage: one signed request over a keep-alive socket, its answer's headers as they came.
// It knows plain answers only; whatever else happens is `null`, and then the SDK makes the call its own way.
import { Readable } from 'node:stream';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { FileServiceError } from '../errors.js';
import type { Call, Connection, StorageSettings } from './s3-client.js';
import { resolvePlace } from './s3-place.js';
import type { Place } from './s3-place.js';
import { EMPTY_PAYLOAD, amzDate, encodeS3Key, signingIn } from './sigv4.js';
import type { Identity, Signing } from './sigv4.js';

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

/** Makes lean calls to one storage. */
export interface Lean {
  /**
   * The answer, or null when the SDK had better make the call. Throws the call's abort reason, and
   * `storage_unavailable` when storage was silent for as long as a caller may wait.
   */
  readonly ask: (request: LeanRequest, call: Call) => Promise<LeanAnswer | null>;
  /** Sockets in use, and requests that wait for one. */
  readonly busySockets: () => number;
  readonly waiting: () => number;
  readonly close: () => void;
}

// Shorter than the 5 s after which Node servers close an idle socket: see the SDK's agents.
const IDLE_SOCKET_MS = 4000;
// An error document is small; whatever is larger is not S3's.
const ERROR_BYTES = 64 * 1024;
const NO_BYTES = new Uint8Array(0);

/** Opens nothing before the first call. */
export function leanStorage(settings: StorageSettings, connection: Connection): Lean {
  let way: Way | null | undefined;
  let finding: Promise<Way | null> | undefined;
  const find = (): Promise<Way | null> =>
    (finding ??= resolvePlace(settings, settings.endpoint)
      .then((place) => (place === null ? null : wayTo(place, settings)))
      .catch(() => null)
      .then((found) => (way = found)));
  const clockOffset = (): number => connection.client('stream').config.systemClockOffset;

  return {
    async ask(request, call) {
      const known = way === undefined ? await find() : way;
      if (known === null) return null;
      call.signal.throwIfAborted();
      connection.breaker.admit();
      const identity = known.place.identity();
      const live = 'then' in identity ? await identity.catch(() => null) : identity;
      if (live === null) return null;
      call.onCall(request.operation);
      const date = amzDate(Date.now() + clockOffset());
      const answer = await exchange(known, request, signed(known, request, live, date), {
        call,
        settings,
        onTimeout: () => connection.breaker.failed(2),
      });
      if (answer !== null && answer.status < 500) connection.breaker.succeeded();
      return answer;
    },
    busySockets: () => {
      const stats = way?.pool.stats;
      return stats === undefined ? 0 : stats.running + stats.queued;
    },
    waiting: () => way?.pool.stats.queued ?? 0,
    close: () => {
      way?.pool.destroy().catch(() => {});
    },
  };
}

/** A resolved place with its sockets. */
interface Way {
  readonly place: Place;
  readonly pool: Pool;
  readonly signing: Signing;
}

function wayTo(place: Place, settings: StorageSettings): Way {
  const { connectMs, requestMs, idleMs } = settings.timeouts;
  const pool = new Pool(place.origin, {
    connections: settings.maxSockets,
    pipelining: 1,
    keepAliveTimeout: IDLE_SOCKET_MS,
    keepAliveMaxTimeout: IDLE_SOCKET_MS,
    connect: { timeout: connectMs },
    headersTimeout: requestMs,
    bodyTimeout: idleMs,
  });
  return { place, pool, signing: signingIn(place.scope) };
}

interface SignedRequest {
  readonly target: string;
  /** Names and values in turn, as undici takes them. */
  readonly headers: string[];
}

function signed(
  { place, signing }: Way,
  request: LeanRequest,
  identity: Identity,
  date: string,
): SignedRequest {
  const path = place.base + encodeS3Key(request.s3Key);
  const payload = request.payload ?? EMPTY_PAYLOAD;
  const own: (readonly [string, string])[] = [
    ...request.headers,
    ['host', place.host],
    ['x-amz-content-sha256', payload],
    ['x-amz-date', date],
  ];
  if (identity.sessionToken !== undefined)
    own.push(['x-amz-security-token', identity.sessionToken]);
  own.sort(byName);
  const { method, query } = request;
  const signable = { method, path, query, headers: own, payload };
  const headers = ['authorization', signing.authorize(identity, signable, date)];
  for (const [name, value] of own) headers.push(name, value);
  return { target: query === '' ? path : `${path}?${query}`, headers };
}

function byName([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}

interface Terms {
  readonly call: Call;
  readonly settings: StorageSettings;
  readonly onTimeout: () => void;
}

function exchange(
  { pool }: Way,
  request: LeanRequest,
  { target, headers }: SignedRequest,
  terms: Terms,
): Promise<LeanAnswer | null> {
  return new Promise((resolve, reject) => {
    const handler = answerHandler(request, terms, resolve, reject);
    pool.dispatch(
      { method: request.method, path: target, headers, body: request.body ?? null },
      handler,
    );
  });
}

// Longer than this a call does not wait for a socket to come free.
const QUEUE_MS = 5000;

function answerHandler(
  request: LeanRequest,
  { call, onTimeout }: Terms,
  resolve: (answer: LeanAnswer | null) => void,
  reject: (error: unknown) => void,
): Dispatcher.DispatchHandler {
  let controller: Dispatcher.DispatchController | undefined;
  let answer: Omit<LeanAnswer, 'body'> | undefined;
  let stream: Readable | undefined;
  let chunks: Buffer[] = [];
  let size = 0;
  let limit = request.whole;

  const onAbort = (): void => {
    settle(() => reject(call.signal.reason));
    controller?.abort(asError(call.signal.reason));
  };
  const settle = (how: () => void): void => {
    clearTimeout(queued);
    call.signal.removeEventListener('abort', onAbort);
    how();
  };
  const leaveIt = (): void => {
    settle(() => resolve(null));
    controller?.abort(new Error('not a plain answer'));
  };
  const queued = setTimeout(() => {
    settle(() => reject(silent()));
    controller?.abort(new Error('no socket came free'));
  }, QUEUE_MS);
  call.signal.addEventListener('abort', onAbort);

  return {
    onRequestStart(started) {
      controller = started;
      clearTimeout(queued);
      if (call.signal.aborted) started.abort(asError(call.signal.reason));
    },
    onResponseStart(started, status, headers) {
      answer = { status, headers };
      const length =
        request.method === 'HEAD' ? 0 : Number(headers['content-length'] ?? Number.NaN);
      if (status >= 300) limit = ERROR_BYTES;
      if (!(length > limit) && !(request.streamed && Number.isNaN(length))) return;
      if (!request.streamed || status >= 300 || Number.isNaN(length)) return leaveIt();
      stream = bodyStream(started);
      const { status: code, headers: fields } = answer;
      const body = stream;
      settle(() => resolve({ status: code, headers: fields, body }));
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
      settle(() => resolve(answer === undefined ? null : { ...answer, body }));
    },
    onResponseError(_, error) {
      if (stream !== undefined) return void stream.destroy(error);
      if (!isTimeout(error)) return leaveIt();
      onTimeout();
      settle(() => reject(silent(error)));
    },
  };
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
  const { code } = error as { code?: unknown };
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
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
