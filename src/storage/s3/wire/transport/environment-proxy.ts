// Which proxy the environment names for an origin: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as curl and Go read them.
import { isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy on the way to an origin; undefined when there is none. Small letters win over capitals. As in Go, this
 * machine itself is never reached through a proxy. Throws a `TypeError` for a proxy that is no http(s) URL.
 */
export function environmentProxy(origin: URL, environment: Environment): URL | undefined {
  const name = origin.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const named = variable(environment, name);
  if (named === '' || isLoopback(origin.hostname) || isExempt(origin, environment))
    return undefined;
  // curl takes `host:port` too.
  const text = named.includes('://') ? named : `http://${named}`;
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
    throw unusable(`${name.toUpperCase()} must be the address of an HTTP proxy.`);
  return new URL(text);
}

// As a proxy that cannot be reached: nothing was sent, and whoever set it has to change it.
function unusable(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'EPROXY' });
}

function variable(environment: Environment, name: string): string {
  return (environment[name] ?? environment[name.toUpperCase()] ?? '').trim();
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}

// A list of `host`, `.host`, `*.host`, each with or without a port, or `*`; a host stands for those below it too.
function isExempt({ hostname, protocol, port }: URL, environment: Environment): boolean {
  const ownPort = port || (protocol === 'https:' ? '443' : '80');
  return variable(environment, 'no_proxy')
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true;
      const [, host = '', onPort] = /^(?:\*?\.)?(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
      if (host === '' || (onPort !== undefined && onPort !== ownPort)) return false;
      return hostname === host || hostname.endsWith(`.${host}`);
    });
}
