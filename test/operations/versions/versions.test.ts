// Versions of files: listed, read, signed and restored. The service itself turns the bucket's versioning on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass } from '../../support/fixture.ts';
import { startService, type Answer, type RunningService } from '../../support/service.ts';
import { availableStores, doubleStore, type Store } from '../../support/stores.ts';
import { keptVersions, storesBothWays } from '../../support/versioned.ts';

interface Listed {
  readonly version_id: string;
  readonly content_length: number | null;
  readonly last_modified: string;
  readonly etag: string | null;
  readonly is_latest: boolean;
  readonly deleted: boolean;
}

const reasonOf = (answer: Answer): unknown =>
  (answer.json() as { error: { reason: unknown } }).error.reason;

describe.each(storesBothWays())('versions on $name', ({ open, leanCalls }) => {
  let store: Store;
  let service: RunningService;

  beforeAll(async () => {
    store = await open();
    service = await startService(store, { versions: true, enableVersioning: true, leanCalls });
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  const put = async (path: string, body: string): Promise<void> => {
    const { status } = await service.ask({ method: 'PUT', path, body });
    expect(status).toBe(201);
  };
  const versionsOf = async (path: string): Promise<readonly Listed[]> => {
    const answer = await service.ask({ path: `${path}?versions=true` });
    expect(answer.status).toBe(200);
    return (answer.json() as { resource: readonly Listed[] }).resource;
  };
  /** The version ids of a file by what it held. */
  const written = async (path: string, bodies: readonly string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const body of bodies) {
      await put(path, body);
      ids.push((await versionsOf(path)).find(({ is_latest }) => is_latest)?.version_id ?? '');
    }
    return ids;
  };
  const ask = (path: string, versionId: string, more = '') =>
    service.ask({ path: `${path}?version_id=${encodeURIComponent(versionId)}${more}` });

  it('are listed with size, date and ETag, the newest first, a deletion among them', async () => {
    await put('/list.txt', 'one');
    await put('/list.txt.bak', 'another file');
    await put('/list.txt', 'second');
    expect((await service.ask({ method: 'DELETE', path: '/list.txt' })).status).toBe(200);
    const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string;
    const [first, ...older] = await versionsOf('/list.txt');
    expect(first).toEqual({
      version_id: expect.any(String) as string,
      content_length: null,
      last_modified: date,
      etag: null,
      is_latest: true,
      deleted: true,
    });
    expect(new Set(older.map(({ content_length }) => content_length))).toEqual(new Set([3, 6]));
    expect(older.every(({ deleted, is_latest }) => !deleted && !is_latest)).toBe(true);
    expect(new Set(older.map(({ etag }) => etag)).size).toBe(2);
  });

  it('of a file that never was are 404', async () => {
    const answer = await service.ask({ path: '/never.txt?versions=true' });
    expect([answer.status, reasonOf(answer)]).toEqual([404, 'not_found']);
  });

  it('are read, looked at, cut and signed by their id', async () => {
    const [old = '', newest = ''] = await written('/read%20me.txt', [
      'the old one',
      'the new one!',
    ]);
    const path = '/read%20me.txt';
    expect((await ask(path, old)).text).toBe('the old one');
    expect((await ask(path, newest)).text).toBe('the new one!');
    const head = await service.ask({ method: 'HEAD', path: `${path}?version_id=${old}` });
    expect([head.status, head.headers['content-length']]).toEqual([200, '11']);
    const properties = await ask(path, old, '&include_properties=true&content=true&is_base64=0');
    expect(properties.json()).toMatchObject({ content_length: 11, content: 'the old one' });
    const range = async (header: string) =>
      service.ask({ path: `${path}?version_id=${old}`, headers: { Range: header } });
    const cut = await range('bytes=4-6');
    expect([cut.status, cut.text]).toEqual([206, 'old']);
    const several = await range('bytes=0-0,4-6');
    expect([several.status, several.text.includes('\r\n\r\nold\r\n')]).toEqual([206, true]);
    const { url } = (await ask(path, old, '&url=true')).json() as { url: string };
    expect(await (await fetch(url)).text()).toBe('the old one');
  });

  it('that are not there, or mark a deletion, are 404, whatever asks for them', async () => {
    await put('/gone.txt', 'gone');
    await service.ask({ method: 'DELETE', path: '/gone.txt' });
    const [deletion] = await versionsOf('/gone.txt');
    expect(deletion?.deleted).toBe(true);
    for (const id of ['0'.repeat(32), deletion?.version_id ?? ''])
      for (const more of ['', '&include_properties=true', '&url=true']) {
        const answer = await ask('/gone.txt', id, more);
        expect([id, more, answer.status, reasonOf(answer)]).toEqual([id, more, 404, 'not_found']);
      }
    const head = await service.ask({
      method: 'HEAD',
      path: `/gone.txt?version_id=${'0'.repeat(32)}`,
    });
    expect(head.status).toBe(404);
  });

  it('are restored by a copy, under a condition, one of five', async () => {
    const bodies = ['1', '22', '333', '4444', '55555'];
    const ids = await written('/five.txt', bodies);
    const { headers } = await service.ask({ method: 'HEAD', path: '/five.txt' });
    const restore = (given: Readonly<Record<string, string>>) =>
      service.ask({
        method: 'POST',
        path: `/five.txt?restore=true&version_id=${ids[1]}`,
        headers: given,
      });
    expect((await restore({ 'If-Match': '"0123"' })).status).toBe(412);
    expect((await restore({ 'If-None-Match': '*' })).status).toBe(412);
    expect((await service.ask({ path: '/five.txt' })).text).toBe('55555');
    const done = await restore({ 'If-Match': headers['etag'] ?? '' });
    expect([done.status, done.json(), done.headers['location']]).toEqual([
      201,
      {
        name: 'five.txt',
        path: 'five.txt',
        content_type: expect.stringContaining('text/plain') as string,
        content_length: 2,
        type: 'file',
        etag: expect.any(String) as string,
      },
      `${service.mount}/five.txt`,
    ]);
    expect((await service.ask({ path: '/five.txt' })).text).toBe('22');
    expect(await versionsOf('/five.txt')).toHaveLength(6);
  });

  it('are restored from a file that was deleted', async () => {
    const [old] = await written('/back.txt', ['first', 'second']);
    await service.ask({ method: 'DELETE', path: '/back.txt' });
    const path = `/back.txt?restore=true&version_id=${old}`;
    expect((await service.ask({ method: 'POST', path })).status).toBe(201);
    expect((await service.ask({ path: '/back.txt' })).text).toBe('first');
  });

  it('that are the newest already are restored without harm', async () => {
    const [only] = await written('/newest.txt', ['same']);
    const path = `/newest.txt?restore=true&version_id=${only}`;
    expect((await service.ask({ method: 'POST', path })).status).toBe(201);
    expect((await service.ask({ path: '/newest.txt' })).text).toBe('same');
  });

  it('that are unknown are not restored', async () => {
    await put('/stays.txt', 'stays');
    const path = `/stays.txt?restore=true&version_id=${'0'.repeat(32)}`;
    const answer = await service.ask({ method: 'POST', path });
    expect([answer.status, reasonOf(answer)]).toEqual([404, 'not_found']);
    expect((await service.ask({ path: '/stays.txt' })).text).toBe('stays');
  });

  it('are found fine by check()', async () => {
    const { findings } = await service.files.check();
    expect(findings.find(({ name }) => name === 'versions')).toMatchObject({ ok: true });
  });
});

describe.each(availableStores())('a file from before the versioning of $name', ({ open }) => {
  it('is the version `null`: read, restored and purged as any other', async () => {
    const store = await open();
    const around = bypass(store);
    await around.plant({ 'old.txt': { body: 'from before' } });
    const config = { versions: true, trash: true, enableVersioning: true };
    const service = await startService(store, config);
    const path = '/old.txt';
    const listed = async () => {
      const answer = await service.ask({ path: `${path}?versions=true` });
      const { resource = [] } = answer.json() as { resource?: readonly Listed[] };
      return resource.map(({ version_id, deleted }) => (deleted ? 'deleted' : version_id));
    };
    expect(await listed()).toEqual(['null']);
    expect((await service.ask({ method: 'PUT', path, body: 'new' })).status).toBe(201);
    const [newest, oldest] = await listed();
    expect([newest === 'null', oldest]).toEqual([false, 'null']);
    const old = await service.ask({ path: `${path}?version_id=null` });
    expect(old.text).toBe('from before');
    const restored = await service.ask({
      method: 'POST',
      path: `${path}?restore=true&version_id=null`,
    });
    expect([restored.status, (await service.ask({ path })).text]).toEqual([201, 'from before']);
    expect((await service.ask({ method: 'DELETE', path })).status).toBe(200);
    expect(await listed()).toHaveLength(4);
    expect((await service.ask({ method: 'POST', path: `${path}?restore=true` })).status).toBe(201);
    expect((await service.ask({ path })).text).toBe('from before');
    const purged = await service.ask({ method: 'DELETE', path: `${path}?purge=true` });
    expect([purged.status, await keptVersions(store, 'old.txt')]).toEqual([200, []]);
    await service.close();
    around.close();
    await store.close();
  });
});

describe('a service without versions', () => {
  it('refuses every parameter that it must not ignore, before storage is asked', async () => {
    const store = await doubleStore();
    const service = await startService(store);
    for (const [method, path] of [
      ['GET', '/a.txt?versions=true'],
      ['GET', '/a.txt?version_id=x'],
      ['HEAD', '/a.txt?version_id=x'],
      ['GET', '/a.txt?include_properties=true&version_id=x'],
      ['GET', '/a.txt?url=true&version_id=x'],
      ['GET', '/a/?trash=true'],
      ['POST', '/a.txt?restore=true&version_id=x'],
      ['POST', '/a.txt?restore=true'],
      ['POST', '/a/?restore=true'],
      ['DELETE', '/a.txt?purge=true'],
      ['DELETE', '/a/?purge=true&force=true'],
    ] as const) {
      const answer = await service.ask({ method, path });
      expect([method, path, answer.status]).toEqual([method, path, 400]);
      if (method !== 'HEAD') expect(reasonOf(answer)).toBe('invalid_parameter');
    }
    expect(store.double.calls).toEqual([]);
    expect(service.files.openapi()).not.toMatchObject({
      paths: { '/{file_path}': { delete: { operationId: 'purge' } } },
    });
    await service.close();
    await store.close();
  });

  it('refuses a version id that is none', async () => {
    const store = await doubleStore();
    const service = await startService(store, { versions: true });
    for (const id of ['', '%0a', 'a%20b', 'x'.repeat(1025)]) {
      const answer = await service.ask({ path: `/a.txt?version_id=${id}` });
      expect([id, answer.status, reasonOf(answer)]).toEqual([id, 400, 'invalid_parameter']);
    }
    expect(store.double.calls).toEqual([]);
    await service.close();
    await store.close();
  });
});
