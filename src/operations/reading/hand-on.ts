// Files whose bytes somebody else carries: nginx in front, or the client itself. Whether the file is there, the rights,
// the conditions, the range and the headers are decided here, as for any other read.
import { UNKNOWN_TYPE, parseMediaType } from '../../http/media-type.js';
import { resolveRanges } from '../../http/range.js';
import type { RangeRequest, Span } from '../../http/range.js';
import { empty } from '../../http/reply.js';
import type { FileReply } from '../../http/reply.js';
import type { Signed, SignRequest, Stat } from '../../storage/bucket.js';
import type { OffloadSettings } from '../../config/offload.js';
import type { Ask, RunContext } from '../operation.js';
import { unsatisfiable } from '../shared/missing.js';

/**
 * The header by which nginx says that it takes `X-Accel-Redirect`: without it a client that has found its way past nginx
 * would be left with an answer without bytes.
 */
const OFFERED = 'x-s3files-offload';

/** A file that was looked at. */
export interface Looked {
  readonly ask: Ask;
  readonly key: string;
  readonly version: { readonly versionId?: string };
  /** Under which it is served. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Whether the bytes of what is asked may be somebody else's to carry. */
export function mayHandOn({ settings, request }: Ask): boolean {
  const { offload } = settings;
  return offload?.by === 'redirect' || (offload !== undefined && isOffered(request.headers));
}

function isOffered(headers: Ask['request']['headers']): boolean {
  return headers[OFFERED] === 'x-accel';
}

/**
 * The answer that hands a file on; null when the service carries it: several ranges, an empty file, one that is smaller
 * than what is handed on or of another type.
 *
 * @throws FileServiceError `range_not_satisfiable`
 */
export async function handOn(
  { ask, key, version, headers }: Looked,
  context: RunContext,
  stat: Stat,
  asked: RangeRequest,
): Promise<FileReply | null> {
  const { offload } = ask.settings;
  const { size } = stat;
  if (offload === undefined || !mayHandOn(ask) || asked.kind === 'several') return null;
  if (size === null || size === 0 || size < offload.minBytes || !isOfType(headers, offload))
    return null;
  const resolved =
    asked.kind === 'single' ? resolveRanges([asked.range], size) : ({ kind: 'whole' } as const);
  if (resolved.kind === 'unsatisfiable') throw unsatisfiable(key, size);
  const { by, expiresSeconds, location } = offload;
  const request = { kind: 'read', key, ...version, expiresSeconds, ...sameAs(headers) } as const;
  const signed = await context.bucket.sign(request);
  if (by === 'redirect') return redirect(signed, headers);
  const span = resolved.kind === 'ranges' ? resolved.ranges[0] : undefined;
  return accelerate(signed, { headers, etag: stat.etag, size, span, location });
}

function isOfType(headers: Looked['headers'], { types }: OffloadSettings): boolean {
  if (types.length === 0) return true;
  const essence = parseMediaType(headers['Content-Type'] ?? '')?.essence ?? '';
  return types.includes(essence) || types.includes(`${essence.split('/', 1)[0]}/*`);
}

type SignRead = Extract<SignRequest, { kind: 'read' }>;

// The URL shows what the service would show, and nothing else.
function sameAs(headers: Readonly<Record<string, string>>): Partial<SignRead> {
  return {
    contentType: headers['Content-Type'] ?? UNKNOWN_TYPE,
    contentDisposition: headers['Content-Disposition'] ?? 'attachment',
    cacheControl: headers['Cache-Control'] ?? 'no-store',
  };
}

function redirect({ url }: Signed, headers: Readonly<Record<string, string>>): FileReply {
  return empty(307, {
    Location: url,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    Vary: headers['Vary'] ?? '*',
  });
}

interface HandedOn {
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
  readonly size: number;
  /** Undefined is the whole file. */
  readonly span: Span | undefined;
  readonly location: string;
}

// https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers: X-Accel-Redirect. The path and the
// signed query travel in a header of their own, because nginx would decode a path in that one.
function accelerate(
  { url }: Signed,
  { etag, size, span, location, ...handed }: HandedOn,
): FileReply {
  const headers: Record<string, string> = {
    ...handed.headers,
    'X-Accel-Redirect': location,
    'X-S3files-Storage': url.slice(url.indexOf('/', url.indexOf('//') + 2)),
  };
  // Other bytes than those that were looked at are not theirs.
  if (etag !== '') headers['X-S3files-ETag'] = etag;
  if (span !== undefined) headers['X-S3files-Range'] = `bytes=${span.start}-${span.end}`;
  const handedOn = span === undefined ? size : span.end - span.start + 1;
  return { status: 200, headers, body: null, handedOn };
}
