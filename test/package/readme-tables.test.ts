import { expect, test } from 'vitest';
import { tableOfExtensions } from '../../docs/media-types.ts';
import { freshGuide, WRITTEN } from '../../docs/tables.ts';
import { EXTENSIONS } from '../../src/http/extensions.ts';

test.each(WRITTEN)('%s has what the code makes (`npm run docs` writes it)', async (guide) => {
  const { old, fresh } = await freshGuide(guide);
  expect(old).toBe(fresh);
});

test('src/http/extensions.ts has what mime-types has (`npm run docs` writes it)', () => {
  expect(tableOfExtensions()).toContain(EXTENSIONS);
});
