// 104 Upload Resumption Supported: only where the host turns it on, only for clients that speak its version, and then as
// they have it: iOS sends a whole file, learns where to go on, and does so after a reset.
import { createHash, randomBytes } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import { connect, createServer as createServer2, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowAll, createFileService, type FileService } from '../../../src/index.ts';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { ask, storeConfig } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';
import { until } from '../../support/until.ts';

const PART = 5 * 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
const closing: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
});
afterAll(async () => {
  for (const close of closing) await close();
  around.close();
  await store.close();
});

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const stored = async (key: string): Promise<string> =>
  digestOf((await around.bytes(key)) ?? Buffer.from('nothing'));
const VERSION = { 'Upload-Complete': '?1', 'Upload-Draft-Interop-Version': '8' };

const serviceWith = (interim: boolean): FileService => {
  const files = createFileService({
    ...storeConfig(store),
    authorize: allowAll,
    resumable: { interim },
    partSize: PART,
  });
  closing.push(() => files.close({ graceMs: 0 }));
  return files;
};
const listen = async (interim: boolean): Promise<number> => {
  const server = createServer(serviceWith(interim));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
};

interface Sent {
  readonly interim: readonly { readonly status: number; readonly headers: IncomingHttpHeaders }[];
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Sends a whole file, of which `part` leaves before the connection breaks; all of it when it is not given. */
const send = (
  port: number,
  path: string,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>>,
  part?: number,
): Promise<Sent> =>
  new Promise((resolve, reject) => {
    const interim: { status: number; headers: IncomingHttpHeaders }[] = [];
    const req = httpRequest({
      port,
      host: '127.0.0.1',
      method: 'PUT',
      path,
      agent: false,
      headers: { ...headers, 'Content-Length': String(bytes.length) },
    });
    const settle = (status?: number, answer: IncomingHttpHeaders = {}): void =>
      resolve({ interim, status, headers: answer });
    req.on('information', ({ statusCode, headers: given }) => {
      interim.push({ status: statusCode, headers: given });
      // Waits for the 104, as URLSession does, and is cut later.
      if (part !== undefined) req.write(bytes.subarray(0, part), () => req.destroy());
    });
    req.on('response', (answer) => {
      answer.resume();
      answer.on('end', () => settle(answer.statusCode, answer.headers));
    });
    req.on('error', part === undefined ? reject : () => settle());
    req.on('close', () => settle());
    if (part === undefined) req.end(bytes);
    else req.flushHeaders();
  });

describe('with `interim`', () => {
  it('lets a plain upload go on after a reset', async () => {
    const port = await listen(true);
    const bytes = randomBytes(2 * PART + 1000);
    const cut = await send(port, '/phone.mov', bytes, VERSION, PART + 70_000);
    expect(cut.interim.map(({ status }) => status)).toEqual([104]);
    const [first] = cut.interim;
    expect(first?.headers).toMatchObject({
      'upload-draft-interop-version': '8',
      'upload-limit': expect.stringContaining('max-age=') as string,
    });
    const url = String(first?.headers['location']);
    let offset = 0;
    await until(
      async () => {
        const { headers } = await ask(port, { method: 'HEAD', path: url });
        offset = Number(headers['upload-offset']);
        return offset > 0;
      },
      { what: 'bytes to be kept' },
    );
    const answer = await ask(port, {
      method: 'PATCH',
      path: url,
      headers: {
        ...VERSION,
        'Upload-Offset': String(offset),
        'Content-Type': 'application/partial-upload',
      },
      body: bytes.subarray(offset),
    });
    expect([answer.status, answer.headers['upload-complete']]).toEqual([201, '?1']);
    expect(await stored('phone.mov')).toBe(digestOf(bytes));
  });

  it('gives the answer of a plain upload to one that is not cut', async () => {
    const port = await listen(true);
    const bytes = randomBytes(2 * PART);
    const sent = await send(port, '/whole.mov', bytes, VERSION);
    expect(sent.interim[0]?.status).toBe(104);
    expect([sent.status, sent.headers['upload-complete']]).toEqual([201, '?1']);
    expect(await stored('whole.mov')).toBe(digestOf(bytes));
  });

  // "Server implementations of draft versions of the protocol MUST NOT send a 104 … when the interop version … is missing
  // or mismatching."
  it.each([
    ['no version', { 'Upload-Complete': '?1' }, 2 * PART],
    ['another version', { ...VERSION, 'Upload-Draft-Interop-Version': '6' }, 2 * PART],
    ['no Upload-Complete', { 'Upload-Draft-Interop-Version': '8' }, 2 * PART],
    ['a file that fits one part', VERSION, 1000],
  ])('sends none to a request with %s', async (name, headers, size) => {
    const port = await listen(true);
    const bytes = randomBytes(size);
    const path = `/${name.replaceAll(' ', '-')}.bin`;
    const sent = await send(port, path, bytes, headers);
    expect([sent.status, sent.interim]).toEqual([201, []]);
    expect(await stored(path.slice(1))).toBe(digestOf(bytes));
  });

  it('sends it over HTTP/2 too', async () => {
    // What it uses of node:http, HTTP/2's compatibility API has too.
    const server = createServer2(serviceWith(true));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      // Megabytes, for the body that is written at once.
      maxSessionMemory: 100,
    });
    closing.push(() => {
      session.destroy();
      server.close();
    });
    const bytes = randomBytes(2 * PART);
    const req = session.request({
      ':method': 'PUT',
      ':path': '/h2.mov',
      'upload-complete': '?1',
      'upload-draft-interop-version': '8',
      'content-length': String(bytes.length),
    });
    const interim: (number | undefined)[] = [];
    const located = new Promise<unknown>((resolve) => {
      req.on('headers', (headers) => {
        interim.push(headers[':status']);
        resolve(headers['location']);
      });
    });
    const answered = new Promise<number | undefined>((resolve) => {
      req.on('response', (headers) => resolve(headers[':status']));
    });
    req.end(bytes);
    req.resume();
    expect(await located).toMatch(/^\/_uploads\//);
    expect(await answered).toBe(201);
    expect(interim[0]).toBe(104);
    expect(await stored('h2.mov')).toBe(digestOf(bytes));
  });
});

describe('without it', () => {
  it('takes the same request for a plain upload, with no interim response', async () => {
    const port = await listen(false);
    const bytes = randomBytes(2 * PART);
    const sent = await send(port, '/plain.mov', bytes, VERSION);
    expect([sent.status, sent.headers['upload-complete'], sent.interim]).toEqual([201, '?1', []]);
    expect(await stored('plain.mov')).toBe(digestOf(bytes));
  });
});
