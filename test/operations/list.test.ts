// Listings: what they show, in which shape, page by page, and to whom.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bypass, FIXTURE, type Bypass } from '../support/fixture.ts';
import { startService, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';

interface Line {
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly addressable?: false;
}
interface Listing {
  readonly resource: readonly Line[];
  readonly next_cursor?: string;
}
const listingOf = (answer: { json: () => unknown }) => answer.json() as Listing;
const pathsOf = (answer: { json: () => unknown }) =>
  listingOf(answer).resource.map(({ path }) => path);
const reasonOf = (answer: { json: () => unknown }) =>
  (answer.json() as { error: { reason: string } }).error.reason;

const TOP = ['empty/', 'images/', 'implied/', 'old-folder/', 'uploads/'];
const FOLDERS = [...TOP, 'tree/'].toSorted();

describe.each(availableStores())('listings over $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  const get = (path: string, headers = {}) => service.ask({ path, headers });
  const paths = async (path: string) => pathsOf(await get(path));

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    await around.plant({
      ...FIXTURE,
      'tree/a/b/c/d.txt': {},
      'tree/a/b.txt': {},
      'tree/z.txt': {},
    });
    service = await startService(store);
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it('A02 lists the root with and without its slash', async () => {
    expect((await get('')).text).toBe((await get('/')).text);
  });

  it.each([
    ['A03', '/images/', ['images/logo.png']],
    ['A06', '/implied/', ['implied/x.txt']],
    ['A07', '/empty/', []],
    ['A09', '/?include_folders=0&include_files=1', ['document.pdf']],
    ['A10', '/?include_files=false', FOLDERS],
    ['A11', '/?include_files=abc', FOLDERS],
    ['A11', '/?include_files', FOLDERS],
    [
      'A12',
      '/old-folder/?full_tree=true',
      ['old-folder/sub/', 'old-folder/a.txt', 'old-folder/sub/b.txt'],
    ],
    ['A16', '/images/?include_properties=content_type', ['images/logo.png']],
    ['A17', '/images/?limit=0', ['images/logo.png']],
    ['A18', '/?search=LOGO&full_tree=true', ['images/logo.png']],
    ['A18', '/?search=logo', []],
    ['A18', '/?search=OLD', ['old-folder/']],
    ['A18', '/uploads/?search=report', ['uploads/old-report.pdf', 'uploads/report.pdf']],
    ['A18', '/?search=b&full_tree=1&include_files=0', ['old-folder/sub/', 'tree/a/b/']],
  ])('%s %s', async (_, path, expected) => {
    expect(await paths(path)).toEqual(expected);
  });

  it('names what lies deep relative to the listed folder', async () => {
    const { resource } = listingOf(await get('/tree/?full_tree=true'));
    expect(resource.map(({ name, type }) => [name, type])).toEqual([
      ['a', 'folder'],
      ['a/b', 'folder'],
      ['a/b/c', 'folder'],
      ['a/b.txt', 'file'],
      ['a/b/c/d.txt', 'file'],
      ['z.txt', 'file'],
    ]);
  });

  it.each([
    ['A13', '/?as_list=true', [...FOLDERS, 'document.pdf']],
    ['A14', '/images/?as_list=true&id_field=name', ['logo.png']],
    ['A14', '/images/?as_list=true&id_field=name,path', ['(logo.png,images/logo.png)']],
    ['A15', '/images/?fields=name,path', [{ path: 'images/logo.png', name: 'logo.png' }]],
    ['A15', '/images/?fields=nope,type', [{ type: 'file' }]],
    ['A15', '/images/?fields=', [{ path: 'images/logo.png' }]],
    ['A19', '/?as_access_list=true', ['', '*', ...FOLDERS.flatMap((path) => [path, `${path}*`])]],
  ])('%s shapes %s', async (_, path, resource) => {
    expect((await get(path)).json()).toEqual({ resource });
  });

  it('A20 answers the bare array by parameter or header', async () => {
    const bare = listingOf(await get('/images/')).resource;
    expect((await get('/images/?wrap=false')).json()).toEqual(bare);
    expect((await get('/images/', { wrap: 'false' })).json()).toEqual(bare);
    expect((await get('/images/?wrap=true', { wrap: '0' })).json()).toEqual({ resource: bare });
  });

  it.each(['/images/?include_properties=true', '/implied/?include_properties=true'])(
    'A21 answers the properties of a folder: %s',
    async (path) => {
      const key = path.slice(1, path.indexOf('?'));
      const placeholder = key === 'images/' ? (await around.look(key)).last_modified : null;
      expect((await get(path)).json()).toEqual({
        resource: {
          name: key.slice(0, -1),
          path: key,
          type: 'folder',
          last_modified: placeholder,
        },
      });
    },
  );

  it.each(['/nope/', '/document.pdf/', '/image/', '/nope/?full_tree=1', '/nope/?limit=5'])(
    'A05 answers 404 for %s, to HEAD too',
    async (path) => {
      const answer = await get(path);
      expect([answer.status, reasonOf(answer)]).toEqual([404, 'not_found']);
      const head = await service.ask({ method: 'HEAD', path });
      expect([head.status, head.text]).toEqual([404, '']);
    },
  );

  it.each(['/', '/images/', '/images/?zip=true', '/?as_access_list=true'])(
    'R32 answers HEAD of %s as GET without the body',
    async (path) => {
      const got = await get(path);
      const head = await service.ask({ method: 'HEAD', path });
      const { date: _, 'x-request-id': __, ...expected } = got.headers;
      const { date: ___, 'x-request-id': ____, ...headers } = head.headers;
      expect([head.status, headers, head.text]).toEqual([200, expected, '']);
    },
  );

  it.each([
    ['/', 1],
    ['/', 3],
    ['/', 100],
    ['/tree/?full_tree=true', 1],
    ['/tree/?full_tree=true', 2],
    ['/tree/?full_tree=true', 4],
    ['/?full_tree=true', 5],
    ['/?full_tree=true&include_files=false', 2],
    ['/?full_tree=true&search=a', 3],
  ])('pages %s by %i into the same entries, none twice, no page too long', async (path, limit) => {
    const join = path.includes('?') ? '&' : '?';
    const seen: string[] = [];
    let next = `${path}${join}limit=${limit}`;
    for (let pages = 0; next !== '' && pages < 40; pages += 1) {
      const answer = await get(next);
      const { resource, next_cursor: cursor } = listingOf(answer);
      expect(resource.length).toBeLessThanOrEqual(limit);
      seen.push(...resource.map((line) => line.path));
      const link = answer.headers['link'];
      expect(link === undefined).toBe(cursor === undefined);
      if (link !== undefined) expect(link).toContain(`cursor=${cursor}`);
      next = link === undefined ? '' : path.split('?')[0] + link.slice(1, link.indexOf('>'));
    }
    expect(seen.toSorted()).toEqual((await paths(path)).toSorted());
  });

  it.each([
    ['another folder', '/?limit=1', '/uploads/?limit=1'],
    ['other flags', '/?limit=1', '/?full_tree=true&limit=1'],
    ['another search', '/?search=e&limit=1', '/?search=u&limit=1'],
  ])('refuses the cursor of %s', async (_, first, other) => {
    const { next_cursor: cursor } = listingOf(await get(first));
    const answer = await get(`${other}&cursor=${cursor}`);
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'invalid_parameter']);
  });

  it('refuses an altered cursor, and limits that are no numbers', async () => {
    const { next_cursor: cursor = '' } = listingOf(await get('/?limit=1'));
    const altered = (cursor.startsWith('A') ? 'B' : 'A') + cursor.slice(1);
    for (const query of [
      `cursor=${altered}`,
      'cursor=x',
      'cursor=',
      'limit=-1',
      'limit=1.5',
      'limit=x',
    ])
      expect([query, (await get(`/?limit=1&${query}`)).status]).toEqual([query, 400]);
  });
});

describe('listings of what others put in the bucket', () => {
  const ODD = ['a//b', '/lead', 'x\\y', 'n\u0000l', '../up', '_spec', 'true', '123', ' ', `<&"'`];
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let service: RunningService;
  beforeAll(async () => {
    store = await doubleStore();
    service = await startService(store, { container: 'tenant1' });
    for (const key of ODD) store.double.seed(store.bucket, `tenant1/odd/${key}`, 'x');
    store.double.seed(store.bucket, 'tenant10/canary', 'x');
    store.double.seed(store.bucket, 'tenant1', 'x');
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  it('R20 shows every key and flags those that no path can name', async () => {
    const answer = await service.ask({ path: '/odd/?full_tree=true&include_folders=false' });
    const shown = listingOf(answer).resource.map(({ path, addressable }) => [
      path,
      addressable !== false,
    ]);
    const names = new Set(['_spec', 'true', '123', ' ', `<&"'`]);
    expect(Object.fromEntries(shown)).toEqual(
      Object.fromEntries(ODD.map((key) => [`odd/${key}`, names.has(key)])),
    );
  });

  it('R17 shows nothing outside the container', async () => {
    expect(pathsOf(await service.ask({ path: '/?full_tree=true' }))).not.toContain('canary');
    expect(pathsOf(await service.ask({ path: '/' }))).toEqual(['odd/']);
  });

  it('R20 removes all of them with their folder', async () => {
    expect((await service.ask({ method: 'DELETE', path: '/odd/?force=true' })).status).toBe(200);
    expect([...store.double.objects(store.bucket).keys()]).toEqual(['tenant1', 'tenant10/canary']);
  });
});

describe('filtered listings', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let around: Bypass;
  beforeEach(async () => {
    store = await doubleStore();
    around = bypass(store);
    await around.plant(FIXTURE);
  });

  it.each([
    ['/', ['images/', 'document.pdf']],
    ['/?as_list=true', ['images/', 'document.pdf']],
    ['/?as_access_list=true', ['', '*', 'images/', 'images/*']],
    ['/?limit=100', ['images/', 'document.pdf']],
    ['/?search=im', ['images/']],
    ['/?full_tree=true', ['images/', 'document.pdf', 'images/logo.png']],
  ])('leave out of %s what the caller may not see, with one call', async (path, expected) => {
    const service = await startService(store, {
      authorize: ({ path: at }) => at === '' || at.startsWith('images/') || at === 'document.pdf',
    });
    store.double.clearCalls();
    const { resource } = (await service.ask({ path })).json() as { resource: (string | Line)[] };
    expect(resource.map((line) => (typeof line === 'string' ? line : line.path))).toEqual(expected);
    expect(store.double.calls.map(({ operation }) => operation)).toEqual(['ListObjectsV2']);
    await service.close();
    around.close();
    await store.close();
  });

  it('show everything when the host says so', async () => {
    const service = await startService(store, {
      filterListings: false,
      authorize: ({ path }) => path === '',
    });
    const expected = [...TOP, 'document.pdf'];
    expect(pathsOf(await service.ask({ path: '/' }))).toEqual(expected);
    await service.close();
    around.close();
    await store.close();
  });
});
