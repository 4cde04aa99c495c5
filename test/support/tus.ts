// A client of tus 1.0 that sends exactly what it is told, and breaks off where it is told.
import { request as httpRequest } from 'node:http';
import { ask, MOUNT, type Answer, type RunningService } from './service.ts';

const TUS = { 'Tus-Resumable': '1.0.0' };
const PIECE = 'application/offset+octet-stream';

/** What a client says of a file. */
export const metadataOf = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

/** One upload by tus. */
export interface TusUpload {
  /** Path and token, as `Location` has it. */
  readonly url: string;
  readonly head: () => Promise<Answer>;
  /** The offset that a HEAD tells. */
  readonly offset: () => Promise<number>;
  readonly patch: (
    offset: number,
    bytes: Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
  /** Announces all of `bytes`, sends `sent` of them, waits until they have left, and breaks the connection. */
  readonly cut: (offset: number, bytes: Uint8Array, sent: number) => Promise<void>;
  /** Sends `sent` of the bytes and falls silent until it is woken. */
  readonly stall: (offset: number, bytes: Uint8Array, sent: number) => Stalled;
  readonly remove: () => Promise<Answer>;
}

/** A request that stands still. */
export interface Stalled {
  /** The first bytes have left. */
  readonly isStalled: Promise<void>;
  /** Sends the rest; a second time does nothing. */
  readonly wake: () => void;
  readonly answer: Promise<{ readonly status: number }>;
}

type Port = Pick<RunningService, 'port'>;

/** Begins an upload; fails unless it is 201. */
export async function beginTus(
  service: Port,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: Uint8Array,
): Promise<TusUpload & { readonly answer: Answer }> {
  const answer = await postTus(service, path, headers, body);
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
  return { answer, ...tusUpload(service, answer.headers['location'] ?? '') };
}

/** Asks to begin an upload. */
export function postTus(
  { port }: Port,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: Uint8Array,
): Promise<Answer> {
  const piece: Readonly<Record<string, string>> =
    body === undefined ? {} : { 'Content-Type': PIECE };
  return ask(port, {
    method: 'POST',
    path: MOUNT + path,
    headers: { ...TUS, ...piece, ...headers },
    ...(body === undefined ? {} : { body }),
  });
}

/** An upload that has begun, on any instance; `speaks` is what its requests say beside their own headers. */
export function tusUpload(
  { port }: Port,
  url: string,
  extra: Readonly<Record<string, string>> = {},
  speaks: Readonly<Record<string, string>> = TUS,
): TusUpload {
  const headers = { ...speaks, ...extra };
  const send = (method: string, more: Readonly<Record<string, string>> = {}, body?: Uint8Array) =>
    ask(port, {
      method,
      path: url,
      headers: { ...headers, ...more },
      ...(body === undefined ? {} : { body }),
    });
  const head = () => send('HEAD');
  return {
    url,
    head,
    offset: async () => {
      const answer = await head();
      if (answer.status !== 200) throw new Error(`HEAD was answered with ${answer.status}`);
      return Number(answer.headers['upload-offset']);
    },
    patch: (offset, bytes, more = {}) =>
      send('PATCH', { 'Upload-Offset': String(offset), 'Content-Type': PIECE, ...more }, bytes),
    remove: () => send('DELETE'),
    stall: (offset, bytes, sent) => {
      const req = httpRequest({
        port,
        host: '127.0.0.1',
        method: 'PATCH',
        path: url,
        agent: false,
        headers: {
          'Content-Type': PIECE,
          'Upload-Offset': String(offset),
          ...headers,
          'Content-Length': String(bytes.length),
        },
      });
      const answer = new Promise<{ status: number }>((resolve) => {
        req.on('response', (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0 });
        });
        // A connection that the service has ended is as good as the answer that it is gone.
        req.on('error', () => resolve({ status: 404 }));
      });
      let isAwake = false;
      return {
        answer,
        isStalled: new Promise((resolve) => {
          req.write(bytes.subarray(0, sent), () => resolve());
        }),
        wake: () => {
          if (!isAwake) req.end(bytes.subarray(sent));
          isAwake = true;
        },
      };
    },
    cut: async (offset, bytes, sent) => {
      const req = httpRequest({
        port,
        host: '127.0.0.1',
        method: 'PATCH',
        path: url,
        agent: false,
        headers: {
          'Content-Type': PIECE,
          'Upload-Offset': String(offset),
          ...headers,
          'Content-Length': String(bytes.length),
        },
      });
      req.on('error', () => undefined);
      const closed = new Promise<void>((resolve) => req.once('close', () => resolve()));
      await new Promise<void>((resolve) => req.write(bytes.subarray(0, sent), () => resolve()));
      req.destroy();
      await closed;
    },
  };
}
