// The headers under which stored bytes are served, so that nothing a user uploaded runs in the
// browser of another (contract: serving what users uploaded). Knows values only.
import { create } from 'content-disposition';
import { httpDate } from './date.js';
import { UNKNOWN_TYPE, isActive, parseMediaType, typeOf } from './media-type.js';

/** How a host wants files served. */
export interface ServingPolicy {
  /** Types shown in place, `image/*` being all of a kind; everything else is offered for saving. */
  readonly inlineTypes: readonly string[];
  /** True serves every type as it was stored, without the safety headers: for a host's own assets. */
  readonly trustedContent: boolean;
  /** Cross-Origin-Resource-Policy; false sends none. */
  readonly crossOriginResourcePolicy: string | false;
  /** Cache-Control for files that were stored without one. */
  readonly cacheControl: string;
}

/** What is known about a file that is served. */
export interface Served {
  /** The base name, decoded. */
  readonly name: string;
  readonly contentType: string | null;
  readonly cacheControl: string | null;
  readonly contentDisposition?: string | null;
  readonly contentEncoding: string | null;
  readonly contentLanguage?: string | null;
  /** With its quotes; `''` when storage gave none. */
  readonly etag: string;
  readonly lastModified: Date | null;
  /** RFC 9530, `sha-256=:...:`. */
  readonly digest: string | null;
  /** Whether the answer is one that every caller without credentials gets. */
  readonly isForEveryone: boolean;
}

/** Types that no browser runs: raster images, audio, video, plain text and PDF. */
export const DEFAULT_INLINE_TYPES: readonly string[] = [
  'image/apng',
  'image/avif',
  'image/bmp',
  'image/gif',
  'image/heic',
  'image/heif',
  'image/jpeg',
  'image/jxl',
  'image/png',
  'image/tiff',
  'image/vnd.microsoft.icon',
  'image/webp',
  'image/x-icon',
  'audio/*',
  'video/*',
  'text/plain',
  'application/pdf',
];

// Whose answer is kept for whom is decided by these; a shared cache must not mix callers up.
const CREDENTIALS = [
  'Authorization',
  'Cookie',
  'X-API-Key',
  'X-DreamFactory-API-Key',
  'X-DreamFactory-Session-Token',
];
const VARY = CREDENTIALS.join(', ');
const CREDENTIAL_HEADERS = CREDENTIALS.map((name) => name.toLowerCase());

// Audio, video and images that are opened by their own URL load themselves: nothing else may be loaded, or run.
const SOURCES = "default-src 'none'; img-src 'self'; media-src 'self'";
const POLICY = `${SOURCES}; sandbox`;
// The PDF viewers of browsers do not start inside a sandbox.
const PDF_POLICY = SOURCES;
// Chromium asks by CORS for what a player in a document of another origin plays, and a plain sandbox has an origin of
// its own. Scripts and forms stay out.
const MEDIA_POLICY = `${POLICY} allow-same-origin`;

/**
 * The type to serve a file as, and whether it may be shown in place. The parsed type decides; the name only
 * where a file was stored without one. Types that a browser would run become `application/octet-stream`,
 * malformed ones too. A text that was typed by its name is UTF-8; to a stored type no charset is added, because
 * nobody looked at the bytes.
 */
export function servedType(
  { name, contentType }: Pick<Served, 'name' | 'contentType'>,
  policy: ServingPolicy,
): { readonly type: string; readonly inline: boolean } {
  const parsed = parseMediaType(typeOf(contentType, name));
  if (parsed === null) return { type: UNKNOWN_TYPE, inline: policy.trustedContent };
  const { essence, text } = parsed;
  if (policy.trustedContent) return { type: text, inline: true };
  // A host that names an active type itself has chosen; a wildcard has not.
  if (policy.inlineTypes.includes(essence)) return { type: text, inline: true };
  if (isActive(essence)) return { type: UNKNOWN_TYPE, inline: false };
  const family = `${essence.slice(0, essence.indexOf('/'))}/*`;
  return { type: text, inline: policy.inlineTypes.includes(family) };
}

/**
 * Every header of a served file but its length and range, the same for 200, 206 and HEAD.
 * Stored values that would make an invalid header are left out.
 */
export function servingHeaders(
  served: Served,
  policy: ServingPolicy,
  download: boolean,
): Record<string, string> {
  const { type, inline } = servedType(served, policy);
  const headers: Record<string, string> = {
    'Content-Type': type,
    'Content-Disposition': dispositionOf(served, policy, inline && !download, download),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': cacheControlOf(served, policy),
    Vary: VARY,
    'Accept-Ranges': 'bytes',
  };
  if (!policy.trustedContent) addSafety(headers, type, policy);
  add(headers, 'Content-Encoding', codings(served.contentEncoding));
  add(headers, 'Content-Language', matching(LANGUAGES, served.contentLanguage));
  add(headers, 'ETag', matching(ENTITY_TAG, served.etag));
  add(headers, 'Last-Modified', dateText(served.lastModified));
  add(headers, 'Repr-Digest', matching(DIGESTS, served.digest));
  return headers;
}

/** Whether a request brings nothing that could tell its caller from any other. Names in lower case. */
export function hasNoCredentials(headers: Readonly<Record<string, string>>): boolean {
  return CREDENTIAL_HEADERS.every((name) => headers[name] === undefined);
}

/**
 * What caches may do. A stored `public` (or `s-maxage`, which shared caches read as one) was said of the file and
 * not of its callers: it holds where everyone gets this answer. RFC 9111 section 5.2.2.6: `no-transform`, because
 * a compressor in between would change bytes that have a strong ETag, or a range of them.
 */
export function cacheControlOf(
  { cacheControl, isForEveryone }: Pick<Served, 'cacheControl' | 'isForEveryone'>,
  policy: ServingPolicy,
): string {
  const stored = text(cacheControl);
  if (stored === undefined) return withNoTransform(policy.cacheControl);
  if (policy.trustedContent || isForEveryone || !SHARED.test(stored))
    return withNoTransform(stored);
  const kept = stored.split(',').filter((directive) => !SHARED.test(directive));
  const names = kept.map((directive) => directive.trim()).filter((directive) => directive !== '');
  return withNoTransform(
    ['private', ...names.filter((name) => name.toLowerCase() !== 'private')].join(', '),
  );
}

const SHARED = /(?:^|[,\s])(?:public|s-maxage|proxy-revalidate)(?=$|[,;=\s])/i;
const NO_TRANSFORM = /(?:^|[,\s])no-transform(?=$|[,\s])/i;

function withNoTransform(cacheControl: string): string {
  return NO_TRANSFORM.test(cacheControl) ? cacheControl : `${cacheControl}, no-transform`;
}

// `type` is well formed.
function addSafety(headers: Record<string, string>, type: string, policy: ServingPolicy): void {
  headers['Content-Security-Policy'] = contentPolicy(
    type.split(';', 1)[0]?.trimEnd().toLowerCase() ?? '',
  );
  if (policy.crossOriginResourcePolicy === false) return;
  headers['Cross-Origin-Resource-Policy'] = policy.crossOriginResourcePolicy;
}

function contentPolicy(essence: string): string {
  if (essence === 'application/pdf') return PDF_POLICY;
  return /^(?:audio|video)\//.test(essence) ? MEDIA_POLICY : POLICY;
}

// A stored disposition may make serving stricter; only a host that trusts its content is taken at
// its word. The name is always the one that the file has.
function dispositionOf(
  served: Served,
  policy: ServingPolicy,
  inline: boolean,
  download: boolean,
): string {
  const stored = text(served.contentDisposition);
  if (stored === undefined) return disposition(served.name, inline);
  if (policy.trustedContent && !download) return stored;
  return disposition(served.name, inline && !/^attachment\b/i.test(stored));
}

const VISIBLE = /^[\x20-\x7e]+$/;
// RFC 9110 section 8.8.3.
const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;
// RFC 9110 section 8.5: language tags.
const LANGUAGES = /^[A-Za-z0-9-]+(?:[ \t]*,[ \t]*[A-Za-z0-9-]+)*$/;
// RFC 9530 section 3 with the algorithms that section 5 calls active.
const DIGESTS =
  /^sha-(?:256|512)=:[A-Za-z0-9+/]+={0,2}:(?:, sha-(?:256|512)=:[A-Za-z0-9+/]+={0,2}:)?$/;
const CODING = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function text(value: string | null | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed !== undefined && VISIBLE.test(trimmed) ? trimmed : undefined;
}

function matching(grammar: RegExp, value: string | null | undefined): string | undefined {
  return typeof value === 'string' && grammar.test(value) ? value : undefined;
}

// `aws-chunked` is how an upload was framed on its way; some stores forget to take it off.
function codings(value: string | null): string | undefined {
  if (value === null) return undefined;
  const list = value.split(',').map((coding) => coding.trim());
  const real = list.filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked');
  return real.length > 0 && real.every((coding) => CODING.test(coding))
    ? real.join(', ')
    : undefined;
}

function dateText(date: Date | null): string | undefined {
  return date === null || Number.isNaN(date.getTime()) ? undefined : httpDate(date);
}

function add(headers: Record<string, string>, name: string, value: string | undefined): void {
  if (value !== undefined) headers[name] = value;
}

// Controls, line separators and bidirectional controls: no header takes the first, and the last
// show `exe.jpg` for what is `gpj.exe`.
const UNSHOWN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const PLAIN = /^[A-Za-z0-9_.-]{1,100}$/;
const LONE_SURROGATE = /\p{Surrogate}/gu;
const SEPARATOR = /[/\\]/;
// The package leaves a name that is a token without quotes, as RFC 6266 section 4.1 allows; clients that
// look for the quotes always find them.
const BARE_NAME = /; filename=([^";]+)/;

/**
 * The header for a file called `name`, shown in place or offered for saving. Never throws: what no
 * header can carry is left out of the name; of a path, the base name stays.
 */
export function disposition(name: string, inline: boolean): string {
  // Most names, in the package's own words.
  if (PLAIN.test(name)) return `${inline ? 'inline' : 'attachment'}; filename="${name}"`;
  const base = name.split(SEPARATOR).at(-1) ?? '';
  const shown = base.replace(UNSHOWN, '').replace(LONE_SURROGATE, '\ufffd');
  const fallback = asciiName(shown);
  const header = create(shown === '' ? undefined : shown, {
    type: inline ? 'inline' : 'attachment',
    ...(fallback === shown ? {} : { fallback }),
  });
  return header.replace(BARE_NAME, '; filename="$1"');
}

/**
 * A name for clients that read nothing but ASCII (curl is one): letters without their accents, `_` for all else and
 * for what Windows takes in no name.
 */
function asciiName(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/gu, '_')
    .replace(/[<>:"/\\|?*]/g, '_');
}
