// The recipes of the README and of the guide for those who move, as they stand there, run.
import { readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderNameFor, roles, rolesFromDreamFactory } from '../../src/index.ts';
import type { Authorize, Principal, Roles } from '../../src/index.ts';
import { startService, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { bypass, type Bypass } from '../support/fixture.ts';

const textOf = (guide: string): string =>
  readFileSync(new URL(`../../${guide}`, import.meta.url), 'utf8').replaceAll(/^ {3}/gm, '');

/** The first block of code of a guide that begins so. */
const blockOf = (beginning: string, guide = 'README.md'): string => {
  const blocks = [...textOf(guide).matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  const found = blocks.find((code) => code.startsWith(beginning));
  if (found === undefined) throw new Error(`${guide} has no block that begins "${beginning}"`);
  return found;
};

/** What the original server would have exported. */
const EXPORTED = {
  resource: [
    {
      name: 'member',
      is_active: true,
      role_service_access_by_role_id: [
        { service_id: 7, component: 'users/*', verb_mask: 31, requestor_mask: 1, filters: [] },
        { service_id: 8, component: '*', verb_mask: 31, requestor_mask: 1, filters: [] },
      ],
    },
  ],
};

/** Runs code of a guide with what its imports would be. */
const run = <T>(code: string): T => {
  const make = runInThisContext(
    `(roles, folderNameFor, rolesFromDreamFactory, exported) => (${code})`,
  ) as (...imports: readonly unknown[]) => T;
  return make(roles, folderNameFor, rolesFromDreamFactory, EXPORTED);
};

const rolesOf = (block: string): Roles =>
  run<Roles>(
    block
      .trim()
      .replace(/^const authorize = /, '')
      .replace(/;$/, ''),
  );

const recipe = rolesOf(blockOf('roles({'));
const hook = run<{ authorize: Authorize<unknown> }>(`{ ${blockOf('authorize:')} }`).authorize;

const PEOPLE: Readonly<Record<string, Principal>> = {
  reader: { id: 'rita', roles: ['reader'] },
  uploader: { id: 'ulf', roles: ['uploader'] },
  alice: { id: 'alice', roles: ['member'] },
  bob: { id: 'bob', roles: ['member'] },
};

describe.each(availableStores())('the recipes on $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    await around.plant({
      'docs/a.txt': { body: 'a' },
      'inbox/there.txt': { body: 'there' },
      'users/alice/own.txt': { body: 'of alice' },
      'users/bob/own.txt': { body: 'of bob' },
    });
    service = await startService(store, {
      authenticate: ({ headers }) => PEOPLE[headers['x-who'] ?? ''] ?? null,
      authorize: recipe,
    });
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  const ask = async (who: string, line: string, body?: string) => {
    const [method = '', path = ''] = line.split(' ');
    const { status } = await service.ask({
      method,
      path,
      headers: { 'X-Who': who },
      ...(body === undefined ? {} : { body }),
    });
    return status;
  };

  it.each<[string, string, number, string?]>([
    // Read-only.
    ['reader', 'GET /docs/a.txt', 200],
    ['reader', 'HEAD /docs/a.txt', 200],
    ['reader', 'GET /?full_tree=true', 200],
    ['reader', 'GET /docs/a.txt?include_properties=true', 200],
    ['reader', 'GET /docs/a.txt?url=true', 200],
    ['reader', 'GET /docs/?zip=true', 200],
    ['reader', 'PUT /docs/a.txt', 403],
    ['reader', 'POST /docs/new.txt', 403],
    ['reader', 'POST /docs/new/', 403],
    ['reader', 'PUT /docs/a.txt?url=true', 403],
    ['reader', 'PATCH /docs/a.txt', 403, '{}'],
    ['reader', 'DELETE /docs/a.txt', 403],
    ['reader', 'DELETE /docs/?force=true', 403],
    // Upload-only.
    ['uploader', 'POST /inbox/new.txt', 201],
    ['uploader', 'POST /inbox/there.txt', 409],
    ['uploader', 'POST /inbox/there.txt?check_exist=false', 403],
    ['uploader', 'POST /inbox/sub/', 201],
    ['uploader', 'POST /docs/new.txt', 403],
    ['uploader', 'PUT /inbox/there.txt', 403],
    ['uploader', 'GET /inbox/', 403],
    ['uploader', 'GET /inbox/there.txt', 403],
    ['uploader', 'HEAD /inbox/there.txt', 403],
    ['uploader', 'GET /inbox/there.txt?url=true', 403],
    ['uploader', 'DELETE /inbox/there.txt', 403],
    // User isolation.
    ['alice', 'GET /users/alice/', 200],
    ['alice', 'GET /users/alice/own.txt', 200],
    ['alice', 'PUT /users/alice/new.txt', 201],
    ['alice', 'DELETE /users/alice/new.txt', 200],
    ['alice', 'GET /users/bob/own.txt', 403],
    ['alice', 'GET /users/bob/', 403],
    ['alice', 'PUT /users/bob/own.txt', 403],
    ['alice', 'DELETE /users/bob/own.txt', 403],
    ['alice', 'GET /users/', 403],
    ['alice', 'GET /', 403],
    ['alice', 'GET /users/alicee/own.txt', 403],
    ['bob', 'GET /users/bob/own.txt', 200],
    ['bob', 'GET /users/alice/own.txt', 403],
    ['nobody', 'GET /docs/a.txt', 401],
  ])('answer %s who asks %s with %d', async (who, line, status, given) => {
    const isUpload = /^(?:PUT|POST) .*[a-z]$/.test(line) && !line.includes('url=true');
    const body = given ?? (isUpload ? 'x' : undefined);
    expect(await ask(who, line, body)).toBe(status);
  });

  it('leave what was not theirs untouched', async () => {
    for (const [key, size] of [
      ['docs/a.txt', 1],
      ['inbox/there.txt', 5],
      ['users/bob/own.txt', 6],
    ] as const)
      expect((await around.look(key)).content_length).toBe(size);
  });

  it.each(['a/b', '..', '', 'alice\u0000', 'Alice', '\u00e9', 'e\u0301', 'x'.repeat(1024), '%2e'])(
    'give the id %j a folder of its own, or none (A98)',
    async (id) => {
      const odd = await startService(store, {
        authenticate: () => ({ id, roles: ['member'] }),
        authorize: recipe,
      });
      for (const folder of ['users/', 'users/alice/', 'users/a/', 'users/a/b/', 'users/../'])
        expect([400, 403]).toContain((await odd.ask({ path: `/${folder}own.txt` })).status);
      const path = id === '' ? '' : `/users/${encodeURIComponent(folderNameFor(id) ?? '')}/x.txt`;
      if (path !== '' && path.length < 900)
        expect((await odd.ask({ method: 'PUT', path, body: id })).status).toBe(201);
      await odd.close();
    },
  );
});

describe.each([
  ['the guide to hooks', rolesOf(blockOf('roles(\n', 'docs/hooks.md'))],
  [
    'the guide for those who move',
    rolesOf(blockOf('const authorize = roles(\n', 'docs/migration.md')),
  ],
])('the public folder of %s', (_, authorize) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  beforeAll(async () => {
    store = await doubleStore();
    around = bypass(store);
    await around.plant({ 'public/a.txt': { body: 'a' }, 'docs/a.txt': { body: 'a' } });
    service = await startService(store, {
      authenticate: ({ headers }) => PEOPLE[headers['x-who'] ?? ''] ?? null,
      authorize,
    });
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it.each<[string, string, number]>([
    ['nobody', 'GET /public/a.txt', 200],
    ['nobody', 'GET /public/', 200],
    ['nobody', 'PUT /public/a.txt', 401],
    ['nobody', 'POST /public/b.txt', 401],
    ['nobody', 'DELETE /public/a.txt', 401],
    ['nobody', 'GET /docs/a.txt', 401],
    ['nobody', 'GET /', 401],
    ['nobody', 'GET /users/alice/', 401],
    ['alice', 'PUT /users/alice/a.txt', 201],
    ['alice', 'GET /users/alice/a.txt', 200],
    ['alice', 'PUT /public/a.txt', 403],
    ['alice', 'GET /docs/a.txt', 403],
  ])('answers %s who asks %s with %d', async (who, line, status) => {
    const [method = '', path = ''] = line.split(' ');
    const body = method.startsWith('P') ? { body: 'x' } : {};
    const answer = await service.ask({ method, path, headers: { 'X-Who': who }, ...body });
    expect(answer.status).toBe(status);
  });
});

describe('the hook of the README', () => {
  const request = (id: string) => ({ principal: { id } }) as Parameters<typeof hook>[1];
  const access = (action: 'read' | 'write', path: string) =>
    ({ action, path, verb: 'GET', operation: 'any' }) as const;

  it('lets all read and each write below their own folder', async () => {
    expect([
      await hook(access('read', 'users/bob/x'), request('alice')),
      await hook(access('write', 'users/alice/x'), request('alice')),
      await hook(access('write', 'users/bob/x'), request('alice')),
      await hook(access('write', 'users/alicee/x'), request('alice')),
      await hook(access('write', 'x'), request('alice')),
    ]).toEqual([true, true, false, false, false]);
  });

  it('gives a caller without an id no folder', async () => {
    const nobody = { principal: null } as Parameters<typeof hook>[1];
    for (const path of ['users//x', 'users/x', 'users/null/x', 'users/undefined/x'])
      expect(await hook(access('write', path), nobody)).toBe(false);
  });
});
