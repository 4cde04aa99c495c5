// The cases of listings: A01-A21, and F11, F15, F17.
import { expect, it } from 'vitest';
import { onEveryStore, type Place } from '../support/places.ts';

/** A file entry whose moving values are the store's own. */
const file = async (place: Place, key: string, name: string, type: string, size: number) => {
  const { last_modified, etag } = await place.around.look(key);
  return {
    path: key,
    type: 'file',
    name,
    content_type: type,
    content_length: size,
    last_modified,
    etag,
  };
};
const folder = (path: string, name: string, last_modified: string | null = null) => ({
  path,
  type: 'folder',
  name,
  last_modified,
});
const FOLDERS = ['empty/', 'images/', 'implied/', 'old-folder/', 'uploads/'];
const rootFolders = FOLDERS.map((path) => folder(path, path.slice(0, -1)));

onEveryStore('listings', {}, (place) => {
  it.each(['/', '', '?limit=0', '/?limit=0', '/?unknown=1', '/?method=GET'])(
    'A01 A02 A17 %j lists the root, folders first',
    async (path) => {
      const document = await file(
        place(),
        'document.pdf',
        'document.pdf',
        'application/pdf',
        102_400,
      );
      const answer = await place().ask({ path });
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect([answer.status, answer.json()]).toEqual([
        200,
        { resource: [...rootFolders, document] },
      ]);
    },
  );

  it('A03 lists a folder without its placeholder', async () => {
    const logo = await file(place(), 'images/logo.png', 'logo.png', 'image/png', 3);
    expect(await place().told({ path: '/images/' })).toEqual([200, { resource: [logo] }]);
  });

  it.each([
    [
      'A04',
      '/images',
      "Not Found: File 'images' does not exist in storage; a folder 'images/' does.",
    ],
    ['A05', '/nope/', "Not Found: Folder 'nope/' does not exist in storage."],
    ['A05', '/nope', "Not Found: File 'nope' does not exist in storage."],
  ])('%s %s is not found', async (_, path, message) => {
    expect(await place().refused({ path })).toEqual([404, 'not_found', message]);
  });

  it('A06 lists a folder that only its files imply', async () => {
    const x = await file(place(), 'implied/x.txt', 'x.txt', 'text/plain', 2);
    expect(await place().told({ path: '/implied/' })).toEqual([200, { resource: [x] }]);
  });

  it('A07 lists an empty folder as empty', async () => {
    expect(await place().told({ path: '/empty/' })).toEqual([200, { resource: [] }]);
  });

  it.each([
    ['A09', '/?include_folders=0&include_files=1&as_list=1', ['document.pdf']],
    ['A10', '/?include_files=false&as_list=1', FOLDERS],
    ['A11', '/?include_files=abc&as_list=1', FOLDERS],
    ['A11', '/?include_files&as_list=1', FOLDERS],
    ['A13', '/?as_list=true', [...FOLDERS, 'document.pdf']],
    ['A13', '/?as_list=Yes', [...FOLDERS, 'document.pdf']],
    ['A13', '/?as_list=no&as_list=T', [...FOLDERS, 'document.pdf']],
    [
      'A14',
      '/?as_list=true&id_field=name',
      [...FOLDERS.map((path) => path.slice(0, -1)), 'document.pdf'],
    ],
    [
      'A12',
      '/old-folder/?full_tree=true&as_list=true&id_field=name',
      ['sub', 'a.txt', 'sub/b.txt'],
    ],
    ['A18', '/?search=LOGO&full_tree=true&as_list=true', ['images/logo.png']],
    ['A18', '/?search=logo&as_list=true', []],
    ['A18', '/?search=OLD&full_tree=true&as_list=1', ['old-folder/', 'uploads/old-report.pdf']],
    ['A19', '/?as_access_list=true', ['', '*', ...FOLDERS.flatMap((path) => [path, `${path}*`])]],
  ])('%s %s', async (_, path, resource) => {
    expect(await place().told({ path })).toEqual([200, { resource }]);
  });

  it('A12 lists a whole tree with names from the folder', async () => {
    expect(await place().told({ path: '/old-folder/?full_tree=true' })).toEqual([
      200,
      {
        resource: [
          folder('old-folder/sub/', 'sub'),
          await file(place(), 'old-folder/a.txt', 'a.txt', 'text/plain', 2),
          await file(place(), 'old-folder/sub/b.txt', 'sub/b.txt', 'text/plain', 2),
        ],
      },
    ]);
  });

  it('A12 dates the folders of a tree that have a placeholder', async () => {
    const { last_modified } = await place().around.look('images/');
    const [, body] = await place().told({ path: '/?full_tree=true&include_files=false' });
    expect(body).toEqual({
      resource: [
        folder('empty/', 'empty', (await place().around.look('empty/')).last_modified),
        folder('images/', 'images', last_modified),
        folder('implied/', 'implied'),
        folder('old-folder/', 'old-folder'),
        folder('old-folder/sub/', 'old-folder/sub'),
        folder('uploads/', 'uploads'),
      ],
    });
  });

  it('A15 keeps the fields that are asked for', async () => {
    expect(await place().told({ path: '/images/?fields=name,path' })).toEqual([
      200,
      { resource: [{ path: 'images/logo.png', name: 'logo.png' }] },
    ]);
  });

  it('A16 lists when include_properties is no boolean', async () => {
    const { last_modified } = await place().around.look('images/logo.png');
    const query =
      'include_properties=content_type&fields=name,path,type,content_type,last_modified,size';
    expect(await place().told({ path: `/images/?${query}` })).toEqual([
      200,
      {
        resource: [
          {
            path: 'images/logo.png',
            type: 'file',
            name: 'logo.png',
            content_type: 'image/png',
            last_modified,
          },
        ],
      },
    ]);
  });

  it('A20 answers the bare array without wrap, as parameter or header', async () => {
    const names = [...FOLDERS, 'document.pdf'];
    expect(await place().told({ path: '/?as_list=1&wrap=false' })).toEqual([200, names]);
    const headers = { wrap: 'false' };
    expect(await place().told({ path: '/?as_list=1', headers })).toEqual([200, names]);
  });

  it('A21 answers the properties of a folder', async () => {
    const { last_modified } = await place().around.look('images/');
    const resource = { name: 'images', path: 'images/', type: 'folder', last_modified };
    expect(await place().told({ path: '/images/?include_properties=true' })).toEqual([
      200,
      { resource },
    ]);
    expect(await place().told({ path: '/implied/?include_properties=true' })).toEqual([
      200,
      { resource: { name: 'implied', path: 'implied/', type: 'folder', last_modified: null } },
    ]);
    expect(await place().refused({ path: '/nope/?include_properties=true' })).toEqual([
      404,
      'not_found',
      "Not Found: Folder 'nope/' does not exist in storage.",
    ]);
  });

  it('gives pages that add up to the whole, each linked to the next', async () => {
    const names: string[] = [];
    let query = 'limit=2&as_list=1&full_tree=1';
    for (let page = 0; page < 20 && query !== ''; page += 1) {
      const answer = await place().ask({ path: `/?${query}` });
      const body = answer.json() as { resource: string[]; next_cursor?: string };
      names.push(...body.resource);
      const link = /^<\?(.*)>; rel="next"$/.exec(answer.headers.link ?? '')?.[1] ?? '';
      expect(new URLSearchParams(link).get('cursor') ?? undefined).toBe(body.next_cursor);
      query = link;
    }
    const [, whole] = await place().told({ path: '/?as_list=1&full_tree=1' });
    expect(names.toSorted()).toEqual((whole as { resource: string[] }).resource.toSorted());
  });

  it('refuses a cursor that was altered, or made for another folder', async () => {
    const [, body] = await place().told({ path: '/?limit=1' });
    const { next_cursor: cursor } = body as { next_cursor: string };
    const others = [
      `/?limit=1&cursor=${cursor.slice(0, -2)}`,
      `/images/?limit=1&cursor=${cursor}`,
      `/?limit=1&full_tree=1&cursor=${cursor}`,
      '/?limit=1&cursor=x',
    ];
    for (const path of others) {
      const [status, reason] = await place().refused({ path });
      expect([path, status, reason]).toEqual([path, 400, 'invalid_parameter']);
    }
  });

  it.each(['-1', 'ten', '1.5', '', '0x1'])('refuses limit=%s by name', async (limit) => {
    const [status, reason, message] = await place().refused({ path: `/?limit=${limit}` });
    expect([status, reason]).toEqual([400, 'invalid_parameter']);
    expect(message).toContain('"limit"');
  });

  it.each([
    ['F11', '/a/../b'],
    ['F11', '/a/%2e%2e/b'],
  ])('%s refuses %s', async (_, path) => {
    // A framework that makes a URL of the target has taken the segment out before the service sees it.
    const isGone = place().service.tidiesTargets && path.startsWith('/a/');
    const refusal = isGone ? [404, 'not_found'] : [400, 'invalid_path'];
    expect((await place().refused({ path })).slice(0, 2)).toEqual(refusal);
  });

  it('F15 describes itself', async () => {
    const [status, document] = await place().told({ path: '/_spec' });
    const { openapi, paths, servers } = document as Record<string, object>;
    expect([status, openapi, Object.keys(paths ?? {}), servers]).toEqual([
      200,
      '3.1.0',
      ['/', '/{folder_path}/', '/{file_path}', '/_spec', '/_uploads/{token}', '/_links/{token}'],
      [{ url: '/api/v2/s3files' }],
    ]);
  });
});

onEveryStore('an empty bucket', { fixture: {} }, (place) => {
  it('A08 lists as empty, and has no folders', async () => {
    expect(await place().told({ path: '/' })).toEqual([200, { resource: [] }]);
    expect((await place().refused({ path: '/a/' }))[0]).toBe(404);
  });
});

const tenants = { 'tenant1/a.txt': { body: 'a' }, 'tenant10/b.txt': {}, 'c.txt': {} };
onEveryStore('a container', { config: { container: 'tenant1' }, fixture: tenants }, (place) => {
  it('F17 is the root of every path', async () => {
    const answer = await place().ask({ method: 'POST', path: '/new.txt', body: 'new' });
    expect([answer.status, answer.headers.location]).toEqual([201, '/api/v2/s3files/new.txt']);
    expect(answer.json()).toMatchObject({ path: 'new.txt' });
    expect(String(await place().around.bytes('tenant1/new.txt'))).toBe('new');
    expect(await place().told({ path: '/?as_list=1' })).toEqual([
      200,
      { resource: ['a.txt', 'new.txt'] },
    ]);
  });
});
