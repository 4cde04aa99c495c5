// Asks the host's limits: before a request runs, and about the bytes once it is over.
import type { Settings } from '../config/settings.js';
import { isChosenAnswer } from '../core/error-reporter.js';
import { FileServiceError, isFileServiceError } from '../core/errors.js';
import { isPromise } from '../core/hooks.js';
import type {
  Access,
  Action,
  AuditEvent,
  HookRequest,
  Limit,
  LimitStatus,
  Use,
} from '../core/hooks.js';
import { within } from '../core/deadline.js';

/**
 * What a limit counts of a request that asks item by item, or was refused before it asked: the request itself, as an
 * access to the path in its URL.
 */
export function accessOfRequest({
  operation,
  verb,
  path,
}: Pick<AuditEvent, 'operation' | 'verb' | 'path'>): readonly Access[] {
  if (operation === null) return [];
  return [{ action: ACTIONS[verb] ?? 'write', path, verb, operation }];
}

const ACTIONS: Readonly<Record<string, Action>> = { GET: 'read', HEAD: 'read', DELETE: 'delete' };

/**
 * Counts a request, or an item of one, against every limit; the answer is the headers of the tightest, null without one.
 *
 * @throws FileServiceError `rate_limited` with `Retry-After`; `limit_unavailable`
 */
export async function checkLimits<Req>(
  settings: Settings<Req>,
  use: Use,
  request: HookRequest<Req>,
): Promise<Readonly<Record<string, string>> | null> {
  let tightest: LimitStatus | null = null;
  for (const limit of settings.limits) {
    const status = await ask(settings, limit, use, request);
    if (status === null) continue;
    if (!status.allowed) throw limited(status);
    if (tightest === null || status.remaining < tightest.remaining) tightest = status;
  }
  return tightest === null ? null : headersOf(tightest);
}

/** Tells every limit how many bytes a request has moved. Nobody waits for it. */
export function countTransfer<Req>(
  settings: Settings<Req>,
  request: HookRequest<Req>,
  event: AuditEvent,
): void {
  const { bytesIn, bytesOut } = event;
  const access = event.access.length > 0 ? event.access : accessOfRequest(event);
  for (const limit of settings.limits)
    ask(settings, limit, { kind: 'transfer', access, bytesIn, bytesOut }, request).catch(reported);
}

// A failure is reported where it happens, and bytes that have moved cannot be refused any more.
const reported = (): void => undefined;

async function ask<Req>(
  settings: Settings<Req>,
  limit: Limit<Req>,
  use: Use,
  request: HookRequest<Req>,
): Promise<LimitStatus | null> {
  const { hookMs } = settings.timeouts;
  try {
    const status = limit(use, request);
    if (!isPromise(status)) return checked(status, use);
    const late = () => new Error(`limit did not answer within ${hookMs} ms`);
    return checked(await within(status, hookMs, late), use);
  } catch (error) {
    if (!isChosenAnswer(error)) settings.reportError(error, 'limit', request);
    if (isFileServiceError(error)) throw error;
    throw new FileServiceError('limit_unavailable', 'The request could not be counted.', {
      cause: error,
    });
  }
}

// JavaScript hosts can answer anything; what is no status must not let a request through.
function checked(status: LimitStatus | null, { kind }: Use): LimitStatus | null {
  if (kind === 'transfer' || status === null || typeof status === 'object') return status;
  throw new TypeError('limit answered neither null nor a status');
}

function limited(status: LimitStatus): FileServiceError {
  const seconds = Math.max(1, Math.ceil(status.resetSeconds));
  return new FileServiceError('rate_limited', `The limit of ${status.limit} is reached.`, {
    headers: { ...headersOf(status), 'Retry-After': String(seconds) },
    context: { limit: status.limit, retry_after: seconds },
  });
}

// draft-ietf-httpapi-ratelimit-headers, as most clients read it.
function headersOf(status: LimitStatus): Readonly<Record<string, string>> {
  return {
    'RateLimit-Limit': String(status.limit),
    'RateLimit-Remaining': String(Math.max(0, status.remaining)),
    'RateLimit-Reset': String(Math.max(0, Math.ceil(status.resetSeconds))),
  };
}
