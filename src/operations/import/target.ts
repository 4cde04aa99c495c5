// Which URLs a download may ask for; what the name in them resolves to is judged when it is
// dialled.
import { isIP } from 'node:net';
import { isPublicAddress, urlNotAllowed } from './address.js';
import type { Exempt } from './address.js';

const PORTS = [80, 443];
const LOCAL_NAME = /(?:^|\.)localhost\.?$/i;

/**
 * Parses and judges a URL: http or https, port 80 or 443, no credentials, not `localhost`, and a
 * public address where it holds one, in whatever notation. Throws `url_not_allowed`.
 */
export function parseTarget(url: string | URL, exempt?: Exempt): URL {
  const target = parse(url);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
  const allowed =
    (target.protocol === 'http:' || target.protocol === 'https:') &&
    target.username === '' &&
    target.password === '' &&
    (PORTS.includes(port) || exempt?.ports.includes(port) === true) &&
    !LOCAL_NAME.test(host) &&
    (isIP(host) === 0 || isPublicAddress(host) || exempt?.addresses.includes(host) === true);
  if (!allowed) throw urlNotAllowed();
  return target;
}

/**
 * Where a redirect leads; judged like the first URL, and never from https to http. Throws
 * `url_not_allowed`.
 */
export function parseRedirect(from: URL, location: string, exempt?: Exempt): URL {
  if (!URL.canParse(location, from.href)) throw urlNotAllowed();
  const target = parseTarget(new URL(location, from), exempt);
  if (from.protocol === 'https:' && target.protocol !== 'https:') throw urlNotAllowed();
  return target;
}

function parse(url: string | URL): URL {
  if (url instanceof URL) return url;
  if (!URL.canParse(url)) throw urlNotAllowed();
  return new URL(url);
}
