// The matrix of rights: who may list, read, write, delete, purge or share and nothing else, and what each of them gets.
import Keyv from 'keyv';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Access } from '../../src/index.ts';
import { startService, type Question, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { enableVersions } from '../support/versioned.ts';

/** A right, as a host would give it alone. */
const RIGHTS = {
  list: ({ action, operation }) => action === 'list' && operation !== 'share',
  read: ({ action, operation }) => action === 'read' && operation !== 'share',
  write: ({ action }) => action === 'write',
  delete: ({ action, operation }) => action === 'delete' && operation !== 'purge',
  purge: ({ operation }) => operation === 'purge',
  share: ({ operation }) => operation === 'share',
} as const satisfies Readonly<Record<string, (access: Access) => boolean>>;
type Right = keyof typeof RIGHTS;
const ALL = Object.keys(RIGHTS) as Right[];

interface Row {
  readonly what: string;
  /** Every one of these, and no other. */
  readonly needs: readonly Right[];
  /** Of the answer to whoever has them. */
  readonly status: number;
  readonly ask: () => Question;
}

let store: Awaited<ReturnType<typeof doubleStore>>;
let service: RunningService;
let links: Readonly<Record<'/f/a.txt' | '/f/', string>>;

const json = (value: unknown): Pick<Question, 'headers' | 'body'> => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});
const items = (...resource: readonly object[]) => json({ resource });
const row = (needs: string, line: string, status = 200, more: Partial<Question> = {}): Row => {
  const [method = '', path = ''] = line.split(' ');
  const rights = needs.split(' ') as Right[];
  return { what: line, needs: rights, status, ask: () => ({ method, path, ...more }) };
};
const version = (): string => store.double.versionIds(store.bucket, 'f/a.txt')[1] ?? '';

const MOVE = { type: 'file', source_path: 'f/a.txt', name: 'm.txt', delete_source: true };
const ROWS: readonly Row[] = [
  row('list', 'GET /'),
  row('list', 'GET /f/?full_tree=true'),
  row('list', 'GET /f/?search=a'),
  row('list', 'HEAD /f/'),
  row('list', 'GET /f/?include_properties=true'),
  row('list', 'GET /?as_access_list=true'),
  row('list', 'GET /?usage=true'),
  row('list', 'GET /f/?trash=true'),
  row('list', 'GET /f/?links=true'),
  row('read', 'GET /f/a.txt'),
  row('read', 'HEAD /f/a.txt'),
  row('read', 'GET /f/a.txt?include_properties=true&content=true'),
  row('read', 'GET /f/a.txt?url=true'),
  row('read', 'GET /f/a.txt?versions=true'),
  row('read', 'GET /f/a.txt?links=true'),
  row('write', 'POST /f/new.txt', 201, { body: 'new' }),
  row('write', 'PUT /f/a.txt', 201, { body: 'new' }),
  row('write', 'PUT /f/new.txt?url=true'),
  row('write', 'POST /f/new/', 201),
  row('write', 'PATCH /f/a.txt', 200, json({ content_type: 'text/html' })),
  row('write', 'PUT /f/', 201, items({ type: 'file', name: 'n.txt', content: 'new' })),
  row('write', 'POST /f/gone.txt?restore=true', 201),
  row('write', 'POST /f/?restore=true', 201),
  row('delete', 'DELETE /f/a.txt'),
  row('delete', 'DELETE /f/?force=true'),
  row('delete', 'DELETE /f/', 200, items({ name: 'a.txt' })),
  row('purge', 'DELETE /f/a.txt?purge=true'),
  row('purge', 'DELETE /f/?purge=true&force=true'),
  row('share', 'POST /f/a.txt?share=true', 201),
  row('share', 'POST /f/?share=true', 201),
  row('read write', 'PUT /f/', 201, items({ ...MOVE, delete_source: false })),
  row('read write delete', 'PUT /f/', 201, items(MOVE)),
  {
    ...row('read', 'GET /f/a.txt?version_id='),
    ask: () => ({ path: `/f/a.txt?version_id=${version()}` }),
  },
  {
    ...row('write', 'POST /f/a.txt?restore=true&version_id=', 201),
    ask: () => ({ method: 'POST', path: `/f/a.txt?restore=true&version_id=${version()}` }),
  },
  // Whoever made them; sharing alone opens nothing.
  { ...row('read', 'a link to a file'), ask: () => ({ path: links['/f/a.txt'] }) },
  { ...row('list', 'a link to a folder'), ask: () => ({ path: links['/f/'] }) },
  {
    ...row('read', 'a file by the link to its folder'),
    ask: () => ({ path: `${links['/f/']}a.txt` }),
  },
];

beforeAll(async () => {
  store = await enableVersions(await doubleStore());
  service = await startService(store, {
    authenticate: ({ headers }) => ({
      id: 'someone',
      rights: (headers['x-rights'] ?? '').split(' '),
    }),
    authorize: (access, { principal }) =>
      // What the header above said, or the seal of a link.
      (principal === null ? [] : (principal['rights'] as Right[])).some((right) =>
        RIGHTS[right]?.(access),
      ),
    versions: true,
    trash: true,
    linkStore: new Keyv(),
    quota: { bytes: 2 ** 40 },
  });
  // Asked once: whether storage honours conditions, and refuses unsigned headers on a signed write.
  await ask(ALL, { method: 'POST', path: '/warm', body: 'x' });
  await ask(ALL, { method: 'PUT', path: '/warm?url=true' });
});
beforeEach(async () => {
  await ask(ALL, { method: 'DELETE', path: '/f/?purge=true&force=true' });
  for (const [path, body] of [
    ['/f/a.txt', 'old'],
    ['/f/a.txt', 'newer'],
    ['/f/gone.txt', 'gone'],
  ] as const)
    expect((await ask(ALL, { method: 'PUT', path, body })).status).toBe(201);
  await ask(ALL, { method: 'DELETE', path: '/f/gone.txt' });
});
afterAll(async () => {
  await service.close();
  await store.close();
});

const ask = (rights: readonly Right[], question: Question) =>
  service.ask({ ...question, headers: { ...question.headers, 'X-Rights': rights.join(' ') } });

/** Links in the name of somebody with these rights; made with all. */
const shareAs = async (rights: readonly Right[]) => {
  const urlOf = async (path: string): Promise<string> => {
    const made = await ask([...rights, 'share'], { method: 'POST', path: `${path}?share=true` });
    return (made.json() as { url: string }).url.slice(service.mount.length);
  };
  return { '/f/a.txt': await urlOf('/f/a.txt'), '/f/': await urlOf('/f/') };
};

describe.each(ROWS)('$what', ({ needs, status, ask: question }) => {
  it(`is for who may ${needs.join(' and ')}`, async () => {
    links = await shareAs(needs);
    expect((await ask(needs, question())).status).toBe(status);
  });

  it.each([
    ...ALL.filter((right) => needs.join() !== right).map((right) => [right]),
    ...(needs.length > 1 ? needs.map((right) => needs.filter((other) => other !== right)) : []),
    ALL.filter((right) => !needs.includes(right)),
  ])('is refused to who may %s', async (...rights) => {
    links = await shareAs(rights);
    const asked = question();
    const stored = [...store.double.objects(store.bucket).keys()];
    store.double.clearCalls();
    const answer = await ask(rights, asked);
    expect([answer.status, store.double.calls]).toEqual([403, []]);
    expect([...store.double.objects(store.bucket).keys()]).toEqual(stored);
  });
});
