import type { IncomingMessage, ServerResponse } from 'node:http';
import { get, head, list, put, remove, signRead, signWrite, statusOf, zip } from './by-hand.ts';
import { listen } from './listen.ts';

listen((req, res) => {
  answer(req, res).catch((error: unknown) => {
    if (res.headersSent) res.destroy();
    else res.writeHead(statusOf(error)).end();
  });
});

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://localhost');
  const key = decodeURIComponent(url.pathname.slice(1));
  const signed = url.searchParams.get('url') === 'true';
  if (req.method === 'HEAD') return await head(res, key);
  if (req.method === 'PUT')
    return signed ? json(res, 200, await signWrite(key)) : json(res, 201, await put(req, key));
  if (req.method === 'DELETE') return json(res, 200, await remove(key));
  if (url.searchParams.get('zip') === 'true') return await zip(res, key);
  if (signed) return json(res, 200, await signRead(key));
  if (key.endsWith('/')) return json(res, 200, await list(key));
  return await get(req, res, key);
}

function json(res: ServerResponse, status: number, value: unknown): void {
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}
