// A request with a body that reports its progress: XMLHttpRequest where there is one, since fetch has none.
import type { FileServiceError } from '../core/errors.js';
import { errorOf } from './call.js';
import type { Caller } from './call.js';

/** A request whose body is bytes. */
export interface ByteRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Blob;
  readonly signal: AbortSignal;
  /** Hears how many bytes of this body were sent. */
  readonly onSent: (bytes: number) => void;
}

/** An answer that was read. */
export interface ByteAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What is used of XMLHttpRequest; Node has none. */
interface Xhr {
  readonly upload: { onprogress: ((event: { readonly loaded: number }) => void) | null };
  readonly status: number;
  readonly responseText: string;
  onload: (() => void) | null;
  onerror: (() => void) | null;
  onabort: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getAllResponseHeaders(): string;
  send(body: Blob): void;
  abort(): void;
}

/**
 * Sends bytes; answers of 4xx and 5xx are thrown.
 *
 * @throws FileServiceError what the service answered
 * @throws TypeError when there was no answer
 */
export async function sendBytes(caller: Caller, request: ByteRequest): Promise<ByteAnswer> {
  const Request = (globalThis as { readonly XMLHttpRequest?: new () => Xhr }).XMLHttpRequest;
  const { method, url, body, signal } = request;
  if (Request !== undefined && caller.isPlain) {
    const headers = { ...(await caller.headers()), ...request.headers };
    signal.throwIfAborted();
    return viaXhr(new Request(), { ...request, headers });
  }
  const response = await caller.sendTo(method, url, { headers: request.headers, body, signal });
  request.onSent(body.size);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function viaXhr(xhr: Xhr, request: ByteRequest): Promise<ByteAnswer> {
  return new Promise<ByteAnswer>((resolve, reject) => {
    const { signal } = request;
    const stop = () => xhr.abort();
    const settle = (outcome: ByteAnswer | FileServiceError | Error) => {
      signal.removeEventListener('abort', stop);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    xhr.open(request.method, request.url);
    for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = ({ loaded }) => request.onSent(Math.min(loaded, request.body.size));
    xhr.onload = () => {
      const { status, responseText: text } = xhr;
      const headers = headersOf(xhr.getAllResponseHeaders());
      settle(status < 300 ? { status, headers, text } : errorOf(status, headers, text));
    };
    // fetch says the same of a request that had no answer.
    xhr.onerror = () => settle(new TypeError('The service could not be reached.'));
    xhr.onabort = () => settle(abortReason(signal));
    signal.addEventListener('abort', stop, { once: true });
    xhr.send(request.body);
  });
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('The upload was stopped.');
}

function headersOf(lines: string): Headers {
  const headers = new Headers();
  for (const line of lines.trim().split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return headers;
}
