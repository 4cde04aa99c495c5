// One request under way, and what its failures become.
import type { LinkDesk } from '../operations/links/link-desk.js';
import type { Settings } from '../config/settings.js';
import { FileServiceError, isFileServiceError } from '../core/errors.js';
import type { FileRequest } from '../http/request.js';
import type { RunningAppends } from '../operations/uploads/running.js';
import type { AuditRecord } from './audit.js';
import { hookRequestOf } from './authenticate.js';

/** One request under way, with what is noted of it for the audit. */
export interface Work<Req> {
  readonly settings: Settings<Req>;
  readonly request: FileRequest<Req>;
  readonly record: AuditRecord;
  readonly appends: RunningAppends;
  readonly links: LinkDesk;
}

/**
 * Whatever was thrown, as the error that a client may see. Our own errors pass; anything else is the client's doing
 * once it has gone, and a fault of ours otherwise, which the host is told of.
 */
export function explain<Req>(
  { settings, request, record }: Omit<Work<Req>, 'appends' | 'links'>,
  error: unknown,
): FileServiceError {
  if (isFileServiceError(error)) return error;
  if (request.signal.aborted)
    return new FileServiceError('incomplete_body', 'The client left before the request was done.', {
      cause: error,
    });
  settings.reportError(error, 'internal', hookRequestOf(request, record.principal));
  return new FileServiceError('internal', 'The request failed.', { cause: error });
}
