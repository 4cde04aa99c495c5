// Every write through the service is seen at once: in the file, its properties and every listing above.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { craftZip } from '../../support/crafted-zip.ts';
import { availableStores, type Store } from '../../support/stores.ts';
import type { Question, RunningService } from '../../support/service.ts';
import { cachedService, put, tell } from './given.ts';

const JSON_BODY = { 'Content-Type': 'application/json' };
const form = (name: string, content: string): Pick<Question, 'headers' | 'body'> => ({
  headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
  body: `--x\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n\r\n${content}\r\n--x--\r\n`,
});

/** What readers see of a tree that holds `top/in/`: everything that a write below it may change. */
const VIEWS = [
  '/?full_tree=true',
  '/?search=new&full_tree=true',
  '/TOP/',
  '/TOP/?full_tree=true&as_list=true',
  '/TOP/in/',
  '/TOP/in/?limit=5',
  '/TOP/in/old.txt',
  '/TOP/in/old.txt?include_properties=true',
  '/TOP/in/new.txt',
  '/TOP/in/new.txt?include_properties=true&content=true',
  '/TOP/in/new/',
  '/TOP/in/?include_properties=true',
  '/TOP/other/old.txt',
];

interface Write {
  readonly name: string;
  readonly status: number;
  readonly ask: (top: string) => Question;
}

const WRITES: readonly Write[] = [
  {
    name: 'a PUT over a file',
    status: 201,
    ask: (top) => ({ method: 'PUT', path: `/${top}/in/old.txt`, body: 'changed' }),
  },
  {
    name: 'a POST of a new file',
    status: 201,
    ask: (top) => ({ method: 'POST', path: `/${top}/in/new.txt`, body: 'new' }),
  },
  {
    name: 'X-File-Name',
    status: 201,
    ask: (top) => ({
      method: 'POST',
      path: `/${top}/`,
      headers: { 'X-File-Name': 'in/new.txt' },
      body: 'new',
    }),
  },
  {
    name: 'a form',
    status: 201,
    ask: (top) => ({ method: 'POST', path: `/${top}/in/`, ...form('new.txt', 'new') }),
  },
  {
    name: 'a form to a file',
    status: 201,
    ask: (top) => ({ method: 'PUT', path: `/${top}/in/old.txt`, ...form('any.txt', 'new') }),
  },
  {
    name: 'a folder of X-Folder-Name',
    status: 201,
    ask: (top) => ({ method: 'POST', path: `/${top}/in/`, headers: { 'X-Folder-Name': 'new' } }),
  },
  {
    name: 'a folder of the URL',
    status: 201,
    ask: (top) => ({ method: 'POST', path: `/${top}/in/new/` }),
  },
  {
    name: 'a batch of a file, a folder and a copy',
    status: 201,
    ask: (top) => ({
      method: 'POST',
      path: `/${top}/in/`,
      headers: JSON_BODY,
      body: JSON.stringify({
        resource: [
          { type: 'file', name: 'new.txt', content: 'new' },
          { type: 'folder', name: 'new' },
          { type: 'file', name: 'copy.txt', source_path: `${top}/in/old.txt` },
        ],
      }),
    }),
  },
  {
    name: 'a move out of a folder',
    status: 201,
    ask: (top) => ({
      method: 'POST',
      path: `/${top}/other/`,
      headers: JSON_BODY,
      body: JSON.stringify({
        resource: [
          {
            type: 'file',
            name: 'moved.txt',
            source_path: `${top}/in/old.txt`,
            delete_source: true,
          },
        ],
      }),
    }),
  },
  {
    name: 'a copy of a folder',
    status: 201,
    ask: (top) => ({
      method: 'POST',
      path: `/${top}/in/`,
      headers: JSON_BODY,
      body: JSON.stringify({
        resource: [{ type: 'folder', name: 'new', source_path: `${top}/other` }],
      }),
    }),
  },
  {
    name: 'an archive',
    status: 201,
    ask: (top) => ({
      method: 'POST',
      path: `/${top}/in/a.zip?extract=true`,
      headers: { 'Content-Type': 'application/zip' },
      body: craftZip([
        { name: 'new.txt', data: Buffer.from('new') },
        { name: 'new/deep.txt', data: Buffer.from('deep') },
      ]),
    }),
  },
  {
    name: 'a PATCH of a file',
    status: 200,
    ask: (top) => ({
      method: 'PATCH',
      path: `/${top}/in/old.txt`,
      headers: JSON_BODY,
      body: '{"content_type":"text/markdown"}',
    }),
  },
  {
    name: 'a DELETE of a file',
    status: 200,
    ask: (top) => ({ method: 'DELETE', path: `/${top}/in/old.txt` }),
  },
  {
    name: 'a DELETE of a folder',
    status: 200,
    ask: (top) => ({ method: 'DELETE', path: `/${top}/in/?force=true` }),
  },
  {
    name: 'a DELETE of what a folder holds',
    status: 200,
    ask: (top) => ({ method: 'DELETE', path: `/${top}/in/?force=true&content_only=true` }),
  },
  {
    name: 'a DELETE of a list',
    status: 200,
    ask: (top) => ({
      method: 'DELETE',
      path: '/',
      headers: JSON_BODY,
      body: JSON.stringify({ resource: [{ type: 'file', path: `${top}/in/old.txt` }] }),
    }),
  },
];

describe.each(availableStores())('a write on $name (K132)', ({ open }) => {
  let store: Store;
  let service: RunningService;
  let uncached: RunningService;

  beforeAll(async () => {
    store = await open();
    service = await cachedService(store);
    uncached = await cachedService(store, { cache: undefined, cacheTtl: 0 });
  });
  afterAll(async () => {
    await service.close();
    await uncached.close();
    await store.close();
  });

  const look = async (from: RunningService, top: string) => {
    const seen: Record<string, unknown> = {};
    for (const view of VIEWS) {
      const { status, text } = await from.ask({ path: view.replace('TOP', top) });
      seen[view] = { status, text };
    }
    return seen;
  };

  it.each(WRITES)('is seen at once after $name', async ({ name, status, ask }) => {
    const top = `w${WRITES.findIndex((write) => write.name === name)}`;
    for (const path of ['in/old.txt', 'in/keep.txt', 'other/old.txt'])
      await put(service, `/${top}/${path}`, `old ${path}`);
    await service.ask({ method: 'POST', path: `/${top}/in/` });
    const before = await look(service, top);
    expect(await look(service, top)).toEqual(before);
    const { answer } = await tell(service, ask(top));
    expect([answer.status, answer.text.includes('"error"')]).toEqual([status, false]);
    const after = await look(service, top);
    expect(after).toEqual(await look(uncached, top));
    expect(after).not.toEqual(before);
  });

  it('leaves what it did not touch in the cache', async () => {
    await put(service, '/apart/a/one.txt', '1');
    await put(service, '/apart/b/two.txt', '2');
    for (const path of ['/apart/a/', '/apart/a/one.txt']) await service.ask({ path });
    await put(service, '/apart/b/two.txt', '22');
    expect((await tell(service, { path: '/apart/a/' })).calls).toBe(0);
    expect((await tell(service, { path: '/apart/a/one.txt' })).calls).toBe(0);
    expect((await tell(service, { path: '/apart/' })).calls).toBe(1);
  });

  it('is seen through another container of the same service and cache', async () => {
    const shared = await cachedService(store, {
      container: ({ headers }) => headers['x-tenant'] ?? '/',
    });
    const acme = { 'X-Tenant': 'tenants/acme' };
    await put(shared, '/tenants/acme/docs/a.txt', 'by admin');
    const tenant = (path: string) => shared.ask({ path, headers: acme });
    expect((await tenant('/docs/a.txt')).text).toBe('by admin');
    expect((await tenant('/docs/?as_list=true')).text).toBe('{"resource":["docs/a.txt"]}');
    expect((await shared.ask({ path: '/tenants/acme/docs/a.txt' })).text).toBe('by admin');
    await put(shared, '/tenants/acme/docs/a.txt', 'again');
    await put(shared, '/tenants/acme/docs/b.txt', 'b');
    expect((await tenant('/docs/a.txt')).text).toBe('again');
    expect((await tenant('/docs/?as_list=true')).text).toBe(
      '{"resource":["docs/a.txt","docs/b.txt"]}',
    );
    await put(shared, '/docs/a.txt', 'by acme', acme);
    expect((await shared.ask({ path: '/tenants/acme/docs/a.txt' })).text).toBe('by acme');
    await shared.close();
  });
});
