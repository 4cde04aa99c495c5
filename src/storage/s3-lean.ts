// The lean way to storage: one signed request over a keep-alive socket, its answer's headers as they came.
// It knows plain answers only; after whatever else the SDK makes the call its own way.
import Pool from 'undici/lib/dispatcher/pool.js';
import { connector } from './connector.js';
import { textOf } from './s3-attributes.js';
import type { Call, Connection, StorageSettings } from './s3-client.js';
import { exchange } from './s3-exchange.js';
import type { LeanAnswer, LeanRequest, NoAnswer, SignedRequest } from './s3-exchange.js';
import { resolvePlace } from './s3-place.js';
import type { Place } from './s3-place.js';
import { EMPTY_PAYLOAD, amzDate, encodeS3Key, signingIn } from './sigv4.js';
import type { Identity, Signing } from './sigv4.js';

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

  // undici keeps a socket after a HEAD only where storage says that it does, too; a new socket for each
  // would cost more than the SDK.
  let headKeepsSocket = true;

  return {
    async ask(request, call) {
      if (request.method === 'HEAD' && !headKeepsSocket) return 'unasked';
      const known = way === undefined ? await find() : way;
      if (known === null) return 'unasked';
      call.signal.throwIfAborted();
      connection.breaker.admit();
      const identity = known.place.identity();
      const live = 'then' in identity ? await identity.catch(() => null) : identity;
      if (live === null) return 'unasked';
      call.onCall(request.operation);
      const date = amzDate(Date.now() + clockOffset());
      const answer = await exchange(known.pool, request, signed(known, request, live, date), {
        call,
        settings,
        onOutage: () => connection.breaker.failed(2),
      });
      if (typeof answer === 'object') {
        judge(connection, answer.status);
        if (request.method === 'HEAD') headKeepsSocket = saysKeepAlive(answer);
      }
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

function saysKeepAlive({ headers }: LeanAnswer): boolean {
  return /^keep-alive$/i.test(textOf(headers, 'connection') ?? '');
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
