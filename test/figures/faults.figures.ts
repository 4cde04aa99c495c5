// Figures of what goes wrong: clients that leave, answers that storage cuts, random requests, outages.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { status } from '../support/faults.ts';
import { fuzz } from '../support/loads-fuzz.ts';
import { cutDownloads, leaveUploads } from '../support/loads.ts';
import { outage, steadily } from '../support/outage.ts';
import { seededRandom } from '../support/random.ts';
import { startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { doubleStore } from '../support/stores.ts';
import { figure } from './report.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
let store: Awaited<ReturnType<typeof doubleStore>>;
let proxy: FaultProxy;
let service: ServiceChild;

beforeEach(async () => {
  console.info(`seed ${seed}`);
  store = await doubleStore();
  proxy = await startFaultProxy({ target: store.endpoint, seed });
  service = await startServiceChild({ ...store, endpoint: proxy.endpoint });
  store.double.seed(store.bucket, 'tenant1/f', 'content');
  store.double.seed(store.bucket, 'tenant1/f10', '0123456789');
});
afterEach(async () => {
  expect(service.child.unhandled).toEqual([]);
  await service.child.kill();
  await proxy.close();
  await store.close();
});

it('counts what 1000 aborted uploads leave', async () => {
  const left = await leaveUploads(service, store, { count: 1000, random });
  const { objects, uploads, sockets, descriptors, stored } = left;
  figure({
    name: '1000 uploads aborted at random offsets',
    target: '0 objects, 0 uploads, 0 sockets, 0 descriptors left; then 100 of 100 stored',
    measured: `${objects}, ${uploads}, ${sockets}, ${descriptors}; ${stored} of 100`,
    reached: objects + uploads + sockets + descriptors === 0 && stored === 100,
  });
});

it('counts lies among 1000 cut downloads', async () => {
  const cut = await cutDownloads(service, store, proxy, { count: 1000, random, isLasting: true });
  figure({
    name: '1000 downloads, files and zips, cut for good at random offsets',
    target: '0 look complete',
    measured: `${cut.lies} (${cut.broken} broken, ${cut.whole} whole)`,
    reached: cut.lies === 0,
  });
  const once = { count: 1000, random, isLasting: false };
  const resumed = await cutDownloads(service, store, proxy, once);
  figure({
    name: '1000 downloads cut once at random offsets',
    target: 'all whole',
    measured: `${resumed.whole} whole, ${resumed.broken} broken, ${resumed.lies} lies`,
    reached: resumed.whole === 1000,
  });
});

it('sends 20,000 random requests', async () => {
  const { statuses, slowestMs, hung } = await fuzz(service, { count: 20_000, random });
  const faults = statuses['500'] ?? 0;
  figure({
    name: '20,000 random headers, ranges and forms',
    target: 'no crash, no hang > 1 s, no 500',
    measured: `${service.child.unhandled.length} crashes, ${hung.length} hangs, slowest ${slowestMs.toFixed(0)} ms, ${faults} x 500`,
    reached: hung.length + faults === 0 && slowestMs < 1000,
  });
});

it('takes storage out for 10 s', async () => {
  const seen = await outage(service, proxy, { perSecond: 100, from: 10, until: 20, seconds: 30 });
  const { opensMs, openMs, callsPerSecond, amplification, recoveryMs } = seen;
  figure({
    name: 'outage of 10 s at 100 requests a second (case 155)',
    target:
      'opens <= 2 s; then < 50 ms an answer, <= 2 calls a second; <= 1.1 calls a request; recovery <= 5 s',
    measured: `${(opensMs / 1000).toFixed(1)} s; ${openMs.toFixed(0)} ms, ${callsPerSecond.toFixed(1)}/s; ${amplification.toFixed(2)}; ${(recoveryMs / 1000).toFixed(1)} s`,
    reached:
      opensMs <= 2000 &&
      openMs < 50 &&
      callsPerSecond <= 2 &&
      amplification <= 1.1 &&
      recoveryMs <= 5000,
  });
});

it('fails a fifth of the calls', async () => {
  const before = proxy.calls.length;
  proxy.fail({ probability: 0.2, fault: status(503, 'SlowDown') });
  const samples = await steadily(service, { perSecond: 100, seconds: 30, at: [] });
  const good = samples.filter(({ status: got }) => got === 200).length / samples.length;
  const amplification = (proxy.calls.length - before) / samples.length;
  figure({
    name: '20 % of storage calls answered with 503 (case 156)',
    target: '>= 99 % of reads succeed; <= 1.3 calls a request',
    measured: `${(good * 100).toFixed(1)} %; ${amplification.toFixed(2)}`,
    reached: good >= 0.99 && amplification <= 1.3,
  });
});
