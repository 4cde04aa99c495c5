// T37, R171: every path of a request, wherever it hides, is judged with its own action before storage is touched.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Access } from '../../src/index.ts';
import { craftZip } from '../support/crafted-zip.ts';
import { bypass, type Bypass } from '../support/fixture.ts';
import { formOf } from '../support/form.ts';
import { PUBLIC_ADDRESS, startPublicHost, type PublicHost } from '../support/public-host.ts';
import { startService, type Question, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

type Judged = `${Access['action']} ${string}`;

interface Place extends Question {
  readonly name: string;
  /** Every access that is asked when all are allowed, in order. */
  readonly judged: readonly Judged[];
}

const ZIP = craftZip([
  { name: 'e/', data: '' },
  { name: 'e/f.txt', data: 'f' },
]);
const json = (resource: unknown): Pick<Question, 'headers' | 'body'> => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ resource }),
});
const header = (name: string, value: string, body?: string | Buffer) => ({
  headers: { [name]: value },
  body,
});
const file = (filename: string, body: string | Buffer = 'x') =>
  formOf([{ name: 'files', filename, body }]);

const PLACES: readonly Place[] = [
  // The path of the URL, by every operation.
  { name: 'list', path: '/in/', judged: ['list in/', 'read in/a.txt'] },
  { name: 'list the root', path: '/', judged: ['list ', 'list in/', 'list out/'] },
  { name: 'list a page', path: '/in/?limit=1', judged: ['list in/', 'read in/a.txt'] },
  { name: 'search', path: '/in/?search=a', judged: ['list in/', 'read in/a.txt'] },
  { name: 'access list', path: '/?as_access_list=1', judged: ['list ', 'list in/', 'list out/'] },
  { name: 'zip', path: '/in/?zip=true', judged: ['list in/', 'read in/a.txt'] },
  { name: 'head of a folder', method: 'HEAD', path: '/in/', judged: ['list in/', 'read in/a.txt'] },
  { name: 'folder properties', path: '/in/?include_properties=true', judged: ['list in/'] },
  { name: 'read', path: '/in/a.txt', judged: ['read in/a.txt'] },
  { name: 'head', method: 'HEAD', path: '/in/a.txt', judged: ['read in/a.txt'] },
  { name: 'properties', path: '/in/a.txt?include_properties=1', judged: ['read in/a.txt'] },
  { name: 'sign a read', path: '/in/a.txt?url=true', judged: ['read in/a.txt'] },
  { name: 'sign a write', method: 'PUT', path: '/in/n?url=true', judged: ['write in/n'] },
  { name: 'write', method: 'POST', path: '/in/n', body: 'x', judged: ['write in/n'] },
  { name: 'replace', method: 'PUT', path: '/in/a.txt', body: 'x', judged: ['write in/a.txt'] },
  { name: 'make a folder', method: 'POST', path: '/in/n/', judged: ['write in/n/'] },
  {
    name: 'update',
    method: 'PATCH',
    path: '/in/a.txt',
    body: '{}',
    judged: ['write in/a.txt'],
  },
  { name: 'update a folder', method: 'PATCH', path: '/in/', body: '{}', judged: ['write in/'] },
  { name: 'delete', method: 'DELETE', path: '/in/a.txt', judged: ['delete in/a.txt'] },
  {
    name: 'delete a tree',
    method: 'DELETE',
    path: '/in/?force=true',
    judged: ['delete in/', 'delete in/a.txt'],
  },
  { name: 'describe', path: '/_spec', judged: ['read _spec'] },
  // Headers.
  {
    name: 'X-File-Name',
    method: 'POST',
    path: '/in/',
    ...header('X-File-Name', '/sub//n.txt', 'x'),
    judged: ['write in/sub/n.txt'],
  },
  {
    name: 'X-Folder-Name',
    method: 'POST',
    path: '/in/',
    ...header('X-Folder-Name', 'sub/n'),
    judged: ['write in/sub/n/'],
  },
  // Forms.
  {
    name: 'the name of a part',
    method: 'POST',
    path: '/in/',
    ...file('n.txt'),
    judged: ['write in/n.txt'],
  },
  {
    name: 'a form to a file',
    method: 'POST',
    path: '/in/n.txt',
    ...file('other.txt'),
    judged: ['write in/n.txt'],
  },
  {
    name: 'an archive in a form',
    method: 'POST',
    path: '/in/?extract=true',
    ...file('n.zip', ZIP),
    judged: ['write in/n.zip', 'write in/', 'write in/e/', 'write in/e/f.txt'],
  },
  // Archives.
  {
    name: 'entries of an archive',
    method: 'POST',
    path: '/in/n.zip?extract=true',
    body: ZIP,
    judged: ['write in/', 'write in/e/', 'write in/e/f.txt'],
  },
  {
    name: 'what an archive is to replace',
    method: 'POST',
    path: '/in/n.zip?extract=true&clean=true',
    body: ZIP,
    judged: ['write in/', 'write in/e/', 'write in/e/f.txt', 'delete in/', 'delete in/a.txt'],
  },
  // Lists in a body.
  {
    name: 'a folder of a list',
    method: 'POST',
    path: '/in/',
    ...json([{ type: 'folder', name: 'n' }]),
    judged: ['write in/n/'],
  },
  {
    name: 'a file of a list',
    method: 'POST',
    path: '/in/',
    ...json([{ type: 'file', name: 'sub/n', content: '' }]),
    judged: ['write in/sub/n'],
  },
  {
    name: 'a copy',
    method: 'POST',
    path: '/in/',
    ...json([{ type: 'file', name: 'n', source_path: 'out/b.txt' }]),
    judged: ['read out/b.txt', 'write in/n'],
  },
  {
    name: 'a move',
    method: 'POST',
    path: '/in/',
    ...json([{ type: 'file', name: 'n', source_path: '/out/b.txt', delete_source: true }]),
    judged: ['read out/b.txt', 'delete out/b.txt', 'write in/n'],
  },
  {
    name: 'the copy of a tree',
    method: 'POST',
    path: '/in/',
    ...json([{ type: 'folder', source_path: 'out' }]),
    judged: ['read out/', 'write in/out/', 'read out/b.txt', 'write in/out/b.txt'],
  },
  {
    name: 'the move of a tree',
    method: 'POST',
    path: '/in/',
    ...json([{ type: 'folder', source_path: 'out', delete_source: true }]),
    judged: [
      'read out/',
      'delete out/',
      'write in/out/',
      'read out/b.txt',
      'delete out/b.txt',
      'write in/out/b.txt',
    ],
  },
  {
    name: 'a path of a deletion',
    method: 'DELETE',
    path: '/in/',
    ...json([{ path: 'out/b.txt', type: 'file' }]),
    judged: ['delete out/b.txt'],
  },
  {
    name: 'a name of a deletion',
    method: 'DELETE',
    path: '/in/',
    ...json([{ name: 'a.txt', type: 'file' }]),
    judged: ['delete in/a.txt'],
  },
  {
    name: 'a tree of a deletion',
    method: 'DELETE',
    path: '/?force=true',
    ...json([{ path: 'out', type: 'folder' }]),
    judged: ['delete out/', 'delete out/b.txt'],
  },
  // Imports.
  {
    name: 'the last segment of an import',
    method: 'POST',
    path: `/in/?url=http://${PUBLIC_ADDRESS}/sub/n.txt`,
    judged: ['write in/n.txt'],
  },
  {
    name: 'the name of an import',
    method: 'POST',
    path: `/in/?url=http://${PUBLIC_ADDRESS}/n&filename=sub/m`,
    judged: ['write in/sub/m'],
  },
  {
    name: 'entries of an imported archive',
    method: 'POST',
    path: `/in/?url=http://${PUBLIC_ADDRESS}/n.zip&extract=1`,
    judged: ['write in/', 'write in/e/', 'write in/e/f.txt'],
  },
  {
    name: 'entries of an archive that only its type tells',
    method: 'POST',
    path: `/in/?url=http://${PUBLIC_ADDRESS}/typed&extract=1`,
    judged: ['write in/typed', 'write in/', 'write in/e/', 'write in/e/f.txt'],
  },
];

// Which access each place has beyond those of others: refusing it refuses the request or leaves it out.
const REFUSALS = PLACES.flatMap((place) =>
  [...new Set(place.judged)].map((judged) => ({ ...place, judged, all: place.judged })),
);

describe('places where a path can hide', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let around: Bypass;
  let outside: PublicHost;
  let service: RunningService;
  let asked: Judged[] = [];
  let refused: Judged | undefined;

  beforeAll(async () => {
    outside = await startPublicHost((req, res) => {
      if (req.url === '/typed') res.setHeader('Content-Type', 'application/zip');
      res.end(ZIP);
    });
    store = await doubleStore();
    around = bypass(store);
    service = await startService(store, {
      importFromUrl: true,
      authenticate: () => ({ id: 'someone' }),
      authorize: ({ action, path }) => {
        asked.push(`${action} ${path}`);
        return `${action} ${path}` !== refused;
      },
    });
  });
  beforeEach(async () => {
    refused = undefined;
    for (const key of store.double.objects(store.bucket).keys())
      await service.ask({ method: 'DELETE', path: `/${key}?no_check=true&force=true` });
    await around.plant({ 'in/a.txt': { body: 'a' }, 'out/b.txt': { body: 'b' } });
    asked = [];
    outside.forget();
    store.double.clearCalls();
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
    await outside.close();
  });

  const stored = () =>
    [...store.double.objects(store.bucket)].map(([key, { etag }]) => `${key} ${etag}`);

  it.each(PLACES)(
    '$name: asks for each path with its own action',
    async ({ judged, ...question }) => {
      const answer = await service.ask(question);
      expect([answer.status < 300, asked]).toEqual([true, judged]);
    },
  );

  it.each(REFUSALS)('$name: touches nothing that "$judged" refuses', async (place) => {
    const { judged, all, ...question } = place;
    const before = stored();
    refused = judged;
    const answer = await service.ask(question);
    const [action, path] = judged.split(' ');
    const isEntry = all.indexOf(judged) > 0 && ['GET', undefined].includes(question.method);
    // Listings and archives leave out what may not be seen; everything else is refused whole.
    if (isEntry) {
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain(path?.split('/').filter(Boolean).at(-1));
    } else if (question.method !== 'HEAD' || answer.status === 403)
      expect([answer.status, stored()]).toEqual([403, before]);
    const touching = { read: 'GetObject', list: 'GetObject', write: 'PutObject', delete: 'Delete' };
    expect(
      store.double.calls.filter(
        ({ operation, key }) =>
          key === path && operation.startsWith(touching[action as Access['action']]),
      ),
    ).toEqual([]);
  });

  it.each(PLACES.filter(({ judged }) => judged.length > 0))(
    '$name: asks before the first storage call and the first connection outside',
    async ({ judged: [first], ...question }) => {
      refused = first;
      const answer = await service.ask(question);
      expect([
        answer.status,
        store.double.calls,
        outside.dialled.includes(`${PUBLIC_ADDRESS}:80`),
      ]).toEqual([403, [], false]);
    },
  );
});
