// AWS as far as the wire shows it: a proxy to whom every host is this machine, with a certificate for all of them. What
// is asked there is kept, and answered as the test says.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished, vi } from 'vitest';
import { makeCertificate } from './certificate.ts';
import { startConnectProxy } from './connect-proxy.ts';

/** One request, as it came out of TLS. */
export interface Recorded {
  readonly method: string;
  readonly host: string;
  /** As it was sent: path and query. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** `eu-west-1/s3` of the signature; undefined where there is none. */
  readonly scope: string | undefined;
  /** Access key id that it was signed with. */
  readonly key: string | undefined;
}

/** What to answer. */
export interface Replied {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A recording AWS, closed when the test has finished. */
export interface RecordedAws {
  /** For the option `ca`. */
  readonly ca: string;
  readonly requests: Recorded[];
  /** Answers from now on; undefined leaves a request to the plain answers. */
  answer(reply: (request: Recorded) => Replied | undefined): void;
}

const XML = { 'content-type': 'application/xml' };
const EMPTY_LIST =
  '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated></ListBucketResult>';
const ETAG = '"5d41402abc4b2a76b9719d911017c592"';

/** Starts one, and names its proxy in the environment of this process until the test has finished. */
export async function recordAws(hosts: readonly string[]): Promise<RecordedAws> {
  const requests: Recorded[] = [];
  let reply: (request: Recorded) => Replied | undefined = () => undefined;
  const certificate = makeCertificate(hosts);
  const server = createServer({ ...certificate }, (req, res) => {
    void (async () => {
      const recorded = await recordOf(req);
      requests.push(recorded);
      const { status = 200, headers = {}, body = '' } = reply(recorded) ?? plainAnswer(recorded);
      const all = { 'x-amz-request-id': 'RECORDED', ...headers };
      res.writeHead(status, { ...all, 'content-length': Buffer.byteLength(body) });
      res.end(recorded.method === 'HEAD' ? '' : body);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an AddressInfo.
  const target = server.address() as AddressInfo;
  const proxy = await startConnectProxy({ target });
  vi.stubEnv('HTTPS_PROXY', proxy.url);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { ca: certificate.cert, requests, answer: (next) => void (reply = next) };
}

async function recordOf(req: IncomingMessage): Promise<Recorded> {
  const { method = '', url = '', headers } = req;
  const [, key, scope] =
    /Credential=([^/]+)\/\d{8}\/([^,]+)\/aws4_request/.exec(headers.authorization ?? '') ?? [];
  const host = headers.host ?? '';
  return { method, host, target: url, headers, body: await buffer(req), scope, key };
}

/** What a bucket with one file answers. */
function plainAnswer({ method, target }: Recorded): Replied {
  if (target.includes('list-type=2')) return { headers: XML, body: EMPTY_LIST };
  const headers = { etag: ETAG, 'last-modified': new Date().toUTCString() };
  if (method === 'GET' || method === 'HEAD') return { headers, body: 'hello' };
  return method === 'DELETE' ? { status: 204 } : { headers };
}
