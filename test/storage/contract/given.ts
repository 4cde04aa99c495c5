// How the contract's questions are asked: of a Bucket in a container of its own, on any store.
import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ClientAbort } from '../../../src/core/client-signal.ts';
import type { Bucket } from '../../../src/storage/bucket.ts';
import { s3Storage, type Storage, type StorageSettings } from '../../../src/storage/s3/storage.ts';
import { client, type Store } from '../../support/stores.ts';

/** What a question is asked with. */
export interface Given {
  readonly store: Store;
  readonly storage: Storage;
  /** What the storage was made with: store and way of travelling. */
  readonly settings: StorageSettings;
  readonly bucket: Bucket;
  /** `''` never: each question has its own, ending in `/`. */
  readonly container: string;
  /** Goes around the service, to arrange and to look at the truth. */
  readonly truth: S3Client;
  /** Stores an object around the service; `key` is relative to the container. */
  seed(key: string, body: string): Promise<void>;
  /** The calls that the bucket made, by AWS's names. */
  readonly calls: string[];
  /** Aborts the bucket's call. */
  readonly client: ClientAbort;
}

/** Behaviour, in the present tense, and how to see it. A question fails by throwing. */
export type Questions = Readonly<Record<string, (given: Given) => Promise<void>>>;

/** The questions of one list that a store answers wrongly, each with what it does instead. */
export type KnownFaults = Readonly<Record<string, string>>;

/** Settings for a store; timeouts are short, parts are small. */
export function settingsFor(store: Store, changes: Partial<StorageSettings> = {}): StorageSettings {
  const { accessKeyId, secretAccessKey } = store;
  return {
    bucket: store.bucket,
    region: store.region,
    endpoint: store.endpoint,
    publicEndpoint: undefined,
    usePathStyleEndpoint: true,
    credentials: { accessKeyId, secretAccessKey },
    createBucket: false,
    enableVersioning: false,
    versions: false,
    trash: false,
    pageOrigins: undefined,
    serverSideEncryption: undefined,
    kmsKeyId: undefined,
    storageClass: undefined,
    ca: undefined,
    maxSockets: 64,
    multipartThreshold: 16 * 2 ** 20,
    partSize: 5 * 2 ** 20,
    maxPartBuffers: 8,
    leanCalls: true,
    timeouts: { connectMs: 2000, requestMs: 10_000, idleMs: 5000 },
    ...changes,
  };
}

/**
 * Asks every question of a store that `open` makes, both ways: by lean calls and by the SDK alone. A known fault must still be there: a question that
 * is listed as one and answered rightly fails the suite, so that the list stays true.
 */
export function askAll(title: string, questions: Questions, asked: Asked): void {
  const { faults = {}, sdkFaults = {} } = asked;
  askOneWay(`${title}, lean`, questions, asked, true);
  askOneWay(`${title}, SDK`, questions, { ...asked, faults: { ...faults, ...sdkFaults } }, false);
}

/** Whom to ask. */
interface Asked {
  readonly open: () => Promise<Store>;
  readonly faults?: KnownFaults;
  /** Faults that show only through the SDK's own parser. */
  readonly sdkFaults?: KnownFaults;
}

function askOneWay(
  title: string,
  questions: Questions,
  { open, faults = {} }: Asked,
  leanCalls: boolean,
): void {
  describe(title, () => {
    let store: Store;
    let settings: StorageSettings;
    let storage: Storage;
    let truth: S3Client;

    beforeAll(async () => {
      store = await open();
      settings = settingsFor(store, { leanCalls });
      storage = s3Storage(settings);
      truth = client(store);
    });

    afterAll(async () => {
      await storage.close();
      truth.destroy();
      await store.close();
    });

    for (const [name, question] of Object.entries(questions)) {
      const fault = Object.hasOwn(faults, name) ? faults[name] : undefined;
      const ask = () => question(given({ store, storage, settings, truth }));
      // A thousand files take Ceph a while to make.
      if (fault === undefined) it(name, ask, 60_000);
      else it.fails(`${name} [known fault: ${fault}]`, ask);
    }
  });
}

type Shared = Pick<Given, 'store' | 'storage' | 'settings' | 'truth'>;

function given({ store, storage, settings, truth }: Shared): Given {
  const container = `${randomUUID()}/`;
  const calls: string[] = [];
  const leaving = new ClientAbort();
  const call = { signal: leaving.signal, onCall: (operation: string) => calls.push(operation) };
  return {
    store,
    storage,
    settings,
    truth,
    container,
    calls,
    client: leaving,
    bucket: storage.open(container, call),
    async seed(key, body) {
      // Some buckets take nothing without a digest.
      const ContentMD5 = createHash('md5').update(body).digest('base64');
      const Key = container + key;
      const command = { Bucket: store.bucket, Key, Body: Buffer.from(body), ContentMD5 };
      await truth.send(new PutObjectCommand(command));
    },
  };
}
