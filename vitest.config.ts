import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Files that wait for their store much longer than they work: begun last, they would be all that still runs.
const WAITS = /\/storage\/contract\/|\/reliability\/storage-trouble/;

class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const waits = ({ moduleId }: TestSpecification): boolean => WAITS.test(moduleId);
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))];
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/package/package.test.ts',
      'test/package/container.test.ts',
      'test/package/installed.test.ts',
      'test/package/first-lines.test.ts',
      'test/package/api-reference.test.ts',
      'test/figures/**',
      '**/node_modules/**',
    ],
    globalSetup: ['test/support/stores.global.ts', 'test/support/page.global.ts'],
    // The SDK would say in every process that Node 20 will not be supported for ever.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Each warning of ours is heard by the test of it; the last one is s3rver's, which is of 2021.
    execArgv: [
      '--disable-warning=S3FILES_CONDITIONAL_WRITES',
      '--disable-warning=S3FILES_CACHE_TTL',
      '--disable-warning=S3FILES_LIMIT_STORE',
      '--disable-warning=DEP0066',
    ],
    // Tests wait for servers, browsers and time: one worker more than there are cores keeps those at work.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: WaitingFirst },
    // A line a file, and one for each test that is slow even here.
    slowTestThreshold: 5000,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
