// Writes a reply to the client's socket. A body that breaks never ends cleanly; once the client has gone, reading the body ends.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { FileReply } from '../http/reply.js';
import { hasBody } from './mounted-request.js';

/** How an answer left. `error` is what broke the body, when it was not the client. */
export interface Sent {
  readonly bytesOut: number;
  readonly complete: boolean;
  readonly error?: unknown;
}

/** What a client that is still sending may send on before its answer's connection closes, in bytes. */
const LINGER_BYTES = 128 * 1024;
/** Bodies up to this size are worth a copy to spare a write. */
const ONE_PIECE_BYTES = 16 * 1024;
/** How long it has to read that answer, in milliseconds. */
const LINGER_MS = 1000;
// Node keeps what is written until the end of the turn, and says that it is too much: as much as storage's socket gives
// at once says nothing of the client. With its frame in HTTP's chunked coding.
const CORKED_BYTES = 64 * 1024 + 16;
// The kernel may hold megabytes and only says that there is room again once a third of them have gone:
// a slow reader looks idle for minutes. Ten times the idle limit tells it from a dead one.
const READER_PATIENCE = 10;

/** The end of a response, whoever ended it. A listener costs more than a call: there is one for all. */
export class Ending {
  #isOver = false;
  #then: (() => void) | undefined;

  /** The response is closed. */
  abort(): void {
    this.#isOver = true;
    this.#then?.();
  }

  /** Calls back once, and later. A client that left while its request ran has closed the response already. */
  onceOver(callback: () => void): void {
    if (this.#isOver) queueMicrotask(callback);
    else this.#then = callback;
  }
}

/** A response under way, and what becomes of it. */
export interface Sending {
  readonly res: ServerResponse;
  readonly ending: Ending;
  /** Called exactly once, after the last byte or once the client has gone. */
  readonly done: (sent: Sent) => void;
}

/** Sends a reply. */
export function sendReply(
  req: IncomingMessage,
  sending: Sending,
  given: FileReply,
  idleMs: number,
): void {
  const { res, ending, done } = sending;
  const reply = hasConnection(req) ? given : withoutConnection(given);
  // Express names itself on every answer; that helps nobody but attackers.
  res.removeHeader('X-Powered-By');
  const { body } = reply;
  if (isStream(body)) return sendStream(sending, reply, body, idleMs * READER_PATIENCE);
  const bytesOut = body === null ? 0 : Buffer.byteLength(body);
  ending.onceOver(() => {
    done({ bytesOut: res.writableFinished ? bytesOut : 0, complete: res.writableFinished });
  });
  if (res.destroyed) return undefined;
  if (req.complete || !hasBody(req)) {
    res.writeHead(reply.status, reply.headers);
    end(res, body);
    return undefined;
  }
  return sendAndLinger(req, res, reply, body);
}

// RFC 9113 section 8.2.2: "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header fields";
// Node leaves it out, and warns.
function hasConnection(req: IncomingMessage): boolean {
  return req.httpVersionMajor < 2;
}

function withoutConnection(reply: FileReply): FileReply {
  const { Connection: _connection, ...headers } = reply.headers;
  return { ...reply, headers };
}

// Node sends a text in one piece with the headers, and a buffer in a second one. Latin-1 is bytes as they are.
function end(res: ServerResponse, body: string | Uint8Array | null): void {
  if (body instanceof Uint8Array && body.length <= ONE_PIECE_BYTES)
    res.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'), 'latin1');
  else res.end(body ?? undefined);
}

function isStream(body: FileReply['body']): body is Readable {
  return typeof body === 'object' && body !== null && 'pipe' in body;
}

function sendStream(
  { res, ending, done }: Sending,
  { status, headers }: FileReply,
  body: Readable,
  patienceMs: number,
): void {
  const declared = headers['Content-Length'];
  let bytesOut = 0;
  let failure: unknown;
  let impatience: NodeJS.Timeout | undefined;

  const abandon = (error?: unknown): void => {
    failure ??= error;
    body.destroy();
    // Not end(): the client must see that the body is not whole.
    res.destroy();
  };
  body.on('data', (chunk: string | Uint8Array) => {
    bytesOut += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    if (res.write(chunk) || res.writableLength <= CORKED_BYTES) return;
    body.pause();
    impatience = setTimeout(abandon, patienceMs);
  });
  body.on('end', () => {
    // A length that was promised and not kept would make the next answer look like this one's rest.
    if (declared === undefined || Number(declared) === bytesOut) res.end();
    else abandon(new Error(`The body has ${bytesOut} bytes instead of ${declared}.`));
  });
  body.on('error', abandon);
  body.on('close', () => {
    if (!body.readableEnded) abandon();
  });
  res.on('drain', () => {
    clearTimeout(impatience);
    body.resume();
  });
  res.on('error', abandon);
  ending.onceOver(() => {
    clearTimeout(impatience);
    body.destroy();
    const complete = res.writableFinished && failure === undefined;
    done({ bytesOut, complete, ...(failure === undefined ? {} : { error: failure }) });
  });
  if (res.destroyed) abandon();
  else res.writeHead(status, headers);
}

// Closing while the client still sends would reset the connection before it has read the answer. So the
// answer is written, a little more is read and dropped, and only then the connection ends.
function sendAndLinger(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers }: FileReply,
  body: string | Uint8Array | null,
): void {
  let dropped = 0;
  const end = (): void => {
    clearTimeout(timer);
    req.removeListener('data', drop);
    res.end();
  };
  const drop = (chunk: Uint8Array): void => {
    dropped += chunk.length;
    if (dropped > LINGER_BYTES) req.pause();
  };
  const timer = setTimeout(end, LINGER_MS);
  res.writeHead(status, hasConnection(req) ? { ...headers, Connection: 'close' } : headers);
  if (body === null) res.flushHeaders();
  else res.write(body);
  req.on('data', drop);
  req.on('error', () => {});
  req.once('end', end);
  req.once('close', end);
  req.resume();
}
