// Carries requests over undici: as many sockets as allowed, kept for a while, given to those who wait in the order
// they came. The pool is ours, so that whoever waits can be counted, and can stop waiting.
import { environmentProxy } from './environment-proxy.js';
import { connectorTo, proxyAuthorization } from './connect.js';
import type { Transport } from './transport.js';
import { trustOf } from './trust.js';
import { loadClients, type HttpClient } from './undici-client.js';
import { Exchange, mendParser, type ClientSource } from './undici-exchange.js';

/** How sockets are opened and kept. Times in milliseconds. */
export interface TransportOptions {
  readonly maxSockets: number;
  readonly timeouts: {
    /** How long a connection may take to be there, proxy and TLS handshake included; then it fails with `ETIMEDOUT`. */
    readonly connectMs: number;
  };
  /**
   * How long a socket is kept without a request where its server does not announce another time.
   * @default 4000, and 30,000 over TLS
   */
  readonly idleMs?: number;
  /** Authorities that storage's certificate may be signed by, in PEM, beside those that Node trusts. */
  readonly ca?: readonly string[] | undefined;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are looked up. @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

// Shorter than the 5 s after which old Node servers close an idle socket (new ones announce it): a socket that is
// used just as the other side closes it fails a request that cannot be repeated.
const IDLE_MS = 4000;
// A handshake costs more than a request, and no large store closes sooner.
const SECURE_IDLE_MS = 30_000;

/** A transport to `http://host:port` or `https://host:port`. Loads undici, and opens no socket before the first request. */
export async function openTransport(origin: string, options: TransportOptions): Promise<Transport> {
  const url = new URL(origin);
  const isSecure = url.protocol === 'https:';
  const proxy = environmentProxy(url, options.environment ?? process.env);
  const { connectMs } = options.timeouts;
  const connector = connectorTo(url, { proxy, connectMs, trust: trustOf(options.ca) });
  const idleMs = options.idleMs ?? (isSecure ? SECURE_IDLE_MS : IDLE_MS);
  // RFC 9112 section 3.2.2: a proxy that relays requests is told the whole URL; one that relays bytes is not.
  const relay = isSecure ? undefined : proxy;
  const makeClient = await loadClients();
  const { maxSockets } = options;
  return pool(maxSockets, {
    make: (onGone) =>
      makeClient({
        origin: (relay ?? url).origin,
        connector,
        idleMs,
        onGone,
        onSocket: mendParser,
      }),
    targetPrefix: relay === undefined ? '' : url.origin,
    routeHeaders: relay === undefined ? [] : Object.entries(proxyAuthorization(relay)).flat(),
  });
}

interface Route extends Pick<ClientSource, 'targetPrefix' | 'routeHeaders'> {
  readonly make: (onGone: () => void) => HttpClient;
}

/** Uploads that are streamed may take long: so many sockets are kept for what is answered at once. */
function reserveOf(maxSockets: number): number {
  return Math.min(maxSockets - 1, Math.ceil(maxSockets / 4));
}

function pool(maxSockets: number, route: Route): Transport {
  const sockets = socketPool(maxSockets, route);
  let closed: Error | undefined;
  return {
    send(request, signal) {
      if (closed !== undefined) return Promise.reject(closed);
      // The signal's reason, whatever it is.
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      return new Promise((resolve, reject) => {
        new Exchange(request, signal, sockets, { resolve, reject }).begin();
      });
    },
    busySockets: sockets.busy,
    waiting: sockets.waiting,
    close(reason) {
      closed = reason;
      sockets.close(reason);
    },
  };
}

interface SocketPool extends ClientSource {
  readonly busy: () => number;
  readonly waiting: () => number;
  readonly close: (reason: Error) => void;
}

function socketPool(maxSockets: number, { make, ...route }: Route): SocketPool {
  const clients = new Set<HttpClient>();
  const idle: HttpClient[] = [];
  const queue: Exchange[] = [];
  const mostStreams = maxSockets - reserveOf(maxSockets);
  let streams = 0;

  const open = (): HttpClient => {
    const client = make(() => {
      const at = idle.indexOf(client);
      if (at === -1) return;
      idle.splice(at, 1);
      clients.delete(client);
    });
    clients.add(client);
    return client;
  };
  const mayStart = ({ isStreamed }: Exchange): boolean =>
    (idle.length > 0 || clients.size < maxSockets) && (!isStreamed || streams < mostStreams);
  const start = (exchange: Exchange): void => {
    if (exchange.isStreamed) streams += 1;
    // The one used last: the others may grow old and go.
    exchange.start(idle.pop() ?? open());
  };

  return {
    ...route,
    claim(exchange) {
      if (mayStart(exchange)) start(exchange);
      else queue.push(exchange);
    },
    withdraw(exchange) {
      const at = queue.indexOf(exchange);
      if (at !== -1) queue.splice(at, 1);
    },
    release(client, isReusable) {
      if (client.carried?.isStreamed === true) streams -= 1;
      client.carried = undefined;
      if (isReusable) idle.push(client);
      else {
        clients.delete(client);
        client.destroy();
      }
      const at = queue.findIndex(mayStart);
      const [next] = at === -1 ? [] : queue.splice(at, 1);
      if (next !== undefined) start(next);
    },
    busy: () => clients.size - idle.length,
    waiting: () => queue.length,
    close(reason) {
      for (const exchange of queue.splice(0)) exchange.cancel(reason);
      for (const client of clients)
        if (client.carried === undefined) client.destroy();
        else client.carried.cancel(reason);
      clients.clear();
      idle.length = 0;
    },
  };
}
