// A million files in one folder, and a hundred thousand on Ceph: the first page, and all of them, in turn and in ranges.
import { afterEach, expect, inject, it } from 'vitest';
import { bypass } from '../support/fixture.ts';
import { MOUNT } from '../support/service.ts';
import { startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { cephStore, doubleStore, type Store } from '../support/stores.ts';
import { figure, megabytes } from './report.ts';

const FOLDER = 'tenant1/big/';
const nameOf = (index: number): string => `report-${String(index).padStart(7, '0')}.pdf`;
/** All that the process may keep: what grows with the folder ends it. */
const HEAP_MIB = 128;
/** What a call to a store in the same region takes. */
const CALL_MS = 30;

let service: ServiceChild;
afterEach(async () => {
  expect(service.child.unhandled).toEqual([]);
  await service.child.kill();
});

const fetched = (query: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${service.child.port}${MOUNT}/big/${query}`);

/** Milliseconds that it takes, and what came of it. */
async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const begun = performance.now();
  const value = await work();
  return { ms: performance.now() - begun, value };
}

async function bytesOf(query: string): Promise<number> {
  let bytes = 0;
  const { body } = await fetched(query);
  for await (const chunk of body ?? []) bytes += (chunk as Uint8Array).length;
  return bytes;
}

/** One page after the other, as a client without any hurry asks for them; how many entries. */
async function inTurn(pages: number): Promise<number> {
  let entries = 0;
  let cursor = '';
  for (let page = 0; page < pages; page += 1) {
    const answer = await fetched(`?full_tree=true&limit=1000${cursor}`);
    const { resource, next_cursor } = (await answer.json()) as {
      resource: readonly unknown[];
      next_cursor?: string;
    };
    entries += resource.length;
    if (next_cursor === undefined) break;
    cursor = `&cursor=${next_cursor}`;
  }
  return entries;
}

it('a million files, 30 ms a call', async () => {
  const count = 1_000_000;
  const store = await doubleStore();
  for (let index = 0; index < count; index += 1)
    store.double.seed(store.bucket, FOLDER + nameOf(index), '');
  store.double.inject({
    kind: 'delay',
    operation: 'ListObjectsV2',
    delayMs: CALL_MS,
    times: Number.POSITIVE_INFINITY,
  });
  const execArgv = [`--max-old-space-size=${HEAP_MIB}`];
  service = await startServiceChild(store, {}, { execArgv });
  await inTurn(20);
  store.double.clearCalls();
  const first = await timed(() => inTurn(1));
  figure({
    name: 'a folder of 1,000,000 files: its first page',
    target: '<= 2 calls to storage',
    measured: `${store.double.calls.length} calls`,
    reached: first.value === 1000 && store.double.calls.length <= 2,
  });
  // A tenth is enough to know what all would take.
  const serial = await timed(() => inTurn(100));
  expect(serial.value).toBe(100_000);
  store.double.clearCalls();
  const whole = await timed(() => bytesOf('?full_tree=true'));
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  figure({
    name: `1,000,000 files as a full tree, ${CALL_MS} ms a call of storage, heap of ${HEAP_MIB} MB`,
    target: '<= 1/6 of one call after the other; the process lives',
    measured: `${seconds(whole.ms)} against ${seconds(serial.ms * 10)}, ${store.double.calls.length} calls; peak of all memory ${megabytes(service.child.peakRss())}`,
    reached: whole.value > 100_000_000 && whole.ms * 6 <= serial.ms * 10,
  });
  await store.close();
}, 900_000);

it.skipIf(inject('cephEndpoint') === undefined)(
  'a hundred thousand files on Ceph',
  async () => {
    const count = 100_000;
    // The suite runs with Ceph, or this test is skipped by name.
    const store = (await cephStore()) as Store;
    const around = bypass(store);
    const waiting = Array.from({ length: count }, (_, index) => FOLDER + nameOf(index)).values();
    const plant = async (): Promise<void> => {
      for (const key of waiting) await around.plant({ [key]: {} });
    };
    await Promise.all(Array.from({ length: 32 }, plant));
    service = await startServiceChild(store);
    const first = await timed(() => inTurn(1));
    const serial = await timed(() => inTurn(100));
    const whole = await timed(() => bytesOf('?full_tree=true'));
    figure({
      name: '100,000 files on Ceph: first page; all in turn; as a full tree',
      target: 'the tree in no more than half of the time in turn',
      measured: `${first.ms.toFixed(0)} ms; ${serial.ms.toFixed(0)} ms; ${whole.ms.toFixed(0)} ms`,
      reached: serial.value === count && whole.ms * 2 <= serial.ms,
    });
    around.close();
    await store.close();
  },
  1_800_000,
);
