// What to do about a storage that cannot be reached, by what the connection failed of.
import { s3Context, type S3Context } from './call.js';
import { connect } from './connection.js';
import type { Refusal } from './errors.js';

const CERTIFICATE =
  'Nobody whom Node trusts has signed the certificate of "endpoint": name its authority in "ca" (--ca=FILE), or in NODE_EXTRA_CA_CERTS before the process starts.';

/** By Node's code of the failure. */
const BY_CODE: Readonly<Record<string, string>> = {
  ENOTFOUND:
    'The host name does not resolve: check the spelling of "endpoint" (and of "region"), DNS and the network; a store that keeps all buckets under one host name needs "usePathStyleEndpoint".',
  EAI_AGAIN: 'The resolver of host names does not answer: check DNS and the network.',
  ECONNREFUSED:
    'Nothing listens there: check the host and the port of "endpoint", and that the store runs.',
  ETIMEDOUT:
    'No connection, or no answer, in time: check firewalls, proxies and the port of "endpoint".',
  CERT_HAS_EXPIRED: 'The certificate of "endpoint" has expired: renew it, or set the clock.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'The certificate is for another host name: use the one that it names in "endpoint"; for a bucket with dots set "usePathStyleEndpoint".',
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  ECONNRESET:
    'The connection was closed without an answer: a port that speaks TLS does so ("https" in "endpoint"), and so do firewalls.',
  EHOSTUNREACH: 'No way leads there: check the network, its routes and a VPN.',
  ENETUNREACH: 'No way leads there: check the network, its routes and a VPN.',
  EPROXY:
    'The proxy that HTTPS_PROXY (HTTP_PROXY for http) names did not connect to storage: check its address, its user and what it lets through; NO_PROXY lists the hosts that are reached without it.',
  EPROTO:
    'What answers speaks another protocol: "http" and "https" of "endpoint" may be exchanged, or it offers HTTP/2 only.',
};

const NOT_S3 =
  'What answers is not S3, but a web server: check the port of "endpoint" (a console has one of its own) and proxies in between.';

const SPEAKS_TLS =
  'What answers does not take plain HTTP, as ports that speak TLS do not: write "https" in "endpoint".';

/** Whether an answer to a listing is none of S3's, whose refusals have a code, and an id as all of its answers. */
export function isNotS3({ code, status = 0, headers }: Refusal): boolean {
  const isRefusal = status >= 400 && status < 500;
  return isRefusal && code === '' && headers['x-amz-request-id'] === undefined;
}

/** The advice of a failed connection; undefined when nothing more is known than that it failed. */
export function connectionAdvice(refusal: Refusal, endpoint = ''): string | undefined {
  const { error, kind, status } = refusal;
  const { code, name, message } = error as Error & { readonly code?: unknown };
  // Servers of TLS answer so to plain HTTP: those in Go, and nginx.
  if (isNotS3(refusal) && status === 400 && endpoint.startsWith('http:')) return SPEAKS_TLS;
  // What the SDK refuses to send has no answer.
  const isUnsent = kind === 'nonsense' && status === undefined && name !== 'UnlikeS3';
  if (isUnsent) return `The AWS SDK does not send it: ${message.slice(0, 300)}`;
  if (kind === 'nonsense' || isNotS3(refusal)) return NOT_S3;
  if (typeof code !== 'string') return undefined;
  // OpenSSL has a code for each way in which plain HTTP is no handshake, Node's parser one for each that is no HTTP.
  return BY_CODE[code] ?? (/^(?:ERR_SSL_|HPE_)/.test(code) ? BY_CODE['EPROTO'] : undefined);
}

/**
 * What to do about the style of addresses: `<endpoint>/<bucket>`, or `<bucket>.<endpoint>`. Where storage refused the
 * one, it is asked by the other; undefined where that is no better, or where AWS's own addresses are used.
 */
export async function styleAdvice({
  settings,
  container,
  call,
}: S3Context): Promise<string | undefined> {
  if (settings.endpoint === undefined) return undefined;
  const usePathStyleEndpoint = !settings.usePathStyleEndpoint;
  // It may look, and nothing else.
  const looking = {
    ...settings,
    usePathStyleEndpoint,
    createBucket: false,
    enableVersioning: false,
  };
  const other = connect(looking);
  try {
    const input = { Prefix: container, MaxKeys: 1 };
    await s3Context(other, container, call).send('ListObjectsV2', input, { attempts: 1 });
    return usePathStyleEndpoint
      ? 'The bucket answers in path style: set "usePathStyleEndpoint" to true.'
      : 'The bucket answers under a host name of its own: leave "usePathStyleEndpoint" out.';
  } catch {
    return undefined;
  } finally {
    other.close(new Error('the question was answered'));
  }
}

/** The region that storage names when it was asked in another one; undefined when it names none. */
export function regionAdvice({ error, headers }: Refusal): string | undefined {
  // Border with the SDK: what S3 says in the XML of an error is on the error, untyped.
  const { Region } = error as { readonly Region?: unknown };
  const region = headers['x-amz-bucket-region'] ?? Region;
  const isName = typeof region === 'string' && /^[a-z0-9-]{1,40}$/.test(region);
  return isName ? `The bucket is in "${region}": set "region" to that.` : undefined;
}
