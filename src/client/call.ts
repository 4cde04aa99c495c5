// One request of the client: its address, its headers, and an error of the service as FileServiceError.
import { FileServiceError, REASONS, phraseOf, statusOf } from '../core/errors.js';
import type { Reason } from '../core/errors.js';
import { encodePath } from './path.js';

/** Headers of every request, or a function that gives them anew for each. */
export type ClientHeaders =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** How the client reaches the service. */
export interface FileClientOptions {
  /** Where the service is mounted: `https://files.example.com/api/v2/s3files`, or a path in a browser. */
  readonly baseUrl: string;
  /** Credentials and the like. */
  readonly headers?: ClientHeaders;
  /** Another fetch; uploads then go through it too, without progress in bytes. */
  readonly fetch?: typeof fetch;
}

/** Values of a query; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** One request. */
export interface CallOptions {
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Blob | Uint8Array<ArrayBuffer> | string | FormData;
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests to one service. */
export interface Caller {
  /** The address of a path, with its query. */
  readonly url: (path: string, query?: Query) => string;
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /**
   * The answer to a request, its body unread.
   *
   * @throws FileServiceError what the service answered instead of success
   * @throws TypeError fetch's own, when there was no answer at all
   */
  readonly send: (method: string, path: string, options?: CallOptions) => Promise<Response>;
  /** As `send`, to an address that the service gave. */
  readonly sendTo: (method: string, url: string, options?: CallOptions) => Promise<Response>;
  /** True when no other fetch was given, so that XMLHttpRequest may carry an upload. */
  readonly isPlain: boolean;
}

/** A caller of the service at `baseUrl`. */
export function callerOf(options: FileClientOptions): Caller {
  const base = options.baseUrl.replace(/\/+$/, '');
  const url = (path: string, query: Query = {}): string => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) search.set(name, String(value));
    const text = search.toString();
    return `${base}/${encodePath(path)}${text === '' ? '' : `?${text}`}`;
  };
  const headers = async () =>
    typeof options.headers === 'function' ? options.headers() : (options.headers ?? {});
  const sendTo = async (method: string, target: string, given: CallOptions = {}) => {
    const call = options.fetch ?? fetch;
    const response = await call(target, {
      method,
      headers: { ...(await headers()), ...given.headers },
      ...(given.body === undefined ? {} : { body: given.body }),
      ...(given.signal === undefined ? {} : { signal: given.signal }),
    });
    if (response.ok || response.status === 304) return response;
    throw errorOf(response.status, response.headers, await response.text());
  };
  return {
    url,
    headers,
    sendTo,
    send: (method, path, given = {}) => sendTo(method, url(path, given.query), given),
    isPlain: options.fetch === undefined,
  };
}

/** The error that an answer of the service stands for. */
export function errorOf(status: number, headers: Headers, body: string): FileServiceError {
  const told = readError(body);
  const known = REASONS.find((reason) => reason === told.reason);
  const reason = known ?? reasonOfStatus(status);
  const phrase = `${phraseOf(reason)}: `;
  const message = told.message ?? `The server answered ${status}.`;
  return new FileServiceError(
    reason,
    message.startsWith(phrase) ? message.slice(phrase.length) : message,
    { context: told.context ?? {}, headers: Object.fromEntries(headers) },
  );
}

interface ToldError {
  readonly reason?: string;
  readonly message?: string;
  readonly context?: Readonly<Record<string, unknown>> | null;
}

// A proxy in front of the service answers in its own words.
function readError(body: string): ToldError {
  try {
    // What is said of an error is only shown, never acted upon.
    return (JSON.parse(body) as { error?: ToldError }).error ?? {};
  } catch {
    return {};
  }
}

// A reason that this client does not know yet, or an answer of something in between.
function reasonOfStatus(status: number): Reason {
  const same = REASONS.find((reason) => statusOf(reason) === status);
  return same ?? (status >= 500 ? 'storage_unavailable' : 'invalid_parameter');
}
