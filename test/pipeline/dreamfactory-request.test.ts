// The original server's mode: tunnelled verbs, credentials in the query, and where the original differs.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FileServiceError, fromDreamFactory } from '../../src/index.ts';
import type { FileServiceConfig, HookRequest } from '../../src/index.ts';
import { bypass, FIXTURE, type Bypass } from '../support/fixture.ts';
import { startService, storeConfig, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';

const TUNNELS: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ['X-HTTP-Method', { 'X-HTTP-Method': 'DELETE' }, ''],
  ['X-Http-Method in lower case', { 'x-http-method': 'delete' }, ''],
  ['X-HTTP-Method-Override', { 'X-HTTP-Method-Override': 'DELETE' }, ''],
  ['X-Method-Override', { 'X-Method-Override': 'DELETE' }, ''],
  ['?method=', {}, '&method=DELETE'],
  ['?_method=', {}, '&_method=delete'],
];
const errorOf = (answer: { json: () => unknown }) =>
  (answer.json() as { error: { code: number; reason: string; message: string } }).error;

describe.each(availableStores())('compat over $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  const asked: string[] = [];
  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    service = await startService(store, {
      compat: 'dreamfactory',
      authenticate: () => ({ id: 'someone' }),
      authorize: ({ action, verb, path }) => {
        asked.push(`${action} ${verb} ${path}`);
        return !path.startsWith('locked/') || verb !== 'DELETE';
      },
    });
  });
  beforeEach(async () => {
    await around.plant({ ...FIXTURE, 'locked/x.txt': { body: 'x' } });
    asked.splice(0);
    service.audit.splice(0);
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it.each(TUNNELS)(
    'E13 R107 deletes by a POST with %s, judged and audited as DELETE',
    async (_, headers, query) => {
      const answer = await service.ask({
        method: 'POST',
        path: `/old-folder/?force=true${query}`,
        headers,
      });
      expect([answer.status, answer.json()]).toEqual([
        200,
        { name: 'old-folder', path: 'old-folder/' },
      ]);
      expect(asked).toEqual([
        'delete DELETE old-folder/',
        'delete DELETE old-folder/a.txt',
        'delete DELETE old-folder/sub/b.txt',
      ]);
      const event = await service.audited(answer.headers['x-request-id'] ?? '');
      expect([event.verb, event.operation]).toEqual(['DELETE', 'remove_folder']);
    },
  );

  it.each(TUNNELS)('R107 refuses what DELETE may not by %s', async (_, headers, query) => {
    const answer = await service.ask({ method: 'POST', path: `/locked/x.txt?a${query}`, headers });
    expect([answer.status, errorOf(answer).reason]).toEqual([403, 'access_denied']);
    expect(String(await around.bytes('locked/x.txt'))).toBe('x');
  });

  it.each(TUNNELS)('R107 never tunnels through GET or PUT by %s', async (_, headers, query) => {
    const got = await service.ask({ path: `/document.pdf?a${query}`, headers });
    const put = await service.ask({ method: 'PUT', path: `/p.txt?a${query}`, headers, body: 'p' });
    expect([got.status, put.status]).toEqual([200, 201]);
    expect(asked).toEqual(['read GET document.pdf', 'write PUT p.txt']);
  });

  it('tunnels MERGE as PATCH, and a HEAD or GET too', async () => {
    const tunnel = (verb: string, path: string, body?: string) =>
      service.ask({ method: 'POST', path, headers: { 'X-HTTP-Method': verb }, body });
    expect((await tunnel('MERGE', '/images/', '{"a":1}')).json()).toEqual({ success: true });
    expect((await tunnel('GET', '/implied/x.txt')).text).toBe('x\n');
    expect((await tunnel('PUT', '/implied/x.txt', 'new')).status).toBe(201);
    expect(asked).toEqual([
      'write PATCH images/',
      'read GET implied/x.txt',
      'write PUT implied/x.txt',
    ]);
  });

  it.each([
    ['a file', { path: '/document.pdf' }, 200],
    ['a range', { path: '/document.pdf', headers: { Range: 'bytes=0-4' } }, 206],
    ['HEAD', { method: 'HEAD', path: '/document.pdf' }, 200],
    ['a revalidation', { path: '/document.pdf', headers: { 'If-None-Match': '*' } }, 304],
  ])('names the session token once in Vary, in the answer to %s', async (_, question, expected) => {
    const { status, headers } = await service.ask(question);
    const named = (headers['vary'] ?? '').split(', ');
    expect([status, named.filter((name) => name === 'X-DreamFactory-Session-Token')]).toEqual([
      expected,
      ['X-DreamFactory-Session-Token'],
    ]);
  });

  it('overwrites by POST unless check_exist says otherwise', async () => {
    const post = (query: string) =>
      service.ask({ method: 'POST', path: `/implied/x.txt${query}`, body: 'new' });
    expect((await post('?check_exist=true')).status).toBe(409);
    expect(String(await around.bytes('implied/x.txt'))).toBe('x\n');
    expect((await post('')).status).toBe(201);
    expect(String(await around.bytes('implied/x.txt'))).toBe('new');
  });

  it('D14 never copies over what is there unless check_exist says so', async () => {
    const copy = (query: string) =>
      service.ask({
        method: 'POST',
        path: `/implied/${query}`,
        body: '{"resource":[{"type":"file","source_path":"old-folder/a.txt","name":"x.txt"}]}',
      });
    const refused = await copy('');
    expect([refused.status, refused.json()]).toMatchObject([
      409,
      { error: { context: { resource: [{ error: { reason: 'already_exists' } }] } } },
    ]);
    expect(String(await around.bytes('implied/x.txt'))).toBe('x\n');
    await copy('?check_exist=false');
    expect(String(await around.bytes('implied/x.txt'))).toBe('a\n');
  });

  it('D05 answers 400 for a folder that is there', async () => {
    const answer = await service.ask({
      method: 'POST',
      path: '/',
      headers: { 'X-Folder-Name': 'images' },
    });
    expect([answer.status, errorOf(answer)]).toMatchObject([
      400,
      {
        code: 400,
        reason: 'folder_exists',
        message: "Bad Request: Folder 'images/' already exists.",
      },
    ]);
  });
});

describe('credentials in the query', () => {
  const KEY = 'key-in-the-query';
  const config: Partial<FileServiceConfig> = {
    authenticate: ({ headers }: HookRequest) => {
      const key = headers['x-dreamfactory-api-key'] ?? headers['x-dreamfactory-session-token'];
      if (key === KEY) return { id: 'app' };
      throw new FileServiceError('unauthorized', 'No session token (JWT) or API Key detected.');
    },
  };

  it.each(['api_key', 'session_token'])(
    'B10 are taken from %s in the original mode only, and show nowhere',
    async (name) => {
      const store = await doubleStore();
      for (const key of ['a', 'b', 'c']) store.double.seed(store.bucket, key, key);
      const original = await startService(store, { ...config, compat: 'dreamfactory' });
      const plain = await startService(store, config);
      const path = `/?limit=1&${name}=${KEY}`;
      const answer = await original.ask({ path });
      expect([answer.status, answer.headers['referrer-policy']]).toEqual([200, 'no-referrer']);
      expect(answer.headers['link']).toBeDefined();
      const wrong = await original.ask({ path: `/a?${name}=wrong` });
      expect(wrong.status).toBe(401);
      expect((await plain.ask({ path })).status).toBe(401);
      await original.audited(wrong.headers['x-request-id'] ?? '');
      const said = JSON.stringify([original.audit, answer.headers, answer.text]);
      expect([said.includes(KEY), said.includes('wrong')]).toEqual([false, false]);
      await original.close();
      await plain.close();
      await store.close();
    },
  );

  it.each(TUNNELS)(
    'R107 tunnelling by %s is ignored in the usual mode',
    async (_, headers, query) => {
      const store = await doubleStore();
      store.double.seed(store.bucket, 'f/x', 'x');
      const service = await startService(store);
      const answer = await service.ask({ method: 'POST', path: `/f/?force=true${query}`, headers });
      expect([answer.status, errorOf(answer).reason]).toEqual([409, 'already_exists']);
      expect(store.double.objects(store.bucket).size).toBe(1);
      await service.close();
      await store.close();
    },
  );
});

describe('fromDreamFactory', () => {
  const definition = (store: Store, config: object) => ({
    resource: [
      { id: 1, name: 'db', type: 'mysql', config: {} },
      {
        id: 7,
        name: 'files',
        label: 'Files',
        description: '',
        is_active: true,
        type: 'aws_s3',
        config: {
          service_id: 7,
          key: store.accessKeyId,
          secret: store.secretAccessKey,
          region: store.region,
          endpoint: store.endpoint,
          use_path_style_endpoint: 1,
          cache_enabled: false,
          cache_ttl: 0,
          ...config,
        },
      },
    ],
  });

  it.each([
    [
      'a bucket with a container in it',
      (bucket: string) => ({ bucket, container: 'tenant1' }),
      'tenant1/a.txt',
    ],
    ['F16 a container that is the bucket', (bucket: string) => ({ container: bucket }), 'a.txt'],
  ])('makes a service of %s that clients find as it was', async (_, where, key) => {
    const store = await doubleStore();
    const exported = JSON.parse(JSON.stringify(definition(store, where(store.bucket)))) as unknown;
    const service = await startService(store, { container: '', ...fromDreamFactory(exported) });
    for (const body of ['one', 'two'])
      expect((await service.ask({ method: 'POST', path: '/a.txt', body })).status).toBe(201);
    expect([...store.double.objects(store.bucket).keys()]).toEqual([key]);
    expect(service.files.openapi()).toMatchObject({ info: { title: 'Files' } });
    await service.close();
    await store.close();
  });

  it.each([
    ['nothing', undefined],
    ['an export without a file service', { resource: [{ type: 'mysql' }] }],
    ['two file services', { resource: [{ type: 'aws_s3' }, { type: 'aws_s3' }] }],
    ['another type', { type: 'azure_blob', config: { container: 'c' } }],
    ['no bucket', { type: 'aws_s3', config: {} }],
    ['a bucket that is no text', { type: 'aws_s3', config: { bucket: 1 } }],
  ])('throws a TypeError for %s', (_, given) => {
    expect(() => fromDreamFactory(given)).toThrow(TypeError);
  });

  it.each(['**********', '*'])('refuses the secret %s, which is a mask', (secret) => {
    const given = { type: 'aws_s3', config: { bucket: 'b', region: 'r', key: 'k', secret } };
    expect(() => fromDreamFactory(given)).toThrow('`secret` is masked in this export');
  });

  it('takes a secret that only holds asterisks', () => {
    const config = { bucket: 'b', region: 'r', key: 'k', secret: 'a**' };
    expect(fromDreamFactory({ type: 'aws_s3', config }).secret).toBe('a**');
  });

  it('gives what a host would write by hand', async () => {
    const store = await doubleStore();
    const { bucket, region, endpoint, key, secret } = storeConfig(store);
    expect(fromDreamFactory(definition(store, { bucket, container: null }))).toEqual({
      name: 'files',
      label: 'Files',
      bucket,
      region,
      endpoint,
      key,
      secret,
      usePathStyleEndpoint: true,
      cacheEnabled: false,
      cacheTtl: 0,
      compat: 'dreamfactory',
    });
    await store.close();
  });
});
