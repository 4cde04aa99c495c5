// The quota of a container: reserved, settled, given back, counted again; in memory and in Redis.
import { createClient } from '@keyv/redis';
import { Redis } from 'ioredis';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryQuota } from '../../../src/storage/quota/store.ts';
import { startService, type Answer, type RunningService } from '../../support/service.ts';
import { availableStores, doubleStore } from '../../support/stores.ts';
import { craftZip } from '../../support/crafted-zip.ts';
import { formOf } from '../../support/form.ts';
import { installed } from '../../support/programs.ts';
import { seededRandom } from '../../support/random.ts';
import { startRedis, type RedisServer } from '../../support/redis.ts';
import { beginTus } from '../../support/tus.ts';
import { until } from '../../support/until.ts';

interface Usage {
  readonly used: number;
  readonly allowed: number;
  readonly files: number;
}

const usageOf = async (service: RunningService): Promise<Usage> =>
  (await service.ask({ path: '/?usage=true' })).json() as Usage;
const errorOf = (answer: Answer) =>
  (answer.json() as { error: { reason: string; message: string; context: unknown } }).error;
const put = (service: RunningService, path: string, body: string | Uint8Array) =>
  service.ask({ method: 'PUT', path, body });
const json = (resource: unknown) => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ resource }),
});
const KIB = 1024;

describe.each(availableStores())('a quota on $name', ({ open }) => {
  it('follows every way in and out', async () => {
    const store = await open();
    const service = await startService(store, { quota: { bytes: 1000 }, container: 'c' });
    const steps: [string, () => Promise<Answer>, number, number][] = [
      ['a new file', () => put(service, '/a', 'x'.repeat(100)), 100, 1],
      ['a larger one in its place', () => put(service, '/a', 'x'.repeat(150)), 150, 1],
      ['a smaller one', () => put(service, '/a', 'x'.repeat(50)), 50, 1],
      [
        'a body of unknown length',
        () =>
          service.ask({
            method: 'PUT',
            path: '/b',
            body: 'y'.repeat(30),
            headers: { 'Transfer-Encoding': 'chunked' },
          }),
        80,
        2,
      ],
      [
        'a form',
        () =>
          service.ask({
            method: 'POST',
            path: '/f/',
            ...formOf([{ name: 'f', filename: 'c', body: 'z'.repeat(20) }]),
          }),
        100,
        3,
      ],
      [
        'a copy',
        () =>
          service.ask({
            method: 'POST',
            path: '/',
            ...json([{ type: 'file', source_path: 'a', name: 'd' }]),
          }),
        150,
        4,
      ],
      [
        'a move',
        () =>
          service.ask({
            method: 'POST',
            path: '/',
            ...json([{ type: 'file', source_path: 'd', name: 'e', delete_source: true }]),
          }),
        150,
        4,
      ],
      [
        'a copied folder',
        () =>
          service.ask({
            method: 'POST',
            path: '/',
            ...json([{ type: 'folder', source_path: 'f', name: 'g' }]),
          }),
        170,
        5,
      ],
      [
        'an archive',
        () =>
          service.ask({
            method: 'PUT',
            path: '/h/x.zip?extract=true',
            headers: { 'Content-Type': 'application/zip' },
            body: craftZip([
              { name: '1', data: '12345' },
              { name: '2', data: '12345' },
            ]),
          }),
        180,
        7,
      ],
      [
        'changed properties',
        () =>
          service.ask({
            method: 'PATCH',
            path: '/a',
            headers: { 'Content-Type': 'application/json' },
            body: '{"cache_control":"no-store"}',
          }),
        180,
        7,
      ],
      [
        'an upload that is refused',
        () => service.ask({ method: 'POST', path: '/a', body: 'x' }),
        180,
        7,
      ],
      ['a new folder', () => service.ask({ method: 'POST', path: '/empty/' }), 180, 7],
      ['a deleted file', () => service.ask({ method: 'DELETE', path: '/a' }), 130, 6],
      [
        'one that is not looked for',
        () => service.ask({ method: 'DELETE', path: '/b?no_check=true' }),
        100,
        5,
      ],
      ['a deleted folder', () => service.ask({ method: 'DELETE', path: '/h/?force=true' }), 90, 3],
      [
        'a deleted list',
        () =>
          service.ask({ method: 'DELETE', path: '/', ...json([{ path: 'e' }, { path: 'f/c' }]) }),
        20,
        1,
      ],
    ];
    expect(await usageOf(service)).toEqual({ used: 0, allowed: 1000, files: 0 });
    for (const [what, step, used, files] of steps) {
      const { status, text } = await step();
      expect([what, await usageOf(service)], `${status} ${text}`).toEqual([
        what,
        { used, allowed: 1000, files },
      ]);
    }
    expect(await service.files.reconcile()).toEqual({ used: 20, files: 1 });
    await service.close();
    await store.close();
  }, 60_000);
});

describe('a full container', () => {
  it('refuses by 403 that names used and allowed, and keeps what it has', async () => {
    const store = await doubleStore();
    const service = await startService(store, { quota: { bytes: 100 } });
    await put(service, '/a', 'x'.repeat(60));
    const known = await put(service, '/b', 'x'.repeat(41));
    expect([known.status, errorOf(known)]).toMatchObject([
      403,
      {
        reason: 'quota_exceeded',
        message: 'Access Denied: There is no room left for this file: 60 of 100 bytes are used.',
        context: { used: 60, allowed: 100 },
      },
    ]);
    const unknown = await service.ask({
      method: 'PUT',
      path: '/b',
      body: 'x'.repeat(41),
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    expect([unknown.status, errorOf(unknown).reason]).toEqual([403, 'quota_exceeded']);
    const copy = await service.ask({
      method: 'POST',
      path: '/',
      ...json([{ type: 'file', source_path: 'a', name: 'c' }]),
    });
    expect([copy.status, errorOf(copy).reason]).toEqual([403, 'quota_exceeded']);
    const fits = await service.ask({
      method: 'PUT',
      path: '/b',
      body: 'x'.repeat(40),
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    expect(fits.status).toBe(201);
    expect([...store.double.objects(store.bucket).keys()]).toEqual(['a', 'b']);
    expect(store.double.uploads(store.bucket)).toEqual([]);
    expect(await usageOf(service)).toEqual({ used: 100, allowed: 100, files: 2 });
    await service.close();
    await store.close();
  });

  it('lets exactly ten of a hundred uploads at once in, and gives back what ends early', async () => {
    const store = await doubleStore();
    const kept = memoryQuota();
    const service = await startService(store, { quota: { bytes: 10 * KIB, store: kept } });
    const body = 'x'.repeat(KIB);
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => (await put(service, `/${n}`, body)).status),
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(10);
    expect(statuses.filter((status) => status === 403)).toHaveLength(90);
    expect(store.double.objects(store.bucket).size).toBe(10);
    await service.ask({ method: 'DELETE', path: `/${statuses.indexOf(201)}` });
    // Clients that announce and leave.
    for (let n = 0; n < 5; n += 1) {
      const socket = connect(service.port, '127.0.0.1');
      socket.write(
        `PUT ${service.mount}/left HTTP/1.1\r\nHost: x\r\nContent-Length: ${KIB}\r\n\r\nhalf`,
      );
      await until(async () => (await kept.look(''))?.reserved === KIB, {
        what: 'the room to be reserved',
      });
      socket.destroy();
      await until(async () => (await kept.look(''))?.reserved === 0, {
        what: 'the room to be given back',
      });
    }
    await until(async () => (await put(service, '/again', body)).status === 201, {
      what: 'room for one more',
    });
    expect(await usageOf(service)).toEqual({ used: 10 * KIB, allowed: 10 * KIB, files: 10 });
    await service.close();
    await store.close();
  });

  it('gives back the room of uploads that nobody goes on with, once they are swept', async () => {
    const store = await doubleStore();
    const kept = memoryQuota();
    const MIB = 2 ** 20;
    const service = await startService(store, {
      quota: { bytes: 20 * MIB, store: kept },
      container: 'home',
      resumable: true,
      partSize: 5 * MIB,
    });
    const upload = await beginTus(service, '/film.bin', { 'Upload-Length': String(15 * MIB) });
    await upload.patch(0, Buffer.alloc(10 * MIB));
    expect((await kept.look('home/'))?.reserved).toBe(10 * MIB);
    expect((await put(service, '/a', Buffer.alloc(11 * MIB))).status).toBe(403);
    store.double.age(store.bucket, 3 * 86_400_000);
    expect((await service.files.sweep({ dryRun: true })).aborted).toBe(0);
    expect((await kept.look('home/'))?.reserved).toBe(10 * MIB);
    expect((await service.files.sweep()).aborted).toBe(1);
    expect((await kept.look('home/'))?.reserved).toBe(0);
    expect((await put(service, '/a', Buffer.alloc(11 * MIB))).status).toBe(201);
    await service.close();
    await store.close();
  });

  it('counts what a file comes to that many write, create and delete at once', async () => {
    const store = await doubleStore();
    const service = await startService(store, { quota: { bytes: 1_000_000 } });
    const there = () => {
      const object = store.double.objects(store.bucket).get('same');
      return { used: object?.size ?? 0, files: object === undefined ? 0 : 1 };
    };
    const random = seededRandom(7);
    for (let round = 0; round < 12; round += 1) {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => {
          const body = Array.from(
            { length: 1 + Math.floor(random() * 500) },
            () => (random() * 10) | 0,
          ).join('');
          const way = Math.floor(random() * 5);
          if (way === 0) return service.ask({ method: 'DELETE', path: '/same?no_check=true' });
          if (way === 1) return service.ask({ method: 'POST', path: '/same', body });
          const headers: Record<string, string> =
            n % 2 === 0 ? { 'Transfer-Encoding': 'chunked' } : {};
          return service.ask({ method: 'PUT', path: '/same', body, headers });
        }),
      );
      const { used, files } = await usageOf(service);
      expect([round, { used, files }]).toEqual([round, there()]);
    }
    // Creating what is there changes nothing, however many try.
    await Promise.all(
      Array.from({ length: 20 }, () => service.ask({ method: 'POST', path: '/same', body: 'x' })),
    );
    expect(await usageOf(service)).toMatchObject(there());
    await service.close();
    await store.close();
  }, 60_000);

  it('counts a write of which the client has left and another has come', async () => {
    const store = await doubleStore();
    const kept = memoryQuota();
    const service = await startService(store, { quota: { bytes: 10 * KIB, store: kept } });
    const socket = connect(service.port, '127.0.0.1');
    socket.write(
      `PUT ${service.mount}/same HTTP/1.1\r\nHost: x\r\nContent-Length: ${KIB}\r\n\r\nhalf`,
    );
    await until(async () => (await kept.look(''))?.reserved === KIB, {
      what: 'the room to be reserved',
    });
    expect((await put(service, '/same', 'x'.repeat(100))).status).toBe(201);
    socket.destroy();
    await until(async () => (await kept.look(''))?.reserved === 0, {
      what: 'the room to be given back',
    });
    expect(await kept.look('')).toEqual({ used: 100, files: 1, reserved: 0 });
    await service.close();
    await store.close();
  });

  it('is each container by itself, and by the word of the host', async () => {
    const store = await doubleStore();
    const service = await startService(store, {
      container: ({ headers }) => `t/${headers['x-team']}`,
      quota: { bytes: ({ headers }) => Number(headers['x-room'] ?? 'none') },
    });
    const send = (team: string, room: string) =>
      service.ask({
        method: 'PUT',
        path: '/a',
        body: 'x'.repeat(10),
        headers: { 'X-Team': team, 'X-Room': room },
      });
    expect((await send('one', '10')).status).toBe(201);
    expect((await send('two', '9')).status).toBe(403);
    expect((await send('two', '10')).status).toBe(201);
    const unknown = await send('three', 'many');
    expect([unknown.status, errorOf(unknown).reason]).toEqual([503, 'limit_unavailable']);
    expect(service.told()).toEqual(['limit']);
    await expect(service.files.reconcile()).rejects.toThrow(TypeError);
    expect(await service.files.reconcile({ container: 't/one' })).toEqual({ used: 10, files: 1 });
    await service.close();
    await store.close();
  });

  it('counts what was there before, and what others changed after reconcile()', async () => {
    const store = await doubleStore();
    for (let n = 0; n < 1100; n += 1) store.double.seed(store.bucket, `old/${n}`, 'x');
    store.double.seed(store.bucket, 'old/', '');
    const service = await startService(store, { quota: { bytes: 1101 } });
    expect((await put(service, '/a', 'xx')).status).toBe(403);
    expect(await usageOf(service)).toEqual({ used: 1100, allowed: 1101, files: 1100 });
    store.double.seed(store.bucket, 'old/0', '');
    expect(await service.files.reconcile()).toEqual({ used: 1099, files: 1100 });
    expect((await put(service, '/a', 'xx')).status).toBe(201);
    await service.close();
    await store.close();
  });

  it('takes back what a restore brings, and frees what a purge removes', async () => {
    const store = await doubleStore();
    const service = await startService(store, {
      versions: true,
      trash: true,
      enableVersioning: true,
      quota: { bytes: 100 },
    });
    await put(service, '/f/a', 'x'.repeat(60));
    await service.ask({ method: 'DELETE', path: '/f/?force=true' });
    expect(await usageOf(service)).toMatchObject({ used: 0, files: 0 });
    await put(service, '/b', 'x'.repeat(50));
    const full = await service.ask({ method: 'POST', path: '/f/?restore=true' });
    expect([full.status, errorOf(full).reason]).toEqual([403, 'quota_exceeded']);
    await service.ask({ method: 'DELETE', path: '/b?purge=true' });
    expect((await service.ask({ method: 'POST', path: '/f/?restore=true' })).status).toBe(201);
    expect(await usageOf(service)).toMatchObject({ used: 60, files: 1 });
    await service.ask({ method: 'DELETE', path: '/f/?purge=true&force=true' });
    expect(await usageOf(service)).toMatchObject({ used: 0, files: 0 });
    await service.close();
    await store.close();
  });

  it('signs no upload past the service', async () => {
    const store = await doubleStore();
    const service = await startService(store, { quota: { bytes: 10 } });
    const signed = await service.ask({ method: 'PUT', path: '/a?url=true&content_length=11' });
    const { url } = signed.json() as { url: string };
    expect(url).toContain('/_uploads/');
    const sent = await service.ask({
      method: 'PUT',
      path: url.slice(service.mount.length),
      body: 'x'.repeat(11),
    });
    expect([sent.status, errorOf(sent).reason]).toEqual([403, 'quota_exceeded']);
    await service.close();
    await store.close();
  });
});

describe.runIf(installed('redis'))('a quota in Redis', () => {
  let redis: RedisServer;
  let ioredis: Redis;
  let nodeRedis: ReturnType<typeof createClient>;

  beforeAll(async () => {
    redis = await startRedis();
    ioredis = new Redis({ port: redis.port, retryStrategy: () => 50 });
    nodeRedis = createClient({ url: redis.url });
    for (const client of [ioredis, nodeRedis]) client.on('error', () => undefined);
    await nodeRedis.connect();
  });
  afterAll(async () => {
    ioredis.disconnect();
    nodeRedis.destroy();
    await redis.close();
  });

  it('lets exactly ten of a hundred in across two instances, and forgets a killed one by reconcile()', async () => {
    const store = await doubleStore();
    const services = [
      await startService(store, { quota: { bytes: 10 * KIB, store: ioredis } }),
      await startService(store, { quota: { bytes: 10 * KIB, store: nodeRedis } }),
    ] as const;
    const body = 'x'.repeat(KIB);
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const service = n % 2 === 0 ? services[0] : services[1];
        return (await put(service, `/${n}`, body)).status;
      }),
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(10);
    expect(statuses.filter((status) => status === 403)).toHaveLength(90);
    for (const service of services)
      expect(await usageOf(service)).toEqual({ used: 10 * KIB, allowed: 10 * KIB, files: 10 });
    await services[0].ask({ method: 'DELETE', path: `/${statuses.indexOf(201)}` });
    // What an instance had reserved when it was killed.
    await ioredis.hset('s3files:quota:', 'r:gone', String(KIB), 'reserved', String(KIB));
    expect((await put(services[1], '/next', body)).status).toBe(403);
    expect(await services[1].files.reconcile()).toEqual({ used: 9 * KIB, files: 9 });
    expect((await put(services[0], '/next', body)).status).toBe(201);
    for (const service of services) await service.close();
    await store.close();
  });

  it('that does not answer refuses writes by 503, and nothing else', async () => {
    const store = await doubleStore();
    const failing = {
      reserve: () => Promise.reject(new Error('down')),
      settle: () => Promise.reject(new Error('down')),
      look: () => Promise.reject(new Error('down')),
      reset: () => Promise.reject(new Error('down')),
    };
    const service = await startService(store, { quota: { bytes: 10, store: failing } });
    store.double.seed(store.bucket, 'a', 'a');
    const refused = await put(service, '/b', 'b');
    expect([refused.status, errorOf(refused).reason]).toEqual([503, 'limit_unavailable']);
    expect((await service.ask({ path: '/a' })).text).toBe('a');
    expect((await service.ask({ method: 'DELETE', path: '/a' })).status).toBe(200);
    // Of the refusal, of what it gave back, and of the deletion that could not be counted.
    expect(service.told()).toEqual(['limit', 'limit', 'limit']);
    await service.close();
    await store.close();
  });
});
