// Long files pass through; they are never held. R166 in small; the 2 GiB are in the figures.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendLong } from '../support/long-file.ts';
import { MOUNT } from '../support/service.ts';
import { digestOf, startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { availableStores, type Store } from '../support/stores.ts';

const MIB = 2 ** 20;
const SIZE = 256 * MIB;
const MAX_GROWTH = 96 * MIB;

describe.each(availableStores())('on $name', ({ open }) => {
  let store: Store;
  let service: ServiceChild;

  beforeAll(async () => {
    store = await open();
    service = await startServiceChild(store);
    // Buffers and code that any transfer needs are no growth.
    await sendLong(service.child.port, `${MOUNT}/warm`, 32 * MIB);
    await sendLong(service.child.port, `${MOUNT}/warm`, 32 * MIB, { chunked: true });
    await digestOf(await service.open('/warm'));
  });
  afterAll(async () => {
    await service.child.kill();
    await store.close();
  });

  /** The growth of the process' memory at its highest, over what it was before. */
  const growth = async (work: () => Promise<void>): Promise<number> => {
    const { child } = service;
    await child.collectGarbage();
    const before = child.rss();
    child.resetPeakRss();
    await work();
    return child.peakRss() - before;
  };

  it.each([
    ['of known length', {}],
    ['of unknown length', { chunked: true }],
  ])(
    'R166 a long file %s goes up and down whole, in little memory',
    async (title, options) => {
      const path = `/long ${title}`.replaceAll(' ', '-');
      let digest = '';
      const up = await growth(async () => {
        const sent = await sendLong(service.child.port, MOUNT + path, SIZE, options);
        expect(sent.status).toBe(201);
        ({ digest } = sent);
      });
      const down = await growth(async () => {
        expect(await digestOf(await service.open(path))).toBe(digest);
      });
      expect(
        [up, down].map((bytes) => Math.round(bytes / MIB)).filter((mb) => mb > MAX_GROWTH / MIB),
      ).toEqual([]);
      expect(service.child.unhandled).toEqual([]);
      // Stores in a file do not give their room back of themselves.
      expect((await service.ask({ method: 'DELETE', path })).status).toBe(200);
    },
    180_000,
  );
});
