// Whatever was thrown, as the error that a client may see.
import type { ClientSignal } from '../core/client-signal.js';
import { debugRequest } from '../core/debug.js';
import { FileServiceError, isFileServiceError } from '../core/errors.js';

/** Our own errors pass; after the client has gone everything else is its doing, otherwise a fault of ours. */
export function explain(error: unknown, signal: ClientSignal): FileServiceError {
  if (isFileServiceError(error)) return error;
  if (signal.aborted)
    return new FileServiceError('incomplete_body', 'The client left before the request was done.', {
      cause: error,
    });
  debugRequest('fault: %O', error);
  return new FileServiceError('internal', 'The request failed.', { cause: error });
}
