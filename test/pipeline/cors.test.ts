// Pages of other origins: what they may, what they see, and what cookies cannot be used for.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CorsOptions } from '../../src/config/options.ts';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const APP = 'https://app.example';
const EVIL = 'https://evil.example';

let store: Awaited<ReturnType<typeof doubleStore>>;
const running: RunningService[] = [];
const start = async (cors?: CorsOptions, trusted = false) => {
  const service = await startService(store, {
    ...(cors === undefined ? {} : { cors }),
    ...(trusted ? { authenticate: () => ({ id: 'cookie' }) } : {}),
  });
  running.push(service);
  return service;
};
/** What is said of CORS, and of Vary only whether it names the origin. */
const corsOf = ({
  vary = '',
  ...headers
}: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('access-control-')),
  ),
  ...(vary.split(', ').includes('Origin') ? { vary: 'Origin' } : {}),
});

beforeAll(async () => {
  store = await doubleStore();
  store.double.seed(store.bucket, 'a.txt', 'a', { contentType: 'text/plain' });
});
afterAll(async () => {
  for (const service of running) await service.close();
  await store.close();
});

describe('cors', () => {
  it('R37 says nothing when it is off', async () => {
    const service = await start();
    const answer = await service.ask({ path: '/a.txt', headers: { Origin: EVIL } });
    expect([answer.status, corsOf(answer.headers)]).toEqual([200, {}]);
    const preflight = await service.ask({
      method: 'OPTIONS',
      path: '/a.txt',
      headers: { Origin: EVIL, 'Access-Control-Request-Method': 'PUT' },
    });
    expect([preflight.status, preflight.headers['allow'], corsOf(preflight.headers)]).toEqual([
      204,
      'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
      {},
    ]);
  });

  it('answers the preflight of an origin that may call, without storage or a key', async () => {
    const service = await start({ origins: [APP], credentials: true, maxAgeSeconds: 60 });
    store.double.clearCalls();
    const answer = await service.ask({
      method: 'OPTIONS',
      path: '/images/',
      headers: {
        Origin: APP,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type,x-api-key',
      },
    });
    const { 'access-control-expose-headers': _, ...headers } = corsOf(answer.headers);
    expect([answer.status, headers, answer.text, store.double.calls]).toEqual([
      204,
      {
        'access-control-allow-origin': APP,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
        'access-control-allow-headers': 'content-type,x-api-key',
        'access-control-max-age': '60',
        vary: 'Origin',
      },
      '',
      [],
    ]);
  });

  it.each([
    ['a file', '/a.txt', 200],
    ['a refusal', '/nope', 404],
    ['a listing', '/', 200],
  ])('shows a page %s with the headers that it needs', async (_, path, status) => {
    const service = await start({ origins: [APP], exposedHeaders: ['X-Own'] });
    const answer = await service.ask({ path, headers: { Origin: APP } });
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe(APP);
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    expect(answer.headers['vary']).toContain('Origin');
    const exposed = (answer.headers['access-control-expose-headers'] ?? '').split(', ');
    expect(exposed).toEqual(
      expect.arrayContaining(['Content-Range', 'ETag', 'Link', 'Location', 'Retry-After', 'X-Own']),
    );
  });

  it.each([EVIL, 'null', 'https://app.example.evil.example', 'http://app.example', `${APP}:444`])(
    'R37 reflects no other origin: %s',
    async (origin) => {
      const service = await start({ origins: [APP], credentials: true });
      for (const method of ['GET', 'OPTIONS']) {
        const answer = await service.ask({
          method,
          path: '/a.txt',
          headers: { Origin: origin, 'Access-Control-Request-Method': 'PUT' },
        });
        // Vary stays, so that no cache gives this answer to the origin that may.
        expect(corsOf(answer.headers)).toEqual({ vary: 'Origin' });
      }
    },
  );

  it('lets every origin in with a star, and never with credentials', async () => {
    const service = await start({ origins: '*' });
    const answer = await service.ask({ path: '/a.txt', headers: { Origin: EVIL } });
    const { 'access-control-expose-headers': _, ...headers } = corsOf(answer.headers);
    expect(headers).toEqual({ 'access-control-allow-origin': '*' });
    await expect(start({ origins: '*', credentials: true })).rejects.toThrow(TypeError);
  });
});

describe('T19 A106 forged writes', () => {
  const WRITES = [
    ['POST', '/forged.txt'],
    ['PUT', '/a.txt'],
    ['PATCH', '/a.txt'],
    ['DELETE', '/a.txt'],
  ] as const;
  const FORGED = [
    ['by Sec-Fetch-Site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['by both', { 'Sec-Fetch-Site': 'cross-site', Origin: EVIL }],
    ['by Origin', { Origin: EVIL }],
    ['by an opaque Origin', { Origin: 'null' }],
  ] as const;

  it.each(FORGED)('are refused %s before storage is asked', async (_, headers) => {
    const service = await start({ origins: [APP] }, true);
    for (const [method, path] of WRITES) {
      store.double.clearCalls();
      const answer = await service.ask({
        method,
        path,
        headers: { ...headers, Cookie: 's=1' },
        body: '{}',
      });
      expect([method, answer.status, store.double.calls]).toEqual([method, 403, []]);
    }
  });

  it.each(FORGED)('read nothing that they could not: a GET %s', async (_, headers) => {
    const service = await start(undefined, true);
    expect((await service.ask({ path: '/a.txt', headers })).status).toBe(200);
  });

  it.each([
    ['an allowed origin', { 'Sec-Fetch-Site': 'cross-site', Origin: APP }],
    ['the same origin', { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://own.example' }],
    ['no browser', {}],
    ['a key of its own', { Origin: EVIL, 'X-API-Key': 'k' }],
    ['a bearer', { Origin: EVIL, Authorization: 'Bearer t' }],
  ])('are told from writes of %s', async (_, headers) => {
    const service = await start({ origins: [APP] }, true);
    const answer = await service.ask({ method: 'PUT', path: '/a.txt', headers, body: 'a' });
    expect(answer.status).toBe(201);
  });
});
