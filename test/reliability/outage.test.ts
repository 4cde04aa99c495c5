// F155-F157: storage that is out, that fails a share of its calls, and that drips, under steady requests.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { drip, status } from '../support/faults.ts';
import { outage, steadily } from '../support/outage.ts';
import { inParallel, startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { doubleStore } from '../support/stores.ts';

let store: Awaited<ReturnType<typeof doubleStore>>;
let proxy: FaultProxy;
let service: ServiceChild;

beforeAll(async () => {
  store = await doubleStore();
  proxy = await startFaultProxy({ target: store.endpoint, seed: 7 });
  service = await startServiceChild({ ...store, endpoint: proxy.endpoint });
  store.double.seed(store.bucket, 'tenant1/f', 'content');
  store.double.seed(store.bucket, 'tenant1/slow', Buffer.alloc(4 * 2 ** 20));
  await inParallel(50, 10, () => service.ask({ path: '/f' }));
});
afterAll(async () => {
  await service.child.kill();
  await proxy.close();
  await store.close();
});

it('F155 opens at once, spares storage, and recovers by itself', async () => {
  const seen = await outage(service, proxy, { perSecond: 50, from: 1, until: 5, seconds: 9 });
  expect(seen.otherStatuses).toEqual([]);
  expect(seen.opensMs).toBeLessThan(2000);
  expect(seen.callsPerSecond).toBeLessThanOrEqual(2);
  expect(seen.amplification).toBeLessThanOrEqual(1.1);
  expect(seen.recoveryMs).toBeLessThan(3000);
}, 30_000);

it('F156 answers 99 of 100 while a fifth of the calls fail', async () => {
  const before = proxy.calls.length;
  proxy.fail({ probability: 0.2, fault: status(503, 'SlowDown') });
  const samples = await steadily(service, { perSecond: 50, seconds: 6, at: [] });
  proxy.heal();
  const good = samples.filter(({ status: got }) => got === 200).length;
  expect(good / samples.length).toBeGreaterThanOrEqual(0.98);
  expect((proxy.calls.length - before) / samples.length).toBeLessThanOrEqual(1.35);
}, 30_000);

describe('F157 storage that drips for 10 of 200 requests', () => {
  it('does not slow the other 190', async () => {
    proxy.fail({ key: /\/slow$/, fault: drip(1024) });
    const slow = await Promise.all(Array.from({ length: 10 }, () => service.open('/slow')));
    const times = await inParallel(190, 20, async () => {
      const began = performance.now();
      expect((await service.ask({ path: '/f' })).status).toBe(200);
      return performance.now() - began;
    });
    expect(Math.max(...times)).toBeLessThan(2000);
    for (const reader of slow) reader.destroy();
    proxy.heal();
  }, 30_000);
});

it('has neither crashed nor leaked a listener', () => {
  expect(service.child.unhandled).toEqual([]);
});
