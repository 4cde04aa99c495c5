// undici's client for one socket, as this house uses it.
import type { Client } from 'undici';
import type { Socket } from 'node:net';
import type { Connector, Opening } from './connect.js';

/** How a client is made. */
export interface ClientOptions {
  /** Where requests go: the origin, or a proxy that takes whole URLs. */
  readonly origin: string;
  readonly connector: Connector;
  /** How long a socket is kept without a request, in milliseconds, where its server does not say. */
  readonly idleMs: number;
  /** It has a socket; the symbol leads to its parser. */
  readonly onSocket: (socket: Socket, kParser: symbol) => void;
  /** Its socket is gone; it opens another for its next request. */
  readonly onGone: () => void;
}

/** What is under way on a client. */
export interface Carried {
  readonly isStreamed: boolean;
  cancel(reason: unknown): void;
}

/** One socket at a time, and at most one request on it. */
export interface HttpClient {
  readonly undici: Client;
  carried: Carried | undefined;
  /** The one that it has, or had last; undefined before the first. */
  socket: Socket | undefined;
  /** Ends whatever it does. */
  destroy(): void;
}

/** Makes clients. */
export type MakeClient = (options: ClientOptions) => HttpClient;

// Heads: Node's own limit.
const HEAD_BYTES = 16 * 1024;
// A server that announces how long it keeps a socket is believed up to here, less the time that a request may be
// under way to it when it closes.
const LONGEST_IDLE_MS = 60_000;
const EARLIER_MS = 1000;

/** Loads undici, at the first use: it takes as long to load as all the rest. */
export async function loadClients(): Promise<MakeClient> {
  const [{ default: UndiciClient }, { default: symbols }] = await Promise.all([
    import('undici/lib/dispatcher/client.js'),
    import('undici/lib/core/symbols.js'),
  ]);
  return ({ origin, connector, idleMs, onGone, onSocket }) => {
    let opening: Opening | undefined;
    const undici = new UndiciClient(origin, {
      connect: (_, callback) => {
        opening = connector((...[error, opened]) => {
          if (error !== null) return callback(error, null);
          client.socket = opened;
          callback(null, opened);
          onSocket(opened, symbols.kParser);
        });
      },
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: HEAD_BYTES,
      // Deadlines are the exchange's.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: Math.max(idleMs, LONGEST_IDLE_MS),
      keepAliveTimeoutThreshold: EARLIER_MS,
    });
    undici.on('disconnect', onGone);
    const client: HttpClient = {
      undici,
      carried: undefined,
      socket: undefined,
      destroy() {
        void undici.destroy();
        opening?.abandon();
      },
    };
    return client;
  };
}
