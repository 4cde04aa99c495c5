// Servers that write the very bytes a test tells them to, and receivers that write down what they hear.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { StorageSettings } from '../../src/storage/s3/settings.ts';
import { exchange, type LeanRequest } from '../../src/storage/s3/wire/exchange.ts';
import type { Head } from '../../src/storage/s3/wire/response-head.ts';
import {
  wirePool,
  type PoolOptions,
  type WirePool,
} from '../../src/storage/s3/wire/socket-pool.ts';
import {
  wireOver,
  type Outgoing,
  type Receiver,
  type Wire,
} from '../../src/storage/s3/wire/socket.ts';
import { until } from './until.ts';

/** A server on a loopback port, closed with all its sockets when the test has finished. */
export interface ScriptedServer {
  readonly port: number;
  readonly origin: string;
  /** Those accepted so far, in order. */
  readonly sockets: readonly Socket[];
  /** How many of them are open. */
  open(): number;
}

/** A request as it came, with the socket it came on. */
export interface Asked {
  readonly head: string;
  readonly body: Buffer;
  readonly socket: Socket;
}

/** Lets `onSocket` do what it likes with each connection. */
export async function serve(
  onSocket: (socket: Socket) => void,
  server: ReturnType<typeof createServer> | TlsServer = createServer({ noDelay: true }),
): Promise<ScriptedServer> {
  const isSecure = server instanceof TlsServer;
  const sockets: Socket[] = [];
  server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.push(socket);
    // Clients that go away in the middle are what many tests are about.
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  // A TCP server's address is an object; only pipes have strings.
  const { port } = server.address() as AddressInfo;
  const origin = isSecure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  return { port, origin, sockets, open: () => sockets.filter((one) => !one.destroyed).length };
}

/** Calls `answer` for each request that has come whole. */
export function requests(answer: (asked: Asked) => void): (socket: Socket) => void {
  return (socket) => {
    let pieces: Buffer[] = [];
    let held = 0;
    let wanted = 0;
    socket.on('data', (more: Buffer) => {
      pieces.push(more);
      held += more.length;
      // Long bodies are put together once.
      if (held < wanted) return;
      let bytes = Buffer.concat(pieces);
      for (wanted = 0; ; bytes = bytes.subarray(wanted)) {
        const end = bytes.indexOf('\r\n\r\n') + 4;
        const head = bytes.toString('latin1', 0, end);
        const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        wanted = end < 4 ? 0 : end + length;
        if (end < 4 || held < wanted) break;
        held -= wanted;
        answer({ head, body: bytes.subarray(end, wanted), socket });
      }
      pieces = [bytes];
    });
  };
}

/** An answer of known length. */
export function answer(content: string, status = 200, headers = ''): string {
  return `HTTP/1.1 ${status} X\r\n${headers}Content-Length: ${content.length}\r\n\r\n${content}`;
}

/** An answer in chunks. */
export function chunked(chunks: readonly string[], status = 200): string {
  const framed = [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return `HTTP/1.1 ${status} X\r\nTransfer-Encoding: chunked\r\n\r\n${framed.join('')}`;
}

/** Writes bytes given as Latin-1 characters. */
export function say(socket: Socket, text: string): void {
  socket.write(text, 'latin1');
}

/** Answers every request with the same bytes. */
export function serveText(text: string): Promise<ScriptedServer> {
  return serve(requests(({ socket }) => say(socket, text)));
}

/** A server that writes scripted pieces for each request, so far apart that each is read by itself. */
export async function serveInPieces() {
  let pieces: readonly string[] = [];
  const server = await serve(
    requests(({ socket }) => {
      const left = [...pieces];
      const next = (): void => {
        const piece = left.shift();
        if (piece === undefined || socket.destroyed) return;
        say(socket, piece);
        // Both sides are in this process: the other one reads in the turn between.
        setImmediate(() => setImmediate(next));
      };
      next();
    }),
  );
  return { server, script: (next: readonly string[]) => void (pieces = [...next]) };
}

/** A request without a body. */
export function request(method = 'GET', path = '/'): Outgoing {
  return { method, head: `${method} ${path} HTTP/1.1\r\nhost: test\r\n\r\n`, body: null };
}

/** A request with one. */
export function putting(body: Outgoing['body'], length: number): Outgoing {
  const head = `PUT / HTTP/1.1\r\nhost: test\r\ncontent-length: ${length}\r\n\r\n`;
  return { method: 'PUT', head, body };
}

/** A pool, closed when the test has finished. */
export function poolFor(origin: string, changes: Partial<PoolOptions> = {}): WirePool {
  const pool = wirePool(origin, { maxSockets: 8, connectMs: 5000, idleMs: 60_000, ...changes });
  onTestFinished(() => pool.close(new Error('the test has ended')));
  return pool;
}

/** A whole answer. */
export interface Heard {
  readonly head: Head;
  readonly content: Buffer;
}

/** What a receiver may do beside writing down. */
export interface Listening {
  /** Keeps the bytes as they are given, instead of copying them at once. @default false */
  readonly keeps?: boolean;
  readonly onHead?: (head: Head) => void;
  readonly onData?: (bytes: Buffer) => void;
}

/** A receiver with all it has heard. */
export interface Listener {
  readonly receiver: Receiver;
  /** Rejects with what the receiver fails with. */
  readonly heard: Promise<Heard>;
  readonly pieces: readonly Buffer[];
  /** What it was called for, in order; content that comes in several pieces stands there once. */
  readonly calls: readonly string[];
}

/** A receiver that writes down what it hears. */
export function listener({ keeps = false, onHead, onData }: Listening = {}): Listener {
  const pieces: Buffer[] = [];
  const calls: string[] = [];
  const { promise, resolve, reject } = deferred<Heard>();
  // Whoever looks at the calls alone need not catch it.
  promise.catch(() => {});
  let head: Head | undefined;
  const receiver: Receiver = {
    head(given) {
      calls.push('head');
      head = given;
      onHead?.(given);
      return keeps;
    },
    data(bytes) {
      if (calls.at(-1) !== 'data') calls.push('data');
      pieces.push(keeps ? bytes : Buffer.from(bytes));
      onData?.(bytes);
    },
    end() {
      calls.push('end');
      if (head === undefined) reject(new Error('an answer ended that had no head'));
      else resolve({ head, content: Buffer.concat(pieces) });
    },
    fail(error) {
      calls.push('fail');
      reject(error);
    },
  };
  return { receiver, heard: promise, pieces, calls };
}

/** A promise with its ends. */
export function deferred<T = void>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
}

/** Sends a request over the next wire of a pool. */
export function ask(pool: WirePool, message = request(), listening?: Listening): Promise<Heard> {
  const { receiver, heard } = listener(listening);
  pool.claim({
    start: (wire) => wire.send(message, receiver),
    fail: (error) => receiver.fail(error),
  });
  return heard;
}

/** A wire with what a test may want to see of it. */
export interface Seen {
  readonly wire: Wire;
  readonly socket: Socket;
  /** What became of it, in order. */
  readonly events: readonly ('free' | 'gone')[];
  /** Bytes read off the socket. */
  read(): number;
  send(message?: Outgoing, listening?: Listening): Listener;
  ask(message?: Outgoing, listening?: Listening): Promise<Heard>;
}

/** A wire to a server, closed when the test has finished; `onRead` is called after each read. */
export function wireTo(
  { port }: ScriptedServer,
  { idleMs = 60_000, onRead = () => {} } = {},
): Seen {
  const events: ('free' | 'gone')[] = [];
  let read = 0;
  let socket: Socket | undefined;
  const wire = wireOver(
    ({ buffer, callback }) => {
      const counting = (length: number, bytes: Uint8Array): boolean => {
        read += length;
        const goesOn = callback(length, bytes);
        onRead();
        return goesOn;
      };
      socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback: counting } });
      return socket;
    },
    { idleMs, onFree: () => events.push('free'), onGone: () => events.push('gone') },
  );
  if (socket === undefined) throw new Error('the wire opened no socket');
  onTestFinished(() => wire.close());
  const send: Seen['send'] = (message = request(), listening) => {
    const heard = listener(listening);
    wire.send(message, heard.receiver);
    return heard;
  };
  const ask: Seen['ask'] = (message, listening) => send(message, listening).heard;
  return { wire, socket, events, read: () => read, send, ask };
}

/** Waits for the end of a wire. */
export function gone({ events }: Seen): Promise<unknown> {
  return until(() => events.includes('gone'), { what: 'the end of the wire', deadlineMs: 1000 });
}

/** A call that is not like the others. */
export interface Calling extends Partial<LeanRequest> {
  readonly path?: string;
  readonly requestMs?: number;
  /** Why the call was aborted before it began. */
  readonly aborted?: Error;
}

/** Begins an exchange whose answer comes whole up to 100 bytes. */
export function begin(
  pool: WirePool,
  { path = '/', requestMs = 5000, aborted, ...changes }: Calling = {},
) {
  const leaving = new AbortController();
  if (aborted !== undefined) leaving.abort(aborted);
  const counts = { outages: 0 };
  const lean: LeanRequest = {
    operation: 'GetObject',
    method: changes.body === undefined ? 'GET' : 'PUT',
    s3Key: 'a',
    query: '',
    headers: [],
    whole: 100,
    streamed: false,
    ...changes,
  };
  const length = lean.body === undefined ? '' : `content-length: ${lean.body.length}\r\n`;
  const head = `${lean.method} ${path} HTTP/1.1\r\nhost: test\r\n${length}\r\n`;
  const answer = exchange(pool, lean, head, {
    call: { signal: leaving.signal, onCall: () => {} },
    // Border: of all settings an exchange looks at its deadline alone.
    settings: { timeouts: { requestMs } } as StorageSettings,
    onOutage: () => void (counts.outages += 1),
  });
  return { answer, leaving, counts };
}
