// Figures of many transfers at once: memory, the event loop, and what slow readers do to others.
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inParallel, startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { doubleStore } from '../support/stores.ts';
import { figure, megabytes, quantile } from './report.ts';

const MIB = 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let service: ServiceChild;

beforeEach(async () => {
  store = await doubleStore();
  service = await startServiceChild(store);
  store.double.sparse(store.bucket, 'tenant1/large', 64 * MIB);
  store.double.sparse(store.bucket, 'tenant1/middle', 16 * MIB);
  store.double.seed(store.bucket, 'tenant1/small', Buffer.alloc(1024));
});
afterEach(async () => {
  expect(service.child.unhandled).toEqual([]);
  await service.child.kill();
  await store.close();
});

const drain = async (body: IncomingMessage): Promise<number> => {
  let bytes = 0;
  for await (const chunk of body) bytes += (chunk as Buffer).length;
  return bytes;
};

/** What the memory of the service grows by at most while something runs. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const { child } = service;
  await child.collectGarbage();
  const before = child.rss();
  console.info(`before: ${megabytes(before)}`);
  child.resetPeakRss();
  await work();
  return child.peakRss() - before;
}

/** Brings code and pools to their working size. */
async function warm(): Promise<void> {
  await inParallel(16, 8, (index) => service.upload(`/warm/${index}`, 4 * MIB));
  await inParallel(4, 4, (index) => service.upload(`/warm/${index}`, 4 * MIB, { chunked: true }));
  await inParallel(200, 100, async () => drain(await service.open('/middle')));
  await inParallel(200, 10, () => service.ask({ path: '/small' }));
}

it('uploads 200 x 16 MiB of known length', async () => {
  await warm();
  const bytes = await growth(async () => {
    const statuses = await inParallel(200, 200, (index) => service.upload(`/k/${index}`, 16 * MIB));
    expect(new Set(statuses)).toEqual(new Set([201]));
  });
  figure({
    name: '200 uploads of 16 MiB at once, length known',
    target: 'memory grows by <= 160 MB',
    measured: megabytes(bytes),
    reached: bytes <= 160 * MIB,
  });
});

it('uploads 50 x 16 MiB of unknown length', async () => {
  await warm();
  const bytes = await growth(async () => {
    const chunked = { chunked: true };
    const statuses = await inParallel(50, 50, (index) =>
      service.upload(`/u/${index}`, 16 * MIB, chunked),
    );
    expect(new Set(statuses)).toEqual(new Set([201]));
  });
  figure({
    name: '50 uploads of 16 MiB at once, length unknown',
    target: 'memory grows by <= 128 (16 parts of 8 MiB) + 96 MB',
    measured: megabytes(bytes),
    reached: bytes <= (128 + 96) * MIB,
  });
});

const SLOW_BYTES = 10 * 1024;

/** Reads 10 KiB of each body a second until it is stopped. */
function readSlowly(bodies: readonly IncomingMessage[]): () => void {
  const timers = bodies.map((body) => setInterval(() => void body.read(SLOW_BYTES), 1000));
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

const times = async (count: number): Promise<number[]> => {
  const taken: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const began = performance.now();
    expect((await service.ask({ path: '/small' })).status).toBe(200);
    taken.push(performance.now() - began);
  }
  return taken;
};

it('serves beside 500 slow readers', async () => {
  await warm();
  const alone = await times(200);
  let beside: number[] = [];
  const bytes = await growth(async () => {
    const bodies = await Promise.all(Array.from({ length: 500 }, () => service.open('/large')));
    const stop = readSlowly(bodies);
    // Their first bytes have filled every buffer by then.
    await times(100);
    beside = await times(200);
    await service.child.collectGarbage();
    console.info(`held while they read: ${megabytes(service.child.rss())}`);
    stop();
    for (const body of bodies) body.destroy();
  });
  const ratio = quantile(beside, 0.5) / quantile(alone, 0.5);
  figure({
    name: '500 readers at 10 KiB a second of 64 MiB: memory',
    target: 'grows by <= 64 KiB x 500 + 64 MB = 95 MB',
    measured: megabytes(bytes),
    reached: bytes <= 64 * 1024 * 500 + 64 * MIB,
  });
  figure({
    name: '500 readers at 10 KiB a second: a GET of 1 KB beside them',
    target: 'median not slowed by more than x2',
    measured: `x${ratio.toFixed(2)} (p99 ${quantile(beside, 0.99).toFixed(0)} ms, alone ${quantile(alone, 0.99).toFixed(0)} ms)`,
    reached: ratio <= 2,
  });
});

it('keeps its event loop free under 50 mixed transfers', async () => {
  await warm();
  await service.child.loopDelay();
  await inParallel(300, 50, async (index) => {
    if (index % 3 === 0) return service.upload(`/m/${index}`, 8 * MIB);
    if (index % 3 === 1) return service.upload(`/m/${index}`, 8 * MIB, { chunked: true });
    return drain(await service.open('/middle'));
  });
  const delay = await service.child.loopDelay();
  figure({
    name: 'event loop delay under 50 mixed transfers',
    target: 'p99 < 100 ms',
    measured: `${delay.toFixed(0)} ms`,
    reached: delay < 100,
  });
});
