// Asks one storage for the frequent and the rare, both ways of travelling, and tells what AWS saw.
import { ClientAbort } from '../../../../src/core/client-signal.ts';
import { s3Storage, type StorageSettings } from '../../../../src/storage/s3/storage.ts';
import type { Bucket } from '../../../../src/storage/bucket.ts';
import { settingsFor } from '../../contract/given.ts';

/** The two ways in which commands travel, as the option `leanCalls` has them. */
export const WAYS = [
  ['directly', true],
  ['by the SDK', false],
] as const;

/** Settings of a service on AWS. */
export const awsSettings = (changes: Partial<StorageSettings> = {}): StorageSettings => ({
  ...settingsFor({
    name: 'double',
    bucket: 'acme',
    region: 'eu-west-1',
    endpoint: '',
    accessKeyId: 'AKIAEXAMPLE',
    secretAccessKey: 'secret',
    close: async () => {},
  }),
  endpoint: undefined,
  usePathStyleEndpoint: false,
  ...changes,
});

/** Works with a bucket, and closes its storage. */
export async function withBucket<T>(
  settings: StorageSettings,
  work: (bucket: Bucket) => Promise<T>,
): Promise<T> {
  const storage = s3Storage(settings);
  try {
    const call = { signal: new ClientAbort().signal, onCall: () => undefined };
    return await work(storage.open('app/', call));
  } finally {
    await storage.close();
  }
}

/** One frequent call of each kind, and a rare one, which always travels by the SDK. */
export const askEverything = (settings: StorageSettings): Promise<void> =>
  withBucket(settings, async (bucket) => {
    await bucket.list({ prefix: '', recursive: false });
    await bucket.stat('a b.txt');
    await bucket.write('a b.txt', Buffer.from('hello'), { length: 5 });
    await bucket.remove('a b.txt');
    await bucket.removeMany(['x', 'y']);
  });

/** What a call became. */
export const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'was answered',
    (error: unknown) => error,
  );
