// What an endpoint can be: the URL of a store and nothing more, and one under whose host name buckets have names.
import { isIP } from 'node:net';
import type { FileServiceConfig } from './options.js';

type Endpoints = Pick<
  FileServiceConfig,
  'bucket' | 'endpoint' | 'publicEndpoint' | 'usePathStyleEndpoint' | 'use_path_style_endpoint'
>;

// Names of hosts whose first label is a bucket, never an installation's own name.
const STORE_HOST =
  /^(?:s3[.-]|.*\.(?:amazonaws\.com(?:\.cn)?|cloudflarestorage\.com|digitaloceanspaces\.com|backblazeb2\.com|wasabisys\.com|aliyuncs\.com|scw\.cloud|linodeobjects\.com)$|storage\.googleapis\.com$)/;

/** @throws TypeError for an endpoint at which no request could find the bucket */
export function checkEndpoints(config: Partial<Endpoints>): void {
  for (const name of ['endpoint', 'publicEndpoint'] as const) {
    const endpoint = config[name];
    if (endpoint === undefined) continue;
    checkNothingMore(name, endpoint);
    if (config.bucket !== undefined) checkBucketIsElsewhere(name, endpoint, config.bucket);
    const isPathStyle = config.usePathStyleEndpoint ?? config.use_path_style_endpoint;
    if (isPathStyle === undefined) checkHoldsBuckets(name, endpoint);
  }
}

// What it holds may be a password: nothing of it is shown.
function checkNothingMore(name: string, endpoint: string): void {
  const { username, password, search, hash } = new URL(endpoint);
  if (`${username}${password}${search}${hash}` === '') return;
  throw new TypeError(
    `\`${name}\` takes the URL of the store without user, query and fragment; \`key\` and \`secret\` say who asks.`,
  );
}

function checkBucketIsElsewhere(name: string, endpoint: string, bucket: string): void {
  const { hostname, pathname } = new URL(endpoint);
  const rest = hostname.startsWith(`${bucket}.`) ? hostname.slice(bucket.length + 1) : '';
  if (STORE_HOST.test(rest) || `${pathname}/`.startsWith(`/${bucket}/`))
    throw new TypeError(
      `\`${name}\` takes the URL of the store without the bucket, which \`bucket\` names; a prefix goes into \`container\`.`,
    );
}

/** One label, an address or localhost: `bucket.` before it is no name that resolves. */
function checkHoldsBuckets(name: string, endpoint: string): void {
  const { hostname } = new URL(endpoint);
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const isAlone = isIP(host) !== 0 || !host.includes('.') || host.endsWith('.localhost');
  if (!isAlone) return;
  throw new TypeError(
    `\`${name}\` names the host "${host}", below which no bucket has a name of its own: add \`usePathStyleEndpoint: true\` (or \`false\`, where such names do resolve).`,
  );
}
