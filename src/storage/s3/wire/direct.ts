// The lean way to storage: one signed request over a keep-alive socket, its answer's headers as they came.
// It knows plain answers only; after whatever else the SDK makes the call its own way.
import { Readable } from 'node:stream';
import type { Call, Connection, StorageSettings } from '../call.js';
import { exchange } from './exchange.js';
import type { LeanAnswer, LeanRequest, NoAnswer } from './exchange.js';
import { resolvePlace } from './endpoint.js';
import type { Place } from './endpoint.js';
import { EMPTY_PAYLOAD, amzDate, encodeS3Key, signableHeaders, signingIn } from './sigv4.js';
import type { Identity, Signing } from './sigv4.js';
import { wirePool } from './socket-pool.js';
import type { WirePool } from './socket-pool.js';

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
  readonly close: (reason: Error) => void;
}

// Shorter than the 5 s after which Node servers close an idle socket: see the SDK's agents.
const IDLE_SOCKET_MS = 4000;

const MISTRUST_MS = 60_000;
// Statuses that say something of the object or the moment, and nothing of how it was asked.
const ANSWERS: ReadonlySet<number> = new Set([304, 404, 409, 412, 416, 429]);
// Signatures hold for a quarter of an hour; the SDK corrects its clock from five minutes on, too.
const SKEW_MS = 5 * 60_000;

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
  // What was learnt of storage's clock from refusals: by this way, or by the SDK.
  let ownOffset = 0;
  const clockOffset = (): number =>
    ownOffset ||
    connection.client('meta').config.systemClockOffset ||
    connection.client('stream').config.systemClockOffset;

  // A stream that was refused cannot be sent again by the SDK, which may know better: the next ones are its own.
  let streamsFrom = 0;
  const learn = ({ status, headers }: LeanAnswer, isOnce: boolean): void => {
    if (status < 300 || status >= 500) return;
    const offset = Date.parse(headers['date'] ?? '') - Date.now();
    if (status === 403 && Math.abs(offset - clockOffset()) > SKEW_MS) ownOffset = offset;
    else if (isOnce && !ANSWERS.has(status)) streamsFrom = performance.now() + MISTRUST_MS;
  };
  const onOutage = (): void => connection.breaker.failed(2);

  return {
    async ask(request, call) {
      const known = way === undefined ? await find() : way;
      if (known === null) return 'unasked';
      const isOnce = request.body?.bytes instanceof Readable;
      if (isOnce && performance.now() < streamsFrom) return 'unasked';
      if (call.signal.aborted) throw call.signal.reason;
      connection.breaker.admit();
      const identity = known.place.identity();
      const live = 'then' in identity ? await identity.catch(() => null) : identity;
      if (live === null) return 'unasked';
      const head = signedHead(known, request, live, amzDate(Date.now() + clockOffset()));
      if (head === null) return 'unasked';
      call.onCall(request.operation);
      const answer = await exchange(known.pool, request, head, { call, settings, onOutage });
      if (typeof answer === 'object') {
        judge(connection, answer.status);
        learn(answer, isOnce);
      }
      return answer;
    },
    busySockets: () => (way?.pool.busy() ?? 0) + (way?.pool.waiting() ?? 0),
    waiting: () => way?.pool.waiting() ?? 0,
    close: (reason) => way?.pool.close(reason),
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
  readonly pool: WirePool;
  readonly signing: Signing;
}

function wayTo(place: Place, { maxSockets, timeouts }: StorageSettings): Way {
  const { connectMs } = timeouts;
  const pool = wirePool(place.origin, { maxSockets, connectMs, idleMs: IDLE_SOCKET_MS });
  return { place, pool, signing: signingIn(place.scope) };
}

// What is signed has to be what arrives. Signatures trim values and collapse their spaces; stores differ in
// what they make of characters beyond ASCII.
const PLAIN_VALUE = /^(?:[\x21-\x7e]+(?: [\x21-\x7e]+)*)?$/;

/** Request line and headers, signed; null when a header cannot be sent as it is. */
function signedHead(
  { place, signing }: Way,
  request: LeanRequest,
  identity: Identity,
  date: string,
): string | null {
  const { method, query, body } = request;
  const path = place.base + encodeS3Key(request.s3Key);
  const payload = body?.payload ?? EMPTY_PAYLOAD;
  const headers: (readonly [string, string])[] = [
    ['host', place.host],
    ...request.headers,
    ['x-amz-content-sha256', payload],
    ['x-amz-date', date],
  ];
  if (identity.sessionToken !== undefined)
    headers.push(['x-amz-security-token', identity.sessionToken]);
  // What every request has is in order already.
  if (request.headers.length > 0) headers.sort(byName);
  const signable = { method, path, query, headers: signableHeaders(headers), payload };
  const authorization = signing.authorize(identity, signable, date);
  let head = `${method} ${path}${query === '' ? '' : '?'}${query} HTTP/1.1\r\nauthorization: ${authorization}\r\n`;
  for (const [name, value] of headers) {
    if (!PLAIN_VALUE.test(value)) return null;
    head += `${name}: ${value}\r\n`;
  }
  return body === undefined ? `${head}\r\n` : `${head}content-length: ${body.length}\r\n\r\n`;
}

function byName([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}
