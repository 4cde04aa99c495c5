// The iOS, Android and .NET samples, the MCP server and the wiki's examples, request by request.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { craftZip } from '../support/crafted-zip.ts';
import { PDF } from '../support/fixture.ts';
import { PUBLIC_ADDRESS, startPublicHost, type PublicHost } from '../support/public-host.ts';
import type { Question } from '../support/service.ts';
import { availableStores } from '../support/stores.ts';
import { API_KEY, entriesOf, messageOf, SESSION_TOKEN, startOriginal } from './original.ts';
import type { Original } from './original.ts';

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0]);

describe.each(availableStores())('samples on $name', ({ open }) => {
  let original: Original;
  let outside: PublicHost;
  const send = (question: Question) =>
    original.service.ask({
      ...question,
      headers: { 'X-DreamFactory-API-Key': API_KEY, ...question.headers },
    });

  beforeAll(async () => {
    const zip = craftZip([{ name: 'z.txt', data: 'z' }]);
    outside = await startPublicHost((_, res) => res.end(zip));
    original = await startOriginal(await open(), { importFromUrl: true });
  });
  afterAll(async () => {
    await original.close();
    await outside.close();
  });

  describe.each([
    ['iOS', 'application/json', '7'],
    ['Android', 'image/*', '8'],
  ])('the %s sample', (_, type, id) => {
    const folder = `/profile_images/${id}/`;

    it('takes 404 of a list for an empty one', async () => {
      const answer = await send({ path: `${folder}?include_folders=0&include_files=1` });
      const { error } = answer.json() as { error: { code: number; message: string } };
      expect([answer.status, error.code]).toEqual([404, 404]);
      expect(error.message).toContain('does not exist in storage');
    });

    it('makes the folder without a body, and goes on when it is there', async () => {
      const make = () => send({ method: 'POST', path: folder });
      expect((await make()).status).toBe(201);
      const again = await make();
      const { error } = again.json() as { error: { code: number } };
      expect([again.status, error.code]).toEqual([400, 400]);
    });

    it('uploads an image under any type, lists it, and reads it back in base64', async () => {
      const path = `${folder}me.jpg`;
      const stored = await send({
        method: 'POST',
        path,
        headers: { 'Content-Type': type },
        body: JPEG,
      });
      expect(stored.status).toBe(201);
      const list = await send({ path: `${folder}?include_folders=0&include_files=1` });
      expect(entriesOf(list)).toMatchObject([
        { name: 'me.jpg', path: path.slice(1), type: 'file', content_type: 'image/jpeg' },
      ]);
      const image = await send({
        // The iOS sample doubles a slash.
        path: `/profile_images//${id}/me.jpg?include_properties=1&content=1&download=1`,
      });
      expect(image.headers['content-disposition']).toBeUndefined();
      expect(image.json()).toMatchObject({
        path: path.slice(1),
        name: 'me.jpg',
        type: 'file',
        content_length: JPEG.length,
        content: JPEG.toString('base64'),
      });
    });

    it('deletes the folder', async () => {
      const answer = await send({ method: 'DELETE', path: `${folder}?force=1` });
      expect([answer.status, answer.json()]).toEqual([200, { name: id, path: folder.slice(1) }]);
      const left = await original.around.keys();
      expect(left.filter((key) => key.startsWith(folder.slice(1)))).toEqual([]);
    });
  });

  describe('the .NET SDK', () => {
    it('creates folders with check_exist, and files with the misspelt check_exists', async () => {
      const folder = await send({ method: 'POST', path: '/net/?check_exist=True' });
      expect(folder.json()).toEqual({ name: 'net', path: 'net/' });
      for (const body of ['one', 'two'])
        expect(
          (await send({ method: 'POST', path: '/net/f.txt?check_exists=True', body })).status,
        ).toBe(201);
      expect(String(await original.around.bytes('net/f.txt'))).toBe('two');
    });

    it('lists files without a null where it has a number', async () => {
      const entries = entriesOf(
        await send({ path: '/net/?include_files=True&include_folders=False' }),
      );
      expect(entries.map(({ name, content_length }) => [name, content_length])).toEqual([
        ['f.txt', 3],
      ]);
      expect(
        entriesOf(await send({ path: '' })).map((entry) => entry.content_length),
      ).not.toContain(null);
    });

    it('downloads bytes whatever it accepts', async () => {
      const answer = await send({
        path: '/uploads/report.pdf',
        headers: { Accept: 'application/octet-stream' },
      });
      expect(answer.headers['content-type']).toBe('application/pdf');
      expect(answer.body.equals(PDF)).toBe(true);
    });

    it('imports from a URL and deletes, with booleans in capitals', async () => {
      const url = encodeURIComponent(`http://${PUBLIC_ADDRESS}/a.zip`);
      const imported = await send({
        method: 'POST',
        path: `/net/?extract=True&clean=False&url=${url}`,
      });
      expect(imported.status).toBe(201);
      expect(String(await original.around.bytes('net/z.txt'))).toBe('z');
      const gone = await send({ method: 'DELETE', path: '/net/?force=True' });
      expect(gone.json()).toEqual({ name: 'net', path: 'net/' });
    });

    it('tunnels every verb when it is told to', async () => {
      const tunnel = (verb: string, path: string, body = '') =>
        send({ method: 'POST', path, headers: { 'X-HTTP-Method': verb }, body });
      expect((await tunnel('PUT', '/net-tunnel/f.txt', 'x')).status).toBe(201);
      expect((await tunnel('GET', '/net-tunnel/f.txt')).text).toBe('x');
      expect((await tunnel('MERGE', '/net-tunnel/', '{"a":1}')).json()).toEqual({ success: true });
      expect((await tunnel('DELETE', '/net-tunnel/?force=True')).status).toBe(200);
    });
  });

  describe('the MCP server', () => {
    const call = (question: Question) =>
      original.service.ask({
        ...question,
        headers: {
          Accept: 'application/json',
          'X-DreamFactory-Session-Token': SESSION_TOKEN,
          'X-DreamFactory-Trace-Id': '7c4a8d09ca37',
          ...question.headers,
        },
      });

    it('lists with flags', async () => {
      const query = 'include_files=true&include_folders=true&full_tree=false&zip=false';
      const entries = entriesOf(await call({ path: `/images/?${query}` }));
      expect(entries.map(({ path }) => path)).toEqual(['images/logo.png']);
    });

    it('is told about the folder when it forgets the slash, and nothing is deleted', async () => {
      const listed = await call({ path: '/images' });
      expect([listed.status, messageOf(listed)]).toEqual([
        404,
        "Not Found: File 'images' does not exist in storage; a folder 'images/' does.",
      ]);
      const deleted = await call({ method: 'DELETE', path: '/images?force=true' });
      expect([deleted.status, messageOf(deleted)]).toEqual([404, messageOf(listed)]);
      expect(await original.around.bytes('images/logo.png')).toEqual(Buffer.from('PNG'));
    });

    it('D04 makes the folder of the URL by a JSON that is no list', async () => {
      const answer = await call({
        method: 'POST',
        path: '/docs3/',
        headers: { 'Content-Type': 'application/json' },
        body: '{"folder":{"name":"docs3"}}',
      });
      expect([answer.status, answer.json()]).toEqual([201, { name: 'docs3', path: 'docs3/' }]);
    });

    it('writes a text, reads it by its type, and reads its properties', async () => {
      const stored = await call({
        method: 'POST',
        path: '/docs3/n.txt',
        headers: { 'Content-Type': 'text/plain' },
        body: 'note',
      });
      expect(stored.json()).toMatchObject({ name: 'n.txt', path: 'docs3/n.txt', type: 'file' });
      const read = await call({ path: '/docs3/n.txt' });
      expect([read.headers['content-type'], read.text]).toEqual(['text/plain', 'note']);
      const properties = await call({ path: '/docs3/n.txt?include_properties=true' });
      expect(properties.json()).toMatchObject({ content_type: 'text/plain', content_length: 4 });
      const gone = await call({ method: 'DELETE', path: '/docs3/?force=true' });
      expect(gone.json()).toEqual({ name: 'docs3', path: 'docs3/' });
    });
  });

  describe('the wiki', () => {
    it('uploads by X-File-Name, to the root without a slash', async () => {
      const answer = await send({
        method: 'POST',
        path: '',
        headers: { 'X-File-Name': 'wiki.txt', 'Content-Type': 'text/plain' },
        body: 'wiki',
      });
      expect(answer.json()).toMatchObject({ name: 'wiki.txt', path: 'wiki.txt', type: 'file' });
    });

    it('E11 deletes a list of a file and a folder without a slash, tunnelled', async () => {
      await original.around.plant({ 'w/a.txt': {}, 'w/sub/b.txt': {}, 'w/c.txt': {} });
      const answer = await send({
        method: 'POST',
        path: '/w/?force=true',
        headers: { 'X-HTTP-Method': 'DELETE', 'Content-Type': 'application/json' },
        body: '{"resource":[{"path":"w/a.txt","type":"file"},{"path":"w/sub","type":"folder"}]}',
      });
      expect([answer.status, answer.json()]).toEqual([
        200,
        {
          resource: [
            { name: null, path: 'w/a.txt', type: 'file' },
            { name: null, path: 'w/sub', type: 'folder' },
          ],
        },
      ]);
      expect((await original.around.keys()).filter((key) => key.startsWith('w/'))).toEqual([
        'w/c.txt',
      ]);
    });
  });
});
