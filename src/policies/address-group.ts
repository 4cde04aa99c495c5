// Which addresses count as one caller.
import ipaddr from 'ipaddr.js';

/**
 * The address that attempts are counted under. IPv4 counts alone, also when written as
 * `::ffff:1.2.3.4`; IPv6 by its /64, the least that a provider hands to one customer (RFC 6177),
 * who could else take a new address for every request.
 */
export const addressGroup = (ip: string): string => {
  if (!ipaddr.isValid(ip)) return ip;
  const address = ipaddr.process(ip);
  if (address instanceof ipaddr.IPv4) return address.toString();
  return `${address.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
};
