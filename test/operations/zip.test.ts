// Zip downloads: whole trees, their length known, one object at a time, and never a short one that opens.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bypass, FIXTURE, type Bypass } from '../support/fixture.ts';
import { openRaw } from '../support/raw.ts';
import { MOUNT, startService, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { installed } from '../support/programs.ts';
import { unzipSync } from '../support/unzip.ts';
import { until } from '../support/until.ts';

describe.each(availableStores())('zip over $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    await around.plant(FIXTURE);
    service = await startService(store, { name: 'acme' });
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it.runIf(installed('python3')).each([
    ['B14 a folder', '/old-folder/', 'old-folder.zip', { 'a.txt': 'a\n', 'sub/b.txt': 'b\n' }],
    ['an empty folder', '/empty/', 'empty.zip', {}],
    ['an implied folder', '/implied/', 'implied.zip', { 'x.txt': 'x\n' }],
  ])('%s', async (_, path, name, entries) => {
    const answer = await service.ask({ path: `${path}?zip=true` });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/zip']);
    expect(answer.headers['content-disposition']).toBe(`attachment; filename="${name}"`);
    expect(answer.headers['content-length']).toBe(String(answer.body.length));
    expect(unzipSync(answer.body)).toEqual(entries);
  });

  it.runIf(installed('python3'))(
    'names the zip of the root after the service, with every folder in it',
    async () => {
      const answer = await service.ask({ path: '/?zip=true' });
      expect(answer.headers['content-disposition']).toBe('attachment; filename="acme.zip"');
      expect(Object.keys(unzipSync(answer.body)).toSorted()).toEqual(
        Object.keys(FIXTURE).toSorted(),
      );
    },
  );

  it('answers 404 for no folder', async () => {
    expect((await service.ask({ path: '/nope/?zip=true' })).status).toBe(404);
  });

  describe.each(['/old-folder/?zip=true', '/?zip=true'])('of %s', (path) => {
    const ask = (headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
      service.ask({ path, method, headers });

    it('answers a range (R70) of the very bytes of the whole', async () => {
      const whole = await ask();
      expect(whole.headers['accept-ranges']).toBe('bytes');
      const size = whole.body.length;
      for (const [range, start, end] of [
        ['bytes=0-1', 0, 1],
        ['bytes=40-', 40, size - 1],
        ['bytes=-30', size - 30, size - 1],
      ] as const) {
        const part = await ask({ Range: range });
        expect([part.status, part.headers['content-range'], part.headers['etag']]).toEqual([
          206,
          `bytes ${start}-${end}/${size}`,
          whole.headers['etag'],
        ]);
        expect(part.body.equals(whole.body.subarray(start, end + 1))).toBe(true);
      }
      const beyond = await ask({ Range: `bytes=${size}-` });
      expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${size}`]);
    });

    it('holds the conditions of a request', async () => {
      const whole = await ask();
      const etag = String(whole.headers['etag']);
      const answered = async (headers: Readonly<Record<string, string>>, method = 'GET') => {
        const answer = await ask(headers, method);
        return [answer.status, answer.headers['etag'], answer.body.length];
      };
      const full = [200, etag, whole.body.length];
      expect(await answered({ 'If-None-Match': etag })).toEqual([304, etag, 0]);
      expect(await answered({ 'If-None-Match': etag }, 'HEAD')).toEqual([304, etag, 0]);
      expect(await answered({ 'If-None-Match': '"other"' })).toEqual(full);
      expect(await answered({ 'If-Match': etag })).toEqual(full);
      expect((await ask({ 'If-Match': '"other"' })).status).toBe(412);
      expect(await answered({ Range: 'bytes=0-9', 'If-Range': etag })).toEqual([206, etag, 10]);
      expect(await answered({ Range: 'bytes=0-9', 'If-Range': '"other"' })).toEqual(full);
      // Several ranges would read every file several times.
      expect(await answered({ Range: 'bytes=0-0,5-5' })).toEqual(full);
      expect(await answered({ Range: 'bytes=0-9' }, 'HEAD')).toEqual([200, etag, 0]);
    });

    it('answers HEAD as GET', async () => {
      const [get, head] = [await ask(), await ask({}, 'HEAD')];
      const names = ['content-length', 'etag', 'accept-ranges', 'content-type', 'cache-control'];
      expect(names.map((name) => head.headers[name])).toEqual(
        names.map((name) => get.headers[name]),
      );
    });
  });

  it('has another ETag once a file below the folder is another', async () => {
    const etag = async () => (await service.ask({ path: '/etag/?zip=true' })).headers['etag'];
    await around.plant({ 'etag/a.txt': { body: 'one' } });
    const before = await etag();
    await around.plant({ 'etag/a.txt': { body: 'two' } });
    const after = await etag();
    expect([typeof before, after === before]).toEqual(['string', false]);
  });
});

describe('zip of many files', () => {
  it.runIf(installed('python3', 'unzip'))(
    'R109 opens in unzip and in Python with 10,001 files',
    async () => {
      const store = await doubleStore();
      const service = await startService(store);
      const names = Array.from({ length: 10_001 }, (_, index) => `sub/${10_000 + index}.txt`);
      for (const name of names) store.double.seed(store.bucket, `many/${name}`, name);
      const { headers, body } = await service.ask({ path: '/many/?zip=true' });
      expect(headers['content-length']).toBe(String(body.length));
      expect(unzipSync(body)).toEqual(Object.fromEntries(names.map((name) => [name, name])));
      const folder = mkdtempSync(join(tmpdir(), 's3files-zip-'));
      writeFileSync(join(folder, 'many.zip'), body);
      const said = execFileSync('unzip', ['-tq', join(folder, 'many.zip')], { encoding: 'utf8' });
      expect(said).toContain('No errors detected');
      rmSync(folder, { recursive: true });
      await service.close();
      await store.close();
    },
    60_000,
  );
});

describe('zip of a selection', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let service: RunningService;
  const zipOf = (path: string, body: unknown) =>
    service.ask({
      method: 'POST',
      path: `${path}?zip=true`,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });

  beforeAll(async () => {
    store = await doubleStore();
    // Who may only read may zip.
    service = await startService(store, {
      authorize: ({ path, action, verb }) =>
        verb === 'GET' && ['read', 'list'].includes(action) && !path.includes('secret'),
    });
    for (const key of ['f/a.txt', 'f/b.txt', 'f/d/', 'f/d/x', 'f/d/secret', 'f/secret', 'g.txt'])
      store.double.seed(store.bucket, key, key);
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  it.runIf(installed('python3')).each([
    ['names', '/f/', [{ name: 'b.txt' }, { name: 'd', type: 'folder' }], ['b.txt', 'd/', 'd/x']],
    ['paths', '/f/', [{ path: 'f/d/' }, { path: 'f/d/x' }, { path: 'f/d/' }], ['d/', 'd/x']],
    ['the root', '/', [{ path: 'g.txt' }, { name: 'f/a.txt' }], ['f/a.txt', 'g.txt']],
  ])('holds what was selected by %s, once', async (_, path, resource, expected) => {
    const answer = await zipOf(path, { resource });
    expect([answer.status, answer.headers['content-length']]).toEqual([
      200,
      String(answer.body.length),
    ]);
    expect(Object.keys(unzipSync(answer.body))).toEqual(expected);
  });

  it.each([
    // Nobody is signed in.
    [401, [{ name: 'a.txt' }, { name: 'secret' }]],
    [404, [{ name: 'a.txt' }, { name: 'nope.txt' }]],
    [404, [{ name: 'nope/' }]],
    [400, [{ path: 'g.txt' }]],
    [400, [{ path: 'f/' }]],
    [400, [{}]],
    [400, []],
    [400, [{ name: '../g.txt' }]],
    [413, Array.from({ length: 1001 }, (_, index) => ({ name: `${index}` }))],
  ])('answers %i to %j, and no archive', async (status, resource) => {
    const answer = await zipOf('/f/', { resource });
    expect([answer.status, answer.headers['content-type']]).toEqual([
      status,
      'application/json; charset=utf-8',
    ]);
  });
});

describe('zip of more files than were gathered before', () => {
  it('has its exact length with 70,000 of them', async () => {
    const store = await doubleStore();
    const service = await startService(store);
    for (let index = 0; index < 70_000; index += 1)
      store.double.seed(store.bucket, `many/${10_000 + index}`, '');
    const { headers, body } = await service.ask({ path: '/many/?zip=true' });
    expect([headers['content-length'], headers['accept-ranges']]).toEqual([
      String(body.length),
      'bytes',
    ]);
    await service.close();
    await store.close();
  }, 60_000);
});

describe('zip when something goes wrong', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let service: RunningService;
  const MIB = 2 ** 20;

  beforeEach(async () => {
    store = await doubleStore();
    service = await startService(store, {
      authorize: ({ path }) => !path.includes('secret'),
    });
    for (const name of ['a', 'b', 'c', 'd'])
      store.double.sparse(store.bucket, `big/${name}.bin`, 8 * MIB);
    store.double.seed(store.bucket, 'big/secret/x.txt', 'secret');
    store.double.seed(store.bucket, 'big/secret.txt', 'secret');
  });
  afterEach(async () => {
    await service.close();
    await store.close();
  });

  it.runIf(installed('python3'))(
    'leaves out what the caller may not read, also from the length',
    async () => {
      const answer = await service.ask({ path: '/big/?zip=true' });
      expect(answer.headers['content-length']).toBe(String(answer.body.length));
      expect(Object.keys(unzipSync(answer.body))).toEqual(['a.bin', 'b.bin', 'c.bin', 'd.bin']);
    },
  );

  it('opens one object at a time', async () => {
    let most = 0;
    const watching = setInterval(() => {
      const open = store.double.calls.filter(
        ({ operation, complete }) => operation === 'GetObject' && !complete,
      );
      most = Math.max(most, open.length);
    }, 1);
    await service.ask({ path: '/big/?zip=true' });
    clearInterval(watching);
    expect(most).toBe(1);
    expect(store.double.calls.map(({ operation }) => operation)).toEqual([
      'ListObjectsV2',
      'GetObject',
      'GetObject',
      'GetObject',
      'GetObject',
    ]);
  });

  it.runIf(installed('python3'))(
    'R111 breaks the connection when storage breaks off for good',
    async () => {
      const fault = { operation: 'GetObject', key: /c\.bin/, times: 50 } as const;
      store.double.inject({ ...fault, kind: 'reset', bytes: MIB });
      const connection = await openRaw(service.port);
      connection.send(`GET ${MOUNT}/big/?zip=true HTTP/1.1\r\nHost: x\r\n\r\n`);
      const { status, ended, body } = await connection.response({ timeoutMs: 25_000 });
      expect([status, ['fin', 'reset'].includes(ended)]).toEqual([200, true]);
      expect(body.length).toBeLessThan(32 * MIB);
      expect(() => unzipSync(body)).toThrow('BadZipFile');
      await until(() => service.audit.length === 1, { what: 'the audit event' });
      expect(service.audit[0]).toMatchObject({ complete: false, status: 200 });
    },
    40_000,
  );

  it('R94 breaks the connection when a file changes after it was listed', async () => {
    const ending = await new Promise<string>((resolve, reject) => {
      const asking = request({ port: service.port, path: `${MOUNT}/big/?zip=true` }, (answer) => {
        // It has its headers, and so its listing; what it opens last has changed by then.
        store.double.sparse(store.bucket, 'big/d.bin', 9 * MIB);
        answer.on('end', () => resolve('complete'));
        answer.on('error', () => resolve('broken'));
        answer.resume();
      });
      asking.on('error', reject);
      asking.end();
    });
    expect(ending).toBe('broken');
  });

  it('R112 stops within a second when the client leaves', async () => {
    const leaving = request({ port: service.port, path: `${MOUNT}/big/?zip=true` });
    leaving.on('error', () => {});
    await new Promise<void>((resolve) => {
      leaving.once('response', (answer) => {
        answer.once('data', () => {
          leaving.destroy();
          resolve();
        });
      });
      leaving.end();
    });
    await until(() => service.audit.length === 1, { what: 'the end', deadlineMs: 1000 });
    const calls = store.double.calls.length;
    await service.ask({ path: '/big/a.bin?include_properties=true' });
    // No further file was opened after the client had gone.
    expect(store.double.calls.length).toBe(calls + 1);
    expect(calls).toBeLessThan(5);
  });

  it('answers 503 as JSON when the listing fails, before any byte', async () => {
    store.double.inject({ kind: 'status', status: 503, code: 'SlowDown', times: 9 });
    const answer = await service.ask({ path: '/big/?zip=true' });
    expect([answer.status, answer.headers['content-type']]).toEqual([
      503,
      'application/json; charset=utf-8',
    ]);
  });
});
