// Share links: what they give, to whom, how often, and until when.
import Keyv from 'keyv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Access, FileServiceConfig } from '../../../src/index.ts';
import { openShare, sealShare } from '../../../src/operations/links/share-grant.ts';
import { openAltered } from '../../support/altered-links.ts';
import {
  startService,
  type Answer,
  type Question,
  type RunningService,
} from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';

interface Link {
  readonly url: string;
  readonly id: string;
  readonly expires_at: string;
}

let store: Awaited<ReturnType<typeof doubleStore>>;
let service: RunningService;
let permits: (access: Access) => boolean;

const start = async (config: Partial<FileServiceConfig> = {}): Promise<void> => {
  service = await startService(store, {
    authenticate: ({ headers }) =>
      headers['x-user'] === undefined ? null : { id: headers['x-user'] },
    authorize: (access, { principal }) => principal !== null && permits(access),
    ...config,
  });
};

beforeEach(async () => {
  store = await doubleStore();
  permits = () => true;
  for (const [key, body] of Object.entries({
    'a.txt': 'the file',
    'f/b.txt': 'below',
    'f/s/c.txt': 'deep',
    'g.txt': 'other',
  }))
    store.double.seed(store.bucket, key, body, { contentType: 'text/plain' });
});
afterEach(async () => {
  await service.close();
  await store.close();
});

const share = async (path: string, wanted: unknown = {}): Promise<Link> => {
  const answer = await service.ask({
    method: 'POST',
    path: `${path}?share=true`,
    headers: { 'X-User': 'ann', 'Content-Type': 'application/json' },
    body: JSON.stringify(wanted),
  });
  expect(answer.status, answer.text).toBe(201);
  return answer.json() as Link;
};
const open = ({ url }: Pick<Link, 'url'>, rest = '', more: Partial<Question> = {}) =>
  service.ask({ ...more, path: url.slice(service.mount.length) + rest });
const reasonOf = (answer: Answer): unknown =>
  (answer.json() as { error: { reason: unknown } }).error.reason;

describe('a link to a file', () => {
  it('gives its bytes, ranges and HEAD to whoever has it, in the name of its maker', async () => {
    await start();
    const link = await share('/a.txt', { expires: 60 });
    const ends = Date.parse(link.expires_at) - Date.now();
    expect(ends > 50_000 && ends <= 60_000).toBe(true);
    const answer = await open(link);
    expect([answer.status, answer.text]).toEqual([200, 'the file']);
    expect(answer.headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'cache-control': 'private, no-cache, no-transform',
      'content-disposition': expect.stringContaining('inline') as string,
    });
    const event = await service.audited(answer.headers['x-request-id'] ?? '');
    expect([event.operation, event.path, event.principal?.id]).toEqual([
      'open_link',
      'a.txt',
      'ann',
    ]);
    expect(JSON.stringify(event)).not.toContain(link.url.split('/').at(-1));
    expect((await open(link, '', { headers: { Range: 'bytes=4-' } })).text).toBe('file');
    expect((await open(link, '', { method: 'HEAD' })).headers['content-length']).toBe('8');
    expect((await open(link, '/b.txt')).status).toBe(404);
    for (const method of ['PUT', 'PATCH'])
      expect((await open(link, '', { method, body: 'x' })).status).toBe(405);
  });

  it('saves the file where its maker said so', async () => {
    await start();
    const answer = await open(await share('/a.txt', { download: true }));
    expect(answer.headers['content-disposition']).toContain('attachment');
  });

  it('is made only of what is there and what its maker may read', async () => {
    await start();
    const ask = (path: string, body = '') =>
      service.ask({
        method: 'POST',
        path: `${path}?share=true`,
        headers: { 'X-User': 'ann' },
        body,
      });
    expect((await ask('/none.txt')).status).toBe(404);
    permits = ({ operation }) => operation !== 'share';
    expect((await ask('/a.txt')).status).toBe(403);
    permits = () => true;
    for (const body of [
      '[]',
      '{"expires":0}',
      '{"expires":604801}',
      '{"expires":"1"}',
      '{"password":""}',
      '{"download":1}',
      '{"max_uses":0}',
    ])
      expect([body, (await ask('/a.txt', body)).status]).toEqual([body, 400]);
    const limited = await ask('/a.txt', '{"max_uses":1}');
    expect([limited.status, reasonOf(limited)]).toEqual([400, 'invalid_parameter']);
    const { id } = await share('/a.txt');
    for (const question of [
      { path: '/?links=true' },
      { method: 'DELETE', path: `/_links/${id}` },
    ]) {
      const answer = await service.ask({ ...question, headers: { 'X-User': 'ann' } });
      expect([answer.status, reasonOf(answer)]).toEqual([400, 'invalid_parameter']);
      expect(answer.text).toContain('linkStore');
    }
  });

  it.each([
    ['a file', '/a.txt', ['', '?download=true', '?include_properties=true']],
    ['a folder', '/f/', ['', '?zip=true', '?search=b', '?full_tree=true', 'b.txt', 's/c.txt']],
    ['the root', '/', ['', '?zip=true', 'a.txt', 'f/', 'f/b.txt']],
  ])('to %s dies when its maker loses the right', async (_, path, uses) => {
    await start();
    const link = await share(path);
    for (const use of uses) expect([use, (await open(link, use)).status]).toEqual([use, 200]);
    permits = () => false;
    store.double.clearCalls();
    for (const use of uses)
      for (const method of ['GET', 'HEAD'])
        expect([use, (await open(link, use, { method })).status]).toEqual([use, 403]);
    const ranged = await open(link, '', { headers: { Range: 'bytes=0-1' } });
    expect([ranged.status, store.double.calls]).toEqual([403, []]);
    permits = () => true;
    expect((await open(link)).status).toBe(200);
  });

  it('dies with its maker, whoever opens it', async () => {
    const members = new Set(['ann', 'bob']);
    await start({ authorize: (_, { principal }) => members.has(principal?.id ?? '') });
    const link = await share('/a.txt');
    expect((await open(link)).status).toBe(200);
    members.delete('ann');
    store.double.clearCalls();
    expect((await open(link)).status).toBe(403);
    // Bob may read the file, and not by the link of another.
    expect((await open(link, '', { headers: { 'X-User': 'bob' } })).status).toBe(403);
    expect(store.double.calls).toEqual([]);
  });

  it('altered, expired, of another service or another container makes no call to storage', async () => {
    await start({ uploadSecret: 'a secret of sixteen' });
    const link = await share('/a.txt');
    const token = link.url.split('/').at(-1) ?? '';
    const secrets = { uploadSecrets: ['a secret of sixteen'] };
    const grant = openShare(secrets, token);
    const others = [
      sealShare(secrets, { ...grant, expiresAt: Math.floor(Date.now() / 1000) - 1 }),
      sealShare(secrets, { ...grant, tenant: 'another' }),
      sealShare({ uploadSecrets: ['another secret of 16'] }, grant),
      `${token}A`,
      token.slice(0, -1),
      '',
      '%41',
      'x',
    ];
    store.double.clearCalls();
    for (const other of others) {
      const answer = await open({ url: `${service.mount}/_links/${other}` });
      expect([other, answer.status, reasonOf(answer)]).toEqual([other, 404, 'link_gone']);
    }
    expect(store.double.calls).toEqual([]);
  });

  it('altered in many ways is 404 and makes no call to storage', async () => {
    await start();
    const { url } = await share('/a.txt');
    store.double.clearCalls();
    const given = { port: service.port, url, count: 2000, seed: 7 };
    const statuses = await openAltered(given);
    expect([[...statuses.keys()], store.double.calls]).toEqual([[404], []]);
  }, 60_000);

  it('opens by none of 100,000 alterations', async () => {
    await start();
    const secrets = { uploadSecrets: ['a secret of sixteen'] };
    const token = sealShare(secrets, {
      id: 'id',
      key: 'a.txt',
      tenant: 't',
      principal: { id: 'ann' },
      expiresAt: Math.floor(Date.now() / 1000) + 60,
      download: false,
      password: undefined,
      maxUses: undefined,
      isStored: false,
    });
    expect(openShare(secrets, token).key).toBe('a.txt');
    const bytes = Buffer.from(token, 'base64url');
    let opened = 0;
    for (let n = 0; n < 100_000; n += 1) {
      const altered = Buffer.from(bytes);
      const at = n % bytes.length;
      altered[at] = (altered[at] ?? 0) ^ (1 + (Math.floor(n / bytes.length) % 255));
      try {
        openShare(secrets, altered.toString('base64url'));
        opened += 1;
      } catch {
        // As it should.
      }
    }
    expect(opened).toBe(0);
  }, 60_000);
});

describe('a link to a file whose name a URL treats specially', () => {
  it.each(['100% #1?.txt', 'a+b&c=d;e.txt', '\u65e5\u672c %41.txt'])(
    'gives %s, by itself and below its folder',
    async (name) => {
      store.double.seed(store.bucket, `odd/${name}`, `odd ${name}`, { contentType: 'text/plain' });
      await start();
      const encoded = encodeURIComponent(name);
      const own = await share(`/odd/${encoded}`, { password: 'pw' });
      const given = { headers: { 'X-Link-Password': 'pw' } };
      expect((await open(own, '', given)).text).toBe(`odd ${name}`);
      const folder = await share('/odd/');
      expect((await open(folder, encoded)).text).toBe(`odd ${name}`);
      const listing = (await open(folder)).json() as { resource: { name: string }[] };
      expect(listing.resource.map((entry) => entry.name)).toEqual([name]);
    },
  );
});

describe('a link to a folder', () => {
  it('lists it, reads and zips below it, and leads nowhere else', async () => {
    await start();
    const link = await share('/f/');
    const listing = (await open(link)).json() as { resource: { path: string }[] };
    expect(listing.resource.map(({ path }) => path)).toEqual(['f/s/', 'f/b.txt']);
    expect((await open(link, 'b.txt')).text).toBe('below');
    expect((await open(link, 's/c.txt')).text).toBe('deep');
    expect((await open(link, 's/?full_tree=true')).status).toBe(200);
    const archive = await open(link, '?zip=true');
    expect([archive.status, archive.headers['content-type']]).toEqual([200, 'application/zip']);
    store.double.clearCalls();
    for (const rest of [
      '../g.txt',
      '%2e%2e/g.txt',
      '..%2fg.txt',
      '.s3files/x',
      '_uploads/x',
      '_links/x',
    ])
      expect([rest, (await open(link, rest)).status]).not.toEqual([rest, 200]);
    permits = ({ path }) => path !== 'f/b.txt';
    expect((await open(link, 'b.txt')).status).toBe(403);
  });
});

describe('a link with a password', () => {
  it('asks by a form, takes a cookie for it, and slows down guessing', async () => {
    await start();
    const link = await share('/a.txt', { password: 'correct horse' });
    store.double.clearCalls();
    const form = await open(link, '', { headers: { Accept: 'text/html,*/*' } });
    expect([form.status, form.headers['content-type']]).toEqual([401, 'text/html; charset=utf-8']);
    expect(form.headers['content-security-policy']).toContain("default-src 'none'");
    const bare = await open(link);
    expect([bare.status, reasonOf(bare)]).toEqual([401, 'unauthorized']);
    const send = (password: string) =>
      open(link, '', {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'text/html' },
        body: new URLSearchParams({ password }).toString(),
      });
    const wrong = await send('battery staple');
    expect([wrong.status, wrong.text.includes('not the password')]).toEqual([401, true]);
    expect(store.double.calls).toEqual([]);
    const right = await send('correct horse');
    expect([right.status, right.headers['location']]).toEqual([303, link.url]);
    const cookie = String(right.headers['set-cookie']);
    expect(cookie).toMatch(/HttpOnly; SameSite=Lax/);
    const [proof = ''] = cookie.split(';');
    expect((await open(link, '', { headers: { Cookie: proof } })).text).toBe('the file');
    expect((await open(link, '', { headers: { 'X-Link-Password': 'correct horse' } })).text).toBe(
      'the file',
    );
    const other = await share('/g.txt', { password: 'another' });
    expect((await open(other, '', { headers: { Cookie: proof } })).status).toBe(401);
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) statuses.push((await send(`guess ${n}`)).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await open(link, '', { headers: { Cookie: proof } })).status).toBe(200);
  });
});

describe('a store of links', () => {
  it('counts uses: a hundred at once of a five-use link give exactly five', async () => {
    await start({ linkStore: new Keyv() });
    const link = await share('/a.txt', { max_uses: 5 });
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async () => (await open(link)).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    expect(statuses.filter((status) => status === 404)).toHaveLength(95);
  });

  it('takes a use back of which nothing came', async () => {
    await start({ linkStore: new Keyv() });
    const link = await share('/a.txt', { max_uses: 1 });
    store.double.inject({
      operation: 'GetObject',
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
    });
    expect((await open(link)).status).toBe(403);
    expect((await open(link)).status).toBe(200);
    expect((await open(link)).status).toBe(404);
  });

  it('counts no use that only asks whether the file has changed, or only looks', async () => {
    await start({ linkStore: new Keyv() });
    const link = await share('/a.txt', { max_uses: 2 });
    const first = await open(link);
    const etag = first.headers['etag'] ?? '';
    for (let n = 0; n < 3; n += 1) {
      expect((await open(link, '', { headers: { 'If-None-Match': etag } })).status).toBe(304);
      expect((await open(link, '', { method: 'HEAD' })).status).toBe(200);
      const beyond = await open(link, '', { headers: { Range: 'bytes=100-' } });
      expect(beyond.status).toBe(416);
    }
    const part = await open(link, '', { headers: { Range: 'bytes=0-2' } });
    expect([part.status, part.text]).toEqual([206, 'the']);
    store.double.clearCalls();
    for (const method of ['GET', 'HEAD'])
      expect((await open(link, '', { method })).status).toBe(404);
    expect(store.double.calls).toEqual([]);
  });

  it('lists the links of the caller, and revokes them', async () => {
    await start({ linkStore: new Keyv() });
    const file = await share('/a.txt', { max_uses: 3, password: 'pw' });
    const folder = await share('/f/');
    const linksOf = async (path: string, user: string) =>
      (
        (await service.ask({ path: `${path}?links=true`, headers: { 'X-User': user } })).json() as {
          resource: { id: string }[];
        }
      ).resource;
    expect((await linksOf('/a.txt', 'ann'))[0]).toMatchObject({
      id: file.id,
      path: 'a.txt',
      type: 'file',
      has_password: true,
      max_uses: 3,
      uses: 0,
    });
    expect((await linksOf('/', 'ann')).map(({ id }) => id).toSorted()).toEqual(
      [file.id, folder.id].toSorted(),
    );
    expect((await linksOf('/f/', 'ann')).map(({ id }) => id)).toEqual([folder.id]);
    expect(await linksOf('/', 'bob')).toEqual([]);
    const revoke = (id: string, user: string) =>
      service.ask({ method: 'DELETE', path: `/_links/${id}`, headers: { 'X-User': user } });
    permits = ({ action }) => action !== 'delete';
    expect((await revoke(folder.id, 'bob')).status).toBe(404);
    expect((await open(folder)).status).toBe(200);
    expect((await revoke(folder.id, 'ann')).status).toBe(200);
    expect((await open(folder)).status).toBe(404);
    expect((await revoke(folder.id, 'ann')).status).toBe(404);
    permits = () => true;
    expect((await revoke(file.id, 'bob')).status).toBe(200);
    expect(await linksOf('/', 'ann')).toEqual([]);
  });

  it('forgets links that have ended, however many are made', async () => {
    const kept = new Map<string, unknown>();
    await start({ linkStore: kept });
    const made: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      // The store lets go of what has outlived its time.
      for (const id of made) kept.delete(`s3files:link:${id}`);
      made.push((await share('/a.txt')).id);
    }
    const lists = [...kept.entries()].filter(([key]) => key.startsWith('s3files:links:'));
    expect(lists.map(([, ids]) => ids)).toEqual([made.slice(-1)]);
  });

  it('that fails refuses its links by 503, and asks storage nothing', async () => {
    const kept = new Map<string, unknown>();
    let isDown = false;
    const look = <T>(work: () => T): T => {
      if (isDown) throw new Error('down');
      return work();
    };
    await start({
      linkStore: {
        get: (key) => look(() => kept.get(key)),
        set: (key, value) => look(() => kept.set(key, value)),
        delete: (key) => look(() => kept.delete(key)),
      },
    });
    const link = await share('/a.txt');
    const limited = await share('/a.txt', { max_uses: 1 });
    isDown = true;
    store.double.clearCalls();
    for (const one of [link, limited]) {
      const answer = await open(one);
      expect([answer.status, reasonOf(answer)]).toEqual([503, 'authorization_unavailable']);
    }
    expect(store.double.calls).toEqual([]);
    const more = await service.ask({
      method: 'POST',
      path: '/a.txt?share=true',
      headers: { 'X-User': 'ann' },
    });
    expect([more.status, reasonOf(more)]).toEqual([503, 'authorization_unavailable']);
    expect(new Set(service.told())).toEqual(new Set(['authorize']));
    isDown = false;
    expect((await open(limited)).status).toBe(200);
  });
});
