// Uploads over three processes that are cut at random bytes, also while processes are killed: all identical. The full
// numbers are in test/figures/resumable.figures.ts.
import { expect, it } from 'vitest';
import { cutUploads } from '../support/cut-uploads.ts';
import { doubleStore } from '../support/stores.ts';

const ASKED = {
  uploads: 10,
  smallest: 3_000_000,
  largest: 16_000_000,
  cuts: 3,
  atOnce: 4,
  processes: 3,
};

it(
  'uploads go on in other processes, and nothing is left of them',
  { timeout: 180_000 },
  async () => {
    const store = await doubleStore();
    const result = await cutUploads(store, { ...ASKED, kills: 0 });
    await store.close();
    expect(result).toMatchObject({
      identical: 10,
      fallen: 0,
      openUploads: 0,
      unmarked: 0,
      left: [],
      unhandled: [],
      requestsACut: 1,
    });
    expect(result.cuts).toBeGreaterThanOrEqual(10);
    expect(result.sent - result.size).toBeLessThanOrEqual(result.unacknowledged);
    // Every process has had its turn.
    for (const share of result.shares) expect(share).toBeGreaterThan(10);
  },
);

it('uploads outlive the processes that receive them', { timeout: 180_000 }, async () => {
  const store = await doubleStore();
  const result = await cutUploads(store, { ...ASKED, kills: 3 });
  await store.close();
  expect(result).toMatchObject({
    identical: 10,
    fallen: 0,
    kills: 3,
    openUploads: 0,
    left: [],
    unhandled: [],
  });
});
