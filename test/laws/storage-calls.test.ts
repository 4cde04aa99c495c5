// What a request costs: calls to storage, counted where they arrive. cases.md A22, E16; R174.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bypass, FIXTURE, type Bypass } from '../support/fixture.ts';
import { startService, type Question, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const KEYS = 2500;
const many = (folder: string): [string, { body: string }][] =>
  Array.from({ length: KEYS }, (_, index) => [
    `${folder}${String(index).padStart(5, '0')}`,
    { body: 'x' },
  ]);

type OpenDouble = Awaited<ReturnType<typeof doubleStore>>;
let store: OpenDouble;
let around: Bypass;
let service: RunningService;

/** The status, and the calls in their order. */
const cost = async (question: Question): Promise<{ status: number; calls: string[] }> => {
  store.double.clearCalls();
  const { status, headers } = await service.ask(question);
  const { storageCalls } = await service.audited(headers['x-request-id'] ?? '');
  const calls = store.double.calls.map(({ operation }) => operation);
  expect(storageCalls).toBe(calls.length);
  return { status, calls };
};

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  await around.plant(Object.fromEntries(many('big/')));
  await around.plant({ 'big/': {} });
  service = await startService(store, {
    authenticate: () => ({ id: 'someone' }),
    authorize: ({ path }) => path !== 'denied.txt' && path !== 'denied/',
  });
  // Asked once: whether storage honours conditions of a write, and refuses unsigned headers on a signed one.
  await service.ask({ method: 'POST', path: '/warm', body: 'x' });
  await service.ask({ method: 'PUT', path: '/warm?url=true' });
});
beforeEach(() => around.plant(FIXTURE));
afterAll(async () => {
  await service.close();
  around.close();
  await store.close();
});

const file = '/uploads/report.pdf';
const denied = '/denied.txt';
const folderJson = '{"resource":[{"name":"denied.txt","type":"file","content":"x"}]}';

describe('calls to storage', () => {
  it.each<[what: string, question: Question, status: number, calls: string[]]>([
    ['a read', { path: file }, 200, ['GetObject']],
    ['a range', { path: file, headers: { Range: 'bytes=0-9' } }, 206, ['GetObject']],
    [
      'a revalidation',
      { path: file, headers: { 'If-Modified-Since': 'Wed, 01 Jan 2098 00:00:00 GMT' } },
      304,
      ['HeadObject'],
    ],
    ['HEAD', { method: 'HEAD', path: file }, 200, ['HeadObject']],
    ['properties', { path: `${file}?include_properties=true` }, 200, ['HeadObject']],
    ['content in JSON', { path: `${file}?include_properties=1&content=1` }, 200, ['GetObject']],
    ['a signed URL', { path: `${file}?url=true` }, 200, ['HeadObject']],
    ['a signed URL of what nobody looked at', { path: `${file}?url=true&no_check=true` }, 200, []],
    ['a signed upload', { method: 'PUT', path: `${file}?url=true` }, 200, []],
    ['PUT', { method: 'PUT', path: file, body: 'new' }, 201, ['PutObject']],
    ['an empty PUT', { method: 'PUT', path: file }, 201, ['PutObject']],
    ['POST of a new file', { method: 'POST', path: '/fresh.txt', body: 'n' }, 201, ['PutObject']],
    ['POST of an existing file', { method: 'POST', path: file, body: 'n' }, 409, ['PutObject']],
    ['DELETE', { method: 'DELETE', path: file }, 200, ['HeadObject', 'DeleteObject']],
    [
      'DELETE that does not look',
      { method: 'DELETE', path: `${file}?no_check=true` },
      200,
      ['DeleteObject'],
    ],
    ['a listing', { path: '/' }, 200, ['ListObjectsV2']],
    ['a listing of a folder', { path: '/images/' }, 200, ['ListObjectsV2']],
    ['a tree', { path: '/old-folder/?full_tree=true' }, 200, ['ListObjectsV2']],
    ['a search', { path: '/images/?search=logo' }, 200, ['ListObjectsV2']],
    ['the access list', { path: '/?as_access_list=true' }, 200, ['ListObjectsV2']],
    ['a page', { path: '/?limit=2' }, 200, ['ListObjectsV2']],
    [
      'deleting an empty folder',
      { method: 'DELETE', path: '/empty/' },
      200,
      ['ListObjectsV2', 'DeleteObject'],
    ],
    [
      'refusing to delete a full folder',
      { method: 'DELETE', path: '/big/' },
      400,
      ['ListObjectsV2'],
    ],
    ['the description', { path: '/_spec' }, 200, []],
    ['OPTIONS', { method: 'OPTIONS', path: file }, 204, []],
    ['a bad path', { path: '/a/../b' }, 400, []],
    ['a bad method', { method: 'PROPFIND', path: file }, 405, []],
    ['a bad parameter', { path: '/?limit=many' }, 400, []],
    ['a bad expiry', { path: `${file}?url=true&expires=0` }, 400, []],
    ['a refused read', { path: denied }, 403, []],
    ['a refused URL', { path: `${denied}?url=true&no_check=true` }, 403, []],
    ['a refused HEAD', { method: 'HEAD', path: denied }, 403, []],
    ['a refused PUT', { method: 'PUT', path: denied, body: 'x' }, 403, []],
    ['a refused POST', { method: 'POST', path: denied, body: 'x' }, 403, []],
    ['a refused DELETE', { method: 'DELETE', path: denied }, 403, []],
    ['a refused PATCH', { method: 'PATCH', path: denied, body: '{}' }, 403, []],
    ['a refused listing', { path: '/denied/' }, 403, []],
    ['a refused batch', { method: 'POST', path: '/', body: folderJson }, 403, []],
  ])('%s', async (_, question, status, calls) => {
    expect(await cost(question)).toEqual({ status, calls });
  });

  it('reads no byte of what it deletes', async () => {
    await cost({ method: 'DELETE', path: file });
    expect(store.double.calls.map(({ operation, bytesOut }) => [operation, bytesOut])).toEqual([
      ['HeadObject', 0],
      ['DeleteObject', 0],
    ]);
  });
});

describe('calls to storage for 2500 keys', () => {
  it.each([
    ['a listing', '/big/'],
    ['a tree', '/big/?full_tree=true'],
    ['names only', '/big/?as_list=true'],
    ['a search that finds nothing', '/big/?search=nothing'],
  ])('%s takes one for each 1000 keys and none for an entry (A22)', async (_, path) => {
    const lists = Array.from({ length: 3 }, () => 'ListObjectsV2');
    expect(await cost({ path })).toEqual({ status: 200, calls: lists });
  });

  it('lists all of them', async () => {
    const answer = await service.ask({ path: '/big/?as_list=true&id_field=name' });
    const names = many('').map(([name]) => name);
    expect(answer.json()).toEqual({ resource: names });
  });

  it('deletes them in batches of 1000 (E16)', async () => {
    await around.plant(Object.fromEntries(many('gone/')));
    const { status, calls } = await cost({ method: 'DELETE', path: '/gone/?force=true' });
    expect([status, calls.toSorted()]).toEqual([
      200,
      [
        ...Array.from({ length: 3 }, () => 'DeleteObjects'),
        ...Array.from({ length: 3 }, () => 'ListObjectsV2'),
      ],
    ]);
    expect((await around.keys()).filter((key) => key.startsWith('gone/'))).toEqual([]);
  });
});
