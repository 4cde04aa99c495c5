// The SDK's calls through the proxy that the environment names, as direct calls go through it.
import type { S3Client } from '@aws-sdk/client-s3';
import type { Agent } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectSecure, type SecureContext } from 'node:tls';
import { openTunnel, proxyAuthorization } from '../transport/connect.js';
import { environmentProxy } from '../transport/environment-proxy.js';

/** What an agent is told of a connection. */
interface Peer {
  readonly host?: string | null | undefined;
  readonly port?: number | string | null | undefined;
}

/** Makes an agent open its connections through the proxy of the environment, where there is one. */
export function openThroughProxy(agent: Agent, trust: SecureContext | undefined): void {
  // Border with Node: every agent says what it is for, which its type does not.
  const { protocol } = agent as Agent & { readonly protocol: 'http:' | 'https:' };
  const direct = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const origin = originOf(protocol, options);
    const proxy = environmentProxy(origin, process.env);
    if (proxy === undefined) return direct(options, callback);
    if (protocol === 'https:') return overTunnel({ proxy, origin, trust });
    const host = proxy.hostname.replace(/^\[|\]$/g, '');
    const isSecure = proxy.protocol === 'https:';
    const port = Number(proxy.port || (isSecure ? 443 : 80));
    if (!isSecure) return connect({ host, port, noDelay: true });
    return connectSecure({ host, port, ...namedIn(host), ...trusting(trust) });
  };
}

interface Way {
  readonly proxy: URL;
  readonly origin: URL;
  readonly trust: SecureContext | undefined;
}

/** An agent counts sockets that it has at once, and only those: this one is there before its tunnel is. */
function overTunnel(way: Way): Socket {
  const stream = new TunnelStream();
  const host = way.origin.hostname.replace(/^\[|\]$/g, '');
  const socket = connectSecure({ socket: stream, ...namedIn(host), ...trusting(way.trust) });
  const fail = (error: Error): unknown => socket.destroy(Object.assign(error, { isSent: false }));
  const opening = openTunnel(way, (raw) => stream.open(raw), fail);
  return socket.once('close', () => {
    opening.abandon();
    stream.destroy();
  });
}

/** The bytes of a tunnel: what TLS writes before it is open waits for that. */
class TunnelStream extends Duplex {
  #raw: Socket | undefined;
  #whenOpen: ((raw: Socket) => void) | undefined;

  open(raw: Socket): void {
    if (this.destroyed) return void raw.destroy();
    this.#raw = raw;
    raw.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) raw.pause();
    });
    raw.on('end', () => this.push(null));
    raw.on('error', (error) => this.destroy(error)).on('close', () => this.destroy());
    this.#whenOpen?.(raw);
  }

  override _read(): void {
    this.#raw?.resume();
  }

  override _write(bytes: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void) {
    this.#over((raw) => void raw.write(bytes, encoding, done));
  }

  override _final(done: () => void): void {
    this.#over((raw) => void raw.end(done));
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#raw?.destroy();
    done(error);
  }

  // A stream writes one piece at a time, and ends after the last.
  #over(work: (raw: Socket) => void): void {
    if (this.#raw === undefined) this.#whenOpen = work;
    else work(this.#raw);
  }
}

// RFC 6066 section 3: a name, never an address.
function namedIn(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

function trusting(trust: SecureContext | undefined): { readonly secureContext?: SecureContext } {
  return trust === undefined ? {} : { secureContext: trust };
}

/** RFC 9112 section 3.2.2: a proxy that relays requests is told the whole URL; one that relays bytes is not. */
export function relayRequests(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      // Border with the SDK: a middleware's request is typed unknown.
      const request = args.request as SdkRequest;
      if (request.protocol !== 'http:') return next(args);
      const origin = originOf('http:', { host: request.hostname, port: request.port });
      const proxy = environmentProxy(origin, process.env);
      if (proxy === undefined) return next(args);
      request.path = origin.origin + request.path;
      Object.assign(request.headers, proxyAuthorization(proxy));
      return next(args);
    },
    // Behind the signature, which is of the path alone.
    { step: 'deserialize', name: 's3files-relay', priority: 'low' },
  );
}

interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  path: string;
  readonly headers: Record<string, string>;
}

function originOf(protocol: string, { host, port }: Peer): URL {
  const name = host?.includes(':') === true && !host.startsWith('[') ? `[${host}]` : (host ?? '');
  return new URL(`${protocol}//${name}${port === undefined || port === null ? '' : `:${port}`}`);
}
