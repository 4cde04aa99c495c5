// Figures of what others meet while something goes wrong: a poisoned key, a full disk, deep keys.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inParallel, startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { doubleStore } from '../support/stores.ts';
import { figure, megabytes, quantile } from './report.ts';

const MIB = 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let service: ServiceChild | undefined;

beforeEach(async () => {
  store = await doubleStore();
  store.double.seed(store.bucket, 'tenant1/small', Buffer.alloc(1024));
});
afterEach(async () => {
  expect(service?.child.unhandled).toEqual([]);
  await service?.child.kill();
  await store.close();
});

interface Reads {
  readonly share: number;
  readonly p99: number;
}

/** Reads of a healthy file: the share that succeeded, and how long they took. */
async function healthyReads({ ask }: ServiceChild, count: number): Promise<Reads> {
  const taken: number[] = [];
  let good = 0;
  await inParallel(count, 4, async () => {
    const began = performance.now();
    const { status } = await ask({ path: '/small' });
    taken.push(performance.now() - began);
    if (status === 200) good += 1;
  });
  return { share: good / count, p99: quantile(taken, 0.99) };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

it.each([
  ['a key of which every call fails', { poisoned: /poison$/ }, 'GET', '/poison'],
  ['a full disk', { full: 'disk' }, 'PUT', '/new'],
  ['a quota that is used up', { full: 'quota' }, 'PUT', '/new'],
  ['a folder that cannot be listed', { slowDownBelow: 'tenant1/bad/' }, 'GET', '/bad/'],
] as const)('serves beside %s', async (what, quirks, method, path) => {
  const running = (service = await startServiceChild(store));
  await healthyReads(running, 50);
  store.double.setQuirks(quirks);
  let isOver = false;
  const body = method === 'PUT' ? { body: 'x' } : {};
  const trouble = inParallel(8, 8, async () => {
    while (!isOver) await running.ask({ method, path, ...body });
  });
  const { share } = await healthyReads(running, 400);
  isOver = true;
  await trouble;
  figure({
    name: `healthy reads beside ${what}`,
    target: '>= 99 % succeed',
    measured: percent(share),
    reached: share >= 0.99,
  });
});

it('lists 1000 files of 510 one-letter segments', async () => {
  // A heap of 256 MB, as a small container has.
  const execArgv = ['--max-old-space-size=256'];
  const running = (service = await startServiceChild(store, {}, execArgv));
  for (let index = 0; index < 1000; index += 1) {
    const letters = Array.from({ length: 500 }, (_, depth) =>
      String.fromCharCode(97 + ((index * (depth + 7)) % 26)),
    );
    store.double.seed(store.bucket, `tenant1/${letters.join('/')}/${index}`, '');
  }
  const { child, ask } = running;
  await ask({ path: '/small' });
  await child.collectGarbage();
  const before = child.rss();
  child.resetPeakRss();
  await child.loopDelay();
  const { status } = await ask({ path: '/?full_tree=true' });
  const delay = await child.loopDelay();
  const grown = child.peakRss() - before;
  figure({
    name: '1000 files of 500 one-letter folders each, listed as a full tree, heap of 256 MB',
    target: '200; event loop delay p99 < 100 ms; memory grows by <= 100 MB',
    measured: `${status}; ${delay.toFixed(0)} ms; ${megabytes(grown)}`,
    reached: status === 200 && delay < 100 && grown <= 100 * MIB,
  });
});
