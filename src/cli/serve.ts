// A server of its own for a service and its page: what `s3files serve` and the demo run.
import { createServer, type RequestListener } from 'node:http';
import type { FileServiceConfig } from '../config/options.js';
import { createFileService } from '../file-service.js';
import type { FileService } from '../file-service.js';
import { closeGracefully } from '../server/close-gracefully.js';
import { configureServer } from '../server/configure-server.js';
import { fastLane } from '../server/fast-lane.js';
import { filePage } from '../server/page/file-page.js';
import { lineOf } from './findings.js';
import { say, type Io } from './io.js';

/** What to serve, and where. */
export interface Serving {
  readonly config: FileServiceConfig;
  /** What is said of the storage. */
  readonly description: string;
  readonly host: string;
  readonly port: number;
  /** Path of the service. */
  readonly mount: string;
  /** Path of the page; undefined for none. */
  readonly page: string | undefined;
  /** The key that callers show; undefined where none is needed. */
  readonly key: string | undefined;
  /** Answers everything else. */
  readonly front: RequestListener;
  /** Asks storage first, and says what it finds. */
  readonly checks: boolean;
  /** Called once all is over. */
  readonly onClose?: () => Promise<void>;
}

/** Docker kills ten seconds after SIGTERM. */
const GRACE_MS = 8000;

/** Serves until a signal ends it; the answer is the exit code. */
export async function serve(serving: Serving, io: Io): Promise<number> {
  const files = createFileService(serving.config);
  say(io.out, `Store: ${serving.description}`);
  if (serving.checks) await sayFindings(files, io);
  const { mount, page, front, host, port } = serving;
  const rest = page === undefined ? front : fastLane(page, filePage(files), front);
  const health = withHealth(files, rest);
  const server = configureServer(createServer(fastLane(mount, files, health)));
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
  } catch (error) {
    say(io.err, `s3files cannot listen on port ${port} of ${host}: ${(error as Error).message}.`);
    say(io.err, 'Choose others with PORT and HOST, or --port and --host of s3files serve.');
    await files.close();
    await serving.onClose?.();
    return 1;
  }
  const address = server.address();
  const opened = typeof address === 'object' && address !== null ? address.port : port;
  sayAddresses(serving, `http://${host.includes(':') ? `[${host}]` : host}:${opened}`, io);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await closeGracefully(server, files, { graceMs: GRACE_MS });
  await serving.onClose?.();
  return 0;
}

/** `/healthz` is 200 while storage answers, for load balancers and orchestrators. */
function withHealth(files: FileService, next: RequestListener): RequestListener {
  return (req, res) => {
    if (req.url !== '/healthz') return next(req, res);
    void files.ready().then((isReady) => {
      const headers = { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' };
      res.writeHead(isReady ? 200 : 503, headers).end(isReady ? 'ready\n' : 'not ready\n');
    });
  };
}

async function sayFindings(files: FileService, io: Io): Promise<void> {
  const { findings } = await files.check();
  for (const finding of findings) say(io.out, `  ${lineOf(finding)}`);
}

function sayAddresses({ mount, page, key }: Serving, origin: string, io: Io): void {
  const url = origin + mount;
  const header = key === undefined ? '' : `-H "X-DreamFactory-API-Key: ${key}" `;
  if (page !== undefined) say(io.out, `Open ${origin}/${key === undefined ? '' : `?key=${key}`}`);
  say(io.out, `s3files listens at ${url}/`);
  say(io.out, 'Try:');
  say(io.out, `  curl ${header}${url}/`);
  say(io.out, `  curl ${header}-H "Content-Type: text/plain" -d "Hello" ${url}/uploads/hello.txt`);
  say(io.out, `  curl ${header}${url}/uploads/hello.txt?include_properties=true`);
}
