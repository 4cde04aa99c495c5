import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/package/package.test.ts',
      'test/package/container.test.ts',
      'test/package/first-lines.test.ts',
      'test/package/api-reference.test.ts',
      'test/figures/**',
      '**/node_modules/**',
    ],
    globalSetup: ['test/support/stores.global.ts', 'test/support/page.global.ts'],
    // The SDK would say in every process that Node 20 will not be supported for ever.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Stores that ignore conditions are among those that tests ask; the warning is heard by the test of it.
    execArgv: ['--disable-warning=S3FILES_CONDITIONAL_WRITES'],
    // Tests wait for servers more than they work: one core need not stay free for Vitest itself.
    maxWorkers: availableParallelism(),
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
