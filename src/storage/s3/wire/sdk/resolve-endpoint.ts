// Where and as whom the SDK itself would call: its own resolution of endpoint, region and credentials,
// asked once and read off a request that it has signed and that is never sent.
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { StorageSettings } from '../../settings.js';
import { AWS_HOST, type Endpoint } from '../endpoint.js';
import { clientConfig } from './sdk-config.js';

const PROBE = 'probe';
const SCOPE = /^AWS4-HMAC-SHA256 Credential=[^,]*\/\d{8}\/([^/,]+)\/(s3)\/aws4_request,/;

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
