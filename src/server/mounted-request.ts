// A request of node:http, Connect or Express as plain data, relative to where the service is mounted.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ClientSignal } from '../core/client-signal.js';
import type { FileRequest } from '../http/request.js';

/** Part of the request that frameworks add. */
interface FrameworkRequest extends IncomingMessage {
  readonly originalUrl?: string;
  readonly baseUrl?: string;
  readonly ip?: string;
}

/** How clients name the mount, where the request itself does not say it. */
export interface Naming {
  /** The mount's URL as clients see it. */
  readonly publicUrl: string | undefined;
  /** Whether `X-Forwarded-Prefix` names a prefix that a proxy has taken off. */
  readonly trustProxy: boolean;
}

/** An id that a request may bring with it. */
export const SANE_ID = /^[\w.:/+=-]{1,128}$/;

// Nobody writes into the query of a request: who needs another one makes a changed request.
const NO_QUERY = new URLSearchParams();

/** A request as the framework mounted it. What few requests need is computed when it is asked for. */
export class MountedRequest<Req> implements FileRequest<Req> {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: IncomingMessage;
  readonly hasBody: boolean;
  readonly httpVersion: string;
  readonly bodyConsumed: boolean;
  readonly signal: ClientSignal;
  readonly #req: FrameworkRequest;
  readonly #naming: Naming;
  readonly #peer: string | undefined;
  readonly #search: string;
  #query: URLSearchParams | undefined;

  readonly inform?: (headers: Readonly<Record<string, string>>) => void;

  constructor(
    req: FrameworkRequest,
    signal: ClientSignal,
    naming: Naming,
    inform?: (headers: Readonly<Record<string, string>>) => void,
  ) {
    // Node gives text for every header but Set-Cookie, which no client sends.
    const headers = req.headers as Readonly<Record<string, string>>;
    const { path, query } = splitTarget(req.url ?? '/');
    const id = headers['x-request-id'];
    this.id = id !== undefined && SANE_ID.test(id) ? id : randomUUID();
    this.method = req.method ?? 'GET';
    this.path = path;
    this.headers = headers;
    this.body = req;
    this.httpVersion = req.httpVersion;
    this.hasBody = hasBody(req);
    this.bodyConsumed = req.readableDidRead || req.readableEnded;
    this.signal = signal;
    if (inform !== undefined) this.inform = inform;
    this.#req = req;
    this.#naming = naming;
    // Once it is closed, a socket knows its peer only if it was asked before.
    this.#peer = req.socket.remoteAddress;
    this.#search = query;
  }

  get mount(): string {
    const { publicUrl, trustProxy } = this.#naming;
    if (publicUrl !== undefined) return pathOf(publicUrl);
    return `${trustProxy ? forwardedPrefix(this.headers) : ''}${mountOf(this.#req)}`;
  }

  get query(): URLSearchParams {
    return (this.#query ??= this.#search === '' ? NO_QUERY : new URLSearchParams(this.#search));
  }

  get ip(): string {
    return this.#req.ip ?? this.#peer ?? '';
  }

  get raw(): Req {
    // The host says with the generic what its framework's request is.
    return this.#req as unknown as Req;
  }
}

/** Whether a body was announced; an empty one counts only when its length is not known before. */
export function hasBody(req: IncomingMessage): boolean {
  const { headers } = req;
  if (headers['content-length'] !== undefined) return Number(headers['content-length']) > 0;
  return headers['transfer-encoding'] !== undefined || hasUnannouncedBody(req);
}

// RFC 9113 section 8.1.1: in HTTP/2 frames end a body, so that its length need not be announced.
function hasUnannouncedBody(req: IncomingMessage): boolean {
  // Node's HTTP/2 requests have a stream beside what those of HTTP/1 have.
  const { stream } = req as { readonly stream?: { readonly endAfterHeaders: boolean } };
  return stream?.endAfterHeaders === false;
}

// RFC 9112 section 3.2.2: a server must accept the absolute form too; its authority is not ours to trust.
function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const origin = target.startsWith('/') ? '' : (/^https?:\/\/[^/?]*/i.exec(target)?.[0] ?? '');
  const rest = target.slice(origin.length);
  const mark = rest.indexOf('?');
  const path = mark === -1 ? rest : rest.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark === -1 ? '' : rest.slice(mark + 1) };
}

/** The path of an absolute URL, without slashes at its end. */
export function pathOf(url: string): string {
  return new URL(url).pathname.replace(/\/+$/, '');
}

// Whole segments of plain characters only: what begins with two slashes would name another host in `Location`.
const PREFIX = /^(?:\/[\w.~%-]+)+$/;

/** The prefix that a proxy has taken off, by its own account; '' for none that could be one. */
export function forwardedPrefix(headers: Readonly<Record<string, string>>): string {
  const prefix = (headers['x-forwarded-prefix'] ?? '').replace(/\/+$/, '');
  return PREFIX.test(prefix) ? prefix : '';
}

function mountOf(req: FrameworkRequest): string {
  if (req.baseUrl !== undefined) return req.baseUrl;
  if (req.originalUrl === undefined) return '';
  const whole = splitTarget(req.originalUrl).path;
  const { path } = splitTarget(req.url ?? '/');
  return whole.endsWith(path) ? whole.slice(0, whole.length - path.length) : whole;
}
