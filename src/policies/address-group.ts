// Which addresses count as one caller.
import { isIP } from 'node:net';

/**
 * The address that attempts are counted under. IPv4 counts alone, also when written as
 * `::ffff:1.2.3.4`; IPv6 by its /64, the least that a provider hands to one customer (RFC 6177),
 * who could else take a new address for every request.
 */
export const addressGroup = (ip: string): string => {
  if (isIP(ip) !== 6) return ip;
  const groups = groupsOf(ip);
  const [first = 0, second = 0] = groups.slice(6);
  // RFC 4291 section 2.5.5.2.
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0))
    return [first >> 8, first & 0xff, second >> 8, second & 0xff].join('.');
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
};

// RFC 4291 section 2.2: eight groups, one run of zeros left out, the last two perhaps as IPv4; RFC 4007: a zone.
function groupsOf(ip: string): readonly number[] {
  const [address = ''] = ip.split('%');
  const [head = '', tail] = address.split('::');
  const before = numbersOf(head);
  const after = numbersOf(tail ?? '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after];
}

function numbersOf(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
