// One service: every request becomes an answer, and is counted and recorded once the answer has been sent.
import type { Settings } from '../config/settings.js';
import { debugRequest } from '../core/debug.js';
import { FileServiceError } from '../core/errors.js';
import type { HookRequest } from '../core/hooks.js';
import { failure } from '../http/reply.js';
import type { FileReply } from '../http/reply.js';
import { isSafe } from '../http/request.js';
import type { FileRequest } from '../http/request.js';
import { auditEvent, auditHookOf, figuresOf, startRecord } from './audit.js';
import type { AuditHook, AuditRecord, Figures, Transfer } from './audit.js';
import { runningAppends } from '../operations/uploads/running.js';
import { hookRequestOf } from './authenticate.js';
import { withCommonHeaders } from './common-headers.js';
import { asOriginal } from './dreamfactory-request.js';
import { countTransfer } from './limits.js';
import { linkDesk } from '../operations/links/link-desk.js';
import { perform, type OpenBucket } from './perform.js';
import { explain, type Work } from './work.js';

/** An answer, and what to call once it has been sent. */
export interface Exchange {
  readonly reply: FileReply;
  /** Called once, after the last byte or when the client has gone: records the request. */
  readonly finish: (transfer: Omit<Transfer, 'status'>, error?: unknown) => void;
}

/** The pipeline of one service. */
export interface Service<Req> {
  /** Never rejects: whatever happens becomes an answer. */
  readonly respond: (request: FileRequest<Req>) => Promise<Exchange>;
  /** From now on every request is refused with 503. */
  readonly refuseNewWork: () => void;
}

/** Counts requests. */
export interface Meter {
  start(): void;
  record(figures: Figures): void;
}

/** A service over settings and a storage. */
export function createService<Req>(
  settings: Settings<Req>,
  open: OpenBucket,
  meter: Meter,
): Service<Req> {
  const auditHook = auditHookOf(settings);
  const finish = finisher(settings, meter, auditHook);
  const links = linkDesk(settings.linkStore, {
    timeoutMs: settings.timeouts.hookMs,
    onFailure: (error) => settings.reportError(error, 'authorize', null),
  });
  const appends = runningAppends(settings.resumable?.maxOpenPerPrincipal ?? 0);
  let closing = false;

  async function respond(given: FileRequest<Req>): Promise<Exchange> {
    const request = settings.compat === undefined ? given : asOriginal(given);
    const work = { settings, request, record: startRecord(request), appends, links };
    meter.start();
    let reply: FileReply;
    try {
      if (closing) throw isClosing();
      // The refusal is recorded too: that is how a hook that works again is noticed.
      if (settings.auditRequired && auditHook?.isFailing() === true) throw cannotRecord();
      reply = await perform(work, open);
      work.record.reason = reply.reason ?? null;
    } catch (error) {
      reply = failure(noted(work, error));
    }
    const whole = withCommonHeaders(settings, request, given.method === 'HEAD', reply);
    const { status, handedOn = 0 } = whole;
    return {
      reply: settings.serverTiming ? timed(whole, work.record, settings) : whole,
      finish: (transfer, error) => {
        const bytesOut = transfer.bytesOut + handedOn;
        finish(work, { status, ...transfer, bytesOut }, error);
      },
    };
  }

  return {
    respond,
    refuseNewWork: () => {
      closing = true;
    },
  };
}

/** Server Timing section 3: names with what is said of them. What is read while the answer is sent is not in it. */
function timed<Req>(
  reply: FileReply,
  { storageCalls, verb }: AuditRecord,
  { cache }: Pick<Settings<Req>, 'cache'>,
): FileReply {
  const fromCache =
    cache === undefined || !isSafe(verb)
      ? ''
      : `, cache;desc="${storageCalls === 0 ? 'hit' : 'miss'}"`;
  const timing = `s3;desc="${storageCalls}"${fromCache}`;
  return { ...reply, headers: { ...reply.headers, 'Server-Timing': timing } };
}

type Finish<Req> = (work: Work<Req>, transfer: Transfer, error: unknown) => void;

/** Counts and records a request that is over. `error` is what broke its answer after the headers. */
function finisher<Req>(
  settings: Settings<Req>,
  meter: Meter,
  auditHook: AuditHook<Req> | undefined,
): Finish<Req> {
  const isLimited = settings.limits.length > 0;
  return (work, transfer, error) => {
    const { request, record } = work;
    if (error !== undefined && record.reason === null) noted(work, error);
    const figures = figuresOf(record, transfer);
    meter.record(figures);
    debugRequest(
      '%s %s %d %s',
      record.verb,
      record.operation,
      transfer.status,
      record.reason ?? 'ok',
    );
    if (!isLimited && auditHook === undefined) return;
    const event = auditEvent(settings.name, request, record, figures);
    const hookRequest = (): HookRequest<Req> => hookRequestOf(request, record.principal);
    if (isLimited) countTransfer(settings, hookRequest(), event);
    auditHook?.record(event, hookRequest);
  };
}

/** What was thrown, explained; its reason goes into the audit record. */
function noted<Req>(work: Work<Req>, error: unknown): FileServiceError {
  const explained = explain(work, error);
  work.record.reason = explained.reason;
  return explained;
}

function isClosing(): FileServiceError {
  return new FileServiceError('closing', 'The service is shutting down.', {
    headers: { Connection: 'close' },
  });
}

function cannotRecord(): FileServiceError {
  return new FileServiceError('audit_unavailable', 'The request could not be recorded.');
}
