// An answer as plain data: printable, and comparable in a test.
import { Readable } from 'node:stream';
import type { FileServiceError, Reason } from '../core/errors.js';

/** One answer. A string body is UTF-8; a stream has the reply as its owner. */
export interface FileReply {
  readonly status: number;
  /** Names as they are sent; no value may hold a control character. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: null | string | Uint8Array | Readable;
  /** Why it refuses, for the record; absent when nothing is refused. */
  readonly reason?: Reason;
  /** Bytes that a server in front of this one sends in its name. */
  readonly handedOn?: number;
}

/** A JSON answer with its length. */
export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): FileReply {
  const body = JSON.stringify(value);
  return {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      ...headers,
    },
    body,
  };
}

/** An answer without a body. */
export function empty(status: number, headers: Readonly<Record<string, string>> = {}): FileReply {
  return { status, headers, body: null };
}

/** The body of every error answer, and of a failed item in a batch. */
export function errorBody(error: FileServiceError): Readonly<Record<string, unknown>> {
  return {
    code: error.status,
    context: error.context,
    message: error.message,
    status_code: error.status,
    reason: error.reason,
  };
}

/** The answer to a failed request. */
export function failure(error: FileServiceError): FileReply {
  return json(
    error.status,
    { error: errorBody(error) },
    { 'Cache-Control': 'no-store', ...error.headers },
  );
}

/** The answer to a failed request whose client reads another status or another form of it. */
export function failureAs(
  error: FileServiceError,
  { status = error.status, headers = {} }: Partial<Pick<FileReply, 'status' | 'headers'>>,
): FileReply {
  const reply = failure(error);
  return { ...reply, status, headers: { ...reply.headers, ...headers }, reason: error.reason };
}

/**
 * The answer to a failed request as a problem (RFC 9457), with our own error as a member. `type` and what belongs to it
 * are the problem's.
 */
export function problem(
  error: FileServiceError,
  members: { readonly type: string; readonly title: string } & Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>>,
): FileReply {
  const reply = json(error.status, { ...members, status: error.status, error: errorBody(error) });
  return {
    ...reply,
    headers: {
      ...reply.headers,
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...error.headers,
      ...headers,
    },
    reason: error.reason,
  };
}

/** No answer: the connection breaks, which clients of resumable uploads take as a sign to go on later. */
export function broken(error: FileServiceError): FileReply {
  const body = new Readable({ read: () => void body.destroy(error) });
  return { status: error.status, headers: {}, body, reason: error.reason };
}
