// An answer as plain data: printable, and comparable in a test.
import type { Readable } from 'node:stream';
import type { FileServiceError } from '../core/errors.js';

/** One answer. A string body is UTF-8; a stream has the reply as its owner. */
export interface FileReply {
  readonly status: number;
  /** Names as they are sent; no value may hold a control character. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: null | string | Uint8Array | Readable;
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
