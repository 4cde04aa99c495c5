// Where and as whom to call, where a host has said all of it: what the SDK would make of the same words, without it.
import { isIP } from 'node:net';
import type { StorageSettings } from '../settings.js';
import { AWS_HOST, type Endpoint } from './endpoint.js';

// An ARN, an alias or a bucket of S3 Express is routed and signed in ways of its own; so is a region that is none.
const PLAIN_BUCKET = /^(?!.*--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PLAIN_REGION = /^(?!.*(?:fips|global))[a-z0-9-]+$/;

/** The endpoint that the settings name in full; undefined where the SDK has to find something out. */
export function configuredEndpoint(
  settings: StorageSettings,
  endpoint: string | undefined,
): Endpoint | undefined {
  const { bucket, region, credentials } = settings;
  if (endpoint === undefined || typeof credentials !== 'object') return undefined;
  const url = new URL(endpoint);
  const host = hostOf(url, settings);
  const isPlain =
    host !== undefined &&
    !AWS_HOST.test(url.hostname) &&
    PLAIN_BUCKET.test(bucket) &&
    PLAIN_REGION.test(region) &&
    !asksForVariant(process.env);
  if (!isPlain) return undefined;
  const folder = url.pathname.replace(/\/+$/, '');
  return {
    origin: `${url.protocol}//${host}`,
    host,
    base: host === url.host ? `${folder}/${bucket}/` : `${folder}/`,
    scope: { region, service: 's3' },
    isAws: false,
    isPlainSigV4: true,
    identity: () => Promise.resolve(credentials),
  };
}

/** The host of requests; undefined where the SDK's rules are not plain. */
function hostOf(url: URL, { bucket, usePathStyleEndpoint }: StorageSettings): string | undefined {
  if (url.search !== '' || url.username !== '') return undefined;
  const isAddress = isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0;
  if (usePathStyleEndpoint || isAddress) return url.host;
  return bucket.includes('.') ? undefined : `${bucket}.${url.host}`;
}

// The SDK refuses them together with an endpoint.
function asksForVariant(environment: Readonly<Record<string, string | undefined>>): boolean {
  const { AWS_USE_FIPS_ENDPOINT: fips, AWS_USE_DUALSTACK_ENDPOINT: dualstack } = environment;
  return fips !== undefined || dualstack !== undefined;
}

/** What finds the endpoint; the SDK is loaded where that is needed. */
export async function endpointFinder(
  settings: StorageSettings,
  endpoint: string | undefined,
): Promise<() => Promise<Endpoint>> {
  const configured = configuredEndpoint(settings, endpoint);
  if (configured !== undefined) return () => Promise.resolve(configured);
  const { resolveEndpoint } = await import('./sdk/resolve-endpoint.js');
  return () => resolveEndpoint(settings, endpoint);
}
