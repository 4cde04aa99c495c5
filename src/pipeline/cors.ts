// What pages of other origins may do: the answers of the CORS protocol (Fetch standard, section 3.3).
import type { CorsOptions } from '../config/options.js';
import { UPLOAD_RESPONSE_HEADERS } from '../operations/resumable/protocol.js';

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
  ...UPLOAD_RESPONSE_HEADERS,
];

/** Headers of an answer to another origin. */
export function corsHeaders(cors: CorsOptions, headers: Headers): Headers {
  const { origin } = headers;
  const vary: Headers = cors.origins === '*' ? {} : { Vary: 'Origin' };
  if (origin === undefined || !allowsOrigin(cors, origin)) return vary;
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
  if (cors === undefined || origin === undefined || !allowsOrigin(cors, origin)) return {};
  if (headers['access-control-request-method'] === undefined) return {};
  const requested = headers['access-control-request-headers'];
  return {
    'Access-Control-Allow-Methods': allowed,
    'Access-Control-Max-Age': String(cors.maxAgeSeconds ?? 600),
    ...(requested === undefined ? {} : { 'Access-Control-Allow-Headers': requested }),
  };
}

/** Whether an origin is allowed by name, by its parent domain (`https://*.example.com`), or because all are. */
export function allowsOrigin(cors: CorsOptions, origin: string): boolean {
  return cors.origins === '*' || listsOrigin(cors, origin);
}

/** As {@link allowsOrigin}, but for `*`, which names nobody. */
export function listsOrigin({ origins }: CorsOptions, origin: string): boolean {
  return origins !== '*' && origins.some((pattern) => matchesOrigin(pattern, origin));
}

/**
 * Whether a page of an allowed origin embeds the answer. Its `<img>` sends no Origin, but a Referer, and needs a
 * Cross-Origin-Resource-Policy that lets the bytes through (Fetch standard, section 3.7).
 */
export function isEmbeddable(cors: CorsOptions, headers: Headers): boolean {
  if (cors.origins === '*') return true;
  const { origin, referer } = headers;
  if (origin !== undefined) return allowsOrigin(cors, origin);
  return referer !== undefined && URL.canParse(referer)
    ? allowsOrigin(cors, new URL(referer).origin)
    : false;
}

const SUBDOMAINS = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;

function matchesOrigin(pattern: string, origin: string): boolean {
  const star = pattern.indexOf('*.');
  if (star === -1) return pattern === origin;
  const [scheme, parent] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (!origin.startsWith(scheme) || !origin.endsWith(parent)) return false;
  return SUBDOMAINS.test(origin.slice(scheme.length, origin.length - parent.length));
}
