// What a host's node:http server needs for uploads that take their time.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

const deferred = new WeakSet<IncomingMessage>();

/** Time for a request's headers, in milliseconds; bodies are watched by the service itself. */
const HEADERS_MS = 30_000;
/** Longer than the keep-alive of usual proxies (60 s), so that they never reuse a socket we just closed. */
const KEEP_ALIVE_MS = 65_000;

/**
 * Sets a server's timeouts for large transfers, and answers `Expect: 100-continue` only when the
 * service wants the body, so that a refused upload is never sent.
 *
 * Node's own `requestTimeout` ends every upload that takes longer than five minutes.
 *
 * @example
 * import { createServer } from 'node:http';
 * const files = createFileService({ bucket: 'acme-prod', region: 'eu-west-1', authorize: allowAll });
 * configureServer(createServer(files)).listen(3000);
 */
export function configureServer<S extends Server>(server: S): S {
  server.requestTimeout = 0;
  server.headersTimeout = HEADERS_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    deferred.add(req);
    server.emit('request', req, res);
  });
  return server;
}

/** Sends the awaited `100 Continue` when the body is read for the first time (RFC 9110 section 10.1.1). */
export function continueOnRead(req: IncomingMessage, res: ServerResponse): void {
  if (!deferred.has(req)) return;
  const read = req._read.bind(req);
  req._read = (size) => {
    req._read = read;
    if (!res.headersSent) res.writeContinue();
    read(size);
  };
}
