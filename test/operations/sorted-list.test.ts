// Listings that are held whole: sorted, counted, and known again by their ETag.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../support/fixture.ts';
import { startService, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';

interface Listing {
  readonly resource: readonly { readonly path: string }[];
  readonly next_cursor?: string;
  readonly meta?: { readonly count: number };
}
type Answer = Awaited<ReturnType<RunningService['ask']>>;
const listingOf = (answer: Answer) => answer.json() as Listing;
const reasonOf = (answer: Answer) => (answer.json() as { error: { reason: string } }).error.reason;

describe.each(availableStores())('listings held whole over $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  const get = (path: string, headers = {}, method = 'GET') =>
    service.ask({ path, headers, method });
  const names = async (path: string) =>
    listingOf(await get(path)).resource.map(({ path: one }) => one.slice('s/'.length));

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    await around.plant({
      's/10.txt': { body: 'aaa' },
      's/2.txt': { body: 'a' },
      's/b.png': { body: 'aa' },
      's/f10/x': {},
      's/f9/secret': {},
      's/secret.txt': { body: 'aaaa' },
    });
    service = await startService(store, {
      filterListings: true,
      authorize: ({ path }) => !path.includes('secret'),
    });
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it.each([
    ['name', ['f9/', 'f10/', '2.txt', '10.txt', 'b.png']],
    ['-name', ['f10/', 'f9/', 'b.png', '10.txt', '2.txt']],
    ['size', ['f9/', 'f10/', '2.txt', 'b.png', '10.txt']],
    ['-size', ['f10/', 'f9/', '10.txt', 'b.png', '2.txt']],
    ['type', ['f9/', 'f10/', 'b.png', '2.txt', '10.txt']],
    ['-type', ['f10/', 'f9/', '10.txt', '2.txt', 'b.png']],
  ])('are sorted by %s, folders first', async (sort, expected) => {
    expect(await names(`/s/?sort=${sort}`)).toEqual(expected);
    expect(await names(`/s/?sort=${sort}&limit=3`)).toEqual(expected.slice(0, 3));
  });

  it('are sorted in every shape, tree and search', async () => {
    expect((await get('/s/?sort=-size&as_list=true&wrap=false')).json()).toEqual(
      ['f10/', 'f9/', '10.txt', 'b.png', '2.txt'].map((name) => `s/${name}`),
    );
    expect(await names('/s/?sort=name&search=.txt')).toEqual(['2.txt', '10.txt']);
    expect(await names('/s/?sort=name&full_tree=true&include_folders=false')).toEqual([
      '2.txt',
      '10.txt',
      'b.png',
      'f10/x',
    ]);
    expect(await names('/?sort=name&full_tree=true&search=f')).toEqual(['f9/', 'f10/']);
  });

  it('refuse another order, and a cursor beside one', async () => {
    for (const query of ['sort=colour', 'sort=--name', 'sort=name&cursor=x']) {
      const answer = await get(`/s/?${query}`);
      expect([answer.status, reasonOf(answer)]).toEqual([400, 'invalid_parameter']);
    }
  });

  it('count what the caller may see, beside pages and sorts too', async () => {
    const metaOf = async (query: string) => listingOf(await get(`/s/?${query}`)).meta;
    expect(await metaOf('include_count=true')).toEqual({ count: 5 });
    expect(await metaOf('include_count=true&sort=name&limit=1')).toEqual({ count: 5 });
    expect(await metaOf('include_count=true&include_folders=false')).toEqual({ count: 3 });
    expect(await metaOf('')).toBeUndefined();
    const first = listingOf(await get('/s/?include_count=true&limit=2'));
    expect(first.meta).toEqual({ count: 5 });
    expect(await metaOf(`include_count=true&limit=2&cursor=${first.next_cursor}`)).toEqual({
      count: 5,
    });
    const missing = await get('/nope/?include_count=true');
    expect(missing.status).toBe(404);
  });

  it.each(['/s/', '/', '/s/?search=a', '/s/?sort=name', '/?as_access_list=true', '/s/?limit=100'])(
    'answer 304 to who has %s, until it is another',
    async (path) => {
      const { headers, body } = await get(path);
      const etag = String(headers['etag']);
      expect(etag).toMatch(/^W\/"/);
      for (const method of ['GET', 'HEAD']) {
        const same = await get(path, { 'If-None-Match': etag }, method);
        expect([same.status, same.headers['etag'], same.body.length]).toEqual([304, etag, 0]);
        expect(same.headers['cache-control']).toBe(headers['cache-control']);
        expect((await get(path, { 'If-None-Match': '"other"' }, method)).status).toBe(200);
      }
      expect((await get(path)).body).toEqual(body);
      const wrapped = await get(path, { wrap: 'false' });
      if (path === '/s/') expect(wrapped.headers['etag']).not.toBe(etag);
    },
  );

  it('have no ETag on a page with a fresh cursor', async () => {
    expect((await get('/s/?limit=1')).headers['etag']).toBeUndefined();
  });
});

describe('a listing of more than 10,000 entries', () => {
  it.each([
    [10_000, 200],
    [10_001, 400],
  ])(
    'of %i is sorted or counted with %i',
    async (count, status) => {
      const store = await doubleStore();
      const service = await startService(store);
      store.double.seed(store.bucket, 'many/', '');
      for (let index = 0; index < count; index += 1)
        store.double.seed(store.bucket, `many/${index}`, '');
      for (const query of ['sort=-name', 'include_count=true', 'include_count=true&limit=5'])
        expect((await service.ask({ path: `/many/?${query}` })).status).toBe(status);
      expect((await service.ask({ path: '/many/' })).headers['etag']).toBeUndefined();
      await service.close();
      await store.close();
    },
    60_000,
  );
});
