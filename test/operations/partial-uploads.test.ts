// Uploads in pieces, encoded ones and those without a length: refused before anything is stored; and what headers keep.
import { gzipSync } from 'node:zlib';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { formOf } from '../support/form.ts';
import { onEveryStore } from '../support/places.ts';
import { raw } from '../support/raw.ts';
import { MOUNT, type Question } from '../support/service.ts';
import { client } from '../support/stores.ts';

const THERE = { 'docs/a.txt': { body: 'whole', contentType: 'text/plain' } };
const KEYS = Object.keys(THERE);
const RANGE = { 'Content-Range': 'bytes 4-7/8' };
const form = (fields: Readonly<Record<string, string>> = {}) =>
  formOf([
    ...Object.entries(fields).map(([name, body]) => ({ name, body })),
    { name: 'file', filename: 'a.txt', body: 'part' },
  ]);
const json = { headers: { 'Content-Type': 'application/json' }, body: '{"resource":[]}' };

/** Every shape that an upload can have. */
const SHAPES: readonly (readonly [string, Question])[] = [
  ['a raw body', { path: '/docs/a.txt', body: 'part' }],
  ['a new file', { path: '/docs/new.txt', body: 'part' }],
  ['a named body', { path: '/docs/', headers: { 'X-File-Name': 'a.txt' }, body: 'part' }],
  ['a form', { path: '/docs/', ...form() }],
  ['a form to a file', { path: '/docs/a.txt', ...form() }],
  ['a JSON list', { path: '/docs/', ...json }],
  ['a folder', { path: '/new/' }],
  ['a named folder', { path: '/docs/', headers: { 'X-Folder-Name': 'new' } }],
];

const CHUNKS: readonly Readonly<Record<string, string>>[] = [
  { resumableChunkNumber: '2', resumableTotalChunks: '2' },
  { flowChunkNumber: '1', flowTotalChunks: '3' },
  { dzchunkindex: '0', dztotalchunkcount: '2' },
  { _chunkNumber: '1', _totalChunks: '2' },
  { _chunkNumber: '0', _chunkSize: '10', _currentChunkSize: '10', _totalSize: '25' },
  { name: 'a.txt', chunk: '0', chunks: '2' },
  { qqpartindex: '0', qqtotalparts: '2' },
  { chunkNumber: '1', totalChunks: '2' },
];
const nameOf = (fields: Readonly<Record<string, string>>) => Object.keys(fields).join(' ');

onEveryStore(
  'partial uploads',
  { config: { acceptEncodings: ['GZIP', 'br'] }, fixture: THERE },
  (place) => {
    const untouched = async () => {
      expect(await place().around.keys()).toEqual(KEYS);
      expect(String(await place().around.bytes('docs/a.txt'))).toBe('whole');
    };

    it.each(SHAPES)('Content-Range is 400 for %s, by POST and PUT', async (_, question) => {
      for (const method of ['POST', 'PUT']) {
        const headers = { ...question.headers, ...RANGE };
        const answer = await place().refused({ ...question, method, headers });
        expect(answer).toEqual([
          400,
          'invalid_header',
          'Bad Request: The header "Content-Range" would make a part replace the whole file; send the file whole, or use resumable uploads (tus).',
        ]);
      }
      await untouched();
    });

    it.each(SHAPES)('Tus-Resumable and Upload-Complete are 400 for %s', async (_, question) => {
      for (const name of ['Tus-Resumable', 'Upload-Complete'])
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
          const headers = {
            ...question.headers,
            [name]: name === 'Tus-Resumable' ? '1.0.0' : '?1',
          };
          const [status, reason, message] = await place().refused({ ...question, method, headers });
          expect([status, reason]).toEqual([400, 'invalid_header']);
          expect(message).toContain('"resumable"');
        }
      const asked = { method: 'HEAD', path: '/docs/a.txt', headers: { 'Tus-Resumable': '1.0.0' } };
      expect((await place().ask(asked)).status).toBe(400);
      await untouched();
    });

    it.each(CHUNKS.map((fields) => [nameOf(fields), fields] as const))(
      'a chunk of several is 400, in the query and in the form: %s',
      async (_, fields) => {
        const query = String(new URLSearchParams(fields));
        for (const question of [
          { path: `/docs/a.txt?${query}`, body: 'part' },
          { path: `/docs/?${query}`, ...form() },
          { path: '/docs/', ...form(fields) },
          { path: '/docs/a.txt', ...form(fields) },
        ]) {
          const [status, reason, message] = await place().refused({ method: 'PUT', ...question });
          expect([status, reason]).toEqual([400, 'invalid_parameter']);
          expect(message).toContain('tus');
        }
        await untouched();
      },
    );

    it('a chunk whose fields come behind the file is 400 too', async () => {
      const parts = formOf([
        { name: 'file', filename: 'a.txt', body: 'part' },
        { name: 'dztotalchunkcount', body: '2' },
      ]);
      const [status] = await place().refused({ method: 'PUT', path: '/docs/', ...parts });
      expect(status).toBe(400);
      await untouched();
    });

    it('the only chunk of a file is the file', async () => {
      for (const fields of CHUNKS) {
        const single = Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [
            name,
            /total|chunks$|parts/i.test(name) && name !== '_totalSize' ? '1' : value,
          ]),
        );
        if (single['_totalSize'] !== undefined) single['_totalSize'] = '4';
        const answer = await place().ask({ method: 'PUT', path: '/docs/', ...form(single) });
        expect(answer.status).toBe(201);
      }
    });

    it.each(['/docs/a.txt', '/docs/', '/'])('a probe for a chunk of %s is 404', async (path) => {
      for (const query of [
        'resumableChunkNumber=1&resumableTotalChunks=1&resumableIdentifier=x',
        'flowChunkNumber=1&flowTotalChunks=4',
        'chunkNumber=1&totalChunks=2',
      ])
        expect((await place().ask({ path: `${path}?${query}` })).status).toBe(404);
    });

    it.each(['POST', 'PUT'])('a type without length and chunks is 411 by %s', async (method) => {
      const head = (more: string) =>
        `${method} ${MOUNT}/docs/new.txt HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
      const { port } = place().service;
      const silent = await raw(port, head('Content-Type: video/mp4\r\n'));
      expect([silent.status, String(silent.body)]).toEqual([
        411,
        expect.stringContaining('length_required'),
      ]);
      expect(await place().around.bytes('docs/new.txt')).toBeUndefined();
      const empty = await raw(port, head('Content-Type: video/mp4\r\nContent-Length: 0\r\n'));
      expect(empty.status).toBe(201);
      expect(await place().around.bytes('docs/new.txt')).toEqual(Buffer.alloc(0));
    });

    it.each(SHAPES.slice(0, 6))(
      'an encoding that is not accepted is 415 for %s',
      async (_, question) => {
        const headers = { ...question.headers, 'Content-Encoding': 'deflate' };
        const answer = await place().ask({ ...question, method: 'PUT', headers });
        expect(answer.status).toBe(415);
        await untouched();
      },
    );

    it.each(SHAPES.slice(3, 6))(
      'an accepted encoding is 415 all the same for %s',
      async (_, question) => {
        const headers = { ...question.headers, 'Content-Encoding': 'gzip' };
        const answer = await place().ask({ ...question, method: 'PUT', headers });
        expect([answer.status, answer.headers['accept-encoding']]).toEqual([415, 'identity']);
        await untouched();
      },
    );

    it('an accepted encoding is kept and sent with the bytes; identity is none', async () => {
      const zipped = gzipSync('hello');
      for (const [path, name] of [
        ['/docs/z.txt', {}],
        ['/docs/', { 'X-File-Name': 'z.txt' }],
      ] as const) {
        const headers = { ...name, 'Content-Encoding': 'GZip' };
        const stored = await place().ask({ method: 'PUT', path, headers, body: zipped });
        expect(stored.status).toBe(201);
        const answer = await place().ask({ path: '/docs/z.txt' });
        expect([answer.headers['content-encoding'], answer.body]).toEqual(['gzip', zipped]);
      }
      const headers = { 'Content-Encoding': 'identity' };
      await place().ask({ method: 'PUT', path: '/docs/z.txt', headers, body: 'plain' });
      const answer = await place().ask({ path: '/docs/z.txt' });
      expect([answer.headers['content-encoding'], answer.text]).toEqual([undefined, 'plain']);
    });

    it('language, disposition, cache control and metadata of an upload are kept', async () => {
      const answer = await place().ask({
        method: 'PUT',
        path: '/docs/kept.txt',
        headers: {
          'Content-Language': 'de',
          'Content-Disposition': 'attachment; filename="x.txt"',
          'X-File-Cache-Control': 'max-age=60',
          'X-Meta-Author': Buffer.from('J\u00f6rg').toString('latin1'),
        },
        body: Buffer.from('x'),
      });
      expect(answer.status).toBe(201);
      const s3 = client(place().store);
      const head = await s3.send(
        new HeadObjectCommand({ Bucket: place().store.bucket, Key: 'docs/kept.txt' }),
      );
      s3.destroy();
      expect([head.ContentLanguage, head.ContentDisposition, head.CacheControl]).toEqual([
        'de',
        'attachment; filename="x.txt"',
        'max-age=60',
      ]);
      const properties = await place().ask({ path: '/docs/kept.txt?include_properties=true' });
      expect(properties.json()).toMatchObject({ metadata: { author: 'J\u00f6rg' } });
    });

    it.each([
      ['X-Meta-s3files-digest', 'x'],
      ['X-Meta-a+b', 'x'],
      ['X-Meta-big', 'x'.repeat(3000)],
      ['X-File-Cache-Control', 'x'.repeat(2000)],
      ['Content-Disposition', ''],
    ])('%s that cannot be kept is 400', async (name, value) => {
      const question = {
        method: 'PUT',
        path: '/docs/a.txt',
        headers: { [name]: value },
        body: 'x',
      };
      expect((await place().refused(question)).slice(0, 2)).toEqual([400, 'invalid_header']);
      await untouched();
    });
  },
);
