// Resumable uploads at full size: 1000 uploads cut at random bytes over three processes, and 200 while processes are killed.
import { describe, expect, it } from 'vitest';
import { cutUploads } from '../support/cut-uploads.ts';
import { doubleStore } from '../support/stores.ts';

const HOURS = 3_600_000;
const SIZES = { smallest: 12_000_000, largest: 60_000_000, cuts: 5, atOnce: 6, processes: 3 };

describe('resumable uploads', () => {
  it.each([
    { uploads: 1000, kills: 0 },
    { uploads: 200, kills: 40 },
  ])('$uploads uploads, $kills kills: all identical', { timeout: HOURS }, async (asked) => {
    const store = await doubleStore();
    const result = await cutUploads(store, { ...SIZES, ...asked });
    await store.close();
    console.log(JSON.stringify({ ...result, left: result.left.length }));
    expect(result).toMatchObject({ identical: asked.uploads, fallen: 0 });
  });
});
