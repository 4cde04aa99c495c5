// Opens sockets to one origin: TCP or TLS, straight or through a proxy. Knows nothing of what they carry.
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure, type SecureContext, type TLSSocket } from 'node:tls';

/** Hears how opening a socket ends; called once. */
export type Opened = (...outcome: [error: Error] | [error: null, socket: Socket]) => void;

/** A socket on its way. */
export interface Opening {
  /** Gives up, at whatever stage; a socket that is open already is closed. `opened` is not called any more. */
  abandon(): void;
}

/** Opens one socket. */
export type Connector = (opened: Opened) => Opening;

/** How sockets are opened. */
export interface ConnectorOptions {
  /** The proxy to go through, if any. */
  readonly proxy: URL | undefined;
  /** How long it may take, proxy and TLS handshake included; then it fails with `ETIMEDOUT`. */
  readonly connectMs: number;
  /** Whom TLS trusts. @default whom Node trusts */
  readonly trust?: SecureContext | undefined;
}

// Node's agents do the same: a dead peer is noticed after a minute.
const SOCKET = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };
// As much as Node reads at once; its streams of version 20 would hold a quarter of that.
const READ_BYTES = 64 * 1024;
// A piece of an upload is as large as what is read, and is sent at once: it alone says nothing of storage, which one
// more that has to wait does. A TLS socket takes one number for both.
const PLAIN = { readableHighWaterMark: READ_BYTES, writableHighWaterMark: 2 * READ_BYTES };
const SECURE = { highWaterMark: READ_BYTES };

/** A connector for `http://host:port` or `https://host:port`. TLS sessions are resumed from one socket to the next. */
export function connectorTo(origin: URL, { proxy, connectMs, trust }: ConnectorOptions): Connector {
  const isSecure = origin.protocol === 'https:';
  const isTunnelled = proxy !== undefined && isSecure;
  const secure = sessionKeeper(trust);

  const open = (use: (socket: Socket) => void, fail: (error: Error) => void): Opening => {
    if (isTunnelled) {
      const over = (socket: Socket): void => use(secure(origin, { socket }));
      return openTunnel({ proxy, origin, trust }, over, fail);
    }
    const peer = proxy ?? origin;
    const socket =
      peer.protocol === 'https:' ? secure(peer) : connectPlain({ ...addressOf(peer), ...PLAIN });
    use(socket);
    return { abandon: () => void socket.destroy() };
  };

  return (opened) => {
    let socket: Socket | undefined;
    let isSettled = false;
    const settle = (...outcome: Parameters<Opened>): void => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(late);
      opened(...outcome);
    };
    const fail = (error: Error): void => {
      settle(error);
      abandon();
    };
    const use = (next: Socket): void => {
      socket = next;
      // After it was abandoned, a tunnel may still come to its end.
      if (isSettled) return void next.destroy();
      const isEncrypted = 'encrypted' in next;
      next.once(isEncrypted ? 'secureConnect' : 'connect', () => settle(null, next));
      next.on('error', fail).once('close', () => fail(closedEarly()));
    };
    const abandon = (): void => {
      isSettled = true;
      clearTimeout(late);
      opening.abandon();
      socket?.destroy();
    };
    const late = setTimeout(() => fail(tooLate()), connectMs);
    const opening = open(use, fail);
    return { abandon };
  };
}

// What a server wants remembered of a TLS session, for the next socket: a third of the round trips and none of the
// signatures. Kept here by strong reference; undici's own memory of it goes with the next garbage collection.
function sessionKeeper(
  trust: SecureContext | undefined,
): (peer: URL, over?: { readonly socket: Socket }) => TLSSocket {
  let session: Buffer | undefined;
  return (peer, over) => {
    const { host, ...rest } = addressOf(peer);
    const socket = connectSecure({
      ...(over ?? { host, ...rest, ...SECURE }),
      // RFC 6066 section 3: a name, never an address.
      ...(isIP(host) === 0 ? { servername: host } : { host }),
      ALPNProtocols: ['http/1.1'],
      ...trusting(trust),
      ...(session === undefined ? {} : { session }),
    });
    return socket.on('session', (next: Buffer) => (session = next));
  };
}

function addressOf(peer: URL) {
  return { host: hostOf(peer), port: portOf(peer), ...SOCKET };
}

function trusting(trust: SecureContext | undefined): { readonly secureContext?: SecureContext } {
  return trust === undefined ? {} : { secureContext: trust };
}

interface Tunnel {
  readonly proxy: URL;
  readonly origin: URL;
  readonly trust: SecureContext | undefined;
}

/** Asks a proxy for the way to an origin, RFC 9110 section 9.3.6; `use` gets the socket when it is open. */
export function openTunnel(
  { proxy, origin, trust }: Tunnel,
  use: (socket: Socket) => void,
  fail: (error: Error) => void,
): Opening {
  const target = `${origin.hostname}:${portOf(origin)}`;
  const request = proxy.protocol === 'https:' ? secureRequest : plainRequest;
  const asking = request({
    method: 'CONNECT',
    host: hostOf(proxy),
    port: portOf(proxy),
    path: target,
    headers: { host: target, ...proxyAuthorization(proxy) },
    agent: false,
    ...trusting(trust),
  });
  const refused = ({ statusCode }: { readonly statusCode?: number | undefined }): void =>
    fail(withCode('EPROXY', `the proxy did not connect to storage: ${statusCode}`));
  asking
    .on('connect', (answer, socket) => {
      if (answer.statusCode === 200) return use(socket);
      socket.destroy();
      refused(answer);
    })
    .on('response', refused)
    .on('error', fail)
    .end();
  return { abandon: () => void asking.destroy() };
}

/** The header that names us to a proxy; none when its address has no user. RFC 9110 section 11.7.2. */
export function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

// URLs write IPv6 addresses in brackets.
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === 'https:' ? 443 : 80));
}

function tooLate(): Error {
  return withCode('ETIMEDOUT', 'storage did not accept a connection in time');
}

function closedEarly(): Error {
  return withCode('ECONNRESET', 'storage closed a connection before it was open');
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
