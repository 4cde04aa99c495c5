// A store behind a proxy that makes its calls fail, for questions of the contract about failures.
import { ClientAbort } from '../../../src/core/client-signal.ts';
import type { Bucket } from '../../../src/storage/bucket.ts';
import { s3Storage, type Storage, type StorageSettings } from '../../../src/storage/s3/storage.ts';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.ts';
import type { Given, Questions } from './given.ts';

/** What a question about failures is asked with. */
export interface Faulty {
  readonly given: Given;
  readonly proxy: FaultProxy;
  readonly storage: Storage;
  readonly bucket: Bucket;
  /** The bucket on behalf of another client, with a signal of its own. */
  readonly openAs: (signal: AbortSignal) => Bucket;
  /** The S3 calls that the proxy saw, by AWS's names. */
  readonly calls: () => readonly string[];
}

/** Waits are short, so that silence ends soon. */
const QUICK = { connectMs: 1000, requestMs: 700, idleMs: 700 };

/** Asks with a store behind a proxy, under changed settings; both end with the question. */
export async function behindFaults(
  given: Given,
  ask: (faulty: Faulty) => Promise<void>,
  changes: Partial<StorageSettings> = {},
): Promise<void> {
  const proxy = await startFaultProxy({ target: given.store.endpoint });
  const storage = s3Storage({
    ...given.settings,
    endpoint: proxy.endpoint,
    timeouts: QUICK,
    ...changes,
  });
  const openAs = (signal: AbortSignal): Bucket =>
    storage.open(given.container, { signal, onCall: () => undefined });
  try {
    await ask({
      given,
      proxy,
      storage,
      openAs,
      bucket: openAs(new ClientAbort().signal),
      calls: () => proxy.calls.map(({ operation }) => operation),
    });
  } finally {
    await storage.close();
    await proxy.close();
  }
}

/** Questions that are asked behind a proxy. */
export function questionsBehindFaults(
  questions: Readonly<Record<string, (faulty: Faulty) => Promise<void>>>,
  changes: Partial<StorageSettings> = {},
): Questions {
  return Object.fromEntries(
    Object.entries(questions).map(([name, ask]) => [
      name,
      (given) => behindFaults(given, ask, changes),
    ]),
  );
}
