// Requests of several items: what is answered when all, some or none of them fail, and what one request may not do twice.
import { expect, it } from 'vitest';
import type { FileServiceConfig } from '../../src/index.ts';
import { formOf } from '../support/form.ts';
import { onEveryStore, type Place } from '../support/places.ts';
import type { Answer, Question } from '../support/service.ts';

interface Entry {
  readonly path: string | null;
  readonly error?: { readonly code: number; readonly reason: string };
}
const listed = (answer: Answer): readonly Entry[] =>
  (answer.json() as { resource: Entry[] }).resource;
const failed = (answer: Answer) =>
  (
    answer.json() as {
      error: { reason: string; message: string; context: { resource: Entry[] } };
    }
  ).error;
const reasons = (entries: readonly Entry[]) => entries.map(({ error }) => error?.reason);

const file = (filename: string, body: string, type?: string) => ({
  name: 'files',
  filename,
  body,
  ...(type === undefined ? {} : { type }),
});
const form = (...parts: Parameters<typeof formOf>[0]): Question => ({
  method: 'POST',
  path: '/docs/',
  ...formOf(parts),
});
const list = (method: string, path: string, resource: unknown): Question => ({
  method,
  path,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ resource }),
});
const text = (name: string, content: string) => ({ type: 'file', name, content });

const THERE = { 'docs/a.txt': { body: 'a' }, 'docs/b.txt': { body: 'b' } };
const KEYS = Object.keys(THERE);

const ALL_FAIL: readonly (readonly [string, Question, number, string, number])[] = [
  ['a form of duplicates', form(file('a.txt', '1'), file('b.txt', '2')), 409, 'already_exists', 2],
  ['a form of one duplicate', form(file('a.txt', '1')), 409, 'already_exists', 1],
  ['a form that is too large', form(file('new.txt', 'x'.repeat(2000))), 413, 'too_large', 1],
  ['a form of a type that is not allowed', form(file('x.exe', '1')), 415, 'unsupported_type', 1],
  ['a form of bad names', form(file('../x.txt', '1')), 400, 'invalid_path', 1],
  [
    'a form that fails in several ways',
    form(file('a.txt', '1'), file('x.exe', '2')),
    409,
    'already_exists',
    2,
  ],
  [
    'a JSON list of duplicates',
    list('POST', '/docs/', [text('a.txt', '1'), text('b.txt', '2')]),
    409,
    'already_exists',
    2,
  ],
  [
    'a JSON list of copies of nothing',
    list('POST', '/docs/', [{ type: 'file', source_path: 'nope', name: 'n' }]),
    404,
    'not_found',
    1,
  ],
  [
    'a list of deletions of nothing',
    list('DELETE', '/docs/', [{ name: 'nope' }, { name: 'neither' }]),
    404,
    'not_found',
    2,
  ],
];

const SOME_FAIL: readonly (readonly [string, Question, readonly (string | undefined)[], number])[] =
  [
    ['a form', form(file('a.txt', '1'), file('new.txt', '2')), ['already_exists', undefined], 201],
    [
      'a JSON list',
      list('POST', '/docs/', [text('new.txt', '1'), text('a.txt', '2')]),
      [undefined, 'already_exists'],
      201,
    ],
    [
      'a list of deletions',
      list('DELETE', '/docs/', [{ name: 'nope' }, { name: 'a.txt' }]),
      ['not_found', undefined],
      200,
    ],
  ];

const config: Partial<FileServiceConfig> = {
  maxUploadBytes: 1000,
  allowedTypes: ['text/*'],
  maxCopies: 4,
  authorize: ({ path }) => !path.includes('/secret/'),
};

onEveryStore('several items', { config, fixture: THERE }, (place) => {
  it.each(ALL_FAIL)('answers the failure for %s', async (_, question, status, reason, count) => {
    const answer = await place().ask(question);
    const error = failed(answer);
    expect([answer.status, error.reason, error.context.resource.length]).toEqual([
      status,
      reason,
      count,
    ]);
    expect(error.context.resource.every((entry) => entry.error !== undefined)).toBe(true);
    expect(await place().around.keys()).toEqual(KEYS);
  });

  it.each(SOME_FAIL)('answers 207 with an entry each for %s', async (_, question, expected) => {
    const answer = await place().ask(question);
    expect([answer.status, reasons(listed(answer))]).toEqual([207, expected]);
  });

  it.each(['POST', 'PUT'])(
    'refuses a name that the same form has stored, by %s',
    async (method) => {
      const question = form(file('new.txt', 'first'), file('new.txt', 'second'));
      const answer = await place().ask({ ...question, method });
      expect([answer.status, reasons(listed(answer))]).toEqual([
        207,
        [undefined, 'already_exists'],
      ]);
      expect(String(await place().around.bytes('docs/new.txt'))).toBe('first');
    },
  );

  it('stores a name whose first part failed', async () => {
    const question = form(file('new.txt', 'x'.repeat(2000)), file('new.txt', 'second'));
    const answer = await place().ask({ ...question, method: 'PUT' });
    expect(reasons(listed(answer))).toEqual(['too_large', undefined]);
    expect(String(await place().around.bytes('docs/new.txt'))).toBe('second');
  });

  it.each([
    ['a file', text('new.txt', 'second')],
    ['a copy', { type: 'file', source_path: 'docs/a.txt', name: 'new.txt' }],
  ])('refuses %s under a name that the same list has stored, by PUT', async (_, again) => {
    const answer = await place().ask(list('PUT', '/docs/', [text('new.txt', 'first'), again]));
    expect([answer.status, reasons(listed(answer))]).toEqual([207, [undefined, 'already_exists']]);
    expect(String(await place().around.bytes('docs/new.txt'))).toBe('first');
  });

  it.each([undefined, 'application/octet-stream', 'text/plain'])(
    'skips an empty file input of the type %s',
    async (type) => {
      const empty = file('', '', type);
      const answer = await place().ask(form(empty, file('new.txt', 'x'), empty));
      expect([answer.status, listed(answer).map(({ path }) => path)]).toEqual([
        201,
        ['docs/new.txt'],
      ]);
      const single = await place().ask({ ...form(empty, file('x', 'y'), empty), path: '/one.txt' });
      expect(single.status).toBe(201);
      expect(String(await place().around.bytes('one.txt'))).toBe('y');
    },
  );

  it('refuses a form that holds no file', async () => {
    for (const question of [
      form(file('', '', 'application/octet-stream')),
      form({ name: 'field', body: 'x' }),
    ])
      expect((await place().refused(question)).slice(0, 2)).toEqual([400, 'invalid_body']);
  });

  it('stores a chosen folder below the folder of the URL, each path judged by itself', async () => {
    const answer = await place().ask(
      form(
        file('site/index.txt', '1'),
        file('site/css/say %22hi%22.txt', '2'),
        file('C:\\temp\\plain.txt', '3'),
        file('../up.txt', '4'),
        file('secret/x.txt', '5'),
        file('site/', '6'),
      ),
    );
    expect([answer.status, listed(answer).map(({ path, error }) => error?.reason ?? path)]).toEqual(
      [
        207,
        [
          'docs/site/index.txt',
          'docs/site/css/say "hi".txt',
          'docs/plain.txt',
          'invalid_path',
          'unauthorized',
          'invalid_path',
        ],
      ],
    );
    expect(await place().around.keys()).toEqual([
      ...KEYS,
      'docs/plain.txt',
      'docs/site/css/say "hi".txt',
      'docs/site/index.txt',
    ]);
  });

  const copy = (source: string, name: string) => ({ type: 'folder', source_path: source, name });

  it('copies nothing that the same list has written', async () => {
    const answer = await place().ask(
      list('PUT', '/', [
        copy('docs', 'b/1'),
        copy('b', 'docs/1'),
        text('c.txt', 'c'),
        { type: 'file', source_path: 'c.txt', name: 'd.txt' },
        { type: 'file', source_path: 'c.txt', name: 'e.txt', delete_source: true },
      ]),
    );
    expect([answer.status, reasons(listed(answer))]).toEqual([
      207,
      [undefined, 'conflict', undefined, 'conflict', 'conflict'],
    ]);
    expect(await place().around.keys()).toEqual(['b/1/a.txt', 'b/1/b.txt', 'c.txt', ...KEYS]);
  });

  it('copies at most `maxCopies` objects, and says so before the first copy', async () => {
    await place().around.plant({ 'docs/c.txt': {}, 'docs/d.txt': {}, 'docs/e.txt': {} });
    const answer = await place().ask(list('POST', '/', [copy('docs', 'more')]));
    expect([answer.status, failed(answer).message]).toEqual([
      413,
      'Payload Too Large: One request copies at most 4 objects.',
    ]);
    expect(await place().around.keys()).toEqual([
      ...KEYS,
      'docs/c.txt',
      'docs/d.txt',
      'docs/e.txt',
    ]);
  });

  it('counts the copies of all items of a list, files and moves too', async () => {
    const answer = await place().ask(
      list('POST', '/', [
        { type: 'file', source_path: 'docs/a.txt', name: 'x' },
        copy('docs', 'whole'),
        { type: 'file', source_path: 'docs/b.txt', name: 'docs/y', delete_source: true },
        copy('docs', 'again'),
        { type: 'file', source_path: 'docs/a.txt', name: 'z' },
      ]),
    );
    expect(reasons(listed(answer))).toEqual([
      undefined,
      undefined,
      undefined,
      'too_large',
      'too_large',
    ]);
    expect(await place().around.keys()).toEqual([
      'docs/a.txt',
      'docs/y',
      'whole/a.txt',
      'whole/b.txt',
      'x',
    ]);
  });
});

onEveryStore(
  "several items in the original server's mode",
  { config: { ...config, compat: 'dreamfactory', overwriteOnPost: false }, fixture: THERE },
  (place: () => Place) => {
    it.each(SOME_FAIL)(
      'answers as if all had succeeded, with an entry each, for %s',
      async (_, question, expected, success) => {
        const answer = await place().ask(question);
        expect([answer.status, reasons(listed(answer))]).toEqual([success, expected]);
      },
    );
  },
);
