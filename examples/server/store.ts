// Where the demo keeps its files: in memory, or in the S3 bucket that the environment names.
import { PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import type { FileServiceConfig } from '../../src/index.ts';
import { samples } from './samples.ts';
import { startDouble } from '../../test/support/double/index.ts';

/** A store that the demo can use. */
export interface DemoStore {
  readonly description: string;
  readonly config: Pick<
    FileServiceConfig,
    | 'bucket'
    | 'region'
    | 'endpoint'
    | 'usePathStyleEndpoint'
    | 'key'
    | 'secret'
    | 'container'
    | 'versions'
    | 'trash'
  >;
  readonly close: () => Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The store of `S3_BUCKET` and its companions; undefined when none is named. */
export function storeFromEnvironment(environment: Environment): DemoStore | undefined {
  const {
    S3_BUCKET: bucket,
    S3_ENDPOINT: endpoint,
    S3_REGION: region,
    S3_ACCESS_KEY_ID: key,
    S3_SECRET_ACCESS_KEY: secret,
    S3_CONTAINER: container,
  } = environment;
  if (bucket === undefined) return undefined;
  return {
    description: `bucket ${bucket} at ${endpoint ?? 'AWS'}`,
    config: {
      bucket,
      region: region ?? 'us-east-1',
      ...(endpoint === undefined ? {} : { endpoint, usePathStyleEndpoint: true }),
      ...(key === undefined ? {} : { key, secret }),
      ...(container === undefined ? {} : { container }),
    },
    close: () => Promise.resolve(),
  };
}

/** A store in this process, with a few files in it; it is gone when the demo ends. */
export async function embeddedStore(): Promise<DemoStore> {
  const double = await startDouble({ buckets: ['demo'] });
  await keepVersions(double.endpoint);
  for (const { key, body, contentType, date } of samples())
    double.seed('demo', key, body, { contentType, lastModified: new Date(date) });
  return {
    description: 'embedded, in memory: everything is lost when the demo ends',
    config: {
      bucket: 'demo',
      endpoint: double.endpoint,
      usePathStyleEndpoint: true,
      key: 'testaccess',
      secret: 'testsecretkey',
      versions: true,
      trash: true,
    },
    close: () => double.close(),
  };
}

/** As the owner of a bucket does once. */
async function keepVersions(endpoint: string): Promise<void> {
  const s3 = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'testaccess', secretAccessKey: 'testsecretkey' },
  });
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await s3.send(new PutBucketVersioningCommand({ Bucket: 'demo', VersioningConfiguration }));
  s3.destroy();
}
