// Who may do what: every operation for every kind of caller, allowed and refused (A95, A96, A108).
import Keyv from 'keyv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeys, roles } from '../../src/index.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import { craftZip } from '../support/crafted-zip.ts';
import { startService, type Question, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { enableVersions } from '../support/versioned.ts';

const KEYS = {
  'key-reader': { id: 'rita', roles: ['reader'] },
  'key-uploader': { id: 'ulf', roles: ['uploader'] },
  'key-alice': { id: 'alice', roles: ['member'] },
  'key-bob': { id: 'bob', roles: ['member'] },
  'key-admin': { id: 'ada', roles: ['admin'] },
};

const CALLERS = {
  'no key': {},
  'a wrong key': { 'X-API-Key': 'key-wrong' },
  reader: { 'X-API-Key': 'key-reader' },
  uploader: { 'X-API-Key': 'key-uploader' },
  member: { 'X-API-Key': 'key-alice' },
  'other member': { 'X-API-Key': 'key-bob' },
  admin: { 'X-API-Key': 'key-admin' },
} as const satisfies Record<string, Readonly<Record<string, string>>>;
type Caller = keyof typeof CALLERS;

const PLACES = ['inbox/', 'users/alice/', 'docs/'] as const;
type Place = (typeof PLACES)[number];

/** The policy as a person would read it off the README, told again without the code under test. */
const may = (caller: Caller, verb: string, place: Place): boolean => {
  if (caller === 'admin') return true;
  if (caller === 'reader') return verb === 'GET' || verb === 'HEAD';
  if (caller === 'uploader') return verb === 'POST' && place === 'inbox/';
  if (caller === 'member') return place === 'users/alice/';
  return false;
};

interface Row {
  readonly operation: string;
  /** The verb whose right is asked. */
  /** The method in the audit, when hooks are asked for another. */
  readonly audited?: string;
  readonly verb: string;
  /** Of the allowed answer. */
  readonly status: number;
  readonly ask: (place: Place) => Omit<Question, 'headers'> & { headers?: Record<string, string> };
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const formOf = (name: string) => ({
  headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
  body: `--x\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\ntext\r\n--x--\r\n`,
});
const batchOf = (resource: unknown) => ({
  headers: JSON_TYPE,
  body: JSON.stringify({ resource: [resource] }),
});
const ZIP = craftZip([{ name: 'in.txt', data: 'text' }]);

const READS: readonly Row[] = [
  ['list', (place: Place) => `/${place}`],
  ['list', (place: Place) => `/${place}?full_tree=true&limit=1`],
  ['search', (place: Place) => `/${place}?search=a`],
  ['read', (place: Place) => `/${place}a.txt`],
  ['read_properties', (place: Place) => `/${place}a.txt?include_properties=true`],
  ['read_folder_properties', (place: Place) => `/${place}?include_properties=true`],
  ['sign_read', (place: Place) => `/${place}a.txt?url=true`],
  ['list_versions', (place: Place) => `/${place}a.txt?versions=true`],
  ['list_links', (place: Place) => `/${place}?links=true`],
  ['list_trash', (place: Place) => `/${place}?trash=true`],
  ['zip', (place: Place) => `/${place}?zip=true`],
].flatMap(([operation, path]) =>
  ['GET', 'HEAD'].map((verb) => ({
    operation: operation as string,
    verb,
    status: 200,
    ask: (place: Place) => ({ method: verb, path: (path as (place: Place) => string)(place) }),
  })),
);

const CREATES: readonly Row[] = ['POST', 'PUT'].flatMap((verb) => {
  const row = (operation: string, status: number, ask: Row['ask']): Row => ({
    operation,
    verb,
    status,
    ask: (place) => ({ ...ask(place), method: verb }),
  });
  return [
    row('write', 201, (place) => ({ path: `/${place}new.txt`, body: 'text' })),
    row('write', 201, (place) => ({
      path: `/${place}new.zip?extract=true`,
      headers: { 'Content-Type': 'application/zip' },
      body: ZIP,
    })),
    row('write_named', 201, (place) => ({
      path: `/${place}`,
      headers: { 'X-File-Name': 'new.txt' },
      body: 'text',
    })),
    row('make_folder_named', 201, (place) => ({
      path: `/${place}`,
      headers: { 'X-Folder-Name': 'new' },
    })),
    row('make_folder', 201, (place) => ({ path: `/${place}new/` })),
    row('sign_write', 200, (place) => ({ path: `/${place}new.txt?url=true` })),
    row('write_form', 201, (place) => ({ path: `/${place}`, ...formOf('new.txt') })),
    row('write_form_file', 201, (place) => ({ path: `/${place}new.txt`, ...formOf('x') })),
    row('write_batch', 201, (place) => ({
      path: `/${place}`,
      ...batchOf({ type: 'file', name: 'new.txt', content: 'text' }),
    })),
    // Switched on, and refused only for its address: no right is missing any more.
    row('import', 400, (place) => ({ path: `/${place}?url=http://127.0.0.1/a.txt` })),
  ];
});

const OTHERS: readonly Row[] = [
  {
    operation: 'zip_selection',
    // Reading is all that it does.
    verb: 'GET',
    audited: 'POST',
    status: 200,
    ask: (place) => ({
      method: 'POST',
      path: `/${place}?zip=true`,
      ...batchOf({ name: 'a.txt' }),
    }),
  },
  {
    operation: 'update',
    verb: 'PATCH',
    status: 200,
    ask: (place) => ({
      method: 'PATCH',
      path: `/${place}a.txt`,
      headers: JSON_TYPE,
      body: '{"content_type":"text/html"}',
    }),
  },
  {
    operation: 'update_folder',
    verb: 'PATCH',
    status: 200,
    ask: (place) => ({
      method: 'PATCH',
      path: `/${place}`,
      headers: JSON_TYPE,
      body: '{"colour":"red"}',
    }),
  },
  {
    operation: 'share',
    // What the link gives is reading.
    verb: 'GET',
    audited: 'POST',
    status: 201,
    ask: (place) => ({ method: 'POST', path: `/${place}a.txt?share=true` }),
  },
  {
    operation: 'restore',
    verb: 'POST',
    status: 201,
    ask: (place) => ({ method: 'POST', path: `/${place}?restore=true` }),
  },
  {
    operation: 'restore',
    // An older version replaces the newest.
    verb: 'PUT',
    audited: 'POST',
    status: 201,
    ask: (place) => ({
      method: 'POST',
      path: `/${place}a.txt?restore=true&version_id=${seeded(place)}`,
    }),
  },
  {
    operation: 'purge',
    verb: 'DELETE',
    status: 200,
    ask: (place) => ({ method: 'DELETE', path: `/${place}?purge=true&force=true` }),
  },
  {
    operation: 'remove',
    verb: 'DELETE',
    status: 200,
    ask: (place) => ({ method: 'DELETE', path: `/${place}a.txt` }),
  },
  {
    operation: 'remove_folder',
    verb: 'DELETE',
    status: 200,
    ask: (place) => ({ method: 'DELETE', path: `/${place}?force=true` }),
  },
  {
    operation: 'remove_batch',
    verb: 'DELETE',
    status: 200,
    ask: (place) => ({
      method: 'DELETE',
      path: `/${place}`,
      ...batchOf({ type: 'file', name: 'a.txt' }),
    }),
  },
];

/** The version that `plant` has put there. */
const seeded = (place: Place): string =>
  store.double.versionIds(store.bucket, `${place}a.txt`)[0] ?? '';

const ROWS = [...READS, ...CREATES, ...OTHERS];

let store: Awaited<ReturnType<typeof doubleStore>>;
let service: RunningService;

beforeAll(async () => {
  store = await doubleStore();
  service = await startService(store, {
    authenticate: apiKeys(KEYS, { failures: false }),
    authorize: roles({
      reader: [{ path: '**', allow: ['GET'] }],
      uploader: [{ path: 'inbox/**', allow: ['POST'] }],
      member: [{ path: 'users/{user.id}/**', allow: '*' }],
      admin: [{ path: '**', allow: '*' }],
    }),
    importFromUrl: true,
    linkStore: new Keyv(),
    quota: { bytes: 2 ** 40 },
    versions: true,
    trash: true,
  });
  await enableVersions(store);
  // The first create of a service asks storage whether it knows conditional writes.
  await service.ask({ method: 'POST', path: '/warm.txt', body: 'x', headers: CALLERS.admin });
});
afterAll(async () => {
  await service.close();
  await store.close();
});

const keys = (): string[] => [...store.double.objects(store.bucket).keys()];

/** The place with a file and a placeholder, and nothing that a row before has made. */
const plant = async (place: Place): Promise<void> => {
  await service.ask({ method: 'DELETE', path: `/${place}?force=true`, headers: CALLERS.admin });
  store.double.seed(store.bucket, place, '');
  store.double.seed(store.bucket, `${place}a.txt`, 'text');
};

const askAs = (caller: Caller, question: ReturnType<Row['ask']>) =>
  service.ask({ ...question, headers: { ...CALLERS[caller], ...question.headers } });

const expectedStatus = (caller: Caller, row: Row, place: Place): number => {
  if (caller === 'no key' || caller === 'a wrong key') return 401;
  return may(caller, row.verb, place) ? row.status : 403;
};

describe.each(Object.keys(CALLERS) as Caller[])('%s', (caller) => {
  const rows = ROWS.flatMap((row) =>
    PLACES.map((place) => ({ row, place, ...row, status: expectedStatus(caller, row, place) })),
  );

  it.each(rows)('gets $status for $verb $operation in $place', async ({ row, place, status }) => {
    await plant(place);
    const before = keys();
    store.double.clearCalls();
    const answer = await askAs(caller, row.ask(place));
    expect(answer.status).toBe(status);
    const event = service.audit.at(-1);
    if (status === 401 || status === 403) {
      expect(store.double.calls).toEqual([]);
      expect(keys()).toEqual(before);
      expect(event?.storageCalls).toBe(0);
      const reason = status === 401 ? 'unauthorized' : 'access_denied';
      if (row.verb !== 'HEAD') expect(answer.json()).toMatchObject({ error: { reason } });
    }
    if (status !== 401) {
      expect([event?.operation, event?.verb]).toEqual([row.operation, row.audited ?? row.verb]);
      expect(event?.principal?.id).toBe(idOf(caller));
    }
  });
});

const idOf = (caller: Caller): string | undefined => {
  const headers: Readonly<Record<string, string>> = CALLERS[caller];
  return (KEYS as Readonly<Record<string, { id: string }>>)[headers['X-API-Key'] ?? '']?.id;
};

describe('the matrix', () => {
  it('has a row for every operation below the root', () => {
    const named = OPERATIONS.map(({ name }) => name);
    // A link has its maker's rights, whoever uses it.
    const elsewhere = [
      'describe',
      'list_access',
      'read_usage',
      'upload_link',
      'open_link',
      'revoke_link',
    ];
    // Uploads of several requests and those by link have owners, and tickets their makers: in suites of their own.
    const owned = named.filter((name) =>
      /^(?:begin|read|append|cancel)_upload$|direct|ticket|^upload_link_form$/.test(name),
    );
    expect(new Set([...ROWS.map(({ operation }) => operation), ...elsewhere, ...owned])).toEqual(
      new Set(named),
    );
  });

  it.each<[string, Caller, number]>([
    ['/?as_access_list=true', 'no key', 401],
    ['/?as_access_list=true', 'reader', 200],
    ['/?as_access_list=true', 'uploader', 403],
    ['/?as_access_list=true', 'member', 403],
    ['/?usage=true', 'no key', 401],
    ['/?usage=true', 'reader', 200],
    ['/?usage=true', 'uploader', 403],
    ['/?usage=true', 'member', 403],
    ['/_spec', 'a wrong key', 401],
    ['/_spec', 'reader', 200],
    ['/_spec', 'member', 403],
    ['/_spec', 'admin', 200],
  ])('holds at the root: %s for %s is %d', async (path, caller, status) => {
    store.double.clearCalls();
    expect((await askAs(caller, { path })).status).toBe(status);
    if (status !== 200) expect(store.double.calls).toEqual([]);
  });
});

describe('a refusal', () => {
  const REFUSED: readonly (readonly [Caller, Row])[] = ROWS.flatMap((row) =>
    (['uploader', 'other member', 'reader'] as const)
      .filter((caller) => !may(caller, row.verb, 'docs/'))
      .map((caller) => [caller, row] as const),
  );

  it('is the same whether or not the key exists', async () => {
    for (const [caller, row] of REFUSED) {
      const told: unknown[] = [];
      for (const exists of [true, false]) {
        await plant('docs/');
        if (!exists)
          await service.ask({
            method: 'DELETE',
            path: '/docs/?force=true',
            headers: CALLERS.admin,
          });
        else store.double.seed(store.bucket, 'docs/new.txt', 'there already');
        const { status, text, headers } = await askAs(caller, row.ask('docs/'));
        const { date: _date, 'x-request-id': _id, ...rest } = headers;
        told.push({ row: row.operation, status, text, headers: rest });
      }
      expect(told[0]).toEqual(told[1]);
      expect(told[0]).toMatchObject({ status: 403 });
    }
  });

  it.each([
    ['another member', '/users/bob/x.txt', 403],
    ['a name that begins like hers', '/users/alice2/x.txt', 403],
    ['a way up', '/users/alice/../bob/x.txt', 400],
    ['an encoded way up', '/users/alice/%2e%2e/bob/x.txt', 400],
    ['another case', '/users/ALICE/x.txt', 403],
    ['the file that her folder is not', '/users/alice', 403],
    ['the folder above', '/users/', 403],
    ['an encoded slash', '/users%2Fbob%2Fx.txt', 403],
    ['a double slash', '//users//bob//x.txt', 403],
    ['a parameter of the path', '/users/bob;/x.txt', 403],
  ])('meets alice at %s (A96)', async (_name, path, status) => {
    store.double.seed(store.bucket, 'users/bob/x.txt', 'secret of bob');
    store.double.clearCalls();
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      expect((await askAs('member', { method, path })).status).toBe(status);
    }
    expect(store.double.calls).toEqual([]);
  });

  it('meets an uploader who would replace, read or sign (A108)', async () => {
    const statuses: [string, number][] = [];
    const tell = async (method: string, path: string, body?: string) => {
      const { status } = await askAs('uploader', {
        method,
        path,
        ...(body === undefined ? {} : { body }),
      });
      statuses.push([`${method} ${path}`, status]);
    };
    await plant('inbox/');
    await tell('POST', '/inbox/mine.txt', 'mine');
    await tell('POST', '/inbox/mine.txt', 'again');
    await tell('POST', '/inbox/a.txt', 'over another');
    await tell('PUT', '/inbox/mine.txt', 'replaced');
    await tell('POST', '/inbox/mine.txt?check_exist=false', 'replaced');
    await tell('POST', '/inbox/mine.txt?check_exist=false&url=true');
    await tell('GET', '/inbox/mine.txt');
    await tell('GET', '/inbox/mine.txt?url=true');
    await tell('PUT', '/inbox/mine.txt?url=true');
    await tell('PATCH', '/inbox/mine.txt', '{}');
    await tell('DELETE', '/inbox/mine.txt');
    expect(statuses).toEqual([
      ['POST /inbox/mine.txt', 201],
      ['POST /inbox/mine.txt', 409],
      ['POST /inbox/a.txt', 409],
      ['PUT /inbox/mine.txt', 403],
      ['POST /inbox/mine.txt?check_exist=false', 403],
      ['POST /inbox/mine.txt?check_exist=false&url=true', 403],
      ['GET /inbox/mine.txt', 403],
      ['GET /inbox/mine.txt?url=true', 403],
      ['PUT /inbox/mine.txt?url=true', 403],
      ['PATCH /inbox/mine.txt', 403],
      ['DELETE /inbox/mine.txt', 403],
    ]);
    const replacing: readonly Omit<ReturnType<Row['ask']>, 'path'>[] = [
      formOf('mine.txt'),
      batchOf({ type: 'file', name: 'mine.txt', content: 'replaced' }),
      { headers: { 'X-File-Name': 'mine.txt' }, body: 'replaced' },
      {
        headers: { 'X-File-Name': 'z.zip', 'Content-Type': 'application/zip' },
        body: craftZip([{ name: 'mine.txt', data: 'replaced' }]),
      },
    ];
    for (const question of replacing) {
      const path = '/inbox/?check_exist=false&extract=true';
      const { status } = await askAs('uploader', { method: 'POST', path, ...question });
      expect(status).toBe(403);
    }
    const stored = store.double.objects(store.bucket).get('inbox/mine.txt');
    expect(Buffer.from(stored?.bytes() ?? []).toString()).toBe('mine');
  });
});
