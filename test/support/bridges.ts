// Ways to servers that are no listener of node:http: what comes in over HTTP/1.1 is asked of them, and answered as they do.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener } from 'node:http';
import { connect, createServer, type ClientHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fastLane } from '../../src/index.ts';
import type { FileService, FileServiceConfig } from '../../src/index.ts';
import type { Hosted } from './hosted.ts';
import { MOUNT } from './mount.ts';

/** RFC 9113 section 8.2.2: what names a connection is not part of a request over HTTP/2. */
const OF_CONNECTIONS = ['connection', 'host', 'keep-alive', 'transfer-encoding', 'upgrade'];

/** The service below the mount in a server that speaks HTTP/2 only. */
export async function overHttp2(files: FileService): Promise<Hosted> {
  // What the lane uses of node:http, HTTP/2's compatibility API has too.
  const lane = fastLane(MOUNT, files, (_, res) => res.end('own')) as unknown as Parameters<
    typeof createServer
  >[1];
  const server = createServer(lane);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const session = connect(`http://127.0.0.1:${port}`);
  return {
    listener: (req, res) => bridge(session, req, res),
    close: async () => {
      session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const bridge = (
  session: ClientHttp2Session,
  req: IncomingMessage,
  res: Parameters<RequestListener>[1],
): void => {
  // A target with a host is `:authority` and `:path` there.
  const [, authority = req.headers.host ?? '', path = ''] =
    /^(?:https?:\/\/([^/]*))?(.*)$/.exec(req.url ?? '/') ?? [];
  const headers: OutgoingHttpHeaders = { ...req.headers };
  for (const name of OF_CONNECTIONS) delete headers[name];
  const isChunked = req.headers['transfer-encoding'] !== undefined;
  const hasBody = isChunked || Number(req.headers['content-length'] ?? 0) > 0;
  const stream = session.request(
    { ...headers, ':method': req.method, ':path': path, ':authority': authority },
    { endStream: !hasBody },
  );
  stream.on('response', (answer) => {
    const given = Object.entries(answer).filter(([name]) => !name.startsWith(':'));
    res.writeHead(answer[':status'] ?? 0, Object.fromEntries(given));
    res.flushHeaders();
    stream.pipe(res);
  });
  stream.on('error', () => res.destroy()).on('aborted', () => res.destroy());
  if (hasBody) req.pipe(stream);
};

const RUNTIMES = join(import.meta.dirname, '../package/runtimes/node_modules');
// Bun's install script, where it may run, moves the program.
const PLACES = [join(RUNTIMES, '@oven/bun-linux-x64/bin/bun'), join(RUNTIMES, '.bin/bun')];

/** Where Bun is; undefined when the other runtimes are not installed. */
export const bunPath = (): string | undefined => PLACES.find((place) => existsSync(place));

/** The service below the mount in Bun's own server, a process of its own. Functions of the configuration stay here. */
export async function inBun(config: FileServiceConfig): Promise<Hosted> {
  const entry = join(import.meta.dirname, 'entries/bun-fetch.ts');
  const env = { ...process.env, NODE_OPTIONS: '', CONFIG: JSON.stringify(config), MOUNT };
  const child = spawn(bunPath() ?? 'bun', [entry], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    ended.then(() => Promise.reject(new Error('Bun ended before it listened'))),
  ])) as [string];
  const port = Number(line);
  return {
    tidiesTargets: true,
    // Bun's server keeps no Content-Length of a body that is a stream.
    chunksStreams: true,
    listener: (req, res) => {
      const asked = httpRequest(
        {
          host: '127.0.0.1',
          port,
          agent: false,
          method: req.method,
          path: req.url,
          headers: req.headers,
        },
        (answer) => {
          res.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.on('error', () => res.destroy());
          answer.pipe(res);
        },
      );
      asked.on('error', () => res.destroy());
      req.pipe(asked);
    },
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
