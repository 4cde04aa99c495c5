// O1, O3, O4, O9 from outside: the service as a process under loads that the figures run larger.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { fuzz, leaveAtRandom } from '../support/loads-fuzz.ts';
import { cutDownloads, leaveUploads } from '../support/loads.ts';
import { seededRandom } from '../support/random.ts';
import { inParallel, startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { doubleStore } from '../support/stores.ts';

const MIB = 2 ** 20;
const seed = Date.now() % 1_000_000;
const random = seededRandom(seed);

describe(`loads, seed ${seed}`, () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let proxy: FaultProxy;
  let service: ServiceChild;

  beforeAll(async () => {
    store = await doubleStore();
    proxy = await startFaultProxy({ target: store.endpoint, seed });
    service = await startServiceChild({ ...store, endpoint: proxy.endpoint });
    store.double.seed(store.bucket, 'tenant1/f10', '0123456789');
    store.double.seed(store.bucket, 'tenant1/folder/a', 'a');
  });
  afterAll(async () => {
    await service.child.kill();
    await proxy.close();
    await store.close();
  });

  // First: the archives that it asks for are small now.
  it('answers 2000 random requests without a fault, a hang or a crash', async () => {
    const { statuses, slowestMs, hung } = await fuzz(service, { count: 2000, random });
    expect(hung).toEqual([]);
    expect(statuses['500']).toBeUndefined();
    expect(slowestMs).toBeLessThan(3000);
    expect(service.child.unhandled).toEqual([]);
  }, 90_000);

  it('B59 leaves nothing of 200 uploads cut anywhere, and stores the next 100', async () => {
    expect(await leaveUploads(service, store, { count: 200, random })).toEqual({
      objects: 0,
      uploads: 0,
      sockets: 0,
      descriptors: 0,
      stored: 100,
      unhandled: [],
    });
  }, 90_000);

  it('F145 shows 100 answers that storage cut for good as broken', async () => {
    const reads = await cutDownloads(service, store, proxy, {
      count: 100,
      random,
      isLasting: true,
    });
    expect(reads).toEqual({ lies: 0, whole: 0, broken: 100 });
  }, 90_000);

  it('F145 makes 200 answers whole that storage cut once', async () => {
    const once = { count: 200, random, isLasting: false };
    const reads = await cutDownloads(service, store, proxy, once);
    expect(reads).toEqual({ lies: 0, whole: 200, broken: 0 });
  }, 90_000);

  it('I167 grows by few bytes for 30 uploads of 8 MiB at once', async () => {
    await inParallel(4, 4, (index) => service.upload(`/warm/${index}`, 8 * MIB));
    await service.child.collectGarbage();
    const before = service.child.rss();
    service.child.resetPeakRss();
    const statuses = await inParallel(30, 30, (index) => service.upload(`/many/${index}`, 8 * MIB));
    expect(new Set(statuses)).toEqual(new Set([201]));
    expect((service.child.peakRss() - before) / MIB).toBeLessThan(120);
  }, 90_000);
});

describe(`failing hooks, seed ${seed}`, () => {
  it('leave nothing unhandled of 600 random requests, half of them left by their clients', async () => {
    const store = await doubleStore();
    store.double.seed(store.bucket, 'tenant1/f10', '0123456789');
    const starting = { entry: 'failing-hooks', environment: { SEED: String(seed) } };
    const service = await startServiceChild(store, {}, starting);
    const statuses = await leaveAtRandom(service, { count: 600, random });
    expect(service.child.unhandled).toEqual([]);
    expect([statuses['hang'], statuses['500'], statuses['refused']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    // Hooks failed, and hooks answered.
    expect(statuses['503']).toBeGreaterThan(0);
    expect(statuses['200']).toBeGreaterThan(0);
    await service.child.kill();
    await store.close();
  }, 90_000);
});
