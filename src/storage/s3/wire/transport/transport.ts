// What carries a signed request to storage and brings its answer back. Knows HTTP and sockets; what requests
// and answers mean is its callers' business.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../../../core/client-signal.js';
import type { Flow } from '../../../streams/flow.js';

/** One request, as it was signed. */
export interface TransportRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Path and query, percent-encoded. */
  readonly target: string;
  /** Names in lower case, `host` and `content-length` included; sent as they stand. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As long as `content-length` says. A stream can be sent once; it is watched by its owner, who aborts. */
  readonly body: Uint8Array | Readable | null;
  /** A plain (2xx) answer up to this many bytes comes whole; so does every other answer, up to 64 KiB. */
  readonly wholeBytes: number;
  /** Whether a longer plain answer may come as a flow; else it fails with `EMSGSIZE`. */
  readonly streamed: boolean;
  /**
   * How long the answer may take, in milliseconds, from the moment that the request has a socket: a whole one
   * until its end, a flow until its head. `null` sets no deadline: the owner of a streamed body watches.
   */
  readonly answerMs: number | null;
}

/** An answer. 1xx are never answers. */
export interface TransportAnswer {
  readonly status: number;
  /** Names in lower case; values of a name given twice are one list, as HTTP has it. */
  readonly headers: TransportHeaders;
  readonly body: Uint8Array | Flow;
}

export type TransportHeaders = Readonly<Record<string, string | undefined>>;

/** Why there is no answer. `code` is Node's or the transport's word for it. */
export interface TransportError extends Error {
  /**
   * `ENOSOCKET`: no socket came free in time. `ETIMEDOUT`: no connection, or no answer, in time. `EPROTO`: what
   * came is no HTTP. `EMSGSIZE`: it is longer than it may be. Else the network's own, such as `ECONNRESET` or `CERT_HAS_EXPIRED`.
   */
  readonly code: string;
  /** Whether any of the request may have reached storage: false while connecting, shaking hands or waiting. */
  readonly isSent: boolean;
}

/** Carries requests to one origin. */
export interface Transport {
  /** Rejects with the signal's reason once it fires, or with a {@link TransportError}. Sends each request once. */
  send(request: TransportRequest, signal: ClientSignal): Promise<TransportAnswer>;
  /** Sockets that carry a request. */
  busySockets(): number;
  /** Requests that wait for a socket. */
  waiting(): number;
  /** Closes every socket; what is under way, waits or comes later rejects with the reason. */
  close(reason: Error): void;
}
