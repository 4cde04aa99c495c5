// Where and as whom the SDK itself would call: its own resolution of endpoint, region and credentials,
// asked once and read off a request that it has signed and that is never sent.
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { StorageSettings } from '../settings.js';
import { clientConfig } from './sdk/sdk-config.js';
import type { Identity, Scope } from './sigv4.js';

/** Where a bucket is reached, whoever said so: option, environment, profile or AWS's own rules. */
export interface Endpoint {
  /** `https://bucket.s3.eu-west-1.amazonaws.com`. */
  readonly origin: string;
  readonly host: string;
  /** What stands before a key in a path: `/`, or `/bucket/`. */
  readonly base: string;
  readonly scope: Scope;
  /** Whether it is AWS itself, whose answers are known; of any other store they are found out. */
  readonly isAws: boolean;
  /** False for S3 Express and multi-region access points, whose requests are signed in other ways. */
  readonly isPlainSigV4: boolean;
  /** Live credentials. Throws what the SDK's provider throws. */
  readonly identity: () => Promise<LiveIdentity>;
}

/** Who signs, and until when. */
export type LiveIdentity = Identity & { readonly expiration?: Date };

const PROBE = 'probe';
const SCOPE = /^AWS4-HMAC-SHA256 Credential=[^,]*\/\d{8}\/([^/,]+)\/(s3)\/aws4_request,/;
// https://docs.aws.amazon.com/general/latest/gr/s3.html: the domains of all its partitions.
const AWS_HOST =
  /\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws|c2s\.ic\.gov|sc2s\.sgov\.gov)$/;

/** Part of a request of the SDK that this reads. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The endpoint of a bucket. Throws what kept the SDK from signing, such as credentials that are not to be had. */
export async function resolveEndpoint(
  settings: StorageSettings,
  endpoint: string | undefined,
): Promise<Endpoint> {
  let seen: SdkRequest | undefined;
  const client = new S3Client({
    ...clientConfig(settings, endpoint),
    requestHandler: {
      handle: (request: SdkRequest) => {
        seen = request;
        return Promise.reject(new Error('never sent'));
      },
    },
  });
  const probe = client.send(new HeadObjectCommand({ Bucket: settings.bucket, Key: PROBE }));
  const failure: unknown = await probe.catch((error: unknown) => error);
  if (seen === undefined) throw failure;
  const { protocol, hostname, port, path, headers } = seen;
  const [, region, service] = SCOPE.exec(headers['authorization'] ?? '') ?? [];
  const wholePath = path.split('?', 1)[0] ?? '';
  const authority = port === undefined ? hostname : `${hostname}:${port}`;
  return {
    origin: `${protocol}//${authority}`,
    host: headers['host'] ?? authority,
    base: wholePath.slice(0, -PROBE.length),
    scope: { region: region ?? settings.region, service: service ?? 's3' },
    isAws: AWS_HOST.test(hostname),
    isPlainSigV4: region !== undefined && wholePath.endsWith(PROBE),
    identity: () => client.config.credentials(),
  };
}
