// What S3's refusals mean, in one table by code and status; never by S3's text, which no client sees.
import { FileServiceError, isFileServiceError, type Reason } from '../../core/errors.js';
import { refusalCode, type RefusalKind } from './wire/refusal-codes.js';

/** A failed call, understood. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** S3's code, such as `NoSuchKey`; `''` when the answer had none (every HEAD). */
  readonly code: string;
  /** Headers of the answer, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The SDK's error. Its further fields (`ActualObjectSize`) are storage's own words. */
  readonly error: unknown;
}

const BY_STATUS = new Map<number, RefusalKind>([
  [301, 'denied'],
  [304, 'not-modified'],
  [307, 'denied'],
  [401, 'denied'],
  [403, 'denied'],
  [405, 'unsupported'],
  [409, 'conflict'],
  [412, 'precondition-failed'],
  [413, 'too-large'],
  [416, 'unsatisfiable'],
  [429, 'unavailable'],
  [501, 'unsupported'],
  // RFC 4918 section 11.5: Insufficient Storage.
  [507, 'storage-full'],
]);

/** The refusal behind an error that `send` threw, or a raw SDK error; undefined for our own errors and aborts. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (isFileServiceError(error))
    return error.cause === undefined ? undefined : refusalOf(error.cause);
  if (!(error instanceof Error)) return undefined;
  const status = statusOf(error);
  const code = codeOf(error);
  return { kind: kindOf(error, code, status), status, code, headers: headersOf(error), error };
}

// No answer came, but none could: the request never left.
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOSOCKET',
  'EPROXY',
]);

/** Whether storage may have done what it was asked for, and only its answer is missing. */
export function isLost(refusal: Refusal): boolean {
  if (!['unreachable', 'timeout', 'endless'].includes(refusal.kind)) return false;
  const { code, isSent } = refusal.error as { code?: unknown; isSent?: unknown };
  if (typeof isSent === 'boolean') return isSent;
  return typeof code !== 'string' || !(NEVER_SENT.has(code) || HANDSHAKE.test(code));
}

/** The FileServiceError that a refusal becomes when its operation has no answer of its own. */
export function translate(error: unknown): unknown {
  if (isFileServiceError(error)) return error;
  const refusal = refusalOf(error);
  return refusal === undefined ? error : storageError(refusal.kind, error, retryAfter(refusal));
}

/** The FileServiceError of a kind of refusal; `retrySeconds` is for those that pass. @default '5' */
export function storageError(
  kind: RefusalKind,
  cause?: unknown,
  retrySeconds = '5',
): FileServiceError {
  const [reason, sentence] = SENTENCES[kind];
  const headers: Record<string, string> =
    reason === 'storage_unavailable' ? { 'Retry-After': retrySeconds } : {};
  return new FileServiceError(reason, sentence, { cause, headers });
}

/** The value, or `storage_failed`: the SDK types every field of an answer as optional. */
export function required<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw nonsense(`Storage answered without ${what}.`);
  return value;
}

/**
 * The error of an object that was not to be had. AWS answers 400 to who does not bring the key of SSE-C: that is
 * neither a fault nor a right that is missing. Its answer to a HEAD has no code, and could as well mean another region.
 */
export function objectError(error: unknown): unknown {
  const refusal = refusalOf(error);
  const isSo = refusal?.status === 400 && refusal.code === 'InvalidRequest';
  return isSo ? storageError('not-as-asked', error) : error;
}

/** `storage_failed`: an answer that makes no sense. */
export function nonsense(sentence: string, cause?: unknown): FileServiceError {
  return new FileServiceError('storage_failed', sentence, { cause });
}

/**
 * What a failure says of storage: nothing came back (`silent`), an answer that it cannot (`failing`), another answer
 * (`answered`); undefined when storage was not asked.
 */
export function healthOf({ kind, status }: Refusal): 'silent' | 'failing' | 'answered' | undefined {
  if (kind === 'unreachable' || kind === 'timeout') return 'silent';
  if (status === undefined) return undefined;
  return kind === 'unavailable' && status >= 500 ? 'failing' : 'answered';
}

/**
 * Whether the reason of an abort says that storage is out: those who watch a stream abort it so when
 * storage stands still. A client that has gone, or a body that was too long, says nothing of storage.
 */
export function blamesStorage(reason: unknown): boolean {
  return isFileServiceError(reason) && reason.reason === 'storage_unavailable';
}

const SENTENCES: Record<RefusalKind, readonly [Reason, string]> = {
  missing: ['not_found', 'The file does not exist in storage.'],
  'bucket-missing': ['storage_bucket_missing', 'The bucket of this service does not exist.'],
  'upload-missing': ['storage_failed', 'Storage has lost a multipart upload.'],
  'not-modified': ['storage_failed', 'Storage answered a question that was not asked.'],
  'precondition-failed': ['precondition_failed', 'The file has changed in storage.'],
  conflict: ['conflict', 'Another request changes the same file at the moment.'],
  unsatisfiable: ['range_not_satisfiable', 'The range begins beyond the end of the file.'],
  denied: ['storage_access_denied', 'Storage refused access to this service.'],
  unavailable: ['storage_unavailable', 'Storage is busy or failing at the moment.'],
  unreachable: ['storage_unavailable', 'Storage cannot be reached at the moment.'],
  timeout: ['storage_unavailable', 'Storage did not answer in time.'],
  crowded: ['storage_unavailable', 'Too many requests wait for storage at the moment.'],
  'credentials-late': [
    'storage_unavailable',
    'The credentials of this service did not come in time.',
  ],
  quota: ['quota_exceeded', 'There is no room left for this file.'],
  'storage-full': ['storage_full', 'Storage has no room left.'],
  unsupported: ['storage_failed', 'Storage does not support this operation.'],
  'too-large': ['too_large', 'The file is larger than storage accepts.'],
  'bad-key': ['invalid_path', 'Storage does not accept this path.'],
  'folder-in-place': ['conflict', 'A folder stands where this path needs a file.'],
  'parent-is-file': ['conflict', 'A file stands where this path needs a folder.'],
  archived: [
    'archived',
    'The file is in an archive tier; restore it in storage (S3 RestoreObject) before it is read.',
  ],
  'not-as-asked': [
    'storage_access_denied',
    'Storage does not give this file as it is asked for: it is encrypted with a key of its own (SSE-C).',
  ],
  endless: ['storage_failed', 'Storage gave an answer without end.'],
  nonsense: ['storage_failed', 'Storage gave an answer that makes no sense.'],
};

function kindOf(error: Error, code: string, status: number | undefined): RefusalKind {
  const network = networkKind(error);
  if (network !== undefined) return network;
  const known = refusalCode(code);
  if (known !== undefined) return known.kind;
  if (status === undefined) return 'nonsense';
  const byStatus = BY_STATUS.get(status);
  if (byStatus !== undefined) return byStatus;
  if (status >= 500) return 'unavailable';
  // HEAD answers carry no body and so no code: 404 is a missing object (the bucket is asked about
  // separately), 400 is what a wrong region or a malformed credential gets.
  const hasCode = code !== '';
  if (status === 404 && !hasCode) return 'missing';
  if (status === 400 && !hasCode) return 'denied';
  return 'nonsense';
}

// Node's words for a TLS handshake that failed.
const HANDSHAKE = /^(?:ERR_(?:TLS|SSL)|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|EPROTO$)/;

// Node's words for a network that did not deliver; a bad certificate is an unreachable storage too.
const NETWORK =
  /^(E(CONN|PIPE|HOST|NET|AI_|NOTFOUND|ADDR|PROTO|PROXY)|ERR_(TLS|SSL|STREAM_PREMATURE)|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|HPE_)/;

function networkKind(error: Error): 'unreachable' | 'timeout' | 'crowded' | 'endless' | undefined {
  // The code first: the SDK calls a reset connection a TimeoutError too.
  const code: unknown = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code !== 'ETIMEDOUT' && NETWORK.test(code)) return 'unreachable';
  if (code === 'ETIMEDOUT') return 'timeout';
  if (code === 'ENOSOCKET') return 'crowded';
  if (code === 'EMSGSIZE') return 'endless';
  // Without a code it is the SDK's own, and about the wait for a free socket.
  return error.name === 'TimeoutError' ? 'crowded' : undefined;
}

// What the SDK calls an error whose answer named none.
const NAMELESS = new Set([
  'Error',
  'Unknown',
  'UnknownError',
  'NotFound',
  'S3ServiceException',
  '400',
  '403',
  '404',
  '304',
  '412',
]);

function codeOf(error: Error): string {
  return NAMELESS.has(error.name) ? '' : error.name;
}

// Border with the SDK: $metadata and $response are on its errors, typed there as optional or not at all.
function statusOf(error: Error): number | undefined {
  const known = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  return known.$metadata?.httpStatusCode ?? known.$response?.statusCode;
}

function headersOf(error: Error): Readonly<Record<string, string>> {
  const known = error as { $response?: { headers?: Record<string, string> } };
  return known.$response?.headers ?? {};
}

function retryAfter(refusal: Refusal): string {
  const asked = Number(refusal.headers['retry-after']);
  return Number.isFinite(asked) ? `${Math.min(30, Math.max(1, Math.ceil(asked)))}` : '5';
}
