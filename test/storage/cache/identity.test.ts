// The cache is behind authorize: what one caller brought in, another sees only if allowed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeys, roles } from '../../../src/index.ts';
import type { Access } from '../../../src/index.ts';
import { doubleStore } from '../../support/stores.ts';
import type { RunningService } from '../../support/service.ts';
import { cachedService, tell } from './given.ts';

const RIGHTS = roles({
  member: [
    { path: '', allow: ['GET'] },
    { path: 'users/', allow: ['GET'] },
    { path: 'users/{user.id}/**', allow: '*' },
  ],
  admin: [{ path: '**', allow: '*' }],
});

let store: Awaited<ReturnType<typeof doubleStore>>;
let service: RunningService;
let revoked = false;
let asked: Access[] = [];

beforeAll(async () => {
  store = await doubleStore();
  for (const key of ['users/alice/a.txt', 'users/bob/b.txt', 'top.txt'])
    store.double.seed(store.bucket, key, `text of ${key}`);
  service = await cachedService(store, {
    authenticate: apiKeys({
      'key-alice': { id: 'alice', roles: ['member'] },
      'key-bob': { id: 'bob', roles: ['member'] },
      'key-admin': { id: 'admin', roles: ['admin'] },
    }),
    authorize: (access, request) => {
      asked.push(access);
      return !(revoked && request.principal?.id === 'alice') && RIGHTS(access, request);
    },
  });
});
afterAll(async () => {
  await service.close();
  await store.close();
});

const as = (who: string | null, path: string, more: Record<string, string> = {}) => {
  asked = [];
  return tell(service, {
    path,
    headers: { ...(who === null ? {} : { 'X-API-Key': `key-${who}` }), ...more },
  });
};

describe('a copy that alice brought in (K130)', () => {
  it.each([
    ['her file', '/users/alice/a.txt'],
    ['her listing', '/users/alice/'],
    ['her properties', '/users/alice/a.txt?include_properties=true'],
  ])('is refused to bob, to nobody and to alice without her role: %s', async (_name, path) => {
    revoked = false;
    await as('alice', path);
    const second = await as('alice', path);
    expect([second.answer.status, second.calls, asked.length > 0]).toEqual([200, 0, true]);
    const bob = await as('bob', path);
    expect([bob.answer.status, bob.calls, asked.length]).toEqual([403, 0, 1]);
    const nobody = await as(null, path);
    expect([nobody.answer.status, nobody.calls, asked.length]).toEqual([401, 0, 0]);
    revoked = true;
    const alice = await as('alice', path);
    expect([alice.answer.status, alice.calls, asked.length]).toEqual([403, 0, 1]);
    revoked = false;
  });
});

describe('a listing that is filtered (K131)', () => {
  const keys = async (who: string, path: string) => {
    const { answer, calls } = await as(who, path);
    return { listed: (answer.json() as { resource: string[] }).resource, calls };
  };

  it('is cached before it is filtered: each sees their own from one page of storage', async () => {
    const path = '/?full_tree=true&as_list=true';
    expect(await keys('alice', path)).toEqual({
      listed: ['users/', 'users/alice/', 'users/alice/a.txt'],
      calls: 1,
    });
    expect(await keys('admin', path)).toEqual({
      listed: [
        'users/',
        'users/alice/',
        'users/bob/',
        'top.txt',
        'users/alice/a.txt',
        'users/bob/b.txt',
      ],
      calls: 0,
    });
    expect(await keys('bob', path)).toEqual({
      listed: ['users/', 'users/bob/', 'users/bob/b.txt'],
      calls: 0,
    });
  });

  it('does not depend on the order of parameters', async () => {
    const one = await as('admin', '/users/?full_tree=true&as_list=true');
    const other = await as('admin', '/users/?as_list=true&full_tree=true');
    expect(other.answer.text).toBe(one.answer.text);
    expect(other.calls).toBe(0);
  });

  it.each([
    ['X-Forwarded-Host', 'evil.example'],
    ['X-Forwarded-Proto', 'gopher'],
    ['Accept', 'text/html'],
    ['Accept-Language', 'tlh'],
    ['X-Original-URL', '/users/bob/b.txt'],
    ['Origin', 'https://evil.example'],
  ])('has the same body whatever %s says', async (name, value) => {
    for (const path of ['/users/', '/users/alice/a.txt']) {
      const plain = await as('alice', path);
      const odd = await as('alice', path, { [name]: value });
      expect([odd.answer.status, odd.answer.text]).toEqual([200, plain.answer.text]);
      expect((await as('alice', path)).answer.text).toBe(plain.answer.text);
    }
  });
});

describe('signed URLs', () => {
  it('are never cached', async () => {
    const first = await as('alice', '/users/alice/a.txt?url=true&expires=60');
    const second = await as('alice', '/users/alice/a.txt?url=true&expires=61');
    expect([first.answer.status, second.answer.status]).toEqual([200, 200]);
    expect(second.answer.text).toContain('X-Amz-Expires=61');
    expect(first.answer.headers['cache-control']).toBe('no-store');
  });
});
