// A forced deletion of a folder is undone by one request, byte for byte.
import { expect, it } from 'vitest';
import { availableStores } from '../../support/stores.ts';
import { FILES, undoFolder } from '../../support/undone-folder.ts';

it.each(availableStores())(
  'gives a thousand files in 40 folders back in one request on $name',
  async ({ open }) => {
    const store = await open();
    const { planted, before, between, after, gone, back, calls } = await undoFolder(store);
    expect([before, gone.answer.status, between]).toEqual([planted, 200, {}]);
    expect([back.answer.status, back.answer.json()]).toEqual([
      201,
      { name: 'tree', path: 'tree/', restored: FILES },
    ]);
    expect(after).toEqual(planted);
    // 2000 versions and deletions to list, in shorter pages on Ceph, and 1000 deletions to remove.
    expect(calls).toBeLessThanOrEqual((store.name === 'double' ? 2 : 4) + 1);
    // Ceph takes some milliseconds a key, and more of a busy machine: then what it took to delete. The figure has the bound.
    const most = store.name === 'double' ? 10 : Math.max(10, 4 * gone.seconds);
    expect(back.seconds).toBeLessThan(most);
    await store.close();
  },
  300_000,
);
