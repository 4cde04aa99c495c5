// The S3 stores of the suites, each with a fresh bucket, and a client that goes around the service.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { CEPH_USER } from './ceph.ts';
import { startDouble, type Double, type DoubleOptions } from './double/index.ts';
import { answers, freePort } from './free-port.ts';
import { until } from './until.ts';

/** A store to test against: an endpoint, one empty bucket in it, and who may use it. */
export interface Store {
  readonly name: 'double' | 'ceph' | 's3rver' | 'environment';
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  close(): Promise<void>;
}

/** A client that bypasses the service, to arrange and to look at the truth. */
export const client = (store: Store): S3Client =>
  new S3Client({
    endpoint: store.endpoint,
    region: store.region,
    credentials: { accessKeyId: store.accessKeyId, secretAccessKey: store.secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });

const createBucket = async (store: Store): Promise<Store> => {
  const s3 = client(store);
  await s3.send(new CreateBucketCommand({ Bucket: store.bucket }));
  s3.destroy();
  return store;
};

const randomBucket = (): string => `test-${randomUUID()}`;

/** A fresh bucket on Ceph RGW; undefined when it is not installed. */
export const cephStore = async (): Promise<Store | undefined> => {
  const endpoint = inject('cephEndpoint');
  if (endpoint === undefined) return undefined;
  return createBucket({
    name: 'ceph',
    endpoint,
    region: 'us-east-1',
    bucket: randomBucket(),
    ...CEPH_USER,
    close: async () => {},
  });
};

/** Our own S3 in memory, in this process, with one bucket; `double` arms faults and looks inside. */
export const doubleStore = async (
  options: Omit<DoubleOptions, 'buckets'> = {},
): Promise<Store & { readonly double: Double }> => {
  const {
    region = 'us-east-1',
    accessKeyId = 'testaccess',
    secretAccessKey = 'testsecretkey',
  } = options;
  const bucket = randomBucket();
  const double = await startDouble({ ...options, buckets: [bucket] });
  return {
    name: 'double',
    endpoint: double.endpoint,
    region,
    bucket,
    accessKeyId,
    secretAccessKey,
    double,
    close: () => double.close(),
  };
};

/** s3rver 3.7.1 in a process of its own: the best-known embedded S3, with known faults. */
export const s3rverStore = async (): Promise<Store> => {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 's3files-s3rver-'));
  const program = createRequire(import.meta.url).resolve('s3rver/bin/s3rver.js');
  const options = [
    '--directory',
    folder,
    '--address',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--silent',
  ];
  // Its continuation tokens use a cipher that OpenSSL 3 only has in the legacy provider.
  const env = { ...process.env, NODE_OPTIONS: '--openssl-legacy-provider' };
  const server = spawn(process.execPath, [program, ...options], { env, stdio: 'ignore' });
  await until(() => answers(port), { what: 's3rver to listen', deadlineMs: 20_000 });
  return createBucket({
    name: 's3rver',
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: randomBucket(),
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    close: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        const exited = once(server, 'exit');
        server.kill('SIGKILL');
        await exited;
      }
      await rm(folder, { recursive: true, force: true });
    },
  });
};

/**
 * The store that S3_TEST_ENDPOINT, S3_TEST_BUCKET (which must exist and be empty), S3_TEST_REGION,
 * S3_TEST_KEY and S3_TEST_SECRET name; undefined when they do not.
 */
export const environmentStore = async (): Promise<Store | undefined> => {
  const { S3_TEST_ENDPOINT: endpoint, S3_TEST_BUCKET: bucket } = process.env;
  if (endpoint === undefined || bucket === undefined) return undefined;
  return {
    name: 'environment',
    endpoint,
    region: process.env.S3_TEST_REGION ?? 'us-east-1',
    bucket,
    accessKeyId: process.env.S3_TEST_KEY ?? '',
    secretAccessKey: process.env.S3_TEST_SECRET ?? '',
    close: async () => {},
  };
};

/** A store that this run can open, for `describe.each`. */
export interface AvailableStore {
  readonly name: Store['name'];
  open(): Promise<Store>;
}

const opened = async (store: Promise<Store | undefined>): Promise<Store> => {
  const found = await store;
  if (found === undefined) throw new Error('the store went away after the run began');
  return found;
};

/** The stores that the contract suites ask: the double always, others where they are there. */
export const availableStores = (): AvailableStore[] => {
  const stores: AvailableStore[] = [{ name: 'double', open: () => doubleStore() }];
  if (inject('cephEndpoint') !== undefined) {
    stores.push({ name: 'ceph', open: () => opened(cephStore()) });
  }
  if (process.env.S3_TEST_ENDPOINT !== undefined && process.env.S3_TEST_BUCKET !== undefined) {
    stores.push({ name: 'environment', open: () => opened(environmentStore()) });
  }
  return stores;
};
