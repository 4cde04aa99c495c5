// Servers that write the very bytes a test tells them to.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';

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
