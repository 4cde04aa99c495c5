import { expect, test } from 'vitest';
import { freshGuide, WRITTEN } from '../../docs/tables.ts';

test.each(WRITTEN)('%s has what the code makes (`npm run docs` writes it)', async (guide) => {
  const { old, fresh } = await freshGuide(guide);
  expect(old).toBe(fresh);
});
