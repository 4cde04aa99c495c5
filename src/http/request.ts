// A request as plain data: what any framework can give.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../core/client-signal.js';

/** One request below the mount. */
export interface FileRequest<Req = IncomingMessage> {
  readonly id: string;
  readonly method: string;
  /** Still percent-encoded, relative to the mount, begins with `/`; no query. */
  readonly path: string;
  /** Where the host mounted the service, percent-encoded, no trailing slash: `/api/v2/s3files`. */
  readonly mount: string;
  readonly query: URLSearchParams;
  /** Names in lower case; values as HTTP gave them, bytes as Latin-1 characters. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, not yet read. */
  readonly body: Readable;
  /** Whether a body was announced; an empty one counts only when its length is not known before. */
  readonly hasBody: boolean;
  /** `1.1`, `2.0`. */
  readonly httpVersion: string;
  /** True when something in front of the service has already read from the body, or found it empty. */
  readonly bodyConsumed: boolean;
  /** Fires when the client has gone. */
  readonly signal: ClientSignal;
  readonly ip: string;
  readonly raw: Req;
  /** Sends an interim response `104 Upload Resumption Supported`; absent where that is not possible. */
  readonly inform?: (headers: Readonly<Record<string, string>>) => void;
}

/** The same request but for what is changed. What a request computes when it is asked for cannot be spread. */
export function changedRequest<Req>(
  request: FileRequest<Req>,
  change: Partial<Pick<FileRequest<Req>, 'method' | 'query' | 'headers'>>,
): FileRequest<Req> {
  return {
    id: request.id,
    method: request.method,
    path: request.path,
    mount: request.mount,
    query: request.query,
    headers: request.headers,
    body: request.body,
    hasBody: request.hasBody,
    httpVersion: request.httpVersion,
    bodyConsumed: request.bodyConsumed,
    signal: request.signal,
    ip: request.ip,
    raw: request.raw,
    ...change,
  };
}

/** The last value of a query parameter: a parameter given twice counts once, the last time. */
export function lastValue(query: URLSearchParams, name: string): string | undefined {
  // Most requests have no query, and every operation that may answer asks.
  return query.size === 0 ? undefined : query.getAll(name).at(-1);
}

/** Bytes that the request declares to carry; undefined when it does not say (chunked, or none). */
export function declaredLength(headers: Readonly<Record<string, string>>): number | undefined {
  const value = headers['content-length'];
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a method asks for no change (RFC 9110 section 9.2.1). */
export function isSafe(method: string): boolean {
  return SAFE_METHODS.has(method);
}
