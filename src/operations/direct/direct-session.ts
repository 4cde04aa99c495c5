// What the requests of an upload have in common whose parts go straight to storage, in the wire form of Companion
// (https://uppy.io/docs/aws-s3/).
import { FileServiceError } from '../../core/errors.js';
import { UPLOADS_FOLDER, uploadToken } from '../../core/key.js';
import { directPath, type DirectPath } from '../../core/upload-path.js';
import { json, type FileReply } from '../../http/reply.js';
import { lastValue, type FileRequest } from '../../http/request.js';
import type { DirectSettings } from '../../config/direct.js';
import type { Ask } from '../operation.js';
import { uploadGone } from '../uploads/refusals.js';
import type { TicketGrant } from '../uploads/token.js';
import type { UploadSession } from '../uploads/upload-session.js';
import { ownOrigin } from './own-origin.js';

/** AWS: part numbers are 1 to 10,000. */
const MOST_PARTS = 10_000;

/** The step that a request asks for; null for any other path. */
export function directStep({ path }: Pick<FileRequest<unknown>, 'path'>): DirectPath | null {
  const below = uploadToken(path);
  return below === null ? null : directPath(below);
}

/** The settings of an operation that is only there when the option is on. */
export function directSettings({ settings }: Pick<Ask, 'settings'>): DirectSettings {
  if (settings.direct === undefined) throw uploadGone();
  return settings.direct;
}

/**
 * The upload in the path, of which the query has to name the key.
 *
 * @throws FileServiceError `upload_gone`
 */
export function directUpload(ask: Ask): UploadSession {
  const { grant, request } = ask;
  const isOurs = grant?.kind === 'session' && grant.tenant === ask.tenant();
  if (!isOurs || grant.session.way !== 'direct') throw uploadGone();
  // Uppy repeats the key; one that names another is no client of this upload.
  if (lastValue(request.query, 'key') !== grant.session.key) throw uploadGone();
  return grant.session;
}

/**
 * The ticket in the path, where there is one.
 *
 * @throws FileServiceError `upload_gone` for one of another container
 */
export function ticketIn(ask: Ask): TicketGrant | null {
  if (ask.ticket !== null && ask.ticket.tenant !== ask.tenant()) throw uploadGone();
  return ask.ticket;
}

/** Most bytes of a file. */
export function mostBytesOf(
  { settings }: Pick<Ask, 'settings'>,
  ticket: TicketGrant | null,
): number {
  return Math.min(settings.maxUploadBytes, ticket?.maxBytes ?? Infinity);
}

/**
 * A number of a part that may be part of the file.
 *
 * @throws FileServiceError `too_large` for one behind the last
 */
export function checkPartNumber(ask: Ask, { maxBytes }: UploadSession, number: number): number {
  const most = Math.min(
    MOST_PARTS,
    Math.max(1, Math.ceil(maxBytes / directSettings(ask).minPartBytes)),
  );
  if (number <= most) return number;
  throw new FileServiceError(
    'too_large',
    `The upload is larger than ${maxBytes} bytes: it has at most ${most} parts.`,
    { context: { limit: maxBytes } },
  );
}

/**
 * An address below the mount, absolute where the service knows what it is called: pages of other origins need that,
 * and so does Uppy 6, which reads the URL of a form by `new URL(url)`.
 */
export function addressOf(
  { request, settings }: Pick<Ask, 'request' | 'settings'>,
  path: string,
): string {
  const { publicUrl } = settings;
  const origin = publicUrl === undefined ? ownOrigin(request.headers) : new URL(publicUrl).origin;
  return `${origin}${request.mount}/${path}`;
}

/** The address of what a token gives. */
export function tokenAddress(ask: Pick<Ask, 'request' | 'settings'>, token: string): string {
  return addressOf(ask, UPLOADS_FOLDER + token);
}

/** An answer that nobody may keep. */
export function uncached(value: unknown): FileReply {
  return json(200, value, { 'Cache-Control': 'no-store' });
}
