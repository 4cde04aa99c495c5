// One request and its answer over undici: small answers come whole, large ones as they flow.
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { ClientSignal } from '../../../../core/client-signal.js';
import { failureOf, transportError } from './transport-error.js';
import type { TransportAnswer, TransportHeaders, TransportRequest } from './transport.js';
import type { HttpClient } from './undici-client.js';
import { answerFlow, type AnswerFlow } from './undici-flow.js';

/** Where an exchange gets its client from. */
export interface ClientSource {
  /** Starts the exchange, at once or when a client comes free. */
  claim(exchange: Exchange): void;
  /** It waits no more. */
  withdraw(exchange: Exchange): void;
  /** Its answer has ended; `isReusable` when the client may carry another request. */
  release(client: HttpClient, isReusable: boolean): void;
  /** What stands before a target, and headers of the way there: a proxy's. */
  readonly targetPrefix: string;
  readonly routeHeaders: readonly string[];
}

/** What becomes of an exchange. */
export interface Settling {
  readonly resolve: (answer: TransportAnswer) => void;
  readonly reject: (reason: unknown) => void;
}

// An error document is small; whatever is larger is not S3's.
const ERROR_BYTES = 64 * 1024;
const NO_BYTES = Buffer.alloc(0);
// Longer than this a request does not wait for a socket to come free.
const QUEUE_MS = 5000;

/**
 * A class, because one is made for every request: its functions are shared. undici's first kind of handler, since
 * it hands headers over unread and makes no controller: 5 us of CPU less for a GET.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: TransportRequest;
  readonly #signal: ClientSignal;
  readonly #source: ClientSource;
  readonly #settling: Settling;
  readonly #onAbort = (): void => this.cancel(this.#signal.reason);
  #client: HttpClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #abortSending: ((error?: Error) => void) | undefined;
  #resumeParser: () => void = () => {};
  #isOver = false;
  #status = 0;
  #headers: TransportHeaders = {};
  #isFramed = false;
  #limit: number;
  #pieces: Buffer[] = [];
  #size = 0;
  #flow: AnswerFlow | undefined;

  constructor(
    request: TransportRequest,
    signal: ClientSignal,
    source: ClientSource,
    settling: Settling,
  ) {
    this.#request = request;
    this.#signal = signal;
    this.#source = source;
    this.#settling = settling;
    this.#limit = request.wholeBytes;
  }

  /** Its body comes as its sender sends it. */
  get isStreamed(): boolean {
    return this.#request.body instanceof Readable;
  }

  begin(): void {
    this.#signal.addEventListener('abort', this.#onAbort);
    this.#claim();
  }

  #claim(): void {
    this.#source.claim(this);
    const { answerMs } = this.#request;
    if (this.#client !== undefined || this.#isOver || answerMs === null) return;
    // Its caller is to hear of it within the time of a request.
    this.#timer = setTimeout(noSocket, Math.min(QUEUE_MS, answerMs * 0.9), this);
  }

  start(client: HttpClient): void {
    const { method, target, body, answerMs } = this.#request;
    clearTimeout(this.#timer);
    this.#client = client;
    client.carried = this;
    if (answerMs !== null) this.#timer = setTimeout(noAnswer, answerMs, this);
    const path = this.#source.targetPrefix + target;
    const headers = flat(this.#request.headers, this.#source.routeHeaders);
    // `reset`: undici would close the socket after every HEAD.
    client.undici.dispatch({ method, path, headers, body, reset: false }, this);
  }

  /** Ends it with a reason of ours. */
  cancel(reason: unknown): void {
    this.#close();
    if (this.#flow === undefined) this.#settling.reject(reason);
    else this.#flow.fail(asError(reason));
  }

  /** It waited or took too long. */
  expire(): void {
    const isSent = this.#abortSending !== undefined;
    const error =
      this.#client === undefined
        ? transportError('ENOSOCKET', 'no socket to storage came free in time', { isSent })
        : transportError('ETIMEDOUT', 'storage did not answer in time', { isSent });
    this.cancel(error);
  }

  onConnect(abort: (error?: Error) => void): void {
    if (this.#isOver) abort();
    else this.#abortSending = abort;
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    if (status < 200) return true;
    const { method, wholeBytes, streamed } = this.#request;
    const headers = readHeaders(raw);
    const isPlain = status < 300;
    const declared = headers['content-length'];
    const coding = headers['transfer-encoding'];
    const isEmpty = method === 'HEAD' || status === 204 || status === 304;
    this.#status = status;
    this.#headers = headers;
    this.#resumeParser = resume;
    // RFC 9112 section 8: content that ends with the connection may as well have been cut.
    this.#isFramed = declared !== undefined || coding !== undefined;
    this.#limit = isPlain ? wholeBytes : ERROR_BYTES;
    if (isEmpty) return true;
    const isForeign = coding !== undefined && coding.toLowerCase() !== 'chunked';
    const isLong = Number(declared) > this.#limit;
    if (!isForeign && !isLong) return true;
    if (isForeign) this.#refuse('EPROTO');
    else if (!isPlain || !streamed) this.#refuse('EMSGSIZE');
    else this.#beginFlow();
    return false;
  }

  onData(bytes: Buffer): boolean {
    if (this.#isOver) return false;
    // undici's parser says nothing as empty bytes when it goes on after a pause.
    if (bytes.length === 0) return true;
    if (this.#flow !== undefined) return this.#flow.data(bytes);
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    if (this.#size <= this.#limit) return true;
    if (this.#status < 300 && this.#request.streamed && this.#isFramed) this.#beginFlow();
    else this.#refuse('EMSGSIZE');
    return false;
  }

  onComplete(): void {
    const client = this.#client;
    if (this.#isOver || client === undefined) return;
    this.#settle();
    this.#source.release(client, this.#hasLeft(client));
    if (this.#flow !== undefined) return this.#flow.end();
    const [first = NO_BYTES] = this.#pieces;
    const body = this.#pieces.length > 1 ? Buffer.concat(this.#pieces, this.#size) : first;
    this.#settling.resolve({ status: this.#status, headers: this.#headers, body });
  }

  // An answer may come before the whole request has left. One that says yes has read it all, and what has no body is
  // read before it is answered: what the socket still counts then, as it does over TLS, was sent a moment ago.
  #hasLeft({ socket }: HttpClient): boolean {
    if (this.#request.body === null || this.#status < 300) return true;
    return (socket?.writableLength ?? 0) === 0;
  }

  onError(cause: Error): void {
    const client = this.#client;
    if (this.#isOver || client === undefined) return;
    const isSent = this.#abortSending !== undefined;
    // The other side has closed an idle socket just as it was given to us.
    if (!isSent && client.socket !== undefined && isReset(cause)) {
      this.#client = undefined;
      this.#source.release(client, false);
      return this.#claim();
    }
    this.cancel(failureOf(cause, { isSent, isAnswered: this.#status > 0 }));
  }

  #beginFlow(): void {
    clearTimeout(this.#timer);
    const source = { resumeParser: this.#resumeParser, abandon: () => this.#close() };
    this.#flow = answerFlow(source, this.#pieces);
    const { status, headers } = { status: this.#status, headers: this.#headers };
    this.#settling.resolve({ status, headers, body: this.#flow });
  }

  #refuse(code: 'EPROTO' | 'EMSGSIZE'): void {
    const message = 'storage answered in another form than was asked for';
    this.cancel(transportError(code, message, { isSent: true }));
  }

  #close(): void {
    this.#settle();
    // In this order a body that is a stream ends without an error of its own.
    this.#abortSending?.();
    if (this.#client === undefined) this.#source.withdraw(this);
    else this.#source.release(this.#client, false);
  }

  #settle(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

function noSocket(exchange: Exchange): void {
  exchange.expire();
}

function noAnswer(exchange: Exchange): void {
  exchange.expire();
}

function isReset(error: Error): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function flat(headers: TransportRequest['headers'], more: readonly string[]): string[] {
  const list: string[] = more.length === 0 ? [] : [...more];
  for (const header of headers) list.push(header[0], header[1]);
  return list;
}

// RFC 9110 section 5.3: values of a name given twice are one list. Bytes are Latin-1 characters.
function readHeaders(raw: readonly Buffer[]): TransportHeaders {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = text(raw[at]).toLowerCase();
    const earlier: unknown = headers[name];
    const value = text(raw[at + 1]);
    // Every object knows some names without having them; what it knows is no text.
    headers[name] = typeof earlier === 'string' ? `${earlier}, ${value}` : value;
  }
  return headers;
}

function text(bytes: Buffer | undefined): string {
  return bytes === undefined ? '' : bytes.toString('latin1');
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

interface Parser {
  contentLength: string;
  onHeadersComplete(status: number, upgrade: boolean, keepAlive: boolean): number;
}

/**
 * Two things that undici reads otherwise than RFC 9110. Section 15.2: a client skips 1xx answers that it did not ask
 * for; undici closes the socket at a 100 (Continue), which its parser is shown as 102. Section 8.6: a 304 may tell the
 * length of what it does not send; undici waits for that content, so that its parser is told of none.
 */
export function mendParser(socket: Socket, kParser: symbol): void {
  // Border with undici's internals: where they are others, such answers fail as they do in undici.
  const parser = (socket as unknown as Record<symbol, Parser | null | undefined>)[kParser];
  if (typeof parser?.onHeadersComplete !== 'function') return;
  const original = parser.onHeadersComplete.bind(parser);
  parser.onHeadersComplete = (status, upgrade, keepAlive) => {
    if (status === 304) parser.contentLength = '';
    return original(status === 100 ? 102 : status, upgrade, keepAlive);
  };
}
