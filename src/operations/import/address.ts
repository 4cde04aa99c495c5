// Which addresses on the network a download may reach: public ones, and nothing that only looks so.
import type { LookupAddress } from 'node:dns';
import { lookup as resolve } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { FileServiceError } from '../../core/errors.js';

/** What a test may reach besides the public network: its own listeners. No config leads here. */
export interface Exempt {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  /** A certificate authority, PEM. */
  readonly authority?: string;
}

/** Resolves a host name to all of its addresses. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>;

// What ipaddr.js counts as unicast and is not the public network: Azure's host services.
const PRIVATE_V4 = ['168.63.129.16/32'].map((range) => ipaddr.parseCIDR(range));

// IANA's IPv6 Global Unicast space; all that translates, embeds or hides an IPv4 address is outside
// of it or listed below.
const PUBLIC_V6 = ipaddr.parseCIDR('2000::/3');
const PRIVATE_V6 = [
  '2001::/23', // RFC 2928: protocol assignments, Teredo and ORCHID among them
  '2001:db8::/32', // RFC 3849: documentation
  '2002::/16', // RFC 3056: 6to4, an IPv4 address inside
  '2620:4f:8000::/48', // RFC 7535: AS112
  '3ffe::/16', // RFC 3701: 6bone, returned
  '3fff::/20', // RFC 9637: documentation
].map((range) => ipaddr.parseCIDR(range));

/**
 * True for an address of the public network: not private, loopback, link-local, shared (CGNAT),
 * reserved, multicast, documentation, a cloud's metadata service, nor an IPv6 form that carries an
 * IPv4 address (mapped, compatible, NAT64, 6to4, Teredo). False for what is no address.
 */
export function isPublicAddress(address: string): boolean {
  // ipaddr.js alone would also take `1.2.3`, which others read as another address.
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === 'ipv4') {
    return parsed.range() === 'unicast' && !PRIVATE_V4.some((range) => parsed.match(range));
  }
  return parsed.match(PUBLIC_V6) && !PRIVATE_V6.some((range) => parsed.match(range));
}

/**
 * The `lookup` of a connection: the addresses that it judged are the ones that are dialled, so a
 * name cannot change in between. One refused address among several refuses all, with
 * `url_not_allowed`.
 */
export function guardedLookup(
  exempt: Exempt | undefined,
  lookup: Lookup = resolveAll,
): LookupFunction {
  return (hostname, options, callback) => {
    judge(hostname, lookup, exempt).then(
      ([first, ...others]) => {
        if (options.all === true) callback(null, [first, ...others]);
        else callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, ''),
    );
  };
}

/** The one answer to every URL that is refused: it does not tell why. */
export function urlNotAllowed(): FileServiceError {
  const sentence =
    'The "url" must be a public http or https address on port 80 or 443, without credentials.';
  return new FileServiceError('url_not_allowed', sentence);
}

async function judge(
  hostname: string,
  lookup: Lookup,
  exempt: Exempt | undefined,
): Promise<[LookupAddress, ...LookupAddress[]]> {
  const [first, ...others] = await lookup(hostname).catch(asUnknownName);
  if (first === undefined) throw urlNotAllowed();
  const refused = [first, ...others].some(
    ({ address }) => !isPublicAddress(address) && exempt?.addresses.includes(address) !== true,
  );
  if (refused) throw urlNotAllowed();
  return [first, ...others];
}

// A name that does not exist answers as one that is private: else the names of the inner network
// could be guessed.
function asUnknownName(error: NodeJS.ErrnoException): readonly LookupAddress[] {
  if (error.code === 'ENOTFOUND' || error.code === 'ENODATA') return [];
  throw error;
}

function resolveAll(hostname: string): Promise<readonly LookupAddress[]> {
  return resolve(hostname, { all: true });
}
