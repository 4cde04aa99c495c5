// The lean way to storage: one signed request over a keep-alive socket, its answer's headers as they came.
// It knows plain answers only; after whatever else the SDK makes the call its own way.
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import Pool from 'undici/lib/dispatcher/pool.js';
import { connector } from './connector.js';
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

/** Why there is no plain answer. */
export type NoAnswer = 'unasked' | 'failed';

/** Makes lean calls to one storage. */
export interface Lean {
  /**
   * The answer; `unasked` when this way is closed, `failed` when it was tried and the SDK had better
   * try again. Throws the call's abort reason, and `storage_unavailable` when storage was silent for as
   * long as a caller may wait.
   */
  readonly ask: (request: LeanRequest, call: Call) => Promise<LeanAnswer | NoAnswer>;
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
    (finding ??= resolvePlace(settings, settings.endpoint).then(
      (place) => (way = place === null ? null : wayTo(place, settings)),
      () => {
        // No credentials at the moment: the SDK says so in its own way, and the next call looks again.
        finding = undefined;
        return null;
      },
    ));
  // What the SDK has learnt of storage's clock from refusals that it corrected.
  const clockOffset = (): number =>
    connection.client('meta').config.systemClockOffset ||
    connection.client('stream').config.systemClockOffset;

  return {
    async ask(request, call) {
      const known = way === undefined ? await find() : way;
      if (known === null) return 'unasked';
      call.signal.throwIfAborted();
      connection.breaker.admit();
      const identity = known.place.identity();
      const live = 'then' in identity ? await identity.catch(() => null) : identity;
      if (live === null) return 'unasked';
      call.onCall(request.operation);
      const date = amzDate(Date.now() + clockOffset());
      const answer = await exchange(known, request, signed(known, request, live, date), {
        call,
        settings,
        onOutage: () => connection.breaker.failed(2),
      });
      if (typeof answer === 'object') judge(connection, answer.status);
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

function judge({ breaker, budget }: Connection, status: number): void {
  if (status >= 500 || status === 429) return breaker.failed(1);
  breaker.succeeded();
  budget.earn();
}

/** A resolved place with its sockets. */
interface Way {
  readonly place: Place;
  readonly pool: InstanceType<typeof Pool>;
  readonly signing: Signing;
}

function wayTo(place: Place, settings: StorageSettings): Way {
  const pool = new Pool(place.origin, {
    connections: settings.maxSockets,
    pipelining: 1,
    keepAliveTimeout: IDLE_SOCKET_MS,
    keepAliveMaxTimeout: IDLE_SOCKET_MS,
    connect: connector(settings.timeouts.connectMs),
    // Its own clock ticks once a second; ours is exact.
    headersTimeout: 0,
    bodyTimeout: 0,
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
  /** Storage did not answer. */
  readonly onOutage: () => void;
}

function exchange(
  { pool }: Way,
  request: LeanRequest,
  { target, headers }: SignedRequest,
  terms: Terms,
): Promise<LeanAnswer | NoAnswer> {
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
      const length =
        request.method === 'HEAD' ? 0 : Number(headers['content-length'] ?? Number.NaN);
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
