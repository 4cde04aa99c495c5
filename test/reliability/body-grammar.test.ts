// B: bodies whose grammar lies or attacks: forms, JSON, names in them, parsers that came before.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { allowAll, createFileService } from '../../src/index.ts';
import { startTrial, type Trial } from '../support/oracles.ts';
import { rawRequest } from '../support/raw-request.ts';
import { ask, MOUNT, storeConfig } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const MIB = 2 ** 20;
const FORM = { 'Content-Type': 'multipart/form-data; boundary=B' };
const JSON_TYPE = { 'Content-Type': 'application/json' };

const filePart = (filename: string, body: string | Buffer, headers = ''): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--B\r\nContent-Disposition: form-data; name="files"; ${filename}\r\n${headers}\r\n`,
    ),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ]);
const named = (name: string): string => `filename="${name}"`;
const form = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, Buffer.from('--B--\r\n')]);
const field = (name: string, value = 'v'): Buffer =>
  Buffer.from(`--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);

let trial: Trial;
const stored = async (): Promise<string[]> =>
  ((await trial.ask({ path: '/?as_list=true&full_tree=true' })).json() as { resource: string[] })
    .resource;

beforeAll(async () => {
  trial = await startTrial(await doubleStore(), {
    allowedTypes: ['text/*', 'image/png', 'application/octet-stream', 'application/json'],
    scan: async (stream, { path }) => {
      for await (const chunk of stream) if (chunk.length < 0) return false;
      return !path.endsWith('.virus');
    },
  });
});
afterEach(() => trial.verify());
afterAll(() => trial.close());

describe('lengths that lie', () => {
  it('B45 counts the bytes of a part that declares fewer', async () => {
    const body = form(filePart(named('p.txt'), 'x'.repeat(100), 'Content-Length: 10\r\n'));
    const answer = await trial.ask({ method: 'POST', path: '/', headers: FORM, body });
    expect(answer.json()).toMatchObject({ resource: [{ path: 'p.txt', content_length: 100 }] });
  });

  it('B45 counts the bytes of a JSON item that declares fewer', async () => {
    const item = { type: 'file', name: 'j.txt', content: 'x'.repeat(100), size: 10 };
    const body = JSON.stringify({ resource: [item] });
    const answer = await trial.ask({ method: 'POST', path: '/', headers: JSON_TYPE, body });
    expect(answer.json()).toMatchObject({ resource: [{ path: 'j.txt', content_length: 100 }] });
  });

  it('B45 ignores x-amz-decoded-content-length', async () => {
    const headers = { 'x-amz-decoded-content-length': '10' };
    const body = 'x'.repeat(100);
    const answer = await trial.ask({ method: 'PUT', path: '/d.txt', headers, body });
    expect(answer.json()).toMatchObject({ content_length: 100 });
    const [put] = trial.proxy.calls.filter(({ operation }) => operation === 'PutObject');
    expect(put?.headers['content-length']).toBe('100');
    expect(put?.headers['x-amz-decoded-content-length']).toBeUndefined();
  });

  it('B50 stores nothing of a form that ends before its length', async () => {
    const body = form(filePart(named('short.txt'), 'x'.repeat(100)));
    const connection = await trial.connect();
    const headers = { ...FORM, 'Content-Length': `${body.length + 50}` };
    connection.send(rawRequest({ method: 'POST', target: `${MOUNT}/`, headers }));
    connection.send(body);
    connection.end();
    await connection.response({ timeoutMs: 3000 });
    connection.close();
    expect(await stored()).not.toContain('short.txt');
  });
});

describe('hostile forms', () => {
  const file = filePart(named('hostile.txt'), 'x');
  it.each([
    ['3000 fields', form(...Array.from({ length: 3000 }, (_, n) => field(`f${n}`)), file)],
    ['3000 files', form(...Array.from({ length: 3000 }, (_, n) => filePart(named(`${n}`), 'x')))],
    ['5000 part headers', form(filePart(named('a.txt'), 'x', 'X-A: b\r\n'.repeat(5000)))],
    ['a part header of 100 KB', form(filePart(named('a.txt'), 'x', `X-A: ${'b'.repeat(1e5)}\r\n`))],
    [
      'a preamble of 200 KB',
      Buffer.concat([Buffer.alloc(2e5, 'p'), Buffer.from('\r\n'), form(file)]),
    ],
    ['an epilogue of 200 KB', Buffer.concat([form(file), Buffer.alloc(2e5, 'e')])],
    ['a field name of 10 MB', form(field('n'.repeat(1e7)), file)],
    ['a deep field name', form(field(`a${'[b]'.repeat(500)}`), file)],
    ['a field with a numeric index', form(field('x[4294967295]'), file)],
    ['a field named __proto__[x]', form(field('__proto__[x]'), file)],
    ['a field named constructor.prototype.y', form(field('constructor.prototype.y'), file)],
    ['a field named __proto__', form(field('__proto__'), file)],
    ['no closing boundary', filePart(named('a.txt'), 'x')],
    ['nothing', Buffer.alloc(0)],
    ['a header and the closing boundary', Buffer.from('--B\r\nContent-Disp\r\n--B--\r\n')],
  ])('B47 refuses %s', async (_, body) => {
    const before = await stored();
    const answer = await trial.ask({ method: 'POST', path: '/', headers: FORM, body });
    expect([400, 413]).toContain(answer.status);
    // A file that came whole before the fault may stay: it has its own entry.
    const added = (await stored()).filter((path) => !before.includes(path));
    expect(added.filter((path) => !/^(\d+|hostile\.txt)$/.test(path))).toEqual([]);
    expect(({} as Record<string, unknown>)['x'] ?? ({} as Record<string, unknown>)['y']).toBe(
      undefined,
    );
  });

  it.each([
    ['its type', 'second.html', 'Content-Type: application/x-msdownload\r\n', 415],
    ['the scanner', 'second.virus', 'Content-Type: text/plain\r\n', 403],
  ])('B48 reports the one of three files that %s refuses', async (_, name, headers, code) => {
    const body = form(
      filePart(named(`first-${code}.txt`), 'one'),
      filePart(named(name), 'two', headers),
      filePart(named(`third-${code}.txt`), 'three'),
    );
    const answer = await trial.ask({ method: 'POST', path: '/', headers: FORM, body });
    expect(answer.json()).toMatchObject({
      resource: [
        { path: `first-${code}.txt`, content_length: 3 },
        { path: name, error: { code } },
        { path: `third-${code}.txt`, content_length: 5 },
      ],
    });
    expect(await stored()).not.toContain(name);
  });

  it.each([
    // A path below the folder, so that one which climbs is refused.
    ['filename="../../etc/passwd"', []],
    ['filename="etc/passwd"', ['etc/', 'etc/passwd']],
    ['filename="C:\\x\\y.txt"', ['y.txt']],
    ["filename*=UTF-8''..%2f..%2fe", []],
    ["filename*=UTF-8''d%2fe", ['d/', 'd/e']],
    ['filename="a\0b"', []],
    ['filename=".."', []],
    ['filename="."', []],
    ['filename=""', []],
    [`filename="${'l'.repeat(300)}"`, ['l'.repeat(300)]],
    [`filename="${'l'.repeat(2000)}"`, []],
  ])('B49 stores a part with %s below the folder or not at all', async (filename, names) => {
    const before = await stored();
    const body = form(filePart(filename, 'x'));
    const answer = await trial.ask({ method: 'POST', path: '/', headers: FORM, body });
    expect([201, 400, 413]).toContain(answer.status);
    const added = (await stored()).filter((path) => !before.includes(path));
    expect(added).toEqual(names);
  });
});

describe('hostile JSON', () => {
  const item = (value: Record<string, unknown>): string =>
    JSON.stringify({ resource: [{ type: 'file', name: 'b64.txt', ...value }] });
  const base64 = (content: unknown): string => item({ content, is_base64: true });

  it.each([
    ['no base64', base64('!!!')],
    ['the URL-safe alphabet', base64('-_-_')],
    ['bad padding', base64('QQ=')],
    ['a newline inside', base64('QUJD\nREVG')],
    ['an odd length', base64('QUJDR')],
    ['a number', base64(5)],
    ['a list', base64(['QQ=='])],
  ])('B51 refuses content that is %s', async (_, body) => {
    const answer = await trial.ask({ method: 'POST', path: '/', headers: JSON_TYPE, body });
    const error = { code: 400 };
    if (answer.status === 201) expect(answer.json()).toMatchObject({ resource: [{ error }] });
    else expect(answer.json()).toMatchObject({ error });
    expect(await stored()).not.toContain('b64.txt');
  });

  it('B51 refuses a body over 10 MiB', async () => {
    const body = item({ content: 'x'.repeat(10 * MIB + 1) });
    const answer = await trial.ask({ method: 'POST', path: '/', headers: JSON_TYPE, body });
    expect(answer.json()).toMatchObject({ error: { code: 413, reason: 'too_large' } });
  });

  it.each([
    ['a repeated name', '{"resource":[],"resource":[{"type":"folder","name":"a"}]}'],
    ['invalid UTF-8', Buffer.from('{"resource":[{"type":"folder","name":"\xff"}]}', 'latin1')],
    ['__proto__', '{"resource":[{"type":"folder","name":"x","__proto__":{"admin":true}}]}'],
    ['constructor', '{"resource":[{"type":"folder","name":"x","constructor":{"prototype":{}}}]}'],
    ['100,000 levels', `{"resource":${'['.repeat(1e5)}${']'.repeat(1e5)}}`],
    ['1001 items', JSON.stringify({ resource: Array(1001).fill({ type: 'folder', name: 'f' }) })],
  ])('B51 B52 refuses JSON with %s', async (_, body) => {
    const before = await stored();
    const answer = await trial.ask({ method: 'POST', path: '/', headers: JSON_TYPE, body });
    expect([400, 413]).toContain(answer.status);
    expect(await stored()).toEqual(before);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});

describe('a body parser in front of the service', () => {
  it.each([
    ['express.json()', express.json(), JSON_TYPE, '{"a":1}'],
    ['express.raw()', express.raw({ type: () => true }), {}, 'bytes'],
    ['express.text()', express.text({ type: () => true }), {}, 'text'],
  ])('B53 is named in the answer: %s', async (_, parser, headers, body) => {
    const { store } = trial;
    const files = createFileService({ ...storeConfig(store), authorize: allowAll });
    const app = express().use(parser).use(MOUNT, files);
    const server = createServer(app).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await ask(port, { method: 'PUT', path: `${MOUNT}/parsed`, headers, body });
    expect(answer.json()).toMatchObject({ error: { reason: 'body_already_consumed' } });
    expect(answer.status).toBeLessThan(500);
    await new Promise((resolve) => server.close(resolve));
    await files.close({ graceMs: 0 });
    expect(await stored()).not.toContain('parsed');
  });
});
