// Sockets to one origin: as many as allowed, kept for a while, given to those who wait in the order they came.
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { wireOver, type Reading, type Wire } from './socket.js';

/** Waits for a wire. */
export interface Claimant {
  /** Called once: at once, or when a wire comes free. */
  start(wire: Wire): void;
  /** Called instead, when there will be none. */
  fail(error: Error): void;
}

/** The sockets of one origin. */
export interface WirePool {
  claim(claimant: Claimant): void;
  /** Whoever still waits, waits no more. */
  withdraw(claimant: Claimant): void;
  /** Wires that carry a request. */
  busy(): number;
  /** Claimants without a wire. */
  waiting(): number;
  /** Closes every socket: those under way, those that wait and all that come later fail with the reason. */
  close(reason: Error): void;
}

/** How sockets are kept. Times in milliseconds. */
export interface PoolOptions {
  readonly maxSockets: number;
  /** How long a connection may take to be there, TLS handshake included; then it fails with `ETIMEDOUT`. */
  readonly connectMs: number;
  /** How long a socket is kept without a request. */
  readonly idleMs: number;
}

/** A pool for `http://host:port` or `https://host:port`. Opens nothing before the first claim. */
export function wirePool(origin: string, { maxSockets, connectMs, idleMs }: PoolOptions): WirePool {
  const connect = connector(new URL(origin), connectMs);
  const wires = new Set<Wire>();
  const idle: Wire[] = [];
  const queue: Claimant[] = [];
  let closed: Error | undefined;

  const onFree = (wire: Wire): void => {
    const next = queue.shift();
    if (next !== undefined) return next.start(wire);
    // An idle socket does not keep the process alive.
    wire.hold(false);
    idle.push(wire);
  };

  const onGone = (wire: Wire): void => {
    wires.delete(wire);
    const at = idle.indexOf(wire);
    if (at !== -1) idle.splice(at, 1);
    const next = wires.size < maxSockets ? queue.shift() : undefined;
    if (next !== undefined) open(next);
  };

  const open = (claimant: Claimant): void => {
    const wire = wireOver(connect, { onFree, onGone, idleMs });
    wires.add(wire);
    claimant.start(wire);
  };

  return {
    claim(claimant) {
      if (closed !== undefined) return claimant.fail(closed);
      // The one used last: the others may grow old and go.
      for (let wire = idle.pop(); wire !== undefined; wire = idle.pop()) {
        if (!wire.isOpen()) continue;
        wire.hold(true);
        return claimant.start(wire);
      }
      if (wires.size < maxSockets) open(claimant);
      else queue.push(claimant);
    },
    withdraw(claimant) {
      const at = queue.indexOf(claimant);
      if (at !== -1) queue.splice(at, 1);
    },
    busy: () => wires.size - idle.length,
    waiting: () => queue.length,
    close(reason) {
      closed = reason;
      for (const claimant of queue.splice(0)) claimant.fail(reason);
      for (const wire of wires) wire.close(reason);
    },
  };
}

type Connector = (reading: Reading) => Socket;

function connector({ protocol, hostname, port }: URL, connectMs: number): Connector {
  // URLs write IPv6 addresses in brackets.
  const host = hostname.replace(/^\[|\]$/g, '');
  const isSecure = protocol === 'https:';
  const options = {
    host,
    port: Number(port || (isSecure ? 443 : 80)),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  };
  // RFC 6066 section 3: a name, never an address.
  const secure = { ...(isIP(host) === 0 ? { servername: host } : {}), ALPNProtocols: ['http/1.1'] };

  return (onread) => {
    // Border with Node's types, which know `onread` of plain sockets only.
    const secured = { ...options, ...secure, onread };
    const socket: Socket = isSecure ? connectSecure(secured) : connectPlain({ ...options, onread });
    const late = setTimeout(() => socket.destroy(timeout()), connectMs);
    const settled = (): void => clearTimeout(late);
    socket.once(isSecure ? 'secureConnect' : 'connect', settled).once('close', settled);
    return socket;
  };
}

function timeout(): Error {
  const message = 'storage did not accept a connection in time';
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}
