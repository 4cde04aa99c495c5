// The cases of deletions: E01-E10, E14, E15, E18; tunnelled ones belong to the original server's mode.
import { expect, it } from 'vitest';
import { onEveryStore } from '../support/places.ts';

onEveryStore('deletions', {}, (place) => {
  const keysIn = async (folder: string) =>
    (await place().around.keys()).filter((key) => key.startsWith(folder));
  const remove = (path: string, body?: unknown) =>
    place().told({
      method: 'DELETE',
      path,
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const refused = async (path: string, body?: string) =>
    place().refused({ method: 'DELETE', path, ...(body === undefined ? {} : { body }) });

  it('E01 deletes a file', async () => {
    expect(await remove('/uploads/report.pdf')).toEqual([
      200,
      { name: 'report.pdf', path: 'uploads/report.pdf' },
    ]);
    expect(await keysIn('uploads/')).toEqual(['uploads/old-report.pdf']);
  });

  it('E02 does not find what is not there', async () => {
    expect(await refused('/uploads/missing.pdf')).toEqual([
      404,
      'not_found',
      "Not Found: File 'uploads/missing.pdf' does not exist in storage.",
    ]);
  });

  it('E03 does not look when told so', async () => {
    expect(await remove('/uploads/missing.pdf?no_check=true')).toEqual([
      200,
      { name: 'missing.pdf', path: 'uploads/missing.pdf' },
    ]);
  });

  it('E04 keeps a folder that holds something', async () => {
    const [status, reason, message] = await refused('/old-folder/');
    expect([status, reason]).toEqual([400, 'folder_not_empty']);
    expect(message).toMatch("Bad Request: Folder 'old-folder/' contains other files or folders;");
    expect(await keysIn('old-folder/')).toEqual(['old-folder/a.txt', 'old-folder/sub/b.txt']);
  });

  it.each([
    ['E05', '/old-folder/?force=true', 'old-folder'],
    ['E06', '/empty/', 'empty'],
    ['E06', '/empty/?force=true', 'empty'],
    ['E07', '/implied/?force=true', 'implied'],
  ])('%s %s deletes the folder at any depth', async (_, path, name) => {
    expect(await remove(path)).toEqual([200, { name, path: `${name}/` }]);
    expect(await keysIn(`${name}/`)).toEqual([]);
    expect((await refused(path)).slice(0, 2)).toEqual([404, 'not_found']);
  });

  it('E05 deletes nothing whose name only begins alike (R18)', async () => {
    await place().around.plant({ old: { body: 'file' }, 'old/a': {}, 'older/a': {} });
    expect(await remove('/old/?force=true')).toEqual([200, { name: 'old', path: 'old/' }]);
    expect(await keysIn('old')).toEqual([
      'old',
      'old-folder/a.txt',
      'old-folder/sub/b.txt',
      'older/a',
    ]);
  });

  it('E08 keeps the folder itself when told so', async () => {
    for (const folder of ['old-folder/', 'images/']) {
      const [status] = await remove(`/${folder}?force=true&content_only=true`);
      expect([status, await keysIn(folder)]).toEqual([200, [folder]]);
    }
  });

  it.each(['/', '', '/?force=true'])('E09 %j without a list deletes nothing', async (path) => {
    const before = await place().around.keys();
    expect((await refused(path)).slice(0, 2)).toEqual([400, 'invalid_body']);
    expect(await place().around.keys()).toEqual(before);
  });

  it('E10 deletes a folder of a list', async () => {
    expect(
      await remove('/?force=true', { resource: [{ name: 'old-folder', type: 'folder' }] }),
    ).toEqual([200, { resource: [{ name: 'old-folder', path: null, type: 'folder' }] }]);
    expect(await keysIn('old-folder/')).toEqual([]);
  });

  it('deletes what a list names: path from the root, name from the folder', async () => {
    const list = { resource: [{ path: 'document.pdf', type: 'file' }, { name: 'a.txt' }] };
    expect(await remove('/old-folder/', list)).toEqual([
      200,
      {
        resource: [
          { name: null, path: 'document.pdf', type: 'file' },
          { name: 'a.txt', path: null, type: 'file' },
        ],
      },
    ]);
    expect(await keysIn('old-folder/')).toEqual(['old-folder/sub/b.txt']);
    expect(await keysIn('document')).toEqual([]);
  });

  it('E14 R171 answers each item by itself', async () => {
    const resource = [
      { path: 'uploads/missing.pdf', type: 'file' },
      { path: '../tenant2/secret', type: 'file' },
      { name: '../../x', type: 'file' },
      { path: 'old-folder', type: 'folder' },
      { path: 'uploads/report.pdf', type: 'file' },
    ];
    const [status, body] = await remove('/', { resource });
    const errors = (body as { resource: { error?: { reason: string } }[] }).resource.map(
      ({ error }) => error?.reason ?? 'gone',
    );
    expect([status, errors]).toEqual([
      207,
      ['not_found', 'invalid_path', 'invalid_path', 'folder_not_empty', 'gone'],
    ]);
    expect(await keysIn('uploads/')).toEqual(['uploads/old-report.pdf']);
  });

  it.each([
    ['E15', '{"resource":[{"type":"file"}]}'],
    ['E15', '{"resource":[{"path":"old-folder/a.txt"},{}]}'],
    ['E18', 'not json'],
    ['E18', '{"resource":[{"path":"old-folder/a.txt"}'],
    ['R172', '{"resource":[]}'],
    ['R172', '{}'],
    ['R172', '[]'],
    ['R172', '"old-folder"'],
    ['R172', '{"resource":{"path":"old-folder/a.txt"}}'],
    ['R172', 'resource[0][path]=old-folder/a.txt'],
    ['R172', '{"resource":[{"path":7}]}'],
    ['R172', '{"resource":["old-folder/a.txt"]}'],
  ])('%s the body %s is refused, and nothing deleted', async (_, body) => {
    const before = await place().around.keys();
    const [status, reason] = await refused('/old-folder/?force=true', body);
    expect([status, reason]).toEqual([400, 'invalid_body']);
    expect(await place().around.keys()).toEqual(before);
  });

  it('E17 reads a list whatever the content type says', async () => {
    const answer = await place().told({
      method: 'DELETE',
      path: '/old-folder/?force=true',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: '{"resource":[{"path":"old-folder/a.txt","type":"file"}]}',
    });
    expect(answer[0]).toBe(200);
    expect(await keysIn('old-folder/')).toEqual(['old-folder/sub/b.txt']);
  });

  it('E11-E13 take no verb from headers or the query', async () => {
    const headers = {
      'X-HTTP-Method': 'DELETE',
      'X-HTTP-Method-Override': 'DELETE',
      'X-Method-Override': 'DELETE',
    };
    const path = '/uploads/report.pdf?_method=DELETE&method=DELETE&force=true';
    expect(
      (await place().refused({ method: 'POST', path, headers, body: 'x' })).slice(0, 2),
    ).toEqual([409, 'already_exists']);
    expect(await keysIn('uploads/report')).toEqual(['uploads/report.pdf']);
  });

  it('honours If-Match', async () => {
    const { etag } = await place().around.look('document.pdf');
    const path = '/document.pdf';
    const wrong = { method: 'DELETE', path, headers: { 'If-Match': '"other"' } };
    expect((await place().refused(wrong)).slice(0, 2)).toEqual([412, 'precondition_failed']);
    const right = { method: 'DELETE', path, headers: { 'If-Match': etag } };
    expect((await place().told(right))[0]).toBe(200);
  });
});
