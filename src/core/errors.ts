// What may go wrong, in one table: every reason a client can read, its status and its phrase.

/** Reason to status and standard phrase (contract: the closed list of error reasons). */
const TABLE = {
  invalid_path: [400, 'Bad Request'],
  invalid_parameter: [400, 'Bad Request'],
  invalid_header: [400, 'Bad Request'],
  invalid_body: [400, 'Bad Request'],
  invalid_archive: [400, 'Bad Request'],
  checksum_mismatch: [400, 'Bad Request'],
  length_mismatch: [400, 'Bad Request'],
  folder_not_empty: [400, 'Bad Request'],
  folder_exists: [400, 'Bad Request'],
  body_already_consumed: [400, 'Bad Request'],
  incomplete_body: [400, 'Bad Request'],
  url_not_allowed: [400, 'Bad Request'],
  unauthorized: [401, 'Unauthorized'],
  access_denied: [403, 'Access Denied'],
  import_disabled: [403, 'Access Denied'],
  rejected_by_scan: [403, 'Access Denied'],
  quota_exceeded: [403, 'Access Denied'],
  storage_access_denied: [403, 'Access Denied'],
  not_found: [404, 'Not Found'],
  import_not_found: [404, 'Not Found'],
  storage_bucket_missing: [404, 'Not Found'],
  upload_gone: [404, 'Not Found'],
  link_gone: [404, 'Not Found'],
  method_not_allowed: [405, 'Method Not Allowed'],
  request_timeout: [408, 'Request Timeout'],
  already_exists: [409, 'Conflict'],
  conflict: [409, 'Conflict'],
  offset_mismatch: [409, 'Conflict'],
  archived: [409, 'Conflict'],
  locked: [409, 'Conflict'],
  length_required: [411, 'Length Required'],
  precondition_failed: [412, 'Precondition Failed'],
  too_large: [413, 'Payload Too Large'],
  unsupported_type: [415, 'Unsupported Media Type'],
  range_not_satisfiable: [416, 'Range Not Satisfiable'],
  rate_limited: [429, 'Too Many Requests'],
  internal: [500, 'Internal Server Error'],
  storage_failed: [502, 'Bad Gateway'],
  partial_failure: [502, 'Bad Gateway'],
  import_failed: [502, 'Bad Gateway'],
  hook_failed: [502, 'Bad Gateway'],
  storage_unavailable: [503, 'Service Unavailable'],
  storage_outcome_unknown: [503, 'Service Unavailable'],
  authorization_unavailable: [503, 'Service Unavailable'],
  limit_unavailable: [503, 'Service Unavailable'],
  audit_unavailable: [503, 'Service Unavailable'],
  closing: [503, 'Service Unavailable'],
  storage_full: [507, 'Insufficient Storage'],
} as const satisfies Record<string, readonly [status: number, phrase: string]>;

/**
 * Why a request failed: one stable word of a closed list.
 *
 * @example
 * const reason: Reason = 'not_found';
 */
export type Reason = keyof typeof TABLE;

/**
 * Every reason there is, in the order of the README's table.
 *
 * @example
 * const table = REASONS.map((reason) => [reason, statusOf(reason), phraseOf(reason)]);
 */
export const REASONS = Object.keys(TABLE) as readonly Reason[];

/**
 * The HTTP status that a reason answers with.
 *
 * @example
 * const status: number = statusOf('not_found'); // 404
 */
export function statusOf(reason: Reason): number {
  return TABLE[reason][0];
}

/**
 * The standard phrase that a reason's message begins with.
 *
 * @example
 * const phrase: string = phraseOf('already_exists'); // 'Conflict'
 */
export function phraseOf(reason: Reason): string {
  return TABLE[reason][1];
}

/**
 * What a FileServiceError carries beside its reason and sentence.
 *
 * @example
 * const details: FileServiceErrorDetails = { headers: { 'Retry-After': '60' }, context: { limit: 5 } };
 * const refusal = new FileServiceError('rate_limited', 'Five logins a minute.', details);
 */
export interface FileServiceErrorDetails {
  /** The error underneath; never shown to a client. */
  readonly cause?: unknown;
  /** Facts a client may use, shown as `error.context`: own paths, counts, limits. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** Headers of the answer, such as `Retry-After` (seconds, 5 with every 503 that does not say another) or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** RFC 9110 section 15.6.4: a 503 says when to try again; in seconds, where nobody knows better. */
const RETRY = { 'Retry-After': '5' };

/**
 * The one error of this library. Hooks throw it to choose an answer:
 * `throw new FileServiceError('unauthorized', 'The token has expired.')`.
 *
 * `message` is shown to clients: it begins with the status' standard phrase, then says one sentence.
 *
 * @example
 * const refuse = (): never => {
 *   throw new FileServiceError('unauthorized', 'The token has expired.');
 * };
 */
export class FileServiceError extends Error {
  override readonly name = 'FileServiceError';
  readonly reason: Reason;
  readonly status: number;
  readonly context: Readonly<Record<string, unknown>> | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(reason: Reason, sentence: string, details: FileServiceErrorDetails = {}) {
    super(`${phraseOf(reason)}: ${sentence}`, { cause: details.cause });
    this.reason = reason;
    this.status = statusOf(reason);
    this.context = details.context ?? null;
    this.headers = this.status === 503 ? { ...RETRY, ...details.headers } : (details.headers ?? {});
  }
}

/**
 * True for our own error, also when it was thrown by another copy of this package
 * (a host may load the ESM and the CommonJS build side by side).
 *
 * @example
 * const statusFor = (error: unknown): number => (isFileServiceError(error) ? error.status : 500);
 */
export function isFileServiceError(error: unknown): error is FileServiceError {
  if (error instanceof FileServiceError) return true;
  if (!(error instanceof Error) || error.name !== 'FileServiceError') return false;
  const reason: unknown = (error as { reason?: unknown }).reason;
  return typeof reason === 'string' && Object.hasOwn(TABLE, reason);
}
