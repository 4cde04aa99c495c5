// Sweeps by the clock: one instance of many in an interval, the next one when that is gone, and none once it is closed.
import { randomBytes } from 'node:crypto';
import Keyv from 'keyv';
import { afterEach, describe, expect, it } from 'vitest';
import { keyvCache } from '../../src/index.ts';
import { scheduleSweeps } from '../../src/storage/scheduled-sweep.ts';
import { startService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { beginTus } from '../support/tus.ts';
import { until } from '../support/until.ts';

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));
const passed = (from: number, ms: number) =>
  until(() => performance.now() - from > ms, { what: 'time to pass', deadlineMs: ms + 5000 });

describe('instances that share a store', () => {
  it('sweep once in an interval, and go on when the one that did is gone', async () => {
    const store = keyvCache(new Keyv());
    const everyMs = 400;
    const sweeps: { readonly by: number; readonly at: number }[] = [];
    const begun = performance.now();
    const instances = Array.from({ length: 10 }, (_, by) =>
      scheduleSweeps({
        everyMs,
        lease: { store, key: 'lease' },
        sweep: async () => void sweeps.push({ by, at: performance.now() }),
      }),
    );
    ends.push(...instances);
    await passed(begun, 6 * everyMs);
    // A lease lasts four fifths of an interval.
    const most = Math.ceil((performance.now() - begun) / (0.8 * everyMs)) + 1;
    expect(sweeps.length).toBeGreaterThanOrEqual(3);
    expect(sweeps.length).toBeLessThanOrEqual(most);
    instances[sweeps.at(-1)?.by ?? 0]?.();
    const before = sweeps.length;
    await until(() => sweeps.length > before, { what: 'another one to sweep' });
    expect(sweeps.at(-1)?.by).not.toBe(sweeps[before - 1]?.by);
  });

  it('sweep all the same when the store fails, at the next turn', async () => {
    let asked = 0;
    let swept = 0;
    const store = {
      get: async () => {
        if ((asked += 1) < 3) throw new Error('the store is away');
        return asked === 3 ? undefined : 'me';
      },
      set: async () => undefined,
    };
    ends.push(
      scheduleSweeps({
        everyMs: 30,
        lease: { store, key: 'lease' },
        sweep: async () => void (swept += 1),
      }),
    );
    await until(() => asked > 4, { what: 'a turn after the failure' });
    expect(swept).toBe(0);
  });
});

it('instances that share none begin at different moments, and end when they are told', async () => {
  const firsts: number[] = [];
  const everyMs = 300;
  for (let n = 0; n < 20; n += 1) {
    let isFirst = true;
    ends.push(
      scheduleSweeps({
        everyMs,
        sweep: async () => {
          if (isFirst) firsts.push(performance.now());
          isFirst = false;
        },
      }),
    );
  }
  await until(() => firsts.length === 20, { what: 'all to have swept' });
  expect(Math.max(...firsts) - Math.min(...firsts)).toBeGreaterThan(everyMs / 3);
  for (const end of ends) end();
  const from = performance.now();
  firsts.length = 0;
  await passed(from, 2 * everyMs);
  expect(firsts).toEqual([]);
});

it('a service sweeps by itself', async () => {
  const store = await doubleStore();
  const service = await startService(store, { resumable: true, sweepEverySeconds: 1 });
  const upload = await beginTus(service, '/left.bin', { 'Upload-Length': '20000000' });
  await upload.patch(0, randomBytes(1000));
  store.double.age(store.bucket, 2 * 86_400_000);
  await until(() => store.double.uploads(store.bucket).length === 0, { what: 'the sweep' });
  await until(
    () => [...store.double.objects(store.bucket).keys()].every((key) => !key.includes('/tails/')),
    { what: 'the tails to go' },
  );
  await service.close();
  await store.close();
});
