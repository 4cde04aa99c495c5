import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { freshReadme } from '../../docs/tables.ts';

test('the README has the tables that the code makes (`npm run docs` writes them)', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toBe(await freshReadme(readme));
});
