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
  /** Bytes of the last request that the socket has not taken yet. */
  unsentBytes(): number;
  /** Whether it has had a socket already. */
  wasOpen(): boolean;
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
  return ({ origin, connector, idleMs, onGone }) => {
    let opening: Opening | undefined;
    let socket: Socket | undefined;
    const undici = new UndiciClient(origin, {
      connect: (_, callback) => {
        opening = connector((...[error, opened]) => {
          if (error !== null) return callback(error, null);
          socket = opened;
          callback(null, opened);
          mendParser(opened, symbols.kParser);
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
    return {
      undici,
      carried: undefined,
      wasOpen: () => socket !== undefined,
      unsentBytes: () => socket?.writableLength ?? 0,
      destroy() {
        void undici.destroy();
        opening?.abandon();
      },
    };
  };
}

interface Parser {
  contentLength: string;
  onHeadersComplete(status: number, upgrade: boolean, keepAlive: boolean): number;
}

/**
 * Two things that undici reads otherwise than RFC 9110. Section 15.2: a client skips 1xx answers that it did not ask
 * for; undici closes the socket at a 100 (Continue), which its parser is shown as 102. Section 8.6: a 304 may tell the
 * length of what it does not send; undici waits for that content, so that its parser is told of none.
 */
function mendParser(socket: Socket, kParser: symbol): void {
  // Border with undici's internals: where they are others, such answers fail as they do in undici.
  const parser = (socket as unknown as Record<symbol, Parser | null | undefined>)[kParser];
  if (typeof parser?.onHeadersComplete !== 'function') return;
  const original = parser.onHeadersComplete.bind(parser);
  parser.onHeadersComplete = (status, upgrade, keepAlive) => {
    if (status === 304) parser.contentLength = '';
    return original(status === 100 ? 102 : status, upgrade, keepAlive);
  };
}
