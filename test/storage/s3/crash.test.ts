import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { s3Storage } from '../../../src/storage/s3/storage.ts';
import { startDouble } from '../../support/double/index.ts';
import { client, type Store } from '../../support/stores.ts';
import { until } from '../../support/until.ts';
import { settingsFor } from '../contract/given.ts';

const ENTRY = fileURLToPath(
  new URL('../../support/entries/interrupted-upload.ts', import.meta.url),
);

it('sweep \u203a finds what a killed process left behind, and leaves what others began', async () => {
  const double = await startDouble();
  const store: Store = {
    name: 'double',
    endpoint: double.endpoint,
    region: 'us-east-1',
    bucket: 'bucket',
    accessKeyId: 'testaccess',
    secretAccessKey: 'testsecretkey',
    close: () => double.close(),
  };
  const truth = client(store);
  await truth.send(new CreateMultipartUploadCommand({ Bucket: 'bucket', Key: 'box/theirs' }));

  const child = fork(ENTRY, [double.endpoint, 'a', 'b \u00fc', 'c/d'], {
    execArgv: ['--import', 'tsx'],
    stdio: 'ignore',
  });
  const parts = () => double.uploads('bucket').filter((upload) => upload.parts > 0);
  await until(() => parts().length === 3, { what: 'three parts', deadlineMs: 15_000 });
  child.kill('SIGKILL');
  await once(child, 'exit');
  // Each with its mark.
  expect(double.uploads('bucket')).toHaveLength(3 + 3 + 1);
  expect(double.objects('bucket').size).toBe(0);

  const storage = s3Storage(settingsFor(store));
  const report = await storage.sweep('box/', {
    olderThanSeconds: 0,
    sessionsOlderThanSeconds: 0,
    dryRun: false,
  });
  expect(report).toEqual({
    uploads: ['a', 'b \u00fc', 'c/d'].map((key) => ({
      key,
      startedAt: expect.any(Date),
      aborted: true,
    })),
    aborted: 3,
    kept: 1,
    objects: 0,
  });
  expect(double.uploads('bucket').map(({ key }) => key)).toEqual(['box/theirs']);
  await storage.close();
  truth.destroy();
  await double.close();
});
