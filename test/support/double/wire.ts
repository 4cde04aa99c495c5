// Bytes between an operation and the socket, with back-pressure, and with the faults of a network.
import { once } from 'node:events';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { piecesOf, type Content } from './content.ts';
import type { Answer, Connection } from './exchange.ts';
import { countsRequest, type Fault } from './faults.ts';

// Time for the peer to read what was written before a reset discards it.
const FLUSH_MS = 10;

// How long a socket that was ended is kept for the peer to read; nothing is read from it.
const LINGER_MS = 5000;

/** The body of the request in pieces; breaks off where the fault of the call says. */
export async function* readUnderFault(connection: Connection): AsyncGenerator<Buffer> {
  const { req, call, fault } = connection;
  const limit = countsRequest(call.operation) ? breakingPoint(fault) : undefined;
  // An early end must leave the socket alive: the refusal is still to be sent over it.
  for await (const piece of req.iterator({ destroyOnReturn: false })) {
    // The type of a Readable does not know that this one was given no encoding.
    const raw = piece as Buffer;
    call.bytesIn += raw.length;
    if (limit !== undefined && call.bytesIn >= limit) await breakOff(connection);
    yield raw;
  }
  if (limit !== undefined) await breakOff(connection);
}

/** Reads the body and forgets it. */
export async function drain({ req, call }: Connection): Promise<void> {
  for await (const piece of req.iterator({ destroyOnReturn: false })) {
    call.bytesIn += (piece as Buffer).length;
  }
}

/** Flips one byte of `data`, which begins at `offset`, when the fault is `corrupt` and lies in it. */
export function damage(fault: Fault | undefined, data: Buffer, offset: number): Buffer {
  if (fault?.kind !== 'corrupt') return data;
  const at = (fault.bytes ?? 0) - offset;
  if (at < 0 || at >= data.length) return data;
  const copy = Buffer.from(data);
  copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at);
  return copy;
}

/** Sends an answer; resolves when it is with the socket or the client has gone. */
export async function sendAnswer(connection: Connection, answer: Answer): Promise<void> {
  const { req, res, call, fault } = connection;
  if (res.destroyed) return;
  const isBodiless = req.method === 'HEAD' || answer.status === 204 || answer.status === 304;
  const body = toBody(answer.body);
  const length = answer.headers?.['content-length'] ?? String(body.size);
  writeHead(connection, answer, answer.isChunked === true ? undefined : length);
  res.once('finish', () => {
    call.complete = true;
  });
  const limit = countsRequest(call.operation) ? undefined : breakingPoint(fault);
  const isWhole = await writeBody(connection, isBodiless ? [] : body.pieces, limit);
  // What was not read of a refused request must not block the next one on this connection.
  if (isWhole) res.end(() => req.resume());
}

/** Ends the connection as `reset` or `fin` does, or never again says anything. */
export async function breakOff({ res, fault }: Connection): Promise<never> {
  const socket = res.socket;
  if (socket !== null && !socket.destroyed) {
    const closed = once(socket, 'close');
    if (fault?.kind === 'fin') endAndLinger(socket);
    else if (!isSilence(fault)) {
      await wait(FLUSH_MS);
      socket.resetAndDestroy();
    }
    await closed;
  }
  throw new Error('The connection was broken off on demand.');
}

function isSilence(fault: Fault | undefined): boolean {
  const { kind } = fault ?? {};
  return kind === 'stall' || kind === 'black-hole' || kind === 'commit-then-silence';
}

/** Says something before the answer. */
export function sendInformation({ res }: Connection, status: number): void {
  const link = status === 103 ? 'link: </style.css>; rel=preload\r\n' : '';
  res.socket?.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Information'}\r\n${link}\r\n`);
}

/** Answers on the bare socket before the body is read, and never reads it. */
export function answerEarly({ res, call }: Connection, answer: Answer, body: string): void {
  const head = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
    ...Object.entries(answer.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  call.status = answer.status;
  call.bytesOut = Buffer.byteLength(body);
  if (res.socket === null) return;
  res.socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, () => {
    call.complete = true;
  });
  endAndLinger(res.socket);
}

function endAndLinger(socket: Socket): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}

function breakingPoint(fault: Fault | undefined): number | undefined {
  const breaks = fault?.kind === 'reset' || fault?.kind === 'fin' || fault?.kind === 'stall';
  return breaks ? fault.bytes : undefined;
}

function toBody(body: string | Content | undefined): { size: number; pieces: Iterable<Buffer> } {
  if (body === undefined || body === '') return { size: 0, pieces: [] };
  if (typeof body !== 'string') return { size: body.size, pieces: piecesOf(body) };
  const bytes = Buffer.from(body);
  return { size: bytes.length, pieces: [bytes] };
}

function writeHead({ res, call }: Connection, answer: Answer, length: string | undefined): void {
  call.status = answer.status;
  res.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    res.setHeader(name, carriable(value));
  }
  if (length !== undefined && answer.status !== 204 && answer.status !== 304)
    res.setHeader('content-length', length);
}

// Metadata that bypassed HTTP may hold what no header can: UTF-8 goes as bytes, controls as spaces.
function carriable(value: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  const bytes = /[^\0-\xff]/.test(value) ? Buffer.from(value).toString('latin1') : value;
  return bytes.replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ');
}

async function writeBody(
  connection: Connection,
  pieces: Iterable<Buffer>,
  limit: number | undefined,
): Promise<boolean> {
  const { res, call, fault } = connection;
  for (const piece of pieces) {
    const data = damage(fault, piece, call.bytesOut);
    if (limit !== undefined && call.bytesOut + data.length >= limit) {
      await write(connection, data.subarray(0, limit - call.bytesOut));
      await breakOff(connection);
    }
    await write(connection, data);
    if (res.destroyed) return false;
  }
  if (limit !== undefined) {
    res.flushHeaders();
    await breakOff(connection);
  }
  return true;
}

async function write({ res, call }: Connection, data: Buffer): Promise<void> {
  call.bytesOut += data.length;
  if (data.length === 0) res.flushHeaders();
  else if (!res.write(data)) await drained(res);
}

function drained(res: Connection['res']): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      res.off('drain', settle);
      res.off('close', settle);
      resolve();
    };
    res.on('drain', settle);
    res.on('close', settle);
    if (res.destroyed) settle();
  });
}
