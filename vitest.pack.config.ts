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
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    slowTestThreshold: 5000,
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
