// A server of Resumable Uploads for HTTP that keeps bytes in memory, and breaks connections when it is told to.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server has of one upload. */
export interface HeldUpload {
  bytes: Buffer;
  length: number;
  complete: boolean;
}

/** The server, and what a test may do to it. */
export interface UploadServer {
  readonly baseUrl: string;
  readonly uploads: Map<string, HeldUpload>;
  /** Every request: method, path and the offset that it named. */
  readonly requests: string[];
  /** The next append breaks after so many bytes; the bytes before are kept. */
  breakAfter: number | undefined;
  readonly close: () => Promise<void>;
}

const LIMIT = 'max-size=1000000000, max-append-size=4194304, max-age=86400';

/** Starts the server. */
export async function startUploadServer(): Promise<UploadServer> {
  const uploads = new Map<string, HeldUpload>();
  const requests: string[] = [];
  const server = createServer((req, res) => void answer(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const running: UploadServer = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mount`,
    uploads,
    requests,
    breakAfter: undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const offset = req.headers['upload-offset'];
    requests.push([req.method, req.url, ...(offset === undefined ? [] : [offset])].join(' '));
    const id = /\/_uploads\/(\d+)$/.exec(req.url ?? '')?.[1];
    if (id === undefined) return begin(req, res);
    const held = uploads.get(id);
    if (held === undefined) return void res.writeHead(404).end();
    if (req.method === 'DELETE') {
      uploads.delete(id);
      return void res.writeHead(204).end();
    }
    if (req.method === 'HEAD') return void res.writeHead(204, describe(held)).end();
    return append(req, res, held);
  }

  async function append(req: IncomingMessage, res: ServerResponse, held: HeldUpload) {
    if (Number(req.headers['upload-offset']) !== held.bytes.length) {
      req.resume();
      return void res.writeHead(409, describe(held)).end('{}');
    }
    // Node takes the socket away from a request that has ended.
    const { socket } = req;
    const rest = running.breakAfter;
    running.breakAfter = undefined;
    const chunks = [held.bytes];
    let taken = 0;
    try {
      for await (const chunk of req as AsyncIterable<Buffer>) {
        const kept = chunk.subarray(0, (rest ?? Infinity) - taken);
        taken += kept.length;
        chunks.push(kept);
        if (taken === rest) {
          held.bytes = Buffer.concat(chunks);
          return void socket.destroy();
        }
      }
    } catch {
      // The client has stopped; what came is kept.
    }
    held.bytes = Buffer.concat(chunks);
    if (socket.destroyed) return;
    held.complete = req.headers['upload-complete'] === '?1';
    res.writeHead(held.complete ? 201 : 204, describe(held));
    res.end(held.complete ? JSON.stringify({ path: 'film.mp4', type: 'file' }) : undefined);
  }

  function begin(req: IncomingMessage, res: ServerResponse): void {
    if (req.method === 'OPTIONS') return void res.writeHead(204, { 'Upload-Limit': LIMIT }).end();
    const id = String(uploads.size + 1);
    const length = Number(req.headers['upload-length']);
    uploads.set(id, { bytes: Buffer.alloc(0), length, complete: false });
    const headers = { Location: `/elsewhere/_uploads/${id}`, 'Upload-Limit': LIMIT };
    res.writeHead(201, { ...headers, 'Upload-Complete': '?0', 'Upload-Offset': '0' }).end();
  }

  return running;
}

function describe({ bytes, complete }: HeldUpload): Record<string, string> {
  return { 'Upload-Offset': String(bytes.length), 'Upload-Complete': complete ? '?1' : '?0' };
}
