// Figures of the quota: what a thousand cuts and kills leave of it.
import { it } from 'vitest';
import { driftOf } from '../support/quota-drift.ts';
import { seededRandom } from '../support/random.ts';
import { startRedis } from '../support/redis.ts';
import { doubleStore } from '../support/stores.ts';
import { figure } from './report.ts';

it('looks for what drifts', { timeout: 20 * 60_000 }, async () => {
  const store = await doubleStore();
  const redis = await startRedis();
  const random = seededRandom(Number(process.env.SEED ?? 1));
  const drift = await driftOf(store, redis.url, { aborts: 700, kills: 15, cutByKill: 20, random });
  await redis.close();
  await store.close();
  const { said, there } = drift.afterAborts;
  const off = Math.abs(drift.reconciled.used - drift.there.used);
  figure({
    name: 'quota: 700 uploads cut by their clients, 300 by 15 kills of two instances on one Redis',
    target: 'drift 0 bytes after the cuts, 0 bytes and no reservation after reconcile()',
    measured: `${Math.abs(said.used - there.used)} bytes; ${off} bytes, ${drift.reservations} reservations (${drift.heldByTheDead} bytes before)`,
    reached: said.used === there.used && off === 0 && drift.reserved === 0 && drift.last === 201,
  });
});
