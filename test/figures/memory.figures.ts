// Figures of memory: 2 GiB through the service, up and down. R166.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendLong } from '../support/long-file.ts';
import { MOUNT } from '../support/service.ts';
import { digestOf, startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { figure, megabytes } from './report.ts';

const MIB = 2 ** 20;
const SIZE = 2048 * MIB;
const MAX_GROWTH = 96 * MIB;

// The double would hold the 2 GiB in this very process.
const stores = availableStores().filter(({ name }) => name !== 'double');

describe.each(stores)('2 GiB over $name', ({ name, open }) => {
  let store: Store;
  let service: ServiceChild;

  beforeAll(async () => {
    store = await open();
    service = await startServiceChild(store);
    await sendLong(service.child.port, `${MOUNT}/warm`, 64 * MIB);
    await digestOf(await service.open('/warm'));
  });
  afterAll(async () => {
    // Stores in a file never give their room back of themselves.
    await service.ask({ method: 'DELETE', path: '/long' });
    await service.child.kill();
    await store.close();
  });

  const growth = async (what: string, work: () => Promise<void>): Promise<void> => {
    const { child } = service;
    await child.collectGarbage();
    const before = child.rss();
    child.resetPeakRss();
    const start = performance.now();
    await work();
    const seconds = (performance.now() - start) / 1000;
    const grown = child.peakRss() - before;
    figure({
      name: `memory: growth while 2 GiB go ${what}, ${name}`,
      target: `<= ${megabytes(MAX_GROWTH)}`,
      measured: `${megabytes(grown)}, ${Math.round(SIZE / MIB / seconds)} MB/s, SHA-256 equal`,
      reached: grown <= MAX_GROWTH,
    });
  };

  let digest = '';
  it('go up', async () => {
    await growth('up', async () => {
      const sent = await sendLong(service.child.port, `${MOUNT}/long`, SIZE);
      expect(sent.status).toBe(201);
      ({ digest } = sent);
    });
  });

  it('come down as they were', async () => {
    await growth('down', async () => {
      expect(await digestOf(await service.open('/long'))).toBe(digest);
    });
  });
});

it('1,000 files of 500 segments as a tree, in 256 MB', async () => {
  const store = await doubleStore();
  for (let index = 0; index < 1000; index += 1)
    store.double.seed(store.bucket, `tenant1/${index}/${'a/'.repeat(500)}f`, '');
  const service = await startServiceChild(
    store,
    {},
    {
      execArgv: ['--max-old-space-size=256'],
    },
  );
  await service.ask({ path: '/?limit=1' });
  await service.child.collectGarbage();
  const before = service.child.rss();
  service.child.resetPeakRss();
  await service.child.loopDelay();
  await digestOf(await service.open('/?full_tree=true'));
  const delay = await service.child.loopDelay();
  const grown = service.child.peakRss() - before;
  await service.child.kill();
  await store.close();
  figure({
    name: 'a tree of 1,000 files that imply 501,000 folders, heap of 256 MB',
    target: 'growth < 100 MB, event loop delay (99 %) < 100 ms',
    measured: `${megabytes(grown)}, ${Math.round(delay)} ms`,
    reached: grown < 100 * MIB && delay < 100,
  });
});
