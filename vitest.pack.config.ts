import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/package/package.test.ts', 'test/package/container.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
