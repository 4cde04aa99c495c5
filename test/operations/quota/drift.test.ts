// What a quota knows after clients have cut their uploads and instances were killed.
import { describe, expect, it } from 'vitest';
import { driftOf } from '../../support/quota-drift.ts';
import { installed } from '../../support/programs.ts';
import { seededRandom } from '../../support/random.ts';
import { startRedis } from '../../support/redis.ts';
import { doubleStore } from '../../support/stores.ts';

describe.runIf(installed('redis'))('a quota in Redis', () => {
  it('is exact after uploads were cut, and after kills once it is reconciled', async () => {
    const store = await doubleStore();
    const redis = await startRedis();
    const random = seededRandom(1);
    const drift = await driftOf(store, redis.url, { aborts: 60, kills: 1, cutByKill: 10, random });
    expect(drift.afterAborts.said).toEqual(drift.afterAborts.there);
    expect(drift.heldByTheDead).toBeGreaterThanOrEqual(10 * 64 * 1024);
    expect(drift.reconciled).toEqual(drift.there);
    expect([drift.reserved, drift.reservations]).toEqual([0, 0]);
    expect([drift.last, drift.tooMuch]).toEqual([201, 403]);
    await redis.close();
    await store.close();
  }, 120_000);
});
