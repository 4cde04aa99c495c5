// Which other origins may call: CORS answers, and the refusal of forged cross-site writes.
import type { CorsOptions } from '../config/options.js';
import { FileServiceError } from '../core/errors.js';

type Headers = Readonly<Record<string, string>>;

/** Response headers of ours that Fetch does not show to a page by itself. */
const EXPOSED = [
  'Accept-Ranges',
  'Allow',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Link',
  'Location',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Repr-Digest',
  'Retry-After',
  'X-Request-Id',
];
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Credentials that a browser never adds by itself, so that a forged request cannot carry them. */
const OWN_CREDENTIALS = [
  'authorization',
  'x-api-key',
  'x-dreamfactory-api-key',
  'x-dreamfactory-session-token',
];

/** Headers of an answer to another origin; none when CORS is off. Fetch standard, section 3.3. */
export function corsHeaders(cors: CorsOptions | undefined, headers: Headers): Headers {
  if (cors === undefined) return {};
  const { origin } = headers;
  const vary: Headers = cors.origins === '*' ? {} : { Vary: 'Origin' };
  if (origin === undefined || !allows(cors, origin)) return vary;
  const credentials: Headers =
    cors.credentials === true ? { 'Access-Control-Allow-Credentials': 'true' } : {};
  return {
    ...vary,
    ...credentials,
    'Access-Control-Allow-Origin': cors.origins === '*' ? '*' : origin,
    'Access-Control-Expose-Headers': [...EXPOSED, ...(cors.exposedHeaders ?? [])].join(', '),
  };
}

/** Further headers of the answer to a preflight. */
export function preflightHeaders(
  cors: CorsOptions | undefined,
  headers: Headers,
  allowed: string,
): Headers {
  const { origin } = headers;
  if (cors === undefined || origin === undefined || !allows(cors, origin)) return {};
  if (headers['access-control-request-method'] === undefined) return {};
  const requested = headers['access-control-request-headers'];
  return {
    'Access-Control-Allow-Methods': allowed,
    'Access-Control-Max-Age': String(cors.maxAgeSeconds ?? 600),
    ...(requested === undefined ? {} : { 'Access-Control-Allow-Headers': requested }),
  };
}

/**
 * Refuses a write that another site makes a browser send with the user's cookies.
 *
 * @throws FileServiceError `access_denied`
 */
export function refuseForgery(
  cors: CorsOptions | undefined,
  method: string,
  headers: Headers,
): void {
  if (SAFE_METHODS.has(method)) return;
  if (OWN_CREDENTIALS.some((name) => headers[name] !== undefined)) return;
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const foreign = site === undefined ? isForeign(origin, headers['host']) : site === 'cross-site';
  if (!foreign || (cors !== undefined && origin !== undefined && allows(cors, origin))) return;
  throw new FileServiceError('access_denied', 'Another site may not write here with your cookies.');
}

function allows(cors: CorsOptions, origin: string): boolean {
  return cors.origins === '*' || cors.origins.includes(origin);
}

function isForeign(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}
