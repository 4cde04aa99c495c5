// What a client reads when something fails: B18-B20, F14, F18, R31, R163; and the closed list of reasons.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  FileServiceError,
  REASONS,
  isFileServiceError,
  phraseOf,
  statusOf,
  type FileServiceConfig,
} from '../../src/index.ts';
import { freePort } from '../support/free-port.ts';
import { startService, storeConfig, type Answer, type Question } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';

interface Failure {
  readonly code: number;
  readonly context: unknown;
  readonly message: string;
  readonly status_code: number;
  readonly reason: string;
}
const failureOf = (answer: Answer): Failure => (answer.json() as { error: Failure }).error;

/** What every failure must be, whatever failed. */
function expectFailure(answer: Answer, store: Store): void {
  const error = failureOf(answer);
  expect(Object.keys(answer.json() as object)).toEqual(['error']);
  expect(Object.keys(error).toSorted()).toEqual(
    ['code', 'context', 'message', 'reason', 'status_code'].toSorted(),
  );
  expect([error.code, error.status_code]).toEqual([answer.status, answer.status]);
  expect(REASONS).toContain(error.reason);
  expect(error.message).toMatch(/^[A-Z][A-Za-z ]+: .+\.$/);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
  });
  const retries = [429, 503].includes(answer.status);
  expect(/^[1-9]\d*$/.test(answer.headers['retry-after'] ?? '')).toBe(retries);
  // R31: nothing of a file that was about to be answered.
  for (const name of ['etag', 'last-modified', 'content-disposition', 'accept-ranges'])
    expect(answer.headers[name]).toBeUndefined();
  // R163: nothing of what lies behind.
  const everything = JSON.stringify(answer.headers) + answer.text;
  for (const secret of [
    store.bucket,
    store.accessKeyId,
    store.secretAccessKey,
    new URL(store.endpoint).port,
    'x-amz',
    '<Error',
    'RequestId',
    'node_modules',
    'src/',
    'tenant1',
  ])
    expect(everything).not.toContain(secret);
}

describe('the table of reasons', () => {
  it('gives each reason a status and the phrase of it', () => {
    const table = REASONS.map((reason) => [statusOf(reason), phraseOf(reason)] as const);
    expect(new Set(table.map(([status]) => status))).toEqual(
      new Set([
        400, 401, 403, 404, 405, 408, 409, 411, 412, 413, 415, 416, 429, 500, 502, 503, 507,
      ]),
    );
    // One phrase a status, so that a client may read either.
    expect(new Set(table.map((row) => row.join(' '))).size).toBe(17);
    expect(new Set(REASONS).size).toBe(REASONS.length);
  });

  it('makes messages that begin with the phrase', () => {
    const error = new FileServiceError('already_exists', 'It is there.', { context: { a: 1 } });
    expect([error.message, error.status, error.reason, error.context, error.name]).toEqual([
      'Conflict: It is there.',
      409,
      'already_exists',
      { a: 1 },
      'FileServiceError',
    ]);
  });

  it('says with every 503 when to try again, and as its maker wants it', () => {
    for (const reason of REASONS) {
      const { status, headers } = new FileServiceError(reason, 'It fails.');
      expect([reason, headers]).toEqual([reason, status === 503 ? { 'Retry-After': '5' } : {}]);
    }
    const details = { headers: { 'Retry-After': '60', Allow: 'GET' } };
    expect(new FileServiceError('closing', 'It ends.', details).headers).toEqual(details.headers);
  });

  it('knows the errors of another copy of the package', () => {
    const foreign = Object.assign(new Error('Not Found: Gone.'), {
      name: 'FileServiceError',
      reason: 'not_found',
    });
    expect([
      isFileServiceError(foreign),
      isFileServiceError(Object.assign(new Error('x'), { reason: 'not_found' })),
      isFileServiceError({ name: 'FileServiceError', reason: 'not_found' }),
      isFileServiceError(Object.assign(foreign, { reason: 'toString' })),
    ]).toEqual([true, false, false, false]);
  });
});

describe('a failure of the request', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  beforeAll(async () => {
    store = await doubleStore();
    store.double.seed(store.bucket, 'tenant1/f10', '0123456789', { contentType: 'text/plain' });
    store.double.seed(store.bucket, 'tenant1/full/a', 'a');
  });
  afterAll(() => store.close());

  it.each<[question: Question, status: number, reason: string]>([
    [{ path: '/a/../b' }, 400, 'invalid_path'],
    [{ path: '/?limit=x' }, 400, 'invalid_parameter'],
    [{ method: 'POST', path: '/', body: '{' }, 400, 'invalid_body'],
    [{ method: 'DELETE', path: '/full/' }, 400, 'folder_not_empty'],
    [{ path: '/denied' }, 401, 'unauthorized'],
    [{ path: '/denied', headers: { 'X-User': 'u1' } }, 403, 'access_denied'],
    [{ method: 'POST', path: '/?url=https://example.com/a' }, 403, 'import_disabled'],
    [{ path: '/nope' }, 404, 'not_found'],
    [{ path: '/nope/' }, 404, 'not_found'],
    [{ method: 'TRACE', path: '/f10' }, 405, 'method_not_allowed'],
    [{ method: 'PATCH', path: '/' }, 405, 'method_not_allowed'],
    [{ method: 'POST', path: '/f10', body: 'x' }, 409, 'already_exists'],
    [{ path: '/f10', headers: { 'If-Match': '"x"' } }, 412, 'precondition_failed'],
    [{ method: 'PUT', path: '/large', body: 'x'.repeat(11) }, 413, 'too_large'],
    [
      { method: 'PUT', path: '/x.html', headers: { 'Content-Type': 'text/html' }, body: 'x' },
      415,
      'unsupported_type',
    ],
    [{ path: '/f10', headers: { Range: 'bytes=10-' } }, 416, 'range_not_satisfiable'],
  ])('F14 %j is %d %s', async (question, status, reason) => {
    const service = await startService(store, {
      container: 'tenant1',
      maxUploadBytes: 10,
      allowedTypes: ['text/plain', 'application/octet-stream'],
      authenticate: ({ headers }) =>
        headers['x-user'] === undefined ? null : { id: headers['x-user'] },
      authorize: ({ path }) => path !== 'denied',
    });
    const answer = await service.ask(question);
    await service.close();
    expect([answer.status, failureOf(answer).reason]).toEqual([status, reason]);
    expectFailure(answer, store);
    expect(answer.headers.allow !== undefined).toBe(status === 405);
  });

  it('keeps the id of a request that is sane, and no other', async () => {
    const service = await startService(store);
    const id = async (given: string) =>
      (await service.ask({ path: '/', headers: { 'X-Request-Id': given } })).headers[
        'x-request-id'
      ];
    expect(await id('trace-1/a:b')).toBe('trace-1/a:b');
    for (const odd of ['a b', 'x'.repeat(129), '<script>', ''])
      expect(await id(odd)).toMatch(/^[\da-f-]{36}$/);
    await service.close();
  });
});

const ASKED: readonly Question[] = [
  { path: '/' },
  { path: '/f10' },
  { path: '/f10?include_properties=true' },
  { path: '/f10?url=true' },
  { path: '/dir/?zip=true' },
  { method: 'PUT', path: '/f10', body: 'x' },
  { method: 'DELETE', path: '/f10' },
  { method: 'POST', path: '/dir/' },
  { method: 'PATCH', path: '/f10', body: '{"metadata":{}}' },
];

describe.each(availableStores())('a failure of storage, on $name', ({ open }) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  const expectAll = async (
    config: Partial<FileServiceConfig>,
    status: number,
    reason: string,
  ): Promise<void> => {
    for (const question of ASKED) {
      const service = await startService(store, { ...config, container: 'tenant1' });
      const answer = await service.ask(question);
      await service.close();
      expect([question, answer.status, failureOf(answer).reason]).toEqual([
        question,
        status,
        reason,
      ]);
      expectFailure(answer, store);
    }
  };

  it('B18 is 403 when the credentials are wrong', async () => {
    await expectAll({ secret: 'wrong' }, 403, 'storage_access_denied');
    await expectAll({ key: 'unknown' }, 403, 'storage_access_denied');
  });

  it('B19 is 503 when storage cannot be reached', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    await expectAll({ endpoint }, 503, 'storage_unavailable');
  });

  it('B20 is 404 of its own kind when the bucket does not exist', async () => {
    await expectAll({ bucket: 'missing-bucket-of-nobody' }, 404, 'storage_bucket_missing');
  });
});

describe('a failure of storage, on demand', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  beforeAll(async () => {
    store = await doubleStore();
  });
  beforeEach(() => {
    store.double.clearFaults();
    store.double.seed(store.bucket, 'f10', '0123456789');
    store.double.seed(store.bucket, 'dir/a', 'a');
  });
  afterAll(() => store.close());

  it.each<[code: string, theirs: number, status: number, reason: string]>([
    ['AccessDenied', 403, 403, 'storage_access_denied'],
    ['InvalidAccessKeyId', 403, 403, 'storage_access_denied'],
    ['AuthorizationHeaderMalformed', 400, 403, 'storage_access_denied'],
    ['SlowDown', 503, 503, 'storage_unavailable'],
    ['InternalError', 500, 503, 'storage_unavailable'],
    ['NotImplemented', 501, 502, 'storage_failed'],
  ])('%s is told as %d, whatever was asked', async (code, theirs, status, reason) => {
    for (const question of ASKED.filter(({ path }) => path !== '/dir/')) {
      const service = await startService(store, { timeouts: { requestMs: 2000 } });
      // The head of HEAD names no code.
      const kind = 'status';
      store.double.inject({ kind, status: theirs, code, times: 100 });
      const answer = await service.ask(question);
      store.double.clearFaults();
      await service.close();
      expect([question, answer.status, failureOf(answer).reason]).toEqual([
        question,
        status,
        reason,
      ]);
      expectFailure(answer, store);
    }
  });
});

it('F18 reaches storage at endpoint, bucket and key', async () => {
  const store = await doubleStore();
  const service = await startService(store, {
    ...storeConfig(store),
    usePathStyleEndpoint: undefined,
    use_path_style_endpoint: true,
  });
  await service.ask({ method: 'PUT', path: '/deep/a.txt', body: 'x' });
  const [call] = store.double.calls;
  expect([call?.bucket, call?.key, call?.headers.host]).toEqual([
    store.bucket,
    'deep/a.txt',
    new URL(store.endpoint).host,
  ]);
  await service.close();
  await store.close();
});
