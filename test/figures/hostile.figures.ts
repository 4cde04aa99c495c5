// Figures of hostile requests: targets that try to leave the container, clients that go, hooks that fail.
import { expect, it } from 'vitest';
import { leaveAtRandom } from '../support/loads-fuzz.ts';
import { attack, besiege, METHODS } from '../support/loads-hostile.ts';
import { seededRandom } from '../support/random.ts';
import { startServiceChild } from '../support/service-child.ts';
import { doubleStore } from '../support/stores.ts';
import { figure } from './report.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const TARGETS = 100_000;
const REQUESTS = 6000;

it.each(METHODS)('sends 100,000 hostile targets by %s', async (method) => {
  console.info(`seed ${seed}`);
  const besieged = await besiege();
  const before = besieged.canaries();
  const { statuses, faults } = await attack(besieged, method, { count: TARGETS, seed });
  const refused = statuses.get(400) ?? 0;
  const answered = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  expect(besieged.canaries()).toEqual(before);
  await besieged.close();
  figure({
    name: `100,000 hostile targets by ${method}`,
    target: 'no 500, no call outside the container',
    measured: `${faults.length} faults; ${answered} answered, ${refused} of them 400`,
    reached: faults.length === 0 && answered === TARGETS,
  });
});

it('sends 6000 random requests to hooks that fail', async () => {
  console.info(`seed ${seed}`);
  const store = await doubleStore();
  store.double.seed(store.bucket, 'tenant1/f10', '0123456789');
  const starting = { entry: 'failing-hooks', environment: { SEED: String(seed) } };
  const service = await startServiceChild(store, {}, starting);
  const random = seededRandom(seed);
  const statuses = await leaveAtRandom(service, { count: REQUESTS, random });
  const { unhandled } = service.child;
  const [faults, hangs] = [statuses['500'] ?? 0, statuses['hang'] ?? 0];
  await service.child.kill();
  await store.close();
  figure({
    name: '6000 random requests, half of them left by their clients, hooks that fail at random',
    target: 'no unhandled rejection, no 500, no hang',
    measured: `${unhandled.length} unhandled, ${faults} x 500, ${hangs} hangs`,
    reached: unhandled.length + faults + hangs === 0,
  });
});
