// Answers of the page itself: the shell and its assets, with everything a browser is told to forbid.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Asset } from './assets.js';
import type { PageOptions } from './options.js';

/** A document that is made anew for every process, and asked for again on every visit. */
export interface Shell {
  readonly html: Buffer;
  readonly etag: string;
}

/** The shell, with the tag that tells one version from another. */
export function shellWithTag(html: string): Shell {
  const hash = createHash('sha256').update(html).digest('base64url').slice(0, 22);
  return { html: Buffer.from(html), etag: `"${hash}"` };
}

/** The content security policy: own scripts and styles, no inline code, no other site. */
export function policyOf({ cspExtra = {} }: PageOptions): string {
  const { connect = [], img = [], media = [] } = cspExtra;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    ["img-src 'self' blob:", ...img].join(' '),
    ["media-src 'self' blob:", ...media].join(' '),
    ["connect-src 'self'", ...connect].join(' '),
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

const COMMON = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const PERMISSIONS = 'camera=(), geolocation=(), microphone=(), payment=(), usb=()';

/** Sends the shell, or 304 when the browser has it. */
export function sendShell(
  req: IncomingMessage,
  res: ServerResponse,
  shell: Shell,
  policy: string,
): void {
  setHeaders(res, {
    ...COMMON,
    'Content-Security-Policy': policy,
    'Permissions-Policy': PERMISSIONS,
    // It names the assets of this version.
    'Cache-Control': 'no-cache',
    ETag: shell.etag,
  });
  if (has(req.headers['if-none-match'], shell.etag)) return end(res, 304);
  end(res, 200, { 'Content-Type': 'text/html; charset=utf-8' }, shell.html, req.method);
}

/** Sends an asset in the best coding that the browser takes. */
export function sendAsset(
  req: IncomingMessage,
  res: ServerResponse,
  name: string,
  asset: Asset,
): void {
  const coding = codingFor(req.headers['accept-encoding']);
  const etag = `"${name}${coding === 'identity' ? '' : `-${coding}`}"`;
  setHeaders(res, {
    ...COMMON,
    'Cache-Control': 'public, max-age=31536000, immutable',
    Vary: 'Accept-Encoding',
    ETag: etag,
  });
  if (has(req.headers['if-none-match'], etag)) return end(res, 304);
  const headers = {
    'Content-Type': asset.type,
    ...(coding === 'identity' ? {} : { 'Content-Encoding': coding }),
  };
  end(res, 200, headers, asset[coding], req.method);
}

/** Sends an error in one line of text. */
export function sendText(
  res: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  setHeaders(res, { ...COMMON, 'Cache-Control': 'no-store', ...headers });
  end(res, status, { 'Content-Type': 'text/plain; charset=utf-8' }, Buffer.from(`${text}\n`));
}

function end(
  res: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body?: Buffer,
  method = 'GET',
): void {
  setHeaders(res, headers);
  if (body !== undefined) res.setHeader('Content-Length', body.length);
  res.statusCode = status;
  res.end(method === 'HEAD' ? undefined : body);
}

// One by one: what the host has set beside them stays, and the same names are replaced.
function setHeaders(res: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
}

// RFC 9110 section 13.1.2: weak comparison.
function has(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

// RFC 9110 section 12.5.3: a quality of 0 refuses a coding.
function codingFor(header = ''): 'br' | 'gzip' | 'identity' {
  const accepted = new Set(
    header
      .toLowerCase()
      .split(',')
      .map((part) => part.trim())
      .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
      .map((part) => part.replace(/;.*$/, '').trim()),
  );
  return accepted.has('br') ? 'br' : accepted.has('gzip') ? 'gzip' : 'identity';
}
