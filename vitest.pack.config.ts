import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'test/package/package.test.ts',
      'test/package/container.test.ts',
      'test/package/installed.test.ts',
      'test/package/first-lines.test.ts',
      'test/package/api-reference.test.ts',
    ],
    globalSetup: ['test/support/ceph.global.ts'],
    // The SDK would say in every process that Node 20 will not be supported for ever.
    env: {
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      // What the project's own installation has fetched is not asked for again.
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_prefer_offline: 'true',
    },
    // Each waits for npm and the disk most of its time: all at once take as long as the longest.
    maxWorkers: 5,
    slowTestThreshold: 5000,
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
