// The headers that every answer has.
import type { CorsOptions } from '../config/options.js';
import type { Settings } from '../config/settings.js';
import { corsHeaders, isEmbeddable } from './cors.js';
import { linkOf, uploadToken } from '../core/key.js';
import type { FileReply } from '../http/reply.js';
import {
  TUS_VERSION,
  isTus,
  uploadComplete,
  uploadLimit,
} from '../operations/resumable/protocol.js';
import type { FileRequest } from '../http/request.js';

/** A reply with the headers that every answer has, and without a body for HEAD. */
export function withCommonHeaders<Req>(
  settings: Settings<Req>,
  request: FileRequest<Req>,
  bodiless: boolean,
  reply: FileReply,
): FileReply {
  const headers: Record<string, string> = {
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': request.id,
    // What one caller may see is nobody else's: only a browser may keep it, and must ask again.
    'Cache-Control': 'private, no-cache',
    ...reply.headers,
  };
  // RFC 9110 section 15.5.2: a 401 says how to authenticate.
  if (reply.status === 401) headers['WWW-Authenticate'] ??= 'Bearer';
  // Both put credentials into URLs.
  if (
    settings.compat !== undefined ||
    uploadToken(request.path) !== null ||
    linkOf(request.path) !== null
  )
    headers['Referrer-Policy'] = 'no-referrer';
  // tus, "Tus-Resumable": "MUST be included in every request and response except for OPTIONS requests."
  if (settings.resumable !== undefined && isTus(request)) headers['Tus-Resumable'] = TUS_VERSION;
  if (reply.status >= 400) addUploadState(headers, settings, request, reply.status);
  if (settings.cors !== undefined) addCors(headers, settings.cors, request);
  if (!bodiless || reply.body === null) return { ...reply, headers };
  if (typeof reply.body === 'object' && 'destroy' in reply.body) reply.body.destroy();
  return { status: reply.status, headers, body: null };
}

// Draft of Resumable Uploads for HTTP: a whole upload that was taken for a plain one is refused by what it was sent to,
// so that going on would not help; and what is too large is told the limits.
function addUploadState<Req>(
  headers: Record<string, string>,
  settings: Settings<Req>,
  { method, headers: asked }: FileRequest<Req>,
  status: number,
): void {
  if (settings.resumable === undefined || (method !== 'POST' && method !== 'PUT')) return;
  if (uploadComplete(asked) !== true) return;
  headers['Upload-Complete'] ??= '?1';
  if (status === 413) headers['Upload-Limit'] ??= uploadLimit(settings);
}

function addCors(
  headers: Record<string, string>,
  options: CorsOptions,
  request: FileRequest<unknown>,
): void {
  const isServed = headers['Cross-Origin-Resource-Policy'] !== undefined;
  if (isServed && isEmbeddable(options, request.headers))
    headers['Cross-Origin-Resource-Policy'] = 'cross-origin';
  const cors = corsHeaders(options, request.headers);
  const vary = [headers['Vary'], cors['Vary']].filter((names) => names !== undefined).join(', ');
  Object.assign(headers, cors);
  if (vary !== '') headers['Vary'] = vary;
}
