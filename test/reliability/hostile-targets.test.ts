// Hostile targets over raw sockets: nothing is a 500, nothing leaves the container. R1-R22.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../support/fixture.ts';
import { hostilePath } from '../support/hostile-path.ts';
import { openRaw, raw } from '../support/raw.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

// 100,000 of each method take minutes: FULL=1 asks for them, every other run for a tenth.
const TARGETS = process.env.FULL === '1' ? 100_000 : 10_000;
const CONNECTIONS = 8;
const IN_FLIGHT = 25;
const SEED = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31);

const CANARIES = ['tenant10/canary', 'tenant1-old/canary', 'tenant2/secret', 'canary', 'tenant1'];

let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;
const authorized: string[] = [];

const canaries = () => {
  const objects = store.double.objects(store.bucket);
  return [...objects]
    .filter(([key]) => !key.startsWith('tenant1/'))
    .map(([key, { etag, lastModified }]) => [key, etag, lastModified]);
};
/** Calls that name a key or a prefix outside the container. */
const strays = () =>
  store.double.calls
    // The keys of a batch are in its body: the canaries tell of it. A bucket has no key.
    .filter(({ operation }) => operation !== 'DeleteObjects' && operation !== 'HeadBucket')
    .map(({ operation, key, query }) => `${operation} ${key === '' ? query.prefix : key}`)
    .filter((call) => !/^\w+ tenant1\//.test(call));

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  await around.plant(Object.fromEntries(CANARIES.map((key) => [key, { body: key }])));
  await around.plant({ 'tenant1/f10': { body: '0123456789', contentType: 'text/plain' } });
  service = await startService(store, {
    container: 'tenant1',
    overwriteOnPost: true,
    audit: () => {},
    authorize: ({ path }) => {
      authorized.push(path);
      return true;
    },
  });
});
afterAll(async () => {
  await service.close();
  around.close();
  await store.close();
});

const target = (path: string) => `${service.mount}${path}`;
const send = (method: string, path: string, headers: Record<string, string> = {}) =>
  raw(service.port, rawRequest({ method, target: target(path), headers }));

describe('a hostile target', () => {
  it.each([
    '/a/../b',
    '/../tenant2/secret',
    '/..',
    '/./a',
    '/%2e%2e/tenant2/secret',
    '/..%2ftenant2/secret',
    '/%2e%2e%2f',
    '/a%5c..%5cb',
    '/..\\tenant2',
    '/%5c%5chost%5cshare',
    '/a%00.txt',
    '/%0d%0aX:y',
    '/%c0%ae%c0%ae/x',
    '/%ff',
    '/%',
    '/%u002e',
    '/a%E2%80%AEgpj.exe',
  ])('%s is refused by every method, and storage hears nothing (R1-R9)', async (path) => {
    store.double.clearCalls();
    for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'PATCH']) {
      const answer = await send(method, path, { 'Content-Length': '0' });
      expect([method, answer.status]).toEqual([method, 400]);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        error: { reason: 'invalid_path' },
      });
    }
    expect((await send('HEAD', path)).status).toBe(400);
    expect(store.double.calls).toEqual([]);
  });

  it.each([
    ['GET', '/f10', 200],
    ['GET', '//f10', 200],
    ['GET', '/%66%31%30', 200],
    ['GET', '/f10;x.css', 404],
    ['GET', '/f10/x.css', 404],
    ['GET', '/f10%23', 404],
    ['GET', '/f10%3Fx', 404],
    // R19: a file is no folder
    ['GET', '/f10/', 404],
    ['DELETE', '/f10/?force=true', 404],
    ['GET', '/F10', 404],
  ])('%s %s names its own key and no other (R12-R19)', async (method, path, status) => {
    expect((await send(method, path)).status).toBe(status);
    expect((await around.bytes('tenant1/f10'))?.toString()).toBe('0123456789');
  });

  it('in absolute form is the path, whatever its host (R15)', async () => {
    const request = rawRequest({
      target: `http://evil.example${service.mount}/f10`,
      headers: { Host: 'evil.example' },
    });
    const answer = await raw(service.port, request);
    expect([answer.status, answer.body.toString()]).toEqual([200, '0123456789']);
    expect(answer.rawHead).not.toContain('evil');
  });

  it('never brings another container into a listing (R17)', async () => {
    const answer = await service.ask({ path: '/?full_tree=true&as_list=true' });
    expect(answer.json()).toEqual({ resource: ['f10'] });
    expect(strays()).toEqual([]);
  });

  it('is one key to hooks, storage and listings (R22)', async () => {
    const paths = [
      ' ',
      '+',
      'a b',
      'a+b',
      "!'()*&=:@,$;",
      '%2e',
      '\u00e9',
      'e\u0301',
      '...',
      '"<>|',
    ];
    for (const name of paths) {
      store.double.clearCalls();
      authorized.splice(0);
      const path = `/odd/${encodeURIComponent(name)}`;
      const put = await send('PUT', path, { 'Content-Length': '0' });
      const got = await send('GET', path);
      const props = await send('GET', `${path}?include_properties=true`);
      expect([put.status, got.status, props.status]).toEqual([201, 200, 200]);
      expect(new Set(authorized)).toEqual(new Set([`odd/${name}`]));
      expect(new Set(store.double.calls.map(({ key }) => key))).toEqual(
        new Set([`tenant1/odd/${name}`]),
      );
    }
    const listed = await service.ask({ path: '/odd/?as_list=true&id_field=name' });
    expect((listed.json() as { resource: string[] }).resource.toSorted()).toEqual(paths.toSorted());
    await service.ask({ method: 'DELETE', path: '/odd/?force=true' });
  });
});

describe(`${TARGETS} hostile targets of each method, seed ${SEED} (R21)`, () => {
  it.each(['GET', 'HEAD', 'PUT', 'POST', 'DELETE'])(
    '%s never answers 500 and never leaves the container',
    async (method) => {
      const before = canaries();
      expect(before.map(([key]) => key)).toEqual(CANARIES.toSorted());
      const targets = fc.sample(hostilePath, { numRuns: TARGETS, seed: SEED });
      const statuses = new Map<number, number>();
      const faults: string[] = [];
      const waiting = targets.values();

      const worker = async (): Promise<void> => {
        let connection = await openRaw(service.port);
        let left = take(waiting, method);
        while (left.length > 0) {
          connection.send(Buffer.concat(left.map((path) => requestTo(method, path))));
          let closed = false;
          while (left.length > 0 && !closed) {
            const path = left.shift() ?? '';
            const answer = await connection.response({ head: method === 'HEAD' });
            const { status = 0, ended, headers } = answer;
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            if (status >= 500 || ended !== 'complete') faults.push(`${status} ${ended} ${path}`);
            closed = headers.connection === 'close' || ended !== 'complete';
          }
          faults.push(...strays());
          store.double.clearCalls();
          authorized.splice(0);
          if (closed) {
            connection.close();
            connection = await openRaw(service.port);
          }
          if (left.length === 0) left = take(waiting, method);
        }
        connection.close();
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, worker));

      expect(faults).toEqual([]);
      expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(TARGETS);
      // The grammar is worth its time only when many targets pass and many are refused.
      expect(Math.min(statuses.get(400) ?? 0, TARGETS - (statuses.get(400) ?? 0))).toBeGreaterThan(
        TARGETS / 10,
      );
      expect(canaries()).toEqual(before);
    },
    15 * 60_000,
  );
});

/** The next targets of one connection. A refused upload closes it, so uploads go one by one. */
function take(waiting: Iterator<string>, method: string): string[] {
  const size = withBody(method) ? 1 : IN_FLIGHT;
  const batch: string[] = [];
  while (batch.length < size) {
    const { done, value } = waiting.next();
    if (done === true) break;
    batch.push(value);
  }
  return batch;
}

function withBody(method: string): boolean {
  return method === 'PUT' || method === 'POST';
}

function requestTo(method: string, path: string): Buffer {
  const body = withBody(method) ? 'x' : undefined;
  return rawRequest({ method, target: target(`/${path}`), body });
}
