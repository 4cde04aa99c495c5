// S: pre-signed URLs give exactly the right that was asked, for exactly as long.
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTrial, type Trial } from '../support/oracles.ts';
import { availableStores } from '../support/stores.ts';

interface Signed {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Uses a URL as it is; the status. */
const use = (
  url: string,
  method = 'GET',
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<number> =>
  new Promise((resolve, reject) => {
    const length = method === 'PUT' ? { 'content-length': `${body.length}` } : {};
    const sent = request(url, { method, headers: { ...length, ...headers }, agent: false });
    sent.on('error', reject);
    sent.on('response', (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.end(body);
  });

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

describe.each(availableStores())('signed URLs of $name', ({ open }) => {
  let trial: Trial;
  beforeAll(async () => {
    const store = await open();
    trial = await startTrial(store, {
      // As clients reach storage: not through the proxy that the service uses.
      publicEndpoint: store.endpoint,
      authorize: ({ path, action }, { headers }) => {
        if (path === 'denied') return false;
        const { 'x-role': role } = headers;
        return role === undefined || (role === 'ro') === (action !== 'write');
      },
    });
    await trial.put('f', 'bytes', 'text/plain');
    await trial.put('other', 'other');
    await trial.put('dir/x', 'x');
  });
  afterEach(() => trial.verify({ signed: true }));
  afterAll(() => trial.close());

  const sign = async (method: string, path: string, query = ''): Promise<Signed> => {
    const answer = await trial.ask({ method, path: `${path}?url=true${query}` });
    expect(answer.status).toBe(200);
    return answer.json() as Signed;
  };

  it.each(['0', '-1', '1.5', 'NaN', '1e9', '604801', '60x', '', '99999999999999999999', '+60'])(
    'S123 refuses expires=%s',
    async (expires) => {
      const answer = await trial.ask({
        path: `/f?url=true&expires=${encodeURIComponent(expires)}`,
      });
      expect(answer.json()).toMatchObject({ error: { code: 400, reason: 'invalid_parameter' } });
      expect(trial.calls()).toEqual([]);
    },
  );

  it.each([
    ['', '3600'],
    ['&expires=604800', '604800'],
    ['&expires=1', '1'],
    ['&expires=60&expires=9', '9'],
  ])('S123 signs for %j', async (query, expires) => {
    const { url } = await sign('GET', '/f', query);
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe(expires);
  });

  it.each([
    ['GET', '/dir/', 400],
    ['GET', '/', 400],
    ['GET', '/none', 404],
    ['GET', '/denied', 401],
    ['PUT', '/denied', 401],
  ])('S124 answers %s %s?url=true as the request itself', async (method, path, expected) => {
    const { status } = await trial.ask({ method, path: `${path}?url=true` });
    expect(status).toBe(expected);
  });

  it.each([
    ['ro', 'PUT'],
    ['ro', 'POST'],
    ['up', 'GET'],
  ])('S125 gives %s no URL for %s', async (role, method) => {
    const headers = { 'x-role': role };
    const { status } = await trial.ask({ method, path: '/f?url=true', headers });
    expect(status).toBe(401);
    expect(trial.calls()).toEqual([]);
  });

  it('S125 signs for one method, one key, one type', async () => {
    const { url } = await sign('GET', '/f');
    const changed = (change: (url: URL) => void): string => {
      const copy = new URL(url);
      change(copy);
      return copy.href;
    };
    const otherKey = changed((copy) => (copy.pathname = copy.pathname.replace(/f$/, 'other')));
    const otherType = changed((copy) =>
      copy.searchParams.set('response-content-type', 'text/html'),
    );
    const longer = changed((copy) => copy.searchParams.set('X-Amz-Expires', '604800'));
    expect(await use(url)).toBe(200);
    expect([
      await use(url, 'PUT'),
      await use(url, 'DELETE'),
      await use(otherKey),
      await use(otherType),
      await use(longer),
    ]).toEqual([403, 403, 403, 403, 403]);
  });

  /** A link through the service is Ceph's way: its own signatures hold too little. */
  const absolute = (url: string): string => {
    expect(url.startsWith('/')).toBe(trial.store.name === 'ceph');
    return new URL(url, `http://127.0.0.1:${trial.service.port}`).href;
  };
  const answers = (signed: number, linked: number): number =>
    trial.store.name === 'ceph' ? linked : signed;

  it('S127 pins type and length of a signed upload', async () => {
    const query = '&content_type=image/png&content_length=5';
    const signed = await sign('PUT', '/pinned', query);
    const url = absolute(signed.url);
    const headers = lowerCase(signed.headers ?? {});
    const html = { ...headers, 'content-type': 'text/html' };
    expect(headers).toMatchObject({ 'content-type': 'image/png' });
    const refused = answers(403, 400);
    expect(await use(url, 'PUT', html, 'hello')).toBe(refused);
    expect(await use(url, 'PUT', { ...headers, 'content-length': '6' }, 'hello!')).toBe(refused);
    expect(await trial.etagOf('pinned')).toBeUndefined();
    expect(await use(url, 'PUT', headers, 'hello')).toBe(answers(200, 201));
    expect(await trial.etagOf('pinned')).toBeDefined();
    expect(url).not.toMatch(/crc|checksum/i);
  });

  it('S127 signs a create so that it happens once', async () => {
    // With its length: the service has a limit, which a signature cannot hold otherwise.
    const signed = await sign('POST', '/created', '&content_length=5');
    const url = absolute(signed.url);
    const headers = lowerCase(signed.headers ?? {});
    expect(await use(url, 'PUT', headers, 'first')).toBe(answers(200, 201));
    expect(await use(url, 'PUT', headers, 'again')).toBe(answers(412, 409));
    expect((await trial.ask({ path: '/created' })).text).toBe('first');
  });

  it('S127 refuses to sign more bytes than may be uploaded', async () => {
    const path = '/f?url=true&content_length=99999999999';
    expect((await trial.ask({ method: 'PUT', path })).status).toBe(413);
  });

  it('S128 keeps the URL out of caches and audit', async () => {
    const answer = await trial.ask({ path: '/f?url=true' });
    expect(answer.headers['cache-control']).toBe('no-store');
    const { url } = answer.json() as Signed;
    expect(new URL(url).host).toBe(new URL(trial.store.endpoint).host);
    const signature = new URL(url).searchParams.get('X-Amz-Signature') ?? 'none';
    expect(JSON.stringify(trial.service.audit)).not.toContain(signature);
  });
});
