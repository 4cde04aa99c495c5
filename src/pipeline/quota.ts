// How much the caller's container may hold, by the host's word.
import type { Settings } from '../config/settings.js';
import { FileServiceError, isFileServiceError } from '../core/errors.js';
import type { HookRequest } from '../core/hooks.js';

/**
 * Bytes that the container may hold.
 *
 * @throws FileServiceError `limit_unavailable` when the host's function names no number
 */
export function allowedBytes<Req>(settings: Settings<Req>, request: HookRequest<Req>): number {
  const bytes = settings.quota?.bytes ?? Infinity;
  if (typeof bytes === 'number') return bytes;
  try {
    const answer: unknown = bytes(request);
    if (typeof answer === 'number' && answer >= 0) return answer;
    const what = typeof answer === 'number' ? answer : `a ${typeof answer}`;
    throw new TypeError(`quota.bytes answered ${what}; a number of bytes, 0 or more, is wanted`);
  } catch (error) {
    if (isFileServiceError(error)) throw error;
    settings.reportError(error, 'limit', request);
    throw new FileServiceError('limit_unavailable', 'The room that is left is not known.', {
      cause: error,
    });
  }
}
