// The handler alone, without a browser: bytes, headers, addresses, mounts.
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import connect from 'connect';
import express from 'express';
import express4 from 'express4';
import helmet from 'helmet';
import { afterEach, describe, expect, it } from 'vitest';
import { allowAll, createFileService } from '../../src/index.ts';
import type { FileService } from '../../src/index.ts';
import { filePage } from '../../src/server/page/file-page.ts';
import type { FilePage, PageOptions } from '../../src/server/page/file-page.ts';
import { ask, storeConfig, type Answer } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import type { AddressInfo } from 'node:net';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const service = async (): Promise<FileService> => {
  const store = await doubleStore();
  store.double.seed(store.bucket, 'a.txt', 'a');
  const files = createFileService({ ...storeConfig(store), authorize: allowAll });
  closers.push(() => files.close({ graceMs: 100 }), store.close);
  return files;
};

const serve = async (mountIn: (page: FilePage) => RequestListener, options?: PageOptions) => {
  const page = filePage(await service(), options);
  const server = createServer(mountIn(page));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  closers.unshift(() => new Promise((resolve) => server.close(resolve)));
  return (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    ask(port, { path, headers, method });
};
const alone = (page: FilePage): RequestListener => page;

const scriptIn = ({ text }: Answer): string => /src="([^"]+\.js)"/.exec(text)?.[1] ?? '';

describe('the shell', () => {
  it('is one small document of relative addresses, without inline code', async () => {
    const get = await serve(alone);
    const shell = await get('/');
    expect(shell.status).toBe(200);
    expect(shell.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(shell.body.length).toBeLessThan(2500);
    const addresses = [...shell.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url);
    expect(addresses.length).toBeGreaterThan(2);
    expect(addresses.filter((url) => !url?.startsWith('_page/'))).toEqual([]);
    expect(shell.text).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)/);
  });

  it('forbids whatever it does not need', async () => {
    const { headers } = await (await serve(alone))('/');
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; " +
        "media-src 'self' blob:; connect-src 'self'; frame-src 'self'; form-action 'self'; " +
        "base-uri 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'permissions-policy': expect.stringContaining('camera=()') as unknown,
      'cache-control': 'no-cache',
    });
  });

  it('is not sent again while it is the same', async () => {
    const get = await serve(alone);
    const { headers } = await get('/');
    const again = await get('/', { 'if-none-match': `W/${headers['etag']}` });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    expect((await get('/', { 'if-none-match': '"other"' })).status).toBe(200);
    const head = await get('/', {}, 'HEAD');
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(head.headers['content-length']).toBe(headers['content-length']);
  });

  it('carries its options as data that cannot become markup', async () => {
    const title = `"><script>alert(1)</script>&'`;
    const get = await serve(alone, {
      title,
      readOnly: true,
      stylesheet: '/my.css?a="b"',
      cspExtra: { connect: ['https://s3.example.com'] },
    });
    const shell = await get('/');
    expect(shell.text).not.toContain('<script>alert');
    const content = /name="s3files" content="([^"]*)"/.exec(shell.text)?.[1] ?? '';
    const plain = content
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
    expect(JSON.parse(plain)).toMatchObject({ title, readOnly: true });
    expect(JSON.parse(plain)).toMatchObject({
      operations: expect.arrayContaining(['list', 'write', 'zip']) as unknown,
    });
    expect(shell.text).toContain('href="/my.css?a=&quot;b&quot;"');
    expect(shell.headers['content-security-policy']).toContain(
      "connect-src 'self' https://s3.example.com;",
    );
  });
});

describe('an asset', () => {
  it('is kept for ever under a name that changes with it', async () => {
    const get = await serve(alone);
    const script = await get(`/${scriptIn(await get('/'))}`);
    expect(script.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding',
    });
  });

  it.each([
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip;q=0.5', 'gzip'],
    ['', undefined],
    ['identity', undefined],
  ])('is coded for "Accept-Encoding: %s"', async (accepted, coding) => {
    const get = await serve(alone);
    const path = `/${scriptIn(await get('/'))}`;
    const plain = await get(path);
    const coded = await get(path, { 'accept-encoding': accepted });
    expect(coded.headers['content-encoding']).toBe(coding);
    const decode = { br: brotliDecompressSync, gzip: gunzipSync } as const;
    const body = coding === undefined ? coded.body : decode[coding as 'br' | 'gzip'](coded.body);
    expect(body.equals(plain.body)).toBe(true);
    const again = await get(path, {
      'accept-encoding': accepted,
      'if-none-match': coded.headers['etag'] ?? '',
    });
    expect(again.status).toBe(304);
  });

  it.each([
    '/_page/',
    '/_page/none.js',
    '/_page/manifest.json',
    '/_page/..%2fpackage.json',
    '/x',
    '/index.html',
  ])('is nothing else: %s', async (path) => {
    expect((await (await serve(alone))(path)).status).toBe(404);
  });

  it('fits the budget: 60 KB at first, 100 KB in all', async () => {
    const get = await serve(alone);
    const shell = await get('/');
    const size = async (name: string) =>
      (await get(`/${name}`, { 'accept-encoding': 'gzip' })).body.length;
    const named = [...shell.text.matchAll(/"(_page\/[^"]+)"/g)].map(([, name]) => name ?? '');
    const script = (await get(`/${scriptIn(shell)}`)).text;
    // What the script cannot begin without comes with it.
    const needed = [...script.matchAll(/from ?["'`]\.\/([^"'`]+\.js)/g)];
    const first = [...named, ...needed.map(([, name]) => `_page/${name}`)];
    const lazy = [...new Set(script.match(/[A-Z]\w+-[\w-]{8}\.js/g))]
      .map((name) => `_page/${name}`)
      .filter((name) => !first.includes(name));
    expect(needed).toHaveLength(1);
    const sum = async (names: readonly string[]) =>
      (await Promise.all(names.map(size))).reduce((total, bytes) => total + bytes, 0);
    expect(lazy.length).toBeGreaterThan(1);
    expect(await sum(first)).toBeLessThanOrEqual(60 * 1024);
    expect(await sum([...first, ...lazy])).toBeLessThanOrEqual(100 * 1024);
  });

  it('has no inline code, no eval and no address of elsewhere', async () => {
    const get = await serve(alone);
    const script = (await get(`/${scriptIn(await get('/'))}`)).text;
    expect(script.match(/\beval\(|new Function\(|document\.write/g)).toBeNull();
    const elsewhere = script.match(/https?:\/\/[\w.-]+/g) ?? [];
    // Names of XML languages, never asked for.
    expect(elsewhere.filter((url) => url !== 'http://www.w3.org')).toEqual([]);
  });
});

const MOUNTS: readonly (readonly [string, string, (page: FilePage) => RequestListener])[] = [
  ['node:http', '/', alone],
  ['Express 5', '/files/', (page) => express().use('/files', page)],
  ['Express 4', '/a/b/files/', (page) => express4().use('/a/b/files', page)],
  ['a Router', '/a/b/c/', (page) => express().use('/a', express.Router().use('/b/c', page))],
  ['Connect', '/files/', (page) => connect().use('/files', page)],
  ['helmet before it', '/files/', (page) => express().use(helmet()).use('/files', page)],
];

describe.each(MOUNTS)('mounted in %s at %s', (_, path, mountIn) => {
  it('serves the shell, the script and the service', async () => {
    const get = await serve(mountIn);
    const shell = await get(path);
    expect(shell.status).toBe(200);
    expect(shell.headers['content-security-policy']).toContain('trusted-types');
    expect((await get(path + scriptIn(shell))).status).toBe(200);
    const listing = await get(`${path}_api/`);
    expect(listing.json()).toMatchObject({ resource: [{ path: 'a.txt' }] });
    expect((await get(`${path}_api`)).json()).toEqual(listing.json());
    expect((await get(`${path}_api?as_list=true`)).json()).toEqual({ resource: ['a.txt'] });
    expect((await get(`${path}_apix`)).status).toBe(404);
  });

  it('names created files by their whole path', async () => {
    const get = await serve(mountIn);
    const created = await get(`${path}_api/new.txt`, {}, 'PUT');
    expect([created.status, created.headers['location']]).toEqual([201, `${path}_api/new.txt`]);
  });
});

it.each(MOUNTS.filter(([, path]) => path !== '/'))(
  'mounted in %s at %s it sends to the address with the slash, relatively',
  async (_, path, mountIn) => {
    const get = await serve(mountIn);
    const answer = await get(path.slice(0, -1));
    const name = path.split('/').at(-2);
    expect([answer.status, answer.headers['location']]).toEqual([308, `./${name}/`]);
  },
);

describe('what is not asked so', () => {
  it('other methods are 405', async () => {
    const get = await serve(alone);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await get('/', {}, method)).status).toBe(405);
  });

  it.each([
    [{ titel: 'x' }, /"titel" is not an option; did you mean "title"/],
    [{ features: { uploads: true } }, /"uploads" is not an option; did you mean "upload"/],
    [{ start: 'inbox' }, /"start" takes a folder/],
    [{ cspExtra: { img: ['a; script-src *'] } }, /"cspExtra" takes sources/],
    [{ locale: '!' }, /locale/i],
  ])('options that cannot be meant are refused: %j', async (options, message) => {
    const files = await service();
    expect(() => filePage(files, options as PageOptions)).toThrow(message);
  });
});
