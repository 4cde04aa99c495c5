// `s3files/fetch`: from Request to Response without a server, and what a client that leaves or lingers does to it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowAll, apiKeys } from '../../src/index.ts';
import type { AuditEvent, FileServiceConfig } from '../../src/index.ts';
import { createFetchHandler, type FetchHandler } from '../../src/server/fetch/fetch-handler.ts';
import { storeConfig } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

const SITE = 'http://app.example';
const MIB = 2 ** 20;

let store: Awaited<ReturnType<typeof doubleStore>>;
let files: FetchHandler;
const audit: AuditEvent[] = [];

const make = (config: Partial<FileServiceConfig<Request>> = {}, mount = '/files'): FetchHandler =>
  createFetchHandler(
    {
      ...storeConfig(store),
      authorize: allowAll,
      audit: (event) => void audit.push(event),
      ...config,
    },
    { mount },
  );

const told = async (path: string, init?: RequestInit): Promise<[number, string]> => {
  const answer = await files(new Request(SITE + path, init));
  return [answer.status, await answer.text()];
};
const eventOf = async (path: string): Promise<AuditEvent | undefined> => {
  await until(() => audit.some((event) => event.path === path), { what: `the record of ${path}` });
  return audit.find((event) => event.path === path);
};

beforeAll(async () => {
  store = await doubleStore();
  store.double.seed(store.bucket, 'large.bin', new Uint8Array(8 * MIB));
  files = make();
});
afterAll(async () => {
  await files.close({ graceMs: 100 });
  await store.close();
});

describe('a fetch handler', () => {
  it('stores a body of a Request, whose length nobody announced, and answers it', async () => {
    const [status, body] = await told('/files/a.txt', { method: 'PUT', body: 'hello' });
    expect([status, JSON.parse(body)]).toMatchObject([
      201,
      { path: 'a.txt', content_type: 'text/plain;charset=UTF-8', content_length: 5 },
    ]);
    expect(await told('/files/a.txt')).toEqual([200, 'hello']);
    expect(await told('/files/a.txt', { headers: { Range: 'bytes=1-2' } })).toEqual([206, 'el']);
  });

  it('stores a stream whole', async () => {
    const body = new Blob([new Uint8Array(3 * MIB).fill(7)]).stream();
    const [status] = await told('/files/s.bin', { method: 'PUT', body, duplex: 'half' } as object);
    expect(status).toBe(201);
    const answer = await files(new Request(`${SITE}/files/s.bin`));
    expect(new Uint8Array(await answer.arrayBuffer()).every((byte) => byte === 7)).toBe(true);
    expect(answer.headers.get('content-length')).toBe(String(3 * MIB));
  });

  it('stores the files of a FormData', async () => {
    const form = new FormData();
    form.append('f', new Blob(['one']), '1.txt');
    form.append('f', new Blob(['two']), '2.txt');
    const [status] = await told('/files/form/', { method: 'POST', body: form });
    expect(status).toBe(201);
    expect(await told('/files/form/?as_list=true')).toEqual([
      200,
      '{"resource":["form/1.txt","form/2.txt"]}',
    ]);
  });

  it('takes no request without a body for one with an empty body', async () => {
    const body = new ReadableStream({ start: (controller) => controller.close() });
    const deleted = await told('/files/', { method: 'DELETE', body, duplex: 'half' } as object);
    expect([deleted[0], deleted[1]]).toEqual([400, expect.stringContaining('body')]);
    const put = { method: 'PUT', headers: { 'Content-Type': 'text/plain' } };
    expect((await told('/files/nothing.txt', put))[0]).toBe(411);
    const empty = { ...put, headers: { ...put.headers, 'Content-Length': '0' } };
    expect((await told('/files/nothing.txt', empty))[0]).toBe(201);
  });

  it('links what was created below its mount, which `publicUrl` may name', async () => {
    const created = { method: 'PUT', body: 'x' };
    const answer = await files(new Request(`${SITE}/files/a%20b.txt`, created));
    expect(answer.headers.get('location')).toBe('/files/a%20b.txt');
    const public_ = createFetchHandler({
      ...storeConfig(store),
      authorize: allowAll,
      publicUrl: 'https://files.example/v2/',
    });
    const other = await public_(new Request('https://files.example/v2/c.txt', created));
    expect([other.status, other.headers.get('location')]).toEqual([201, '/v2/c.txt']);
    await public_.close();
  });

  it('answers 404 to what is not below its mount, and asks storage nothing', async () => {
    store.double.calls.length = 0;
    const [status, body] = await told('/filesystem/a.txt');
    expect([status, JSON.parse(body)]).toMatchObject([404, { error: { reason: 'not_found' } }]);
    expect(store.double.calls).toEqual([]);
  });

  it('gives hooks the Request and the address', async () => {
    const seen: unknown[] = [];
    const watched = make({
      authenticate: ({ raw, ip }) => {
        seen.push(raw.headers.get('x-who'), ip);
        return null;
      },
    });
    const request = new Request(`${SITE}/files/`, { headers: { 'X-Who': 'me' } });
    await watched(request, { ip: '192.0.2.7' });
    expect(seen).toEqual(['me', '192.0.2.7']);
    await watched.close();
  });

  it('knows callers by key and refuses all others before storage', async () => {
    const keyed = make({ authenticate: apiKeys({ secret: { id: 'me' } }) });
    store.double.calls.length = 0;
    expect((await keyed(new Request(`${SITE}/files/`))).status).toBe(401);
    expect(store.double.calls).toEqual([]);
    const headers = { 'X-API-Key': 'secret' };
    expect((await keyed(new Request(`${SITE}/files/`, { headers }))).status).toBe(200);
    await keyed.close();
  });

  it('says that a body has been read by somebody else', async () => {
    const request = new Request(`${SITE}/files/read.txt`, { method: 'PUT', body: 'x' });
    await request.text();
    const answer = await files(request);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { error: { reason: 'body_already_consumed' } },
    ]);
  });
});

describe('a body on its way out of a fetch handler', () => {
  it('gives up its socket to storage when its reader cancels, and is recorded as broken', async () => {
    const answer = await files(new Request(`${SITE}/files/large.bin?cancelled`));
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const event = await eventOf('large.bin');
    expect([event?.complete, (event?.bytesOut ?? 0) < 8 * MIB]).toEqual([false, true]);
  });

  it('ends in an error when its client leaves', async () => {
    store.double.seed(store.bucket, 'left.bin', new Uint8Array(8 * MIB));
    const leaving = new AbortController();
    const answer = await files(new Request(`${SITE}/files/left.bin`, { signal: leaving.signal }));
    const reader = answer.body?.getReader();
    await reader?.read();
    leaving.abort();
    const drain = async (): Promise<void> => {
      for (;;) if ((await reader?.read())?.done === true) return;
    };
    await expect(drain()).rejects.toThrow();
    expect((await eventOf('left.bin'))?.complete).toBe(false);
  });

  it('never ends cleanly when storage breaks it', async () => {
    store.double.seed(store.bucket, 'cut.bin', new Uint8Array(8 * MIB));
    // For good: a body that is cut once is resumed.
    store.double.inject({ operation: 'GetObject', key: /cut/, kind: 'fin', bytes: MIB, times: 1 });
    store.double.inject({ operation: 'GetObject', key: /cut/, kind: 'fin', times: 99 });
    const answer = await files(new Request(`${SITE}/files/cut.bin`));
    await expect(answer.arrayBuffer()).rejects.toThrow();
    expect((await eventOf('cut.bin'))?.complete).toBe(false);
  });

  it('stores nothing of an upload whose client leaves', async () => {
    const leaving = new AbortController();
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(MIB)),
    });
    const { signal } = leaving;
    const init = { method: 'PUT', body, duplex: 'half', signal } as RequestInit;
    const answer = files(new Request(`${SITE}/files/half.bin`, init));
    await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    expect((await answer).status).toBe(400);
    expect((await told('/files/half.bin'))[0]).toBe(404);
  });
});

it('closes after its answers, and refuses new requests meanwhile', async () => {
  const closing = make();
  const answer = await closing(new Request(`${SITE}/files/large.bin`));
  const closed = closing.close({ graceMs: 5000 });
  expect((await closing(new Request(`${SITE}/files/`))).status).toBe(503);
  expect((await answer.arrayBuffer()).byteLength).toBe(8 * MIB);
  await closed;
});
