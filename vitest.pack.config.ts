import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'test/package/package.test.ts',
      'test/package/container.test.ts',
      'test/package/first-lines.test.ts',
      'test/package/api-reference.test.ts',
    ],
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
