// One list of requests through every framework: the same answers, byte for byte, but for the mount.
import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import connect from 'connect';
import express from 'express';
import express4 from 'express4';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileService } from '../../src/index.ts';
import { FIXTURE } from '../support/fixture.ts';
import { raw } from '../support/raw.ts';
import { rawRequest, type RawRequest } from '../support/raw-request.ts';
import { FRAMEWORKS } from '../support/frameworks.ts';
import type { Given, Hosted } from '../support/hosted.ts';
import { MOUNT, serviceIn, startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

interface Adapter {
  readonly name: string;
  readonly mount: string;
  readonly host: (given: Given) => Hosted | Promise<Hosted>;
  /** Targets that the framework answers or changes by itself, each with what it does. */
  readonly known?: Readonly<Record<string, string>>;
}

const plain =
  (listener: (files: FileService) => RequestListener): Adapter['host'] =>
  ({ files }) => ({ listener: listener(files) });

const TIDIED = 'a Request has a URL, in which this is resolved';
const OF_REQUESTS = { '$/a/../b': TIDIED, '$/%2e%2e/b': TIDIED, '$/a\\b': TIDIED };
const KNOWN: Readonly<Record<string, Adapter['known']>> = {
  'Fastify, its plugin': {
    '$/%': 'Fastify refuses it by itself',
    '$/%ff': 'Fastify refuses it by itself',
  },
  'Hono, fetch': OF_REQUESTS,
  'Bun, fetch': OF_REQUESTS,
};

const HANDLERS: readonly Adapter[] = [
  {
    name: 'Express 5',
    mount: MOUNT,
    host: plain((files) => express().disable('x-powered-by').use(MOUNT, files)),
  },
  {
    name: 'Express 4',
    mount: MOUNT,
    host: plain((files) => express4().disable('x-powered-by').use(MOUNT, files)),
  },
  {
    name: 'an Express 5 Router',
    mount: '/outer/inner',
    host: plain((files) => {
      const router = express.Router().use('/inner', files);
      return express().disable('x-powered-by').use('/outer', router);
    }),
  },
  { name: 'Connect', mount: MOUNT, host: plain((files) => connect().use(MOUNT, files)) },
  { name: 'node:http', mount: '', host: plain((files) => files) },
];

const ADAPTERS: readonly Adapter[] = [
  ...HANDLERS,
  ...Object.entries(FRAMEWORKS).map(([name, host]) => ({
    name,
    mount: MOUNT,
    host,
    known: KNOWN[name] ?? {},
  })),
];

const FORM =
  '--b\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\nform\r\n--b--\r\n';
const put = (target: string, body: string): RawRequest => ({ method: 'PUT', target, body });

// In this order, since they change what is stored. `$` is the mount.
const REQUESTS: readonly RawRequest[] = [
  { target: '$/' },
  { target: '$' },
  { target: '$/?as_list=true' },
  { target: '$?as_list=true' },
  { target: '$//images//' },
  { target: '$/images/?include_properties=true' },
  { target: '$/?limit=2' },
  { target: '$/?zip=true' },
  { target: '$/uploads/report.pdf' },
  { target: '$/uploads%2Freport.pdf' },
  { target: '$/uploads/report.pdf?include_properties=1' },
  { method: 'HEAD', target: '$/uploads/report.pdf' },
  { target: '$/uploads/report.pdf', headers: { Range: 'bytes=0-9' } },
  { target: '$/uploads/report.pdf', headers: { Range: 'bytes=999999-' } },
  { target: '$/uploads/report.pdf', headers: { 'If-None-Match': '*' } },
  { target: '$/nope' },
  { target: '$/nope/' },
  { target: '$/a/../b' },
  { target: '$/%2e%2e/b' },
  { target: '$/a\\b' },
  { target: '$/%' },
  { target: '$/%ff' },
  { target: '$/%00' },
  { target: '$/a%2525b' },
  { method: 'OPTIONS', target: '$/a' },
  { method: 'PROPFIND', target: '$/a' },
  { method: 'PATCH', target: '$/' },
  put('$/new%20file%20%2B%3F%23.txt', 'new'),
  { target: '$/new%20file%20%2B%3F%23.txt' },
  { method: 'POST', target: '$/new%20file%20%2B%3F%23.txt', body: 'again' },
  put('$/empty.txt', ''),
  { target: '$/empty.txt' },
  { method: 'POST', target: '$/', headers: { 'X-Folder-Name': 'made' } },
  { method: 'POST', target: '$', headers: { 'X-File-Name': 'named.txt' }, body: 'named' },
  {
    method: 'POST',
    target: '$/made/',
    headers: { 'Content-Type': 'multipart/form-data; boundary=b' },
    body: FORM,
  },
  {
    method: 'POST',
    target: '$/made/',
    headers: { 'Content-Type': 'application/json' },
    body: '{"resource":[{"type":"file","name":"j.txt","content":"j"}]}',
  },
  {
    method: 'PUT',
    target: '$/chunked.txt',
    headers: { 'Transfer-Encoding': 'chunked' },
    body: '3\r\nabc\r\n0\r\n\r\n',
  },
  { target: '$/chunked.txt' },
  { method: 'PATCH', target: '$/chunked.txt', body: '{"metadata":{"a":"b"}}' },
  { method: 'DELETE', target: '$/', body: '{"resource":[{"path":"made/j.txt"}]}' },
  { method: 'DELETE', target: '$/made/' },
  { method: 'DELETE', target: '$/made/?force=true' },
  { method: 'DELETE', target: '$/empty.txt' },
  { method: 'DELETE', target: '$' },
  { target: 'http://elsewhere.example$/uploads/report.pdf' },
];

let running: { service: RunningService; close: () => Promise<void>; adapter: Adapter }[];

beforeAll(async () => {
  running = await Promise.all(
    ADAPTERS.map(async (adapter) => {
      const store = await doubleStore();
      for (const [key, { body = '', contentType }] of Object.entries(FIXTURE))
        store.double.seed(store.bucket, key, body, {
          contentType,
          lastModified: new Date('2026-02-09T10:15:00Z'),
        });
      const service = await serviceIn(store, {}, adapter.host);
      const close = async () => {
        await service.close();
        await store.close();
      };
      return { service, close, adapter };
    }),
  );
});
afterAll(async () => {
  for (const { close } of running) await close();
});

const ask = async (index: number, request: RawRequest): Promise<string> => {
  const { service, adapter } = running[index] ?? fail();
  const target = request.target.replace('$', adapter.mount);
  // A bare mount at the root is the root itself.
  const whole = target === '' || target.startsWith('?') ? `/${target}` : target;
  const headers = { 'X-Request-Id': 'one', Connection: 'close', ...(request.headers as object) };
  const bytes = rawRequest({ ...request, target: whole, headers });
  const { rawHead, body, ended } = await raw(service.port, bytes, {
    head: request.method === 'HEAD',
    // Sixteen services answer at once.
    timeoutMs: 15_000,
  });
  return `${rawHead}\n\n${textOf(body)}\n${ended}`
    .replaceAll(adapter.mount === '' ? /(?<=Location: |"url":")(?=\/)/g : adapter.mount, '$')
    .replaceAll(/(?<=cursor(?:=|":"))[\w-]+/g, 'cursor')
    .replaceAll(/^(Date): .*$/gim, '$1')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'moment')
    .replaceAll(/^(Last-Modified): .*$/gim, '$1');
};

// A difference of long bodies would not be readable.
const textOf = (body: Buffer): string =>
  body.length < 2000
    ? body.toString('latin1')
    : `${body.length} bytes, SHA-256 ${createHash('sha256').update(body).digest('hex')}`;

/** The names of headers in any case and order: frameworks that copy them may change both. */
const copied = (answer: string): string => {
  const [head = '', ...rest] = answer.split('\n\n');
  const [status, ...lines] = head.split(/\r?\n/);
  const named = lines.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()));
  return [[status, ...named.toSorted()].join('\n'), ...rest].join('\n\n');
};

/** The same, however the body was framed. */
const unframed = (answer: string): string =>
  copied(answer).replaceAll(/\n(?:content-length: \d+|transfer-encoding: chunked)$/gm, '');

function fail(): never {
  throw new Error('no such adapter');
}

describe.each(
  REQUESTS.map((request) => [`${request.method ?? 'GET'} ${request.target}`, request] as const),
)('%s', (_, request) => {
  it('is answered alike everywhere', async () => {
    const [first, ...others] = await Promise.all(
      ADAPTERS.map((_adapter, index) => ask(index, request)),
    );
    expect(first).toMatch(/^HTTP\/1\.1 (?!500)\d{3} /);
    for (const [index, other] of others.entries()) {
      const { name, known = {} } = ADAPTERS[index + 1] ?? fail();
      if (Object.hasOwn(known, request.target)) {
        expect([name, copied(other)]).not.toEqual([name, copied(first ?? '')]);
        expect(other).toMatch(/^HTTP\/1\.1 4\d\d /);
      } else if (index + 1 < HANDLERS.length) expect([name, other]).toEqual([name, first]);
      else if (running[index + 1]?.service.chunksStreams === true)
        expect([name, unframed(other)]).toEqual([name, unframed(first ?? '')]);
      else expect([name, copied(other)]).toEqual([name, copied(first ?? '')]);
    }
  });
});

it.each(ADAPTERS.map(({ name }, index) => [name, index] as const))(
  '%s links what was created below its mount',
  async (_, index) => {
    const { service, adapter } = running[index] ?? fail();
    const request = { ...put(`${adapter.mount}/a%20b/%C3%A9.txt`, 'x') };
    const { headers } = await raw(service.port, rawRequest(request));
    expect(headers.location).toBe(`${adapter.mount}/a%20b/%C3%A9.txt`);
  },
);

it.each(ADAPTERS.map(({ name }, index) => [name, index] as const))(
  '%s describes the service where it is mounted',
  async (_, index) => {
    const { service, adapter } = running[index] ?? fail();
    const { body } = await raw(service.port, rawRequest({ target: `${adapter.mount}/_spec` }));
    const { servers } = JSON.parse(body.toString()) as { servers: unknown };
    expect(servers).toEqual([{ url: adapter.mount === '' ? '/' : adapter.mount }]);
  },
);

it.each(ADAPTERS.map(({ name }, index) => [name, index] as const))(
  '%s is asked by supertest as a host tests its own routes',
  async (_, index) => {
    const { service, adapter } = running[index] ?? fail();
    const { mount } = adapter;
    const asked = supertest(service.server);
    const made = await asked
      .post(`${mount}/supertest/`)
      .attach('files', Buffer.from('first'), 'a.txt')
      .attach('files', Buffer.from('second'), { filename: 'b.bin', contentType: 'image/png' })
      .expect(201)
      .expect('Content-Type', /^application\/json/);
    expect(made.body).toMatchObject({
      resource: [
        { path: 'supertest/a.txt' },
        { path: 'supertest/b.bin', content_type: 'image/png' },
      ],
    });
    await asked
      .post(`${mount}/supertest/`)
      .send({ resource: [{ type: 'file', name: 'c.json', content: '{"a":1}' }] })
      .expect(201);
    await asked.put(`${mount}/supertest/d.txt`).type('text/plain').send('fourth').expect(201);
    await asked.get(`${mount}/supertest/a.txt`).expect(200, 'first').expect('ETag', /^"/);
    await asked.get(`${mount}/supertest/d.txt`).set('Range', 'bytes=0-2').expect(206, 'fou');
    const { body } = await asked.get(`${mount}/supertest/c.json`).expect(200);
    expect(body).toEqual({ a: 1 });
    await asked.head(`${mount}/supertest/none`).expect(404);
    await asked
      .post(`${mount}/supertest/a.txt`)
      .send('again')
      .expect(409)
      .expect(({ body: told }: { body: unknown }) =>
        expect(told).toMatchObject({ error: { reason: 'already_exists' } }),
      );
    const listed = await asked.get(`${mount}/supertest/`).query({ as_list: true }).expect(200);
    expect(listed.body).toEqual({
      resource: ['a.txt', 'b.bin', 'c.json', 'd.txt'].map((name) => `supertest/${name}`),
    });
    await asked
      .delete(`${mount}/supertest/`)
      .send({ resource: [{ name: 'a.txt' }] })
      .expect(200);
    await asked.delete(`${mount}/supertest/`).query({ force: true }).expect(200);
    await asked.get(`${mount}/supertest/`).expect(404);
  },
);

it('says so when a body parser in front has taken the body', async () => {
  const store = await doubleStore();
  const service = await startService(store, {}, (files) =>
    express().use(express.json(), express.text()).use(MOUNT, files),
  );
  const answer = await service.ask({
    method: 'PUT',
    path: '/a.json',
    headers: { 'Content-Type': 'application/json' },
    body: '{"a":1}',
  });
  expect([answer.status, answer.json()]).toMatchObject([
    400,
    { error: { reason: 'body_already_consumed' } },
  ]);
  expect(store.double.calls).toEqual([]);
  await service.close();
  await store.close();
});

it('leaves paths outside its mount to the host', async () => {
  const store = await doubleStore();
  const service = await startService(store, {}, (files) =>
    express()
      .use(MOUNT, files)
      .use((_req, res) => void res.status(418).end('the host')),
  );
  const { port } = service;
  const outside = await raw(port, rawRequest({ target: `${MOUNT}x/a` }));
  expect([outside.status, outside.body.toString()]).toEqual([418, 'the host']);
  expect(store.double.calls).toEqual([]);
  await service.close();
  await store.close();
});
