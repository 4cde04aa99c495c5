// What to do about a storage that cannot be reached, by what the connection failed of.
import type { Refusal } from './errors.js';

const CERTIFICATE =
  'Let Node trust the authority that signed the certificate of "endpoint": NODE_EXTRA_CA_CERTS names a file with it, before the process starts.';

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
  EPROTO:
    'What answers speaks another protocol: "http" and "https" of "endpoint" may be exchanged, or it offers HTTP/2 only.',
};

const NOT_S3 =
  'What answers is not S3, but a web server: check the port of "endpoint" (a console has one of its own) and proxies in between.';

/** The advice of a failed connection; undefined when nothing more is known than that it failed. */
export function connectionAdvice({ error, kind }: Refusal): string | undefined {
  if (kind === 'nonsense') return NOT_S3;
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string') return undefined;
  // OpenSSL has a code of its own for each way in which plain HTTP is no handshake.
  return BY_CODE[code] ?? (code.startsWith('ERR_SSL_') ? BY_CODE['EPROTO'] : undefined);
}
