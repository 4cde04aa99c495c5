import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/figures/**/*.figures.ts'],
    globalSetup: ['test/support/stores.global.ts'],
    // Figures of two suites at once would be figures of each other.
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 20 * 60_000,
    hookTimeout: 120_000,
    passWithNoTests: true,
  },
});
