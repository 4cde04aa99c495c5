// What went wrong, in a sentence for people; what a developer needs stands under "Details".
import { isFileServiceError } from '../../src/core/errors.js';
import type { Texts } from '../texts.js';
import type { Format } from './format.js';

/** A failure as it is shown. */
export interface Failure {
  readonly sentence: string;
  readonly details: string;
  /** What the service called it; `network` when there was no answer. */
  readonly reason: string;
  /** True when trying again may help by itself. */
  readonly isTransient: boolean;
  /** Seconds that the service asked to wait. */
  readonly retryAfter: number | undefined;
}

const TRANSIENT = new Set(['rate_limited', 'storage_unavailable', 'closing', 'request_timeout']);

type Say = (texts: Texts, name: string, message: string) => string;

const SENTENCES: Readonly<Record<string, Say>> = {
  access_denied: (texts, name) => texts.errorAccessDenied(name),
  storage_access_denied: (texts, name) => texts.errorAccessDenied(name),
  unauthorized: (texts) => texts.signedOut,
  already_exists: (texts, name) => texts.errorAlreadyExists(name),
  folder_exists: (texts, name) => texts.errorAlreadyExists(name),
  precondition_failed: (texts, name) => texts.errorPrecondition(name),
  not_found: (texts, name) => texts.errorNotFound(name),
  too_large: (texts, name) => texts.errorTooLarge(name),
  unsupported_type: (texts, name) => texts.errorType(name),
  rejected_by_scan: (texts, name, message) => texts.errorScan(name, message),
  quota_exceeded: (texts) => texts.errorQuota,
  folder_not_empty: (texts, name) => texts.errorNotEmpty(name),
  locked: (texts, name) => texts.errorLocked(name),
  invalid_path: (texts, name, message) => texts.errorName(name, message),
  rate_limited: (texts) => texts.errorRate,
  storage_unavailable: (texts) => texts.errorStorage,
  closing: (texts) => texts.errorStorage,
  storage_outcome_unknown: (texts, name) => texts.errorUnknown(name),
};

/** The failure that an error is, about the thing of that name. */
export function failureOf(error: unknown, name: string, texts: Texts, format: Format): Failure {
  if (!isFileServiceError(error)) {
    // fetch says nothing else of a request that had no answer.
    const isNetwork = error instanceof TypeError;
    return {
      sentence: isNetwork ? texts.errorNetwork : texts.errorOther,
      details: error instanceof Error ? error.message : String(error),
      reason: isNetwork ? 'network' : 'internal',
      isTransient: isNetwork,
      retryAfter: undefined,
    };
  }
  const { reason, message, headers, context } = error;
  const plain = message.slice(message.indexOf(': ') + 2);
  const sentence =
    measured(reason, context ?? {}, name, texts, format) ?? SENTENCES[reason]?.(texts, name, plain);
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return {
    sentence: sentence ?? texts.errorOther,
    details: texts.technical(message, headers['x-request-id'] ?? ''),
    reason,
    isTransient: TRANSIENT.has(reason),
    retryAfter: Number.isFinite(seconds) ? seconds : undefined,
  };
}

/** What goes beyond a bound, with the numbers that the service gave. */
function measured(
  reason: string,
  context: Readonly<Record<string, unknown>>,
  name: string,
  texts: Texts,
  format: Format,
): string | undefined {
  const numbers = (one: string, other: string) => {
    const values = [context[one], context[other]];
    return values.every((value) => typeof value === 'number')
      ? values.map((value) => format.size(value))
      : undefined;
  };
  if (reason === 'too_large') {
    const [size, limit] = numbers('size', 'limit') ?? [];
    return size === undefined || limit === undefined
      ? undefined
      : texts.errorTooLargeBy(name, size, limit);
  }
  if (reason !== 'quota_exceeded') return undefined;
  const [used, allowed] = numbers('used', 'allowed') ?? [];
  return used === undefined || allowed === undefined
    ? undefined
    : texts.errorQuotaBy(used, allowed);
}
