// How a process ends without cutting what its clients are doing.
import type { Server } from 'node:http';
import { within } from '../core/deadline.js';

/** A file service, as far as its end is concerned. */
interface Closable {
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Docker kills ten seconds after SIGTERM; this leaves two for the rest of the host. */
const DEFAULT_GRACE_MS = 8000;

/**
 * Ends a server and its file service: no new connections, 503 for new requests on old ones, `graceMs` for what is under
 * way, then everything is cut. Once it has fulfilled, nothing of either keeps the process alive.
 * `@default graceMs 8000`
 *
 * @example
 * import { createServer } from 'node:http';
 * const files = createFileService({ bucket: 'acme-prod', region: 'eu-west-1', authorize: allowAll });
 * const server = createServer(files).listen(3000);
 * process.on('SIGTERM', () => void closeGracefully(server, files));
 */
export async function closeGracefully(
  server: Server,
  files: Closable,
  { graceMs = DEFAULT_GRACE_MS }: { readonly graceMs?: number } = {},
): Promise<void> {
  const endsAtMs = performance.now() + graceMs;
  // A server that does not listen calls back with an error, and is closed all the same.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await files.close({ graceMs });
  server.closeIdleConnections();
  const late = (): Error => new Error(`connections are open after ${graceMs} ms`);
  await within(closed, Math.max(0, endsAtMs - performance.now()), late).catch(() => undefined);
  server.closeAllConnections();
  await closed;
}
