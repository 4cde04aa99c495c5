// The two protocols of resumable uploads, in the words of their headers: tus 1.0 (https://tus.io/protocols/resumable-upload)
// and Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload, interop version 8).
import type { ResumableSettings } from '../../config/resumable.js';
import type { OperationSettings } from '../../config/settings.js';
import { MOST_PARTS } from '../../core/part-size.js';
import { FileServiceError } from '../../core/errors.js';
import type { FileRequest } from '../../http/request.js';
import { booleanItem, integerItem } from '../../http/structured-field.js';
import type { UploadSession } from '../uploads/upload-session.js';

type Headers = Readonly<Record<string, string>>;

/** The one version of tus that is spoken. */
export const TUS_VERSION = '1.0.0';
/** The one version of the draft whose interim responses are sent. */
export const INTEROP_VERSION = '8';
/** The media type of a piece, in each protocol. */
export const PIECE_TYPE = {
  tus: 'application/offset+octet-stream',
  http: 'application/partial-upload',
};

const TUS_EXTENSIONS =
  'creation,creation-with-upload,creation-defer-length,expiration,termination,checksum';

/** Headers of the answers that a page has to be able to read. */
export const UPLOAD_RESPONSE_HEADERS = [
  'Tus-Checksum-Algorithm',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Resumable',
  'Tus-Version',
  'Upload-Complete',
  'Upload-Expires',
  'Upload-Length',
  'Upload-Defer-Length',
  'Upload-Limit',
  'Upload-Metadata',
  'Upload-Offset',
];

/** Whether a request speaks tus. */
export function isTus({ headers }: Pick<FileRequest<unknown>, 'headers'>): boolean {
  return headers['tus-resumable'] !== undefined;
}

/**
 * tus, "X-HTTP-Method-Override": it "MUST be interpreted as the request's method by the Server". Of the URL of an upload
 * only, which takes no cross-site requests; the right that is asked is the upload's, whatever the method.
 */
export function methodOf({ method, headers }: FileRequest<unknown>): string {
  return method === 'POST'
    ? (headers['x-http-method-override']?.trim().toUpperCase() ?? method)
    : method;
}

/** What `Upload-Complete` says; undefined where there is none, or no boolean. */
export function uploadComplete(headers: Headers): boolean | undefined {
  return booleanItem(headers['upload-complete']);
}

/**
 * tus, "Core protocol": a version that the server does not support is 412, with those that it supports.
 *
 * @throws FileServiceError `precondition_failed`
 */
export function refuseOtherVersion({ headers }: Pick<FileRequest<unknown>, 'headers'>): void {
  const version = headers['tus-resumable'];
  if (version === undefined || version === TUS_VERSION) return;
  throw new FileServiceError(
    'precondition_failed',
    `The header "Tus-Resumable" takes "${TUS_VERSION}".`,
    { headers: { 'Tus-Version': TUS_VERSION } },
  );
}

// tus: a "non-negative integer", which other servers take in this form only.
const PLAIN_COUNT = /^(?:0|[1-9]\d*)$/;

/**
 * A length or an offset. A malformed one is an error in tus; the draft has it ignored like a header that is not there.
 *
 * @throws FileServiceError `invalid_header`
 */
export function byteCount(request: FileRequest<unknown>, name: string): number | undefined {
  const value = request.headers[name.toLowerCase()];
  const count = integerItem(value);
  if (value === undefined || !isTus(request)) return count;
  if (count !== undefined && PLAIN_COUNT.test(value)) return count;
  throw new FileServiceError(
    'invalid_header',
    `The header "${name}" takes a whole number of bytes.`,
  );
}

/** Most bytes of a file. Of an unknown length there may be no more than 10,000 parts of the usual size. */
export function mostBytes(
  { maxUploadBytes }: Pick<OperationSettings, 'maxUploadBytes'>,
  { partSize }: Pick<ResumableSettings, 'partSize'>,
): number {
  return Math.min(maxUploadBytes, partSize * MOST_PARTS);
}

/**
 * The value of `Upload-Limit`. The lifetime of an upload that has begun is what is left of it; `now` in milliseconds
 * since 1970.
 */
export function uploadLimit(
  settings: Pick<OperationSettings, 'maxUploadBytes' | 'resumable'>,
  session?: UploadSession,
  now = Date.now(),
): string {
  const { resumable } = settings;
  if (resumable === undefined) return 'min-size=0';
  const { maxAppendBytes, maxAgeSeconds } = resumable;
  const age =
    session === undefined ? maxAgeSeconds : Math.max(0, session.expiresAt - Math.floor(now / 1000));
  return [
    `max-size=${session?.maxBytes ?? mostBytes(settings, resumable)}`,
    ...(maxAppendBytes === undefined ? [] : [`max-append-size=${maxAppendBytes}`]),
    `max-age=${age}`,
  ].join(', ');
}

/** What the answer to OPTIONS says of resumable uploads. */
export function describeUploads(
  settings: Pick<OperationSettings, 'maxUploadBytes' | 'resumable'>,
): Headers {
  const { resumable } = settings;
  if (resumable === undefined) return {};
  return {
    'Tus-Resumable': TUS_VERSION,
    'Tus-Version': TUS_VERSION,
    'Tus-Extension': TUS_EXTENSIONS,
    'Tus-Max-Size': String(mostBytes(settings, resumable)),
    'Tus-Checksum-Algorithm': CHECKSUM_ALGORITHMS.join(','),
    'Upload-Limit': uploadLimit(settings),
  };
}

/** Of `Upload-Checksum`, tus's "Checksum" extension. */
export const CHECKSUM_ALGORITHMS = ['sha256', 'sha1', 'md5', 'crc32'] as const;
