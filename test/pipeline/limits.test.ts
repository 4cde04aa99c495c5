// Limits through the service: 429 and its headers, what counts and what does not, stores that fail.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileServiceError, apiKeys, rateLimit } from '../../src/index.ts';
import type { FileServiceConfig, Limit } from '../../src/index.ts';
import { startService, type Question, type RunningService } from '../support/service.ts';
import { formOf } from '../support/form.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

let store: Awaited<ReturnType<typeof doubleStore>>;
let service: RunningService;

beforeEach(async () => {
  store = await doubleStore();
  store.double.seed(store.bucket, 'a.txt', '0123456789');
});
afterEach(async () => {
  await service.close();
  await store.close();
});

const start = async (config: Partial<FileServiceConfig>) => {
  service = await startService(store, {
    authenticate: apiKeys(
      {
        alice: { id: 'alice', roles: ['member'] },
        bob: { id: 'bob', roles: ['member'] },
      },
      { allowAnonymous: true },
    ),
    ...config,
  });
};

const as = (who: string, path = '/a.txt'): Question => ({ path, headers: { 'X-API-Key': who } });

const rateHeaders = ({ headers }: { headers: Readonly<Record<string, string>> }) =>
  Object.fromEntries(
    ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'].map((name) => [
      name,
      headers[name],
    ]),
  );

describe('a rate limit', () => {
  it('counts down in RateLimit headers, then answers 429 with Retry-After, without storage', async () => {
    await start({ limit: rateLimit({ points: 2, seconds: 60 }) });
    const [first, second] = [await service.ask(as('alice')), await service.ask(as('alice'))];
    store.double.clearCalls();
    const third = await service.ask(as('alice'));
    expect([first.status, second.status, third.status]).toEqual([200, 200, 429]);
    expect([first, second, third].map(rateHeaders)).toEqual([
      header({ remaining: '1' }),
      header({ remaining: '0' }),
      header({ remaining: '0', retryAfter: '60' }),
    ]);
    expect(third.json()).toEqual({
      error: {
        code: 429,
        context: { limit: 2, retry_after: 60 },
        message: 'Too Many Requests: The limit of 2 is reached.',
        status_code: 429,
        reason: 'rate_limited',
      },
    });
    expect(third.headers['cache-control']).toBe('no-store');
    expect(store.double.calls).toEqual([]);
    expect((await service.ask(as('bob'))).status).toBe(200);
  });

  const header = ({ remaining, retryAfter }: { remaining: string; retryAfter?: string }) => ({
    'ratelimit-limit': '2',
    'ratelimit-remaining': remaining,
    'ratelimit-reset': '60',
    'retry-after': retryAfter,
  });

  it('does not count what authorize has refused', async () => {
    await start({
      authorize: ({ path }) => path !== 'secret.txt',
      limit: rateLimit({ points: 1, seconds: 60 }),
    });
    for (let index = 0; index < 5; index += 1)
      expect((await service.ask(as('alice', '/secret.txt'))).status).toBe(403);
    expect((await service.ask(as('alice'))).status).toBe(200);
    expect((await service.ask(as('alice'))).status).toBe(429);
    expect((await service.ask(as('alice', '/secret.txt'))).status).toBe(403);
  });

  const json = (method: string, resource: readonly object[]): Question => ({
    method,
    path: '/',
    headers: { 'X-API-Key': 'alice', 'Content-Type': 'application/json' },
    body: JSON.stringify({ resource }),
  });
  const names = ['one.txt', 'two.txt', 'three.txt'];
  const form = formOf(names.map((filename) => ({ name: 'files', filename, body: 'x' })));
  const SEVERAL: readonly (readonly [string, Question])[] = [
    [
      'a batch',
      json(
        'POST',
        names.map((name) => ({ type: 'file', name, content: 'x' })),
      ),
    ],
    [
      'a batch deletion',
      json(
        'DELETE',
        names.map((path) => ({ type: 'file', path })),
      ),
    ],
    [
      'a form',
      {
        method: 'PUT',
        path: '/',
        headers: { 'X-API-Key': 'alice', ...form.headers },
        body: form.body,
      },
    ],
  ];

  it.each(SEVERAL)('counts %s once, and once more for each item', async (_, question) => {
    await start({ limit: rateLimit({ points: 100, seconds: 60 }) });
    await service.ask(question);
    expect(rateHeaders(await service.ask(as('alice')))).toMatchObject({
      'ratelimit-remaining': '95',
    });
  });

  it.each(SEVERAL)('ends %s in its middle once the points are spent', async (_, question) => {
    await start({ limit: rateLimit({ points: 3, seconds: 60 }) });
    for (const name of names) store.double.seed(store.bucket, name, 'x', {});
    const answer = await service.ask(question);
    expect(answer.text.split('"code":429')).toHaveLength(2);
    expect((await service.ask(question)).status).toBe(429);
  });

  it.each(SEVERAL)('refuses %s once the bytes are spent', async (_, question) => {
    await start({ limit: rateLimit({ points: 1, seconds: 60, unit: 'bytes' }) });
    expect((await service.ask(question)).status).toBeLessThan(405);
    await until(async () => (await service.ask(question)).status === 429, { what: 'the limit' });
  });

  it('counts items by what they ask for', async () => {
    await start({ limit: rateLimit({ points: 3, seconds: 60, actions: ['delete'] }) });
    const [[, batch], [, deletion]] = SEVERAL as [[string, Question], [string, Question]];
    for (let asked = 0; asked < 3; asked += 1) await service.ask(batch);
    expect((await service.ask(deletion)).text.split('"code":429')).toHaveLength(2);
  });

  it('counts hits of the cache too', async () => {
    await start({ limit: rateLimit({ points: 2, seconds: 60 }), cacheEnabled: true, cacheTtl: 60 });
    const statuses = [];
    for (let index = 0; index < 3; index += 1)
      statuses.push((await service.ask(as('alice'))).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('counts exactly when a hundred ask at once', async () => {
    await start({ limit: rateLimit({ points: 10, seconds: 60 }) });
    const answers = await Promise.all(Array.from({ length: 100 }, () => service.ask(as('alice'))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(90);
  });

  it('shows the tightest of several, and refuses by any', async () => {
    await start({
      limit: [
        rateLimit({ points: 100, seconds: 60, per: 'service' }),
        rateLimit({ points: 3, seconds: 30, per: 'principal' }),
        rateLimit({ points: 1, seconds: 90, per: 'principal', actions: ['list'] }),
      ],
    });
    expect(rateHeaders(await service.ask(as('alice')))).toMatchObject({
      'ratelimit-limit': '3',
      'ratelimit-remaining': '2',
      'ratelimit-reset': '30',
    });
    expect((await service.ask(as('alice', '/'))).status).toBe(200);
    const refused = await service.ask(as('alice', '/'));
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '90']);
  });

  it('counts the bytes that a download moved, and refuses the one after', async () => {
    await start({ limit: rateLimit({ points: 15, seconds: 60, unit: 'bytes' }) });
    expect((await service.ask(as('alice'))).status).toBe(200);
    expect((await service.ask(as('alice'))).status).toBe(200);
    await until(async () => (await service.ask(as('alice'))).status === 429, { what: 'the limit' });
  });

  it('counts anonymous callers by address, whatever they say of it (A103)', async () => {
    await start({ limit: rateLimit({ points: 3, seconds: 60 }) });
    const statuses = [];
    for (let index = 0; index < 5; index += 1) {
      const headers = { 'X-Forwarded-For': `198.51.100.${index}`, Forwarded: `for=${index}` };
      statuses.push((await service.ask({ path: '/a.txt', headers })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });
});

describe('a limit of the host', () => {
  it.each<[string, Limit, number, string | null]>([
    ['answers null', () => null, 200, null],
    // A hook in JavaScript may return nothing.
    ['answers nothing', (() => undefined) as unknown as Limit, 503, 'limit_unavailable'],
    [
      'throws',
      () => {
        throw new Error('redis://secret@host');
      },
      503,
      'limit_unavailable',
    ],
    ['rejects', () => Promise.reject(new Error('down')), 503, 'limit_unavailable'],
    ['never answers', () => new Promise(() => {}), 503, 'limit_unavailable'],
    ['answers nonsense', (() => 'yes') as unknown as Limit, 503, 'limit_unavailable'],
    [
      'chooses its answer',
      () => {
        throw new FileServiceError('quota_exceeded', 'Your plan holds no more files.');
      },
      403,
      'quota_exceeded',
    ],
  ])('that %s is answered %s', async (_name, limit, status, reason) => {
    await start({ limit, timeouts: { hookMs: 100 } });
    const answer = await service.ask(as('alice'));
    expect([answer.status, service.audit.at(-1)?.reason ?? null]).toEqual([status, reason]);
    expect(answer.text).not.toContain('secret');
    expect(new Set(service.told())).toEqual(new Set(status === 503 ? ['limit'] : []));
    if (status === 503) {
      expect(answer.headers['retry-after']).toBe('5');
      expect(store.double.calls).toEqual([]);
    }
  });

  it('holds a quota when fifty uploads come at once, one below it (A97)', async () => {
    let files = 9;
    await start({
      authorize: ({ action }) => {
        if (action !== 'write') return true;
        if (files >= 10) throw new FileServiceError('quota_exceeded', 'Ten files are enough.');
        files += 1;
        return true;
      },
    });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        service.ask({ method: 'POST', path: `/new-${index}.txt`, body: 'x' }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status === 403);
    expect(refused).toHaveLength(49);
    expect(refused[0]?.json()).toMatchObject({ error: { reason: 'quota_exceeded' } });
    const stored = [...store.double.objects(store.bucket).keys()];
    expect(stored.filter((key) => key.startsWith('new-'))).toHaveLength(1);
  });
});

describe('wrong keys from one address (A103)', () => {
  it('are 429 after the limit, whatever X-Forwarded-For says, and shut no known key out', async () => {
    service = await startService(store, {
      authenticate: apiKeys({ right: { id: 'r' } }, { failures: { points: 20, seconds: 60 } }),
    });
    expect((await service.ask(as('right'))).status).toBe(200);
    const statuses: number[] = [];
    for (let index = 0; index < 60; index += 1) {
      const headers = { 'X-API-Key': `wrong-${index}`, 'X-Forwarded-For': `203.0.113.${index}` };
      statuses.push((await service.ask({ path: '/a.txt', headers })).status);
    }
    expect(statuses).toEqual([
      ...Array.from({ length: 20 }, () => 401),
      ...Array.from({ length: 40 }, () => 429),
    ]);
    const limited = await service.ask({ path: '/a.txt', headers: { 'X-API-Key': 'wrong' } });
    const seconds = limited.headers['retry-after'] ?? '';
    expect(seconds).toMatch(/^[1-9]\d*$/);
    expect(rateHeaders(limited)).toEqual({
      'ratelimit-limit': '20',
      'ratelimit-remaining': '0',
      'ratelimit-reset': seconds,
      'retry-after': seconds,
    });
    expect((await service.ask(as('right'))).status).toBe(200);
    expect(store.double.calls.filter(({ operation }) => operation === 'GetObject')).toHaveLength(2);
  });
});
