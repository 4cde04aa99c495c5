// The current admin UI, request by request; what it reads of each answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installed } from '../support/programs.ts';
import { unzipSync } from '../support/unzip.ts';
import { formOf } from '../support/form.ts';
import { PDF } from '../support/fixture.ts';
import type { Question } from '../support/service.ts';
import { availableStores } from '../support/stores.ts';
import { API_KEY, entriesOf, messageOf, SESSION_TOKEN, startOriginal } from './original.ts';
import type { Original } from './original.ts';

describe.each(availableStores())('the admin UI on $name', ({ open }) => {
  let original: Original;
  const send = (question: Question) =>
    original.service.ask({
      ...question,
      headers: {
        'X-DreamFactory-API-Key': API_KEY,
        'X-DreamFactory-Session-Token': SESSION_TOKEN,
        'Cache-Control': 'no-cache, private',
        ...question.headers,
      },
    });
  const rows = async (path: string) =>
    entriesOf(await send({ path })).map(({ name, path: at, type, content_type }) => ({
      name,
      path: at,
      type,
      content_type,
    }));

  beforeAll(async () => {
    original = await startOriginal(await open());
  });
  afterAll(() => original.close());

  it('opens the root without a slash, and the folder of a row by its path', async () => {
    const found = await rows('');
    expect(found).toEqual([
      { name: 'empty', path: 'empty/', type: 'folder', content_type: undefined },
      { name: 'images', path: 'images/', type: 'folder', content_type: undefined },
      { name: 'implied', path: 'implied/', type: 'folder', content_type: undefined },
      { name: 'old-folder', path: 'old-folder/', type: 'folder', content_type: undefined },
      { name: 'uploads', path: 'uploads/', type: 'folder', content_type: undefined },
      {
        name: 'document.pdf',
        path: 'document.pdf',
        type: 'file',
        content_type: 'application/pdf',
      },
    ]);
    expect(await rows(`/${found[1]?.path}`)).toEqual([
      { name: 'logo.png', path: 'images/logo.png', type: 'file', content_type: 'image/png' },
    ]);
  });

  it.each(['/?limit=0', '/images/?limit=0'])('refreshes %s whole', async (path) => {
    expect(await rows(path)).toEqual(await rows(path.replace('?limit=0', '')));
  });

  it('uploads every part named files, over what is there', async () => {
    const form = formOf([
      { name: 'files', filename: 'one.txt', type: 'text/plain', body: 'one' },
      { name: 'files', filename: 'two (2).txt', type: 'text/plain', body: 'two' },
    ]);
    for (const body of [form, form])
      expect((await send({ method: 'POST', path: '/new/', ...body })).status).toBe(201);
    expect(String(await original.around.bytes('new/one.txt'))).toBe('one');
    expect(String(await original.around.bytes('new/two (2).txt'))).toBe('two');
  });

  it.each([
    ['', 'made', 'made/'],
    ['/images/', 'inside', 'images/inside/'],
  ])('makes a folder in "%s" by header, beside an empty list', async (path, name, key) => {
    const answer = await send({
      method: 'POST',
      path,
      headers: { 'X-Folder-Name': name, 'Content-Type': 'application/json' },
      body: '{"resource":[]}',
    });
    expect(answer.status).toBe(201);
    expect(await original.around.bytes(key)).toEqual(Buffer.alloc(0));
  });

  it.each(['implied/x.txt', 'old-folder/'])(
    'deletes the row %s by a tunnelled POST without a body',
    async (path) => {
      const answer = await send({
        method: 'POST',
        path: `/${path}?force=true`,
        headers: { 'X-Http-Method': 'DELETE', 'Content-Length': '0' },
      });
      expect(answer.status).toBe(200);
      expect((await original.around.keys()).filter((key) => key.startsWith(path))).toEqual([]);
    },
  );

  it.runIf(installed('python3'))('downloads a file, and a folder as a zip', async () => {
    const file = await send({ path: '/uploads/report.pdf' });
    expect(file.body.equals(PDF)).toBe(true);
    const folder = await send({ path: '/images/?zip=true' });
    expect(folder.headers['content-type']).toBe('application/zip');
    expect(unzipSync(folder.body)['logo.png']).toBe('PNG');
  });

  it('lists in the file selector with the session token alone', async () => {
    const fields = 'name,path,type,content_type,last_modified,size';
    const answer = await original.service.ask({
      path: `/uploads/?include_properties=content_type&fields=${fields}`,
      headers: { 'X-DreamFactory-Session-Token': SESSION_TOKEN },
    });
    const at = async (key: string) => (await original.around.look(key)).last_modified;
    expect(entriesOf(answer)).toEqual([
      {
        path: 'uploads/old-report.pdf',
        type: 'file',
        name: 'old-report.pdf',
        content_type: 'application/pdf',
        last_modified: await at('uploads/old-report.pdf'),
      },
      {
        path: 'uploads/report.pdf',
        type: 'file',
        name: 'report.pdf',
        content_type: 'application/pdf',
        last_modified: await at('uploads/report.pdf'),
      },
    ]);
  });

  it('uploads in the file selector to the path of the file, whatever the part is called', async () => {
    const form = formOf([{ name: 'files', filename: 'other.pdf', body: 'selected' }]);
    const answer = await original.service.ask({
      method: 'POST',
      path: '/uploads/chosen.pdf',
      headers: { ...form.headers, 'X-DreamFactory-Session-Token': SESSION_TOKEN },
      body: form.body,
    });
    expect(answer.status).toBe(201);
    expect(String(await original.around.bytes('uploads/chosen.pdf'))).toBe('selected');
    expect(await original.around.bytes('uploads/other.pdf')).toBeUndefined();
  });

  it('makes a folder in the file selector by a list', async () => {
    const answer = await send({
      method: 'POST',
      path: '/uploads/',
      headers: { 'Content-Type': 'application/json' },
      body: '{"resource":[{"name":"picked","type":"folder"}]}',
    });
    expect([answer.status, answer.json()]).toEqual([
      201,
      { resource: [{ name: 'picked', path: 'uploads/picked/', type: 'folder' }] },
    ]);
  });

  it('shows the message of a 404 as the reason', async () => {
    const answer = await send({ path: '/nope/' });
    expect([answer.status, messageOf(answer)]).toEqual([
      404,
      "Not Found: Folder 'nope/' does not exist in storage.",
    ]);
  });

  it('F19 offers the folders to the role editor', async () => {
    const answer = await original.service.ask({
      path: '?as_access_list=true',
      headers: { 'X-DreamFactory-Session-Token': SESSION_TOKEN },
    });
    const { resource } = answer.json() as { resource: string[] };
    expect(resource.slice(0, 2)).toEqual(['', '*']);
    expect(resource).toEqual(
      expect.arrayContaining(['empty/', 'empty/*', 'uploads/', 'uploads/*']),
    );
  });
});
