// Requests that their clients gave up and that wake later, in another process than the one that went on. The full numbers
// are in test/figures/resumable.figures.ts.
import { expect, it } from 'vitest';
import { doubleStore } from '../support/stores.ts';
import { ROWS, zombies } from '../support/zombies.ts';

it('harm no upload, and no offset falls', { timeout: 180_000 }, async () => {
  const store = await doubleStore();
  const { heads, ...result } = await zombies(store, { times: 2, heads: 100 });
  await store.close();
  expect(result).toEqual({
    right: 2 * ROWS.length,
    wrong: [],
    fallen: 0,
    openUploads: 0,
    left: [],
    unhandled: [],
  });
  expect(heads).toBeGreaterThanOrEqual(100);
});
