// Refuses writes that a page of another site makes a browser send with credentials that it adds by itself
// (cookies, Basic, client certificates).
import type { Settings } from '../config/settings.js';
import { within } from '../core/deadline.js';
import { FileServiceError } from '../core/errors.js';
import { isPromise } from '../core/hooks.js';
import type { HookRequest, Principal } from '../core/hooks.js';
import type { FileRequest } from '../http/request.js';
import { hookRequestOf } from './authenticate.js';
import { listsOrigin } from './cors.js';

type Headers = Readonly<Record<string, string>>;

/** Headers with credentials that no browser adds by itself. `Authorization` depends on its scheme. */
const KEY_HEADERS = ['x-api-key', 'x-dreamfactory-api-key', 'x-dreamfactory-session-token'];
// RFC 7617, RFC 7616, RFC 4559: what a browser asks its user for once, and then sends by itself.
const BROWSER_SCHEMES = /^(?:basic|digest|negotiate|ntlm)\b/i;

/**
 * @throws FileServiceError `access_denied` for a write from another origin that `cors` does not list, unless
 * `authenticate` accepted a credential that no browser adds by itself
 */
export async function refuseCrossSiteWrite<Req>(
  settings: Settings<Req>,
  request: FileRequest<Req>,
  principal: Principal | null,
): Promise<void> {
  const { cors } = settings;
  const { headers } = request;
  const { origin } = headers;
  if (cors !== undefined && origin !== undefined && listsOrigin(cors, origin)) return;
  // Nothing to forge: nobody is signed in, no credential of a browser came along, and the host lets all origins call.
  if (cors?.origins === '*' && principal === null && !hasBrowserCredentials(headers)) return;
  if (principal !== null && (await isAcceptedByKey(settings, request))) return;
  throw new FileServiceError(
    'access_denied',
    'A page of another origin may not write here with credentials that browsers add by themselves; the option `cors` lists the origins that may.',
  );
}

/** Whether a request, which may write, comes from a page of another origin. */
export function isCrossSite<Req>(
  settings: Pick<Settings<Req>, 'publicUrl' | 'trustProxy'>,
  { headers }: Pick<FileRequest<Req>, 'headers'>,
): boolean {
  const site = headers['sec-fetch-site'];
  // Fetch Metadata: `same-site` is a sibling subdomain or another port, which others may control.
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const { origin } = headers;
  return origin !== undefined && !isOwnOrigin(settings, headers, origin);
}

function isOwnOrigin<Req>(
  { publicUrl, trustProxy }: Pick<Settings<Req>, 'publicUrl' | 'trustProxy'>,
  headers: Headers,
  origin: string,
): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  if (publicUrl !== undefined) return new URL(publicUrl).origin === origin;
  const scheme = trustProxy ? firstOf(headers['x-forwarded-proto']) : undefined;
  if (scheme !== undefined && `${scheme.toLowerCase()}:` !== protocol) return false;
  const named = (trustProxy ? firstOf(headers['x-forwarded-host']) : undefined) ?? headers['host'];
  // Parsed with the origin's scheme, so that a default port counts as none.
  const own = `${protocol}//${named ?? ''}`;
  return URL.canParse(own) && new URL(own).host === host;
}

// Proxies in a row append; the first is what the client asked for.
function firstOf(value: string | undefined): string | undefined {
  const [first = ''] = (value ?? '').split(',');
  return first.trim() === '' ? undefined : first.trim();
}

function hasBrowserCredentials(headers: Headers): boolean {
  const { authorization, cookie } = headers;
  return (
    cookie !== undefined || (authorization !== undefined && BROWSER_SCHEMES.test(authorization))
  );
}

/**
 * Whether the caller is known by a key alone: asked again without its keys, `authenticate` knows nobody. A key that
 * the host does not look at, or that is wrong while a cookie is right, changes nothing in that answer.
 */
async function isAcceptedByKey<Req>(
  { authenticate, timeouts }: Settings<Req>,
  request: FileRequest<Req>,
): Promise<boolean> {
  const keys = keyHeadersOf(request.headers);
  if (keys.length === 0) return false;
  const others = Object.entries(request.headers).filter(([name]) => !keys.includes(name));
  const bare: HookRequest<Req> = hookRequestOf(request, null, Object.fromEntries(others));
  const late = (): Error => new Error('authenticate is silent without a key');
  try {
    const answered = authenticate(bare);
    const caller = isPromise(answered) ? await within(answered, timeouts.hookMs, late) : answered;
    return caller === null || caller === undefined;
  } catch {
    return true;
  }
}

function keyHeadersOf(headers: Headers): readonly string[] {
  const { authorization } = headers;
  const keys = KEY_HEADERS.filter((name) => headers[name] !== undefined);
  return authorization === undefined || BROWSER_SCHEMES.test(authorization)
    ? keys
    : [...keys, 'authorization'];
}
