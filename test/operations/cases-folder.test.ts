// The cases of folders, batches, copies and properties: D01-D16.
import { expect, it } from 'vitest';
import { PDF } from '../support/fixture.ts';
import { onEveryStore } from '../support/places.ts';
import type { Question } from '../support/service.ts';

const json = (value: unknown): Pick<Question, 'headers' | 'body'> => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});

interface Item {
  readonly path: string;
  readonly error?: { readonly code: number; readonly reason: string; readonly message: string };
}

onEveryStore('folders', {}, (place) => {
  const post = (path: string, value: unknown, headers: Record<string, string> = {}) => {
    const { headers: own, body } = json(value);
    return place().told({ method: 'POST', path, headers: { ...own, ...headers }, body });
  };
  const items = async (path: string, resource: unknown[]): Promise<[number, Item[]]> => {
    const [status, body] = await post(path, { resource });
    return [status, (body as { resource: Item[] }).resource];
  };

  it.each<[string, Question, string]>([
    ['D01', { path: '/', headers: { 'X-Folder-Name': 'documents' } }, 'documents/'],
    ['D01', { path: '/', headers: { 'X-Folder-Name': 'a/b' } }, 'a/b/'],
    ['D02', { path: '', ...json({ resource: [] }), headers: { 'X-Folder-Name': 'd2' } }, 'd2/'],
    ['D03', { path: '/docs/' }, 'docs/'],
    ['D03', { path: '/deep/docs/' }, 'deep/docs/'],
    ['D04', { path: '/docs3/', ...json({ folder: { name: 'docs3' } }) }, 'docs3/'],
  ])('%s %j creates a folder', async (_, question, path) => {
    const answer = await place().ask({ method: 'POST', ...question });
    const name = path.slice(0, -1).split('/').at(-1);
    expect([answer.status, answer.headers.location, answer.json()]).toEqual([
      201,
      `/api/v2/s3files/${path}`,
      { name, path },
    ]);
    expect(await place().around.bytes(path)).toEqual(Buffer.alloc(0));
  });

  it.each<[string, Question]>([
    ['D05', { path: '/', headers: { 'X-Folder-Name': 'images' } }],
    ['D05', { path: '/images/' }],
    ['D05', { path: '/implied/' }],
  ])('%s %j is a conflict', async (_, question) => {
    const [status, reason] = await place().refused({ method: 'POST', ...question });
    expect([status, reason]).toEqual([409, 'already_exists']);
  });

  it('D06 has nothing to create at the root', async () => {
    expect((await place().refused({ method: 'POST', path: '/' })).slice(0, 2)).toEqual([
      400,
      'invalid_body',
    ]);
  });

  it('D07 D08 creates the folders of a list, once', async () => {
    const list = { resource: [{ name: 't1', type: 'folder' }] };
    expect(await post('/', list)).toEqual([
      201,
      { resource: [{ name: 't1', path: 't1/', type: 'folder' }] },
    ]);
    const error = {
      code: 409,
      context: { path: 't1/' },
      message: "Conflict: Folder 't1/' already exists.",
      status_code: 409,
      reason: 'already_exists',
    };
    // Every item has failed, so that its failure is the answer, with the entries in its context.
    const entries = [{ name: 't1', path: 't1/', type: 'folder', error }];
    expect(await post('/', list)).toEqual([
      409,
      { error: expect.objectContaining({ code: 409, reason: 'already_exists' }) },
    ]);
    expect(await post('/', list)).toMatchObject([
      409,
      { error: { context: { resource: entries } } },
    ]);
  });

  it('D09 creates folders and files of a list, in order', async () => {
    const [status, made] = await items('/t1/', [
      { type: 'folder', name: 'f1' },
      { type: 'folder', name: 'f2' },
      { type: 'file', name: 'file1.txt', content: 'one' },
      { type: 'file', name: 'file2.txt', content: 'two' },
    ]);
    expect([status, made.map(({ path }) => path)]).toEqual([
      201,
      ['t1/f1/', 't1/f2/', 't1/file1.txt', 't1/file2.txt'],
    ]);
    expect(String(await place().around.bytes('t1/file2.txt'))).toBe('two');
  });

  it('D10 decodes base64, strictly', async () => {
    const [, made] = await items('/t1/', [
      { type: 'file', name: 'a.bin', content: 'AP8=', is_base64: true },
      { type: 'file', name: 'b.bin', content: 'AP8', is_base64: true },
      { type: 'file', name: 'c.bin', content: 'A P8=', is_base64: true },
    ]);
    expect(made.map(({ error }) => error?.reason)).toEqual([
      undefined,
      'invalid_body',
      'invalid_body',
    ]);
    expect(await place().around.bytes('t1/a.bin')).toEqual(Buffer.from([0, 255]));
    expect(await place().around.bytes('t1/b.bin')).toBeUndefined();
  });

  it.each([
    ['D11', {}, true],
    ['D12', { delete_source: true }, false],
  ])('%s copies a file inside storage; delete_source moves it', async (_, more, remains) => {
    const item = { type: 'file', source_path: 'uploads/report.pdf', name: 'copy.pdf', ...more };
    const [status, [made]] = await items('/t1/', [item]);
    expect([status, made?.path, made?.error]).toEqual([201, 't1/copy.pdf', undefined]);
    expect((await place().around.bytes('t1/copy.pdf'))?.equals(PDF)).toBe(true);
    expect((await place().around.look('t1/copy.pdf')).content_type).toBe('application/pdf');
    expect((await place().around.bytes('uploads/report.pdf')) !== undefined).toBe(remains);
  });

  it.each([
    ['D13', {}, true],
    ['D13', { delete_source: true }, false],
  ])('%s copies a whole tree', async (_, more, remains) => {
    const item = { type: 'folder', source_path: 'old-folder/', name: 'copied', ...more };
    const [status, [made]] = await items('/t1/', [item]);
    expect([status, made?.path, made?.error]).toEqual([201, 't1/copied/', undefined]);
    const keys = await place().around.keys();
    expect(keys.filter((key) => key.startsWith('t1/'))).toEqual([
      't1/copied/a.txt',
      't1/copied/sub/b.txt',
    ]);
    expect(keys.some((key) => key.startsWith('old-folder/'))).toBe(remains);
  });

  it('D14 answers each item by itself, without touching what exists', async () => {
    const [status, made] = await items('/uploads/', [
      { type: 'file', source_path: 'document.pdf', name: 'report.pdf' },
      { type: 'file', source_path: 'nope.pdf', name: 'x.pdf' },
      { type: 'folder', source_path: 'nope/', name: 'x' },
      { type: 'folder', source_path: 'uploads/', name: 'inside' },
      { type: 'file', name: '../escape.txt', content: 'x' },
      { type: 'file', source_path: '../escape.txt', name: 'x.txt' },
      { type: 'link', name: 'x' },
      { type: 'file', name: 'fine.txt', content: 'x' },
    ]);
    expect([status, made.map(({ error }) => error?.reason ?? 'made')]).toEqual([
      207,
      [
        'already_exists',
        'not_found',
        'not_found',
        'invalid_body',
        'invalid_path',
        'invalid_path',
        'invalid_body',
        'made',
      ],
    ]);
    expect(made[0]?.error?.message).toBe("Conflict: File 'uploads/report.pdf' already exists.");
  });

  it('D15 keeps the properties of a folder', async () => {
    const { body } = json({ a: 1 });
    expect(await place().told({ method: 'PATCH', path: '/images/', body })).toEqual([
      200,
      { success: true },
    ]);
    const [, properties] = await place().told({ path: '/images/?include_properties=true' });
    expect((properties as { resource: object }).resource).toMatchObject({ metadata: { a: '1' } });
  });

  it('D16 patches no folder and no file that is not there', async () => {
    for (const path of ['/nope/', '/nope']) {
      const [status, reason] = await place().refused({ method: 'PATCH', path, body: '{"a":1}' });
      expect([path, status, reason]).toEqual([path, 404, 'not_found']);
    }
  });

  it('changes the named properties of a file and keeps the rest', async () => {
    const change = { cache_control: 'max-age=60', metadata: { owner: 'r\u00e9my' } };
    const path = '/uploads/report.pdf';
    const [status, body] = await place().told({ method: 'PATCH', path, ...json(change) });
    expect([status, body]).toEqual([
      200,
      {
        path: 'uploads/report.pdf',
        name: 'report.pdf',
        type: 'file',
        content_type: 'application/pdf',
        content_length: 102_400,
        last_modified: (await place().around.look('uploads/report.pdf')).last_modified,
        etag: (await place().around.look('uploads/report.pdf')).etag,
        metadata: { owner: 'r\u00e9my' },
      },
    ]);
    const { headers, body: bytes } = await place().ask({ path });
    expect([headers['cache-control'], headers['content-type'], bytes.equals(PDF)]).toEqual([
      'max-age=60, no-transform',
      'application/pdf',
      true,
    ]);
  });
});
