import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/package/package.test.ts', 'test/figures/**', '**/node_modules/**'],
    globalSetup: ['test/support/stores.global.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
