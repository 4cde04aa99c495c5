// Rights inside folders, rights that end in the middle, and hooks that meddle (A99, A100, A102).
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeys, roles } from '../../src/index.ts';
import type { Access } from '../../src/index.ts';
import { bypass, type Bypass } from '../support/fixture.ts';
import { MOUNT, startService, type Question, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };

describe.each(availableStores())('a folder with a denied child on $name (A99)', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  const KEYS = ['src/a.txt', 'src/lib/b.txt', 'src/secret/key.txt', 'src/secret/sub/deep.txt'];

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    await around.plant(Object.fromEntries(KEYS.map((key) => [key, { body: `text of ${key}` }])));
    service = await startService(store, {
      authenticate: () => ({ id: 'dev', roles: ['dev'] }),
      authorize: roles({
        dev: [
          { path: '**', allow: '*' },
          { path: 'src/secret/**', deny: '*' },
        ],
      }),
    });
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it.each<[string, Question]>([
    ['a DELETE of the folder', { method: 'DELETE', path: '/src/?force=true' }],
    ['a DELETE of what it holds', { method: 'DELETE', path: '/src/?force=true&content_only=true' }],
    ['a signed URL of the child', { path: '/src/secret/key.txt?url=true' }],
    ['a signed upload to the child', { method: 'PUT', path: '/src/secret/key.txt?url=true' }],
    ['the child itself', { path: '/src/secret/key.txt' }],
    ['the listing of the child', { path: '/src/secret/' }],
    ['the zip of the child', { path: '/src/secret/?zip=true' }],
    [
      'a copy of the child',
      {
        method: 'POST',
        path: '/',
        headers: JSON_TYPE,
        body: '{"resource":[{"type":"file","name":"mine.txt","source_path":"src/secret/key.txt"}]}',
      },
    ],
    [
      'a move of the child',
      {
        method: 'POST',
        path: '/',
        headers: JSON_TYPE,
        body: '{"resource":[{"type":"file","name":"mine.txt","source_path":"src/secret/key.txt","delete_source":true}]}',
      },
    ],
    [
      'a copy of the whole folder',
      {
        method: 'POST',
        path: '/',
        headers: JSON_TYPE,
        body: '{"resource":[{"type":"folder","name":"copy","source_path":"src"}]}',
      },
    ],
    [
      'a file named into the child',
      { method: 'POST', path: '/src/', headers: { 'X-File-Name': 'secret/new.txt' }, body: 'x' },
    ],
    [
      'a DELETE of a list with the child in it',
      {
        method: 'DELETE',
        path: '/src/',
        headers: JSON_TYPE,
        body: '{"resource":[{"type":"file","path":"src/secret/key.txt"}]}',
      },
    ],
  ])('refuses %s, and changes nothing', async (_name, question) => {
    const answer = await service.ask(question);
    expect([answer.status, answer.json()]).toMatchObject([
      403,
      { error: { reason: 'access_denied' } },
    ]);
    const kept = await around.keys();
    expect(kept.filter((key) => key.startsWith('src/'))).toEqual(KEYS);
    expect(kept.filter((key) => /^(?:mine|copy)/.test(key))).toEqual([]);
  });

  it('leaves the child out of listings, searches and zips', async () => {
    const tree = await service.ask({ path: '/src/?full_tree=true&as_list=true' });
    expect(tree.json()).toEqual({ resource: ['src/lib/', 'src/a.txt', 'src/lib/b.txt'] });
    const found = await service.ask({ path: '/?search=key&full_tree=true&as_list=true' });
    expect(found.json()).toEqual({ resource: [] });
    const zip = await service.ask({ path: '/src/?zip=true' });
    expect(zip.status).toBe(200);
    expect(zip.body.includes('a.txt')).toBe(true);
    expect(zip.body.includes('secret')).toBe(false);
  });
});

describe('rights that end in the middle (A102)', () => {
  it('let the running upload finish, and answer 401 to the next', async () => {
    const store = await doubleStore();
    let valid = true;
    const service = await startService(store, {
      authenticate: apiKeys(() => (valid ? { id: 'ann' } : null)),
    });
    const headers = { 'X-API-Key': 'key', 'Content-Length': '200000' };
    const upload = httpRequest({
      port: service.port,
      method: 'PUT',
      path: `${MOUNT}/a.bin`,
      headers,
      agent: false,
    });
    upload.write(Buffer.alloc(150_000, 1));
    await until(() => store.double.calls.some(({ bytesIn }) => bytesIn > 0), {
      what: 'bytes at storage',
    });
    valid = false;
    upload.end(Buffer.alloc(50_000, 2));
    const [answer] = (await once(upload, 'response')) as [{ statusCode: number; resume(): void }];
    answer.resume();
    expect(answer.statusCode).toBe(201);
    expect(store.double.objects(store.bucket).get('a.bin')?.size).toBe(200_000);
    const next = await service.ask({ path: '/a.bin', headers: { 'X-API-Key': 'key' } });
    expect(next.status).toBe(401);
    await service.close();
    await store.close();
  });
});

describe('an authorize hook that meddles (A100)', () => {
  it('cannot change what is done by changing what it was asked', async () => {
    const store = await doubleStore();
    store.double.seed(store.bucket, 'a.txt', 'a');
    store.double.seed(store.bucket, 'b.txt', 'b');
    const service = await startService(store, {
      authorize: (access) => {
        // A hook in JavaScript may try; a frozen value throws in strict code, which refuses.
        expect(() => Object.assign(access as { path: string }, { path: 'b.txt' })).toThrow(
          TypeError,
        );
        return true;
      },
    });
    expect((await service.ask({ path: '/a.txt' })).text).toBe('a');
    await service.close();
    await store.close();
  });

  it('whose answer comes after the client has left starts nothing', async () => {
    const store = await doubleStore();
    store.double.seed(store.bucket, 'a.txt', 'a');
    const asked: Access[] = [];
    let answer = (_verdict: boolean): void => {};
    const service = await startService(store, {
      authorize: (access) => {
        asked.push(access);
        return new Promise<boolean>((resolve) => (answer = resolve));
      },
    });
    const leaving = httpRequest({ port: service.port, path: `${MOUNT}/a.txt`, agent: false });
    leaving.on('error', () => {});
    leaving.end();
    await until(() => asked.length === 1, { what: 'the question' });
    leaving.destroy();
    await until(
      () =>
        new Promise<boolean>((resolve) => {
          service.server.getConnections((_error, count) => resolve(count === 0));
        }),
      { what: 'the departure' },
    );
    answer(true);
    await until(() => service.audit.length === 1, { what: 'the audit' });
    expect(store.double.calls).toEqual([]);
    expect([service.audit[0]?.complete, service.audit[0]?.storageCalls]).toEqual([false, 0]);
    await service.close();
    await store.close();
  });
});
