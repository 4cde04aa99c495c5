// A hundred uploads at once, by every way there is, against room for ten: ten.
import { createClient } from '@keyv/redis';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { memoryQuota } from '../../../src/storage/quota/store.ts';
import { formOf } from '../../support/form.ts';
import { bypass } from '../../support/fixture.ts';
import { installed } from '../../support/programs.ts';
import { openRaw } from '../../support/raw.ts';
import { chunk, rawRequest } from '../../support/raw-request.ts';
import { startRedis } from '../../support/redis.ts';
import { startService, type Answer, type RunningService } from '../../support/service.ts';
import { availableStores, doubleStore } from '../../support/stores.ts';
import { metadataOf, postTus } from '../../support/tus.ts';
import { until } from '../../support/until.ts';

const BYTES = 1024;
const ROOM = 10 * BYTES;
const BODY = 'x'.repeat(BYTES);
const CONFIG = { resumable: true, uploadSecret: 'a secret of the crowd' } as const;

type Way = (service: RunningService, name: string) => Promise<Answer>;

/** In turn; each answers 201 when the file came in, and 403 when there was no room. */
const WAYS: readonly Way[] = [
  (service, name) => service.ask({ method: 'PUT', path: `/${name}`, body: BODY }),
  (service, name) =>
    service.ask({
      method: 'POST',
      path: `/${name}`,
      body: BODY,
      headers: { 'Transfer-Encoding': 'chunked' },
    }),
  (service, name) => {
    const form = formOf([{ name: 'f', filename: name, body: BODY }]);
    return service.ask({ method: 'POST', path: '/', ...form });
  },
  (service, name) =>
    service.ask({
      method: 'POST',
      path: '/',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ resource: [{ type: 'file', name, content: BODY }] }),
    }),
  // What would be a pre-signed URL without a quota.
  async (service, name) => {
    const signed = await service.ask({ method: 'PUT', path: `/${name}?url=true` });
    const { url } = signed.json() as { url: string };
    return service.ask({ method: 'PUT', path: url.slice(service.mount.length), body: BODY });
  },
  (service, name) =>
    postTus(
      service,
      '/',
      { 'Upload-Length': String(BYTES), 'Upload-Metadata': metadataOf({ filename: name }) },
      Buffer.from(BODY),
    ),
];

const crowd = (services: readonly RunningService[], folder = ''): Promise<number[]> =>
  Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const service = services[n % services.length] as RunningService;
      // Not in step with the instances.
      const way = WAYS[Math.floor(n / services.length) % WAYS.length] as Way;
      return (await way(service, `${folder}${n}.bin`)).status;
    }),
  );
const count = (statuses: readonly number[], wanted: number): number =>
  statuses.filter((status) => status === wanted).length;

describe.each(availableStores())('a crowd before a quota on $name', ({ open }) => {
  it('gets exactly ten of a hundred in, by six ways at once', async () => {
    const store = await open();
    const around = bypass(store);
    const service = await startService(store, { ...CONFIG, quota: { bytes: ROOM } });
    const statuses = await crowd([service]);
    expect([count(statuses, 201), count(statuses, 403)]).toEqual([10, 90]);
    const stored = (await around.keys()).filter((key) => !key.startsWith('.s3files/'));
    expect(stored).toHaveLength(10);
    const full = { used: ROOM, allowed: ROOM, files: 10 };
    expect((await service.ask({ path: '/?usage=true' })).json()).toEqual(full);
    expect(await service.files.reconcile()).toEqual({ used: ROOM, files: 10 });
    // What was refused holds no room: as much as is freed is there again.
    await service.ask({ method: 'DELETE', path: `/${stored[0]}` });
    expect(count(await crowd([service], 'again-'), 201)).toBe(1);
    await service.close();
    around.close();
    await store.close();
  }, 120_000);
});

describe('uploads of unknown length', () => {
  it('are exactly ten of a hundred too, although nobody knew how much room they would need', async () => {
    const store = await doubleStore();
    const BYTES_EACH = 300_000;
    const service = await startService(store, { quota: { bytes: 10 * BYTES_EACH } });
    const upload = { method: 'PUT', body: Buffer.alloc(BYTES_EACH) };
    const headers = { 'Transfer-Encoding': 'chunked' };
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const { status } = await service.ask({ ...upload, path: `/${n}`, headers });
        return status;
      }),
    );
    expect([count(statuses, 201), count(statuses, 403)]).toEqual([10, 90]);
    expect(await service.files.reconcile()).toEqual({ used: 10 * BYTES_EACH, files: 10 });
    await service.close();
    await store.close();
  }, 60_000);

  it('hold no more room than their bytes need', async () => {
    const MIB = 2 ** 20;
    const store = await doubleStore();
    const kept = memoryQuota();
    const service = await startService(store, { quota: { bytes: 10 * MIB, store: kept } });
    const unknown = await openRaw(service.port);
    const headers = { 'Transfer-Encoding': 'chunked' };
    unknown.send(rawRequest({ method: 'PUT', target: `${service.mount}/unknown`, headers }));
    unknown.send(chunk(Buffer.alloc(MIB)));
    // The last piece waits for what follows it.
    await until(async () => ((await kept.look(''))?.reserved ?? 0) >= MIB / 2, {
      what: 'its room to be reserved',
    });
    expect((await kept.look(''))?.reserved).toBeLessThanOrEqual(MIB);
    const known = { method: 'PUT', path: '/known', body: Buffer.alloc(8 * MIB) };
    expect((await service.ask(known)).status).toBe(201);
    unknown.send('0\r\n\r\n');
    expect((await unknown.response()).status).toBe(201);
    expect(await kept.look('')).toEqual({ used: 9 * MIB, files: 2, reserved: 0 });
    unknown.close();
    await service.close();
    await store.close();
  });
});

describe.runIf(installed('redis'))('a crowd before two instances on one Redis', () => {
  it('gets exactly ten of a hundred in, by six ways at once', async () => {
    const redis = await startRedis();
    const ioredis = new Redis({ port: redis.port });
    const nodeRedis = createClient({ url: redis.url });
    await nodeRedis.connect();
    const store = await doubleStore();
    const services = await Promise.all(
      [ioredis, nodeRedis].map((client) =>
        startService(store, { ...CONFIG, quota: { bytes: ROOM, store: client } }),
      ),
    );
    const statuses = await crowd(services);
    expect([count(statuses, 201), count(statuses, 403)]).toEqual([10, 90]);
    for (const service of services) {
      const answer = await service.ask({ path: '/?usage=true' });
      expect(answer.json()).toEqual({ used: ROOM, allowed: ROOM, files: 10 });
    }
    expect(Number(await ioredis.hget('s3files:quota:', 'reserved'))).toBe(0);
    for (const service of services) await service.close();
    await store.close();
    ioredis.disconnect();
    nodeRedis.destroy();
    await redis.close();
  }, 120_000);
});
