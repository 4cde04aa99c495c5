// Pages of other origins: what they may, what they see, and what cookies cannot be used for.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CorsOptions, FileServiceConfig, HookRequest } from '../../src/index.ts';
import { MOUNT, startService, type RunningService } from '../support/service.ts';
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
  it.each([
    ['capacitor://localhost', 'capacitor://localhost', true],
    ['ionic://localhost', 'ionic://localhost', true],
    ['https://*.example.com', 'https://a.example.com', true],
    ['https://*.example.com', 'https://a.b.example.com', true],
    ['https://*.example.com:8443', 'https://a.example.com:8443', true],
    ['https://*.example.com', 'https://example.com', false],
    ['https://*.example.com', 'https://aexample.com', false],
    ['https://*.example.com', 'http://a.example.com', false],
    ['https://*.example.com', 'https://a.example.com:444', false],
    ['https://*.example.com', 'https://evil.example/.example.com', false],
    ['https://*.example.com', 'https://evil.example?.example.com', false],
    ['https://*.example.com', 'https://.example.com', false],
    ['capacitor://localhost', 'http://localhost', false],
  ])('with %s listed, %s is let in: %s', async (listed, origin, isIn) => {
    const service = await start({ origins: [listed] });
    const answer = await service.ask({ path: '/a.txt', headers: { Origin: origin } });
    expect(answer.headers['access-control-allow-origin']).toBe(isIn ? origin : undefined);
  });

  it.each([
    ['https://*'],
    ['*.example.com'],
    ['https://a.*.example.com'],
    ['https://*example.com'],
    ['https://App.example'],
    ['https://app.example/'],
    ['https://app.example:443'],
    ['capacitor://localhost/path'],
    ['null'],
  ])('refuses %s as an origin, which would match nothing', async (origin) => {
    await expect(start({ origins: [origin] })).rejects.toThrow(/`cors` takes/);
  });

  it.each([
    ['its Origin', { Origin: APP }, 'cross-origin'],
    ['its Referer', { Referer: `${APP}/page?x=1` }, 'cross-origin'],
    ['another Origin', { Origin: EVIL }, 'same-origin'],
    ['another Referer', { Referer: `${EVIL}/` }, 'same-origin'],
    ['no page', {}, 'same-origin'],
  ])('lets an image of a listed origin be embedded, told by %s', async (_, headers, policy) => {
    const service = await start({ origins: [APP] });
    for (const method of ['GET', 'HEAD']) {
      const answer = await service.ask({ method, path: '/a.txt', headers });
      expect(answer.headers['cross-origin-resource-policy']).toBe(policy);
    }
  });

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
  ])('are told from writes of %s', async (_, headers) => {
    const service = await start({ origins: [APP] }, true);
    const answer = await service.ask({ method: 'PUT', path: '/a.txt', headers, body: 'a' });
    expect(answer.status).toBe(201);
  });

  /** A host that takes a session of a cookie, and keys in headers. */
  const eitherWay = ({ headers }: HookRequest) => {
    const key = headers['x-api-key'] ?? headers['x-dreamfactory-api-key'];
    const named = key === 'right' || headers['authorization'] === 'Bearer right';
    if (named) return { id: 'program' };
    const basic = headers['authorization'] === 'Basic cmlnaHQ=';
    return headers['cookie'] === 's=1' || basic ? { id: 'person' } : null;
  };
  /** A host that takes keys only, and throws what comes to it without one. */
  const keysOnly = ({ headers }: HookRequest) => {
    const [scheme, token] = (headers['authorization'] as string).split(' ');
    if (scheme !== 'Bearer' || token !== 'right') throw new Error('no');
    return { id: 'program' };
  };
  const FROM_EVIL = { Origin: EVIL, 'Sec-Fetch-Site': 'cross-site' };
  const put = async (
    config: Partial<FileServiceConfig>,
    headers: Readonly<Record<string, string>>,
    path = '/a.txt',
  ) => {
    const service = await startService(store, config);
    running.push(service);
    const answer = await service.ask({ method: 'PUT', path, headers, body: 'a' });
    return answer;
  };

  it.each<[string, Readonly<Record<string, string>>, number, string?]>([
    ['a right key', { 'X-API-Key': 'right' }, 201],
    ['a right bearer', { Authorization: 'Bearer right' }, 201],
    ['a right key beside a cookie of another person', { 'X-API-Key': 'right', Cookie: 's=0' }, 201],
    ['a wrong key beside a right cookie', { 'X-API-Key': 'junk', Cookie: 's=1' }, 403],
    ['a wrong bearer beside a right cookie', { Authorization: 'Bearer junk', Cookie: 's=1' }, 403],
    ['a header nobody reads', { 'X-DreamFactory-Session-Token': 'junk', Cookie: 's=1' }, 403],
    ['Basic, which browsers add', { Authorization: 'Basic cmlnaHQ=' }, 403],
    ['a junk api_key in the query', { Cookie: 's=1' }, 403, '/a.txt?api_key=junk'],
    ['a right api_key in the query', {}, 201, '/a.txt?api_key=right'],
  ])('are told from writes with %s', async (_, headers, status, path) => {
    const config = { compat: 'dreamfactory', authenticate: eitherWay } as const;
    expect((await put(config, { ...FROM_EVIL, ...headers }, path)).status).toBe(status);
    const later = { ...config, authenticate: async (request: HookRequest) => eitherWay(request) };
    expect((await put(later, { ...FROM_EVIL, ...headers }, path)).status).toBe(status);
  });

  it('are told from writes of a host that throws without a key', async () => {
    const config = { authenticate: keysOnly };
    const headers = { ...FROM_EVIL, Authorization: 'Bearer right' };
    expect((await put(config, headers)).status).toBe(201);
  });

  it('are refused to cookies although every origin may call, and the message names the option', async () => {
    const config = { cors: { origins: '*' }, authenticate: eitherWay } as const;
    const answer = await put(config, { ...FROM_EVIL, Cookie: 's=1' });
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('`cors`')]);
    expect((await put(config, FROM_EVIL)).status).toBe(201);
  });

  it.each<[string, Readonly<Record<string, string>>, Partial<FileServiceConfig>, number]>([
    [
      'a sibling subdomain',
      { 'Sec-Fetch-Site': 'same-site', Origin: 'https://b.own.example' },
      {},
      403,
    ],
    [
      'https without a port, Host with 443',
      { Origin: 'https://own.example', Host: 'own.example:443' },
      {},
      201,
    ],
    [
      'http without a port, Host with 80',
      { Origin: 'http://own.example', Host: 'own.example:80' },
      {},
      201,
    ],
    [
      'a port that Host does not have',
      { Origin: 'http://own.example:81', Host: 'own.example' },
      {},
      403,
    ],
    ['Host in capitals', { Origin: 'http://own.example', Host: 'OWN.example' }, {}, 201],
    ['a scheme of its own', { Origin: 'capacitor://own.example', Host: 'own.example' }, {}, 403],
    [
      'publicUrl',
      { Origin: 'https://pub.example', Host: 'inner:3000' },
      { publicUrl: 'https://pub.example/f' },
      201,
    ],
    [
      'http where publicUrl is https',
      { Origin: 'http://pub.example', Host: 'pub.example' },
      { publicUrl: 'https://pub.example/f' },
      403,
    ],
    [
      'a forwarded host',
      { Origin: 'https://pub.example', Host: 'inner', 'X-Forwarded-Host': 'pub.example, inner' },
      { trustProxy: true },
      201,
    ],
    [
      'a forwarded host nobody trusts',
      { Origin: EVIL, Host: 'inner', 'X-Forwarded-Host': 'evil.example' },
      {},
      403,
    ],
    [
      'another forwarded scheme',
      { Origin: 'http://pub.example', Host: 'pub.example', 'X-Forwarded-Proto': 'https' },
      { trustProxy: true },
      403,
    ],
  ])('compare origins: %s', async (_, headers, config, status) => {
    const authenticate = () => ({ id: 'cookie' });
    expect((await put({ authenticate, ...config }, headers)).status).toBe(status);
  });
});

describe('where the mount is', () => {
  it.each<[string, Partial<FileServiceConfig>, Readonly<Record<string, string>>, string]>([
    ['by itself', {}, {}, MOUNT],
    ['by publicUrl', { publicUrl: 'https://pub.example/api/files/' }, {}, '/api/files'],
    ['by publicUrl without a path', { publicUrl: 'https://pub.example' }, {}, ''],
    [
      'by a trusted prefix',
      { trustProxy: true },
      { 'X-Forwarded-Prefix': '/outer/' },
      `/outer${MOUNT}`,
    ],
    ['by no prefix that is not trusted', {}, { 'X-Forwarded-Prefix': '/outer' }, MOUNT],
    [
      'by no prefix that names a host',
      { trustProxy: true },
      { 'X-Forwarded-Prefix': '//evil.example' },
      MOUNT,
    ],
    ['by no prefix with a control', { trustProxy: true }, { 'X-Forwarded-Prefix': '/a b' }, MOUNT],
  ])('is told %s', async (_, config, headers, mount) => {
    const service = await startService(store, { ...config, resumable: true });
    running.push(service);
    const stored = await service.ask({ method: 'PUT', path: '/b.txt', headers, body: 'b' });
    expect(stored.headers['location']).toBe(`${mount}/b.txt`);
    const spec = await service.ask({ path: '/_spec', headers });
    expect(spec.json()).toMatchObject({ servers: [{ url: mount === '' ? '/' : mount }] });
    // Everything else that names an address of the service.
    const page = await service.ask({ path: '/?limit=1', headers });
    // Relative to what was asked, wherever that is.
    expect(page.headers['link']).toMatch(/^<\?limit=1&cursor=/);
    const begun = await service.ask({
      method: 'POST',
      path: '/c.txt',
      headers: { ...headers, 'Tus-Resumable': '1.0.0', 'Upload-Length': '5' },
    });
    expect(begun.headers['location']).toMatch(new RegExp(`^${mount}/_uploads/`));
    const shared = await service.ask({ method: 'POST', path: '/a.txt?share=true', headers });
    expect((shared.json() as { url: string }).url).toMatch(new RegExp(`^${mount}/_links/`));
  });
});
