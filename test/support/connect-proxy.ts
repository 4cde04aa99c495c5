// An HTTP proxy as companies have it: it opens tunnels (CONNECT), relays plain requests, and may want a password.
import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What came to the proxy. */
export interface Passed {
  /** `CONNECT host:port`, or `GET http://host/path`. */
  readonly line: string;
  readonly authorization: string | undefined;
}

/** A running proxy, closed with all its sockets when the test has finished. */
export interface ConnectProxy {
  /** Its address, with `user` in it where it was given one. */
  readonly url: string;
  readonly passed: readonly Passed[];
  /** Sockets of clients that are open. */
  open(): number;
}

interface ProxyOptions {
  /** Whatever host is named, this is where it leads. */
  readonly target: { readonly port: number };
  /** `name:password`; whoever has it not gets 407. */
  readonly user?: string;
  /** The answer to CONNECT. @default 200 */
  readonly status?: number;
}

/** Starts a proxy on a loopback port. */
export async function startConnectProxy(options: ProxyOptions): Promise<ConnectProxy> {
  const passed: Passed[] = [];
  const sockets = new Set<Socket>();
  const wanted =
    options.user === undefined
      ? undefined
      : `Basic ${Buffer.from(options.user).toString('base64')}`;
  const isRefused = (given: string | undefined): boolean =>
    wanted !== undefined && given !== wanted;

  const server = createServer((req, res) => {
    const { method = '', url = '', headers } = req;
    const { 'proxy-authorization': authorization, ...rest } = headers;
    passed.push({ line: `${method} ${url}`, authorization });
    if (isRefused(authorization)) return void res.writeHead(407).end();
    const { pathname, search } = new URL(url);
    const onward = forward(
      { host: '127.0.0.1', port: options.target.port, method, path: pathname + search },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(res);
      },
    );
    for (const [name, value] of Object.entries(rest)) onward.setHeader(name, value ?? '');
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });
  server.on('connect', ({ url = '', headers }, socket: Socket, head) => {
    const authorization = headers['proxy-authorization'];
    passed.push({ line: `CONNECT ${url}`, authorization });
    const { status = 200 } = options;
    if (isRefused(authorization)) return void socket.end('HTTP/1.1 407 Login\r\n\r\n');
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const onward = connect(options.target.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const user = options.user === undefined ? '' : `${options.user}@`;
  return { url: `http://${user}127.0.0.1:${port}`, passed, open: () => sockets.size };
}
