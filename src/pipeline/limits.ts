// Asks the host's limits: before a request runs, and about the bytes once it is over.
import type { Settings } from '../config/settings.js';
import { debugHook } from '../core/debug.js';
import { FileServiceError, isFileServiceError } from '../core/errors.js';
import type { Access, AuditEvent, HookRequest, Limit, LimitStatus, Use } from '../core/hooks.js';
import { isPromise, within } from '../core/deadline.js';

/**
 * Counts a request against every limit; the answer is the headers of the tightest, null without one.
 *
 * @throws FileServiceError `rate_limited` with `Retry-After`; `limit_unavailable`
 */
export async function checkLimits<Req>(
  settings: Settings<Req>,
  access: readonly Access[],
  request: HookRequest<Req>,
): Promise<Readonly<Record<string, string>> | null> {
  if (settings.limits.length === 0) return null;
  let tightest: LimitStatus | null = null;
  for (const limit of settings.limits) {
    const status = await ask(limit, { kind: 'request', access }, request, settings.timeouts.hookMs);
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
  { access, bytesIn, bytesOut }: AuditEvent,
): void {
  for (const limit of settings.limits)
    ask(
      limit,
      { kind: 'transfer', access, bytesIn, bytesOut },
      request,
      settings.timeouts.hookMs,
    ).catch((error: unknown) => {
      debugHook('limit failed after a transfer: %O', error);
    });
}

async function ask<Req>(
  limit: Limit<Req>,
  use: Use,
  request: HookRequest<Req>,
  hookMs: number,
): Promise<LimitStatus | null> {
  try {
    const status = limit(use, request);
    if (!isPromise(status)) return checked(status, use);
    const late = () => new Error(`limit did not answer within ${hookMs} ms`);
    return checked(await within(status, hookMs, late), use);
  } catch (error) {
    if (isFileServiceError(error)) throw error;
    debugHook('limit failed: %O', error);
    throw new FileServiceError('limit_unavailable', 'The request could not be counted.', {
      cause: error,
      headers: { 'Retry-After': '5' },
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
