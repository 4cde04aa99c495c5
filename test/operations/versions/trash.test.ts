// The trash: what was deleted is listed, comes back as it was, or goes for good.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Access } from '../../../src/index.ts';
import { startService, type Answer, type RunningService } from '../../support/service.ts';
import { doubleStore, type Store } from '../../support/stores.ts';
import { enableVersions, keptVersions, storesBothWays } from '../../support/versioned.ts';

interface Deleted {
  readonly path: string;
  readonly type: string;
  readonly name: string;
  readonly deleted_at: string;
}

const bodyOf = <T>(answer: Answer): T => answer.json() as T;
const errorOf = (answer: Answer) =>
  bodyOf<{ error: { reason: string; context: Record<string, unknown> } }>(answer).error;

describe.each(storesBothWays())('the trash on $name', ({ open, leanCalls }) => {
  let store: Store;
  let service: RunningService;
  let permits: (access: Access) => boolean;

  beforeAll(async () => {
    store = await open();
    permits = () => true;
    service = await startService(store, {
      versions: true,
      trash: true,
      enableVersioning: true,
      leanCalls,
      authorize: (access) => permits(access),
    });
    // The first call of a service turns versioning on.
    await service.ask({ path: '/' });
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  const send = (method: string, path: string, body?: string) =>
    service.ask({ method, path, ...(body === undefined ? {} : { body }) });
  const done = async (method: string, path: string, body?: string): Promise<void> => {
    const { status, text } = await send(method, path, body);
    expect([method, path, status < 300], text).toEqual([method, path, true]);
  };
  const trashOf = async (path: string, query = ''): Promise<readonly Deleted[]> => {
    const answer = await service.ask({ path: `${path}?trash=true${query}` });
    expect(answer.status).toBe(200);
    return bodyOf<{ resource: readonly Deleted[] }>(answer).resource;
  };
  it('lists what was deleted below a folder, with when, and nothing that is there', async () => {
    await done('PUT', '/listed/a.txt', 'a');
    await done('PUT', '/listed/sub/b.txt', 'bb');
    await done('PUT', '/listed/there.txt', 'there');
    await done('POST', '/listed/empty/');
    for (const path of ['/listed/a.txt', '/listed/sub/b.txt', '/listed/empty/'])
      await done('DELETE', path);
    const common = {
      deleted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      version_id: expect.any(String) as string,
    };
    expect(await trashOf('/listed/')).toEqual([
      {
        path: 'listed/a.txt',
        type: 'file',
        name: 'a.txt',
        content_type: 'text/plain',
        content_length: 1,
        ...common,
      },
      { path: 'listed/empty/', type: 'folder', name: 'empty', ...common },
      {
        path: 'listed/sub/b.txt',
        type: 'file',
        name: 'sub/b.txt',
        content_type: 'text/plain',
        content_length: 2,
        ...common,
      },
    ]);
  });

  it('is paged by limit and cursor', async () => {
    for (const name of ['1', '2', '3', '4', '5']) {
      await done('PUT', `/paged/${name}`, name);
      await done('DELETE', `/paged/${name}`);
    }
    type Page = { resource: readonly Deleted[]; next_cursor?: string };
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages += 1) {
      const path = `/paged/?trash=true&limit=2${cursor && `&cursor=${cursor}`}`;
      const page = bodyOf<Page>(await service.ask({ path }));
      expect(page.resource.length).toBeLessThanOrEqual(2);
      seen.push(...page.resource.map(({ name }) => name));
      cursor = page.next_cursor ?? '';
      if (cursor === '') break;
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5']);
    const whole = await service.ask({ path: '/paged/?trash=true&limit=5' });
    expect(bodyOf<Page>(whole)).toEqual({ resource: expect.any(Array) as unknown });
    const foreign = await service.ask({ path: `/listed/?trash=true&limit=2&cursor=AAAA` });
    expect([foreign.status, errorOf(foreign).reason]).toEqual([400, 'invalid_parameter']);
  });

  it('lists the folder of the URL by its own name, when that lies there too', async () => {
    await done('POST', '/gone/');
    await done('DELETE', '/gone/');
    expect(await trashOf('/gone/')).toMatchObject([
      { path: 'gone/', type: 'folder', name: 'gone' },
    ]);
    await done('POST', '/gone/?restore=true');
    expect((await send('GET', '/gone/')).json()).toEqual({ resource: [] });
  });

  it('takes the URL at its word: a list beside it changes nothing', async () => {
    await done('PUT', '/listless/a.txt', 'a');
    await done('PUT', '/listless/b.txt', 'b');
    await done('DELETE', '/listless/a.txt');
    const before = await keptVersions(store, 'listless/');
    const list = '{"resource":[{"name":"a.txt"}]}';
    for (const [method, query] of [
      ['DELETE', 'purge=true&force=true'],
      ['POST', 'restore=true'],
    ] as const) {
      const answer = await send(method, `/listless/?${query}`, list);
      expect([answer.status, errorOf(answer).reason]).toEqual([400, 'invalid_body']);
    }
    expect(await keptVersions(store, 'listless/')).toEqual(before);
    await done('POST', '/listless/?restore=true', '{}');
    expect((await send('GET', '/listless/a.txt')).text).toBe('a');
  });

  it('is purged of a file only under its conditions', async () => {
    const purge = (etag: string) =>
      service.ask({
        method: 'DELETE',
        path: '/under.txt?purge=true',
        headers: { 'If-Match': etag },
      });
    await done('PUT', '/under.txt', 'old');
    const { headers } = await send('HEAD', '/under.txt');
    await done('PUT', '/under.txt', 'new');
    const [first, second] = [headers['etag'] ?? '', '*'];
    expect((await purge(first)).status).toBe(412);
    await done('DELETE', '/under.txt');
    expect((await purge(second)).status).toBe(412);
    expect(await keptVersions(store, 'under.txt')).toHaveLength(3);
    await done('POST', '/under.txt?restore=true');
    const { headers: now } = await send('HEAD', '/under.txt');
    expect((await purge(now['etag'] ?? '')).status).toBe(200);
    expect(await keptVersions(store, 'under.txt')).toEqual([]);
  });

  it('gives a deleted file back, once, also when it was deleted twice', async () => {
    await done('PUT', '/file.txt', 'the bytes');
    await done('DELETE', '/file.txt');
    await done('DELETE', '/file.txt?no_check=true');
    expect((await send('GET', '/file.txt')).status).toBe(404);
    const back = await send('POST', '/file.txt?restore=true');
    expect([back.status, back.json()]).toMatchObject([
      201,
      { path: 'file.txt', content_length: 9 },
    ]);
    expect((await send('GET', '/file.txt')).text).toBe('the bytes');
    const again = await send('POST', '/file.txt?restore=true');
    expect([again.status, errorOf(again).reason]).toEqual([409, 'already_exists']);
    const never = await send('POST', '/never.txt?restore=true');
    expect([never.status, errorOf(never).reason]).toEqual([404, 'not_found']);
  });

  it('gives back only what was deleted since a date', async () => {
    await done('PUT', '/since/a.txt', 'a');
    await done('DELETE', '/since/a.txt');
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const none = await send('POST', `/since/?restore=true&since=${later}`);
    expect([none.status, none.json()]).toMatchObject([201, { restored: 0 }]);
    const [{ deleted_at } = { deleted_at: '' }] = await trashOf('/since/');
    const all = await send('POST', `/since/?restore=true&since=${deleted_at}`);
    expect([all.status, all.json()]).toMatchObject([201, { restored: 1 }]);
    const bad = await send('POST', '/since/?restore=true&since=yesterday');
    expect([bad.status, errorOf(bad).reason]).toEqual([400, 'invalid_parameter']);
  });

  it('asks for every file before the first comes back or goes, and hides what may not be read', async () => {
    for (const name of ['open', 'secret']) {
      await done('PUT', `/rights/${name}.txt`, name);
      await done('DELETE', `/rights/${name}.txt`);
    }
    const before = await keptVersions(store, 'rights/');
    permits = ({ path }) => path !== 'rights/secret.txt';
    try {
      expect((await trashOf('/rights/')).map(({ name }) => name)).toEqual(['open.txt']);
      for (const [method, path] of [
        ['POST', '/rights/?restore=true'],
        ['POST', '/rights/secret.txt?restore=true'],
        ['DELETE', '/rights/?purge=true&force=true'],
        ['DELETE', '/rights/secret.txt?purge=true'],
      ] as const)
        expect([path, (await send(method, path)).status]).toEqual([path, 401]);
    } finally {
      permits = () => true;
    }
    expect(await keptVersions(store, 'rights/')).toEqual(before);
  });

  it('lets a host refuse to purge apart from deleting', async () => {
    await done('PUT', '/apart.txt', 'x');
    permits = ({ operation }) => operation !== 'purge';
    try {
      expect((await send('DELETE', '/apart.txt?purge=true')).status).toBe(401);
      await done('DELETE', '/apart.txt');
    } finally {
      permits = () => true;
    }
    await done('POST', '/apart.txt?restore=true');
  });

  it('is left by a purge, of which no version remains', async () => {
    await done('PUT', '/purge/one.txt', '1');
    await done('PUT', '/purge/one.txt', '2');
    await done('DELETE', '/purge/one.txt');
    await done('PUT', '/purge/one.txt', '3');
    await done('PUT', '/purge/one.txt.bak', 'other');
    await done('DELETE', '/purge/one.txt?purge=true');
    expect((await keptVersions(store, 'purge/')).map(({ key }) => key)).toEqual([
      'purge/one.txt.bak',
    ]);
    await done('PUT', '/purge/sub/two.txt', 'x');
    await done('DELETE', '/purge/sub/two.txt');
    const full = await send('DELETE', '/purge/?purge=true');
    expect([full.status, errorOf(full).reason]).toEqual([400, 'folder_not_empty']);
    await done('DELETE', '/purge/?purge=true&force=true');
    expect(await keptVersions(store, 'purge/')).toEqual([]);
    for (const path of ['/purge/?purge=true&force=true', '/purge/one.txt?purge=true'])
      expect((await send('DELETE', path)).status).toBe(404);
  });

  it('takes names of any script', async () => {
    const path = `/odd/${encodeURIComponent('ä +%&é 日本 🙂.txt')}`;
    await done('PUT', path, 'odd');
    await done('DELETE', path);
    expect((await trashOf('/odd/')).map(({ name }) => name)).toEqual(['ä +%&é 日本 🙂.txt']);
    await done('POST', '/odd/?restore=true');
    expect((await send('GET', path)).text).toBe('odd');
    await done('DELETE', '/odd/?purge=true&force=true');
    expect(await keptVersions(store, 'odd/')).toEqual([]);
  });
});

describe('what storage refuses in part', () => {
  it.each([
    ['POST', '/f/?restore=true', 'restored', 2],
    ['DELETE', '/f/?purge=true&force=true', 'deleted', 4],
  ])('of %s %s is named, and goes when it is repeated', async (method, path, count, done) => {
    const store = await enableVersions(await doubleStore());
    const service = await startService(store, { versions: true, trash: true });
    for (const name of ['1', '2', '3'])
      await service.ask({ method: 'PUT', path: `/f/${name}`, body: name });
    await service.ask({ method: 'DELETE', path: '/f/?force=true' });
    const refusal = { kind: 'status', status: 200, code: 'AccessDenied' } as const;
    store.double.inject({ ...refusal, operation: 'DeleteObject:inBatch', key: /^f\/2$/ });
    const failed = await service.ask({ method, path });
    expect([failed.status, errorOf(failed)]).toMatchObject([
      502,
      { reason: 'partial_failure', context: { failed: ['f/2'], [count]: done } },
    ]);
    // Whatever stays of it, a deleted file is not there again unless it was restored.
    expect((await service.ask({ path: '/f/2' })).status).toBe(404);
    const again = await service.ask({ method, path });
    expect(again.status).toBeLessThan(300);
    const left = (await keptVersions(store, 'f/')).length;
    expect(left).toBe(method === 'POST' ? 3 : 0);
    await service.close();
    await store.close();
  });

  it('of an older version leaves the newest, so that nothing comes back', async () => {
    const store = await enableVersions(await doubleStore());
    const service = await startService(store, { versions: true });
    for (const body of ['old', 'new']) await service.ask({ method: 'PUT', path: '/a.txt', body });
    const refusal = { kind: 'status', status: 200, code: 'AccessDenied' } as const;
    store.double.inject({ ...refusal, operation: 'DeleteObject:inBatch' });
    expect((await service.ask({ method: 'DELETE', path: '/a.txt?purge=true' })).status).toBe(502);
    expect((await service.ask({ path: '/a.txt' })).text).toBe('new');
    await service.close();
    await store.close();
  });
});

describe('a bucket that keeps no versions', () => {
  it('keeps its files: with a trash nothing is deleted for good', async () => {
    const store = await doubleStore();
    const service = await startService(store, { versions: true, trash: true });
    store.double.seed(store.bucket, 'a.txt', 'a');
    store.double.seed(store.bucket, 'f/b.txt', 'b');
    for (const path of ['/a.txt', '/f/?force=true']) {
      const answer = await service.ask({ method: 'DELETE', path });
      expect([path, answer.status, errorOf(answer).reason]).toEqual([path, 502, 'storage_failed']);
      expect(answer.text).toContain('versioning');
    }
    expect([...store.double.objects(store.bucket).keys()]).toEqual(['a.txt', 'f/b.txt']);
    const { ok, findings } = await service.files.check();
    expect([ok, findings.find(({ name }) => name === 'versions')]).toMatchObject([
      false,
      { ok: false, advice: expect.stringContaining('enableVersioning') as string },
    ]);
    await service.close();
    await store.close();
  });

  it('is deleted from where its versioning may not be asked about', async () => {
    const store = await doubleStore();
    const service = await startService(store, { versions: true, trash: true });
    store.double.seed(store.bucket, 'a.txt', 'a');
    store.double.inject({
      operation: 'GetBucketVersioning',
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
    });
    expect((await service.ask({ method: 'DELETE', path: '/a.txt' })).status).toBe(200);
    await service.close();
    await store.close();
  });
});
