// A bare proxy: it signs nothing, judges nothing and passes on the headers that a file needs. The ceiling.
import * as http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as https from 'node:https';
import { bucket, endpoint } from './environment.ts';

const { protocol, hostname, port } = new URL(endpoint);
const { Agent, request } = protocol === 'https:' ? https : http;
const agent = new Agent({ keepAlive: true });
const ASKED = ['range', 'if-none-match', 'content-type', 'content-length'] as const;
const ANSWERED = [
  'content-type',
  'content-length',
  'content-range',
  'last-modified',
  'etag',
  'accept-ranges',
] as const;

/** Passes one request on to the stand-in and its answer back. */
export function proxy(req: IncomingMessage, res: ServerResponse): void {
  const upstream = request(
    {
      agent,
      hostname,
      port,
      method: req.method,
      path: `/${bucket}${req.url}`,
      headers: picked(req.headers, ASKED),
    },
    (answer) => {
      res.writeHead(answer.statusCode ?? 502, picked(answer.headers, ANSWERED));
      answer.pipe(res);
      answer.on('error', () => res.destroy());
    },
  );
  upstream.on('error', () => res.destroy());
  res.on('close', () => {
    if (!res.writableFinished) upstream.destroy();
  });
  if (req.method === 'PUT') req.pipe(upstream);
  else upstream.end();
}

function picked(
  from: IncomingMessage['headers'],
  names: readonly (keyof IncomingMessage['headers'] & string)[],
): Record<string, string> {
  const to: Record<string, string> = {};
  for (const name of names) {
    const value = from[name];
    if (typeof value === 'string') to[name] = value;
  }
  return to;
}
