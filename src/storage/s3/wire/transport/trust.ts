// Whom storage's certificate may be signed by: those whom Node trusts, and the authorities that the host names.
import * as tls from 'node:tls';
import type { SecureContext } from 'node:tls';

/** Node's list of whom it trusts, NODE_EXTRA_CA_CERTS and the system's included; Node 20 has no such function. */
const { getCACertificates } = tls as {
  readonly getCACertificates?: (type: 'default') => readonly string[];
};

/** What TLS to storage trusts; undefined is Node's own default. Reading all the authorities takes long: one for all sockets. */
export function trustOf(ca: readonly string[] | undefined): SecureContext | undefined {
  if (ca === undefined) return undefined;
  const known = getCACertificates?.('default') ?? tls.rootCertificates;
  return tls.createSecureContext({ ca: [...known, ...ca] });
}
