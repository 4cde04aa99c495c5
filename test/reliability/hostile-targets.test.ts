// Hostile targets over raw sockets: nothing is a 500, nothing leaves the container. R1-R22.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attack, besiege, CANARIES, METHODS, type Besieged } from '../support/loads-hostile.ts';
import { raw } from '../support/raw.ts';
import { rawRequest } from '../support/raw-request.ts';
import type { RunningService } from '../support/service.ts';

// The figures send 100,000 of each method.
const TARGETS = 5_000;
const SEED = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31);

let besieged: Besieged;
let store: Besieged['store'];
let around: Besieged['around'];
let service: RunningService;
let authorized: string[];

beforeAll(async () => {
  besieged = await besiege();
  ({ store, around, service, authorized } = besieged);
});
afterAll(() => besieged.close());

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
    expect(besieged.strays()).toEqual([]);
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
  it.each(METHODS)(
    '%s never answers 500 and never leaves the container',
    async (method) => {
      const before = besieged.canaries();
      expect(before).toHaveLength(CANARIES.length);
      const { statuses, faults } = await attack(besieged, method, { count: TARGETS, seed: SEED });
      expect(faults).toEqual([]);
      expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(TARGETS);
      // The grammar is worth its time only when many targets pass and many are refused.
      expect(Math.min(statuses.get(400) ?? 0, TARGETS - (statuses.get(400) ?? 0))).toBeGreaterThan(
        TARGETS / 10,
      );
      expect(besieged.canaries()).toEqual(before);
    },
    15 * 60_000,
  );
});
