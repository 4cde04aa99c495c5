// Looks at one answer of a contestant before it is measured: a fast wrong answer is no answer.
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Server } from './server.ts';
import type { Storage } from './storage.ts';
import type { Expected, Request } from './works.ts';

/** The request with what only an answer tells filled in: `$etag`. */
export async function complete(server: Server, request: Request): Promise<Request> {
  if (!Object.values(request.headers).includes('$etag')) return request;
  const response = await fetch(server.url + request.path);
  await response.arrayBuffer();
  const etag = response.headers.get('etag') ?? 'none';
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    value.replace('$etag', () => etag),
  ]);
  return { ...request, headers: Object.fromEntries(headers) as Record<string, string> };
}

/** What one answer showed. */
export interface Inspection {
  /** What is wrong with it, in a few words; undefined when nothing is. */
  readonly fault: string | undefined;
  readonly answerBytes: number;
}

/** Asks once and compares the answer, and what it stored, with what is expected. */
export async function inspect(
  server: Server,
  request: Request,
  storage: Storage,
): Promise<Inspection> {
  const { expected } = request;
  const stored = expected.stored === undefined ? '' : path.join(storage.files, expected.stored);
  if (stored !== '') await rm(stored, { force: true });
  const response = await fetch(server.url + request.path, {
    method: request.method,
    headers: request.headers,
    body: request.body === undefined ? null : new Uint8Array(request.body),
  });
  const body = Buffer.from(await response.arrayBuffer());
  const answerBytes = body.length;
  if (!expected.status.includes(response.status))
    return { fault: `answers ${response.status}`, answerBytes };
  if (stored !== '' && !(await holds(stored, expected.content ?? Buffer.alloc(0))))
    return { fault: 'stores other bytes', answerBytes };
  return { fault: await faultOfBody(body, expected, storage), answerBytes };
}

async function faultOfBody(
  body: Buffer,
  expected: Expected,
  storage: Storage,
): Promise<string | undefined> {
  if (expected.bytes !== undefined && body.length !== expected.bytes)
    return `sends ${body.length} bytes of ${expected.bytes}`;
  if (expected.object !== undefined) {
    const whole = await readFile(path.join(storage.files, expected.object));
    const [from, to] = expected.range ?? [0, whole.length - 1];
    if (!whole.subarray(from, to + 1).equals(body)) return 'sends other bytes';
  }
  if (expected.text !== undefined && !body.includes(expected.text))
    return `sends no ${expected.text}`;
  const entries = expected.entries === undefined ? undefined : countEntries(body);
  if (entries !== expected.entries) return `has ${entries} entries of ${expected.entries}`;
  return undefined;
}

function countEntries(body: Buffer): number {
  if (!body.subarray(0, 2).equals(Buffer.from('PK')))
    return (JSON.parse(body.toString()) as { resource: unknown[] }).resource.length;
  // APPNOTE 4.3.16: the end record is last, and holds the number of entries at byte 10.
  return body.readUInt16LE(body.lastIndexOf(Buffer.from('PK\x05\x06')) + 10);
}

async function holds(file: string, content: Buffer): Promise<boolean> {
  const stored = await readFile(file);
  return stored.equals(content) || withoutChunks(stored).equals(content);
}

// The stand-in keeps an aws-chunked body as it came: chunks of "size in hex CRLF bytes CRLF", then trailers.
function withoutChunks(framed: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < framed.length;) {
    const end = framed.indexOf('\r\n', at);
    const size = Number.parseInt(framed.subarray(at, end).toString('latin1'), 16);
    if (end === -1 || !(size > 0)) break;
    chunks.push(framed.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}
