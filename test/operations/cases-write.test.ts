// The cases of uploads and replacements: C01-C19.
import { expect, it } from 'vitest';
import { craftZip } from '../support/crafted-zip.ts';
import { PDF } from '../support/fixture.ts';
import { onEveryStore, type Place } from '../support/places.ts';
import type { Question } from '../support/service.ts';

const pdf = { 'Content-Type': 'application/pdf' };

const part = (name: string, filename: string, body: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\n\r\n${body}\r\n`;
const form = (...parts: string[]) => ({
  headers: { 'Content-Type': 'multipart/form-data; boundary=b' },
  body: `${parts.join('')}--b--\r\n`,
});

/** The answer to a stored file. */
const stored = async (place: Place, path: string, type: string, size: number) => ({
  name: path.slice(path.lastIndexOf('/') + 1),
  path,
  content_type: type,
  content_length: size,
  type: 'file',
  etag: (await place.around.look(path)).etag,
});

onEveryStore('uploads', { config: { maxUploadBytes: 200_000 } }, (place) => {
  const bytesOf = async (key: string) => String(await place().around.bytes(key));

  it('C01 stores a raw body', async () => {
    const answer = await place().ask({
      method: 'POST',
      path: '/uploads/new.pdf',
      headers: pdf,
      body: PDF,
    });
    expect([answer.status, answer.headers.location, answer.json()]).toEqual([
      201,
      '/api/v2/s3files/uploads/new.pdf',
      await stored(place(), 'uploads/new.pdf', 'application/pdf', 102_400),
    ]);
    expect((await place().around.bytes('uploads/new.pdf'))?.equals(PDF)).toBe(true);
  });

  it('C02 stores a raw body under the name of a header', async () => {
    const answer = await place().ask({
      method: 'POST',
      path: '/uploads/',
      headers: { ...pdf, 'X-File-Name': 'new.pdf' },
      body: PDF,
    });
    expect([answer.status, answer.headers.location, answer.json()]).toEqual([
      201,
      '/api/v2/s3files/uploads/new.pdf',
      await stored(place(), 'uploads/new.pdf', 'application/pdf', 102_400),
    ]);
  });

  it.each([
    ['C03', [part('files', 'x.png', 'X')]],
    ['C04', [part('files', 'x.png', 'X'), part('files', 'y.txt', 'YY')]],
    ['C05', [part('files[]', 'x.png', 'X'), part('files[]', 'y.txt', 'YY')]],
    ['C05', [part('one', 'x.png', 'X'), part('two', 'y.txt', 'YY')]],
  ])('%s stores every file of a form, in order', async (_, parts) => {
    const answer = await place().told({ method: 'POST', path: '/uploads/', ...form(...parts) });
    const expected = [await stored(place(), 'uploads/x.png', 'image/png', 1)];
    if (parts.length > 1) expected.push(await stored(place(), 'uploads/y.txt', 'text/plain', 2));
    expect(answer).toEqual([201, { resource: expected }]);
    expect(await bytesOf('uploads/x.png')).toBe('X');
  });

  it("C06 stores a form's one file under the name in the URL", async () => {
    const question = {
      method: 'POST',
      path: '/uploads/y.bin',
      ...form(part('files', 'other.bin', 'Z')),
    };
    expect(await place().told(question)).toEqual([
      201,
      await stored(place(), 'uploads/y.bin', 'application/octet-stream', 1),
    ]);
  });

  it('C07 refuses a form of two files for one name', async () => {
    const two = form(part('files', 'a', 'A'), part('files', 'b', 'B'));
    expect(await place().refused({ method: 'POST', path: '/uploads/y.bin', ...two })).toEqual([
      400,
      'invalid_body',
      "Bad Request: Multiple files uploaded to a single REST resource 'y.bin'.",
    ]);
  });

  it.each(['', '?check_exist=true', '?check_exist=1'])(
    'C08 C09 POST%s of an existing file is a conflict and changes nothing',
    async (query) => {
      const question = { method: 'POST', path: `/uploads/report.pdf${query}`, body: 'other' };
      expect(await place().refused(question)).toEqual([
        409,
        'already_exists',
        "Conflict: File 'uploads/report.pdf' already exists.",
      ]);
      expect((await place().around.bytes('uploads/report.pdf'))?.equals(PDF)).toBe(true);
    },
  );

  it('C09 PUT is one too, when it asks', async () => {
    const path = '/uploads/report.pdf?check_exist=true';
    expect((await place().refused({ method: 'PUT', path, body: 'x' }))[0]).toBe(409);
  });

  it.each<[string, Question]>([
    ['C10', { method: 'POST', path: '/uploads/report.pdf?check_exist=false' }],
    ['C11', { method: 'PUT', path: '/uploads/report.pdf' }],
  ])('%s replaces', async (_, question) => {
    const answer = await place().told({ ...question, headers: pdf, body: 'other' });
    expect(answer).toEqual([
      201,
      await stored(place(), 'uploads/report.pdf', 'application/pdf', 5),
    ]);
    expect(await bytesOf('uploads/report.pdf')).toBe('other');
  });

  const jsonItem = (name: string) =>
    JSON.stringify({ resource: [{ type: 'file', name, content: 'x' }] });

  it.each<[what: string, question: (name: string) => Question]>([
    ['a raw body', (name) => ({ path: `/${name}`, body: 'x' })],
    ['a header', (name) => ({ path: '/', headers: { 'X-File-Name': name }, body: 'x' })],
    ['JSON', (name) => ({ path: '/', body: jsonItem(name) })],
    ['a form', (name) => ({ path: '/', ...form(part('files', name, 'x')) })],
  ])(
    'says UTF-8 of a text that it typed by its name, and takes no name for an extension, by %s',
    async (what, question) => {
      const typed = async (name: string): Promise<string | undefined> => {
        expect((await place().ask({ method: 'PUT', ...question(name) })).status).toBe(201);
        return (await place().around.look(name)).content_type;
      };
      expect([await typed('a.csv'), await typed('a.json'), await typed('csv')]).toEqual([
        'text/csv; charset=utf-8',
        'application/json',
        // RFC 7578 section 4.4: what forms say of a part without a type.
        what === 'a form' ? 'text/plain' : 'application/octet-stream',
      ]);
    },
  );

  it('adds no charset to a text that was typed by its client', async () => {
    for (const type of ['text/csv', 'text/plain; charset=iso-8859-1']) {
      const headers = { 'Content-Type': type };
      await place().ask({ method: 'PUT', path: '/a.csv', headers, body: 'x' });
      expect((await place().around.look('a.csv')).content_type).toBe(type);
    }
    const declared = part('files', 'a.txt', 'x').replace(
      '\r\n\r\n',
      '\r\nContent-Type: text/plain\r\n\r\n',
    );
    await place().ask({ method: 'PUT', path: '/', ...form(declared) });
    expect((await place().around.look('a.txt')).content_type).toBe('text/plain');
  });

  it.each<[string, Question, string, string]>([
    ['C12', { path: '/uploads/brand-new.txt', body: 'new' }, 'text/plain; charset=utf-8', 'new'],
    [
      'C13',
      {
        path: '/notes.txt',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: 'a=1&b=2',
      },
      'text/plain; charset=utf-8',
      'a=1&b=2',
    ],
    [
      'C14',
      {
        path: '/data.json',
        headers: { 'Content-Type': 'application/json' },
        body: '{"resource":[]}',
      },
      'application/json',
      '{"resource":[]}',
    ],
    [
      'C15',
      { path: '/img.jpg', headers: { 'Content-Type': 'application/json' }, body: 'JFIF' },
      'image/jpeg',
      'JFIF',
    ],
    ['C16', { path: '/empty.txt', body: '' }, 'text/plain; charset=utf-8', ''],
    ['C16', { path: '/empty.bin' }, 'application/octet-stream', ''],
    ['C17', { path: '/deep/new/dir/f.txt', body: 'f' }, 'text/plain; charset=utf-8', 'f'],
  ])('%s stores %j as it is', async (_, question, type, body) => {
    const key = question.path.slice(1);
    for (const method of ['POST', 'PUT']) {
      const answer = await place().told({ method, ...question });
      expect(answer).toEqual([201, await stored(place(), key, type, body.length)]);
      expect(await bytesOf(key)).toBe(body);
      expect((await place().ask({ path: question.path })).headers['content-type']).toMatch(type);
    }
  });

  it('C18 reads a name in UTF-8, and the same name in Latin-1', async () => {
    for (const [query, bytes] of [
      ['', Buffer.from('r\u00e9sum\u00e9.pdf', 'utf8')],
      ['?check_exist=false', Buffer.from('r\u00e9sum\u00e9.pdf', 'latin1')],
    ] as const) {
      const [status, body] = await place().told({
        method: 'POST',
        path: `/uploads/${query}`,
        // Node writes header values as Latin-1, so these are the bytes on the wire.
        headers: { 'X-File-Name': bytes.toString('latin1') },
        // Node would write the head as UTF-8 with a body that is text.
        body: Buffer.from('x'),
      });
      expect([status, (body as { path: string }).path]).toEqual([
        201,
        'uploads/r\u00e9sum\u00e9.pdf',
      ]);
    }
  });

  it.each(['..', '../secret.txt', 'a/../../b', '', 'a\\b', 'sub/'])(
    'refuses the name %j in a header, of a file',
    async (name) => {
      const headers = { 'X-File-Name': name };
      const question = { method: 'POST', path: '/uploads/', headers, body: 'x' };
      expect((await place().refused(question)).slice(0, 2)).toEqual([400, 'invalid_path']);
    },
  );

  it('C19 refuses a body over the limit before it is read', async () => {
    const [status, reason] = await place().refused({
      method: 'PUT',
      path: '/large.bin',
      body: Buffer.alloc(200_001),
    });
    expect([status, reason]).toEqual([413, 'too_large']);
    expect(await place().around.bytes('large.bin')).toBeUndefined();
    const fits = await place().told({
      method: 'PUT',
      path: '/large.bin',
      body: Buffer.alloc(200_000),
    });
    expect(fits[0]).toBe(201);
  });

  it('C19 refuses a body of unknown length as soon as it is over the limit', async () => {
    const [status, reason] = await place().refused({
      method: 'PUT',
      path: '/large.bin',
      headers: { 'Transfer-Encoding': 'chunked' },
      body: Buffer.alloc(200_001),
    });
    expect([status, reason]).toEqual([413, 'too_large']);
    expect(await place().around.bytes('large.bin')).toBeUndefined();
  });

  it('C23 names the folder that an archive was unpacked into, wherever it lies', async () => {
    const answer = await place().told({
      method: 'POST',
      path: '/deep/f2/a.zip?extract=true',
      headers: { 'Content-Type': 'application/zip' },
      body: craftZip([{ name: 'one.txt', data: 'one' }]),
    });
    expect(answer).toEqual([201, { name: 'f2', path: 'deep/f2/' }]);
    expect((await place().around.keys()).filter((key) => key.startsWith('deep/'))).toEqual([
      'deep/f2/one.txt',
    ]);
  });

  it('honours If-Match and If-None-Match', async () => {
    const { etag } = await place().around.look('old-folder/a.txt');
    const put = async (headers: Record<string, string>) =>
      (await place().ask({ method: 'PUT', path: '/old-folder/a.txt', headers, body: 'b' })).status;
    expect([
      await put({ 'If-None-Match': '*' }),
      await put({ 'If-Match': '"other"' }),
      await put({ 'If-Match': etag }),
      await put({ 'If-Match': etag }),
    ]).toEqual([412, 412, 201, 412]);
  });

  it.each(['Content-MD5', 'Repr-Digest', 'Content-Digest'])(
    'stores nothing when %s does not fit',
    async (name) => {
      const wrong =
        name === 'Content-MD5' ? 'AAAAAAAAAAAAAAAAAAAAAA==' : `sha-256=:${'A'.repeat(43)}=:`;
      const question = { method: 'PUT', path: '/sum.txt', headers: { [name]: wrong }, body: 'x' };
      expect((await place().refused(question)).slice(0, 2)).toEqual([400, 'checksum_mismatch']);
      expect(await place().around.bytes('sum.txt')).toBeUndefined();
    },
  );
});
