// The order of things: identify, parse, plan, authorize, limit, run, answer, audit. Knows no framework and no S3.
import { createHash } from 'node:crypto';
import type { Settings } from '../config/options.js';
import { asOriginal } from './dreamfactory-request.js';
import { preflightHeaders, refuseForgery } from './cors.js';
import { debugHook, debugRequest } from '../core/debug.js';
import { dress } from './common-headers.js';
import { FileServiceError, isFileServiceError } from '../core/errors.js';
import type { AuditEvent } from '../core/hooks.js';
import { empty, failure } from '../http/reply.js';
import type { FileReply } from '../http/reply.js';
import type { FileRequest } from '../http/request.js';
import { containerFor, hookRequestOf, identify } from './authenticate.js';
import { judgeFor } from './authorize.js';
import type { Judge } from './authorize.js';
import { parsePath } from '../core/key.js';
import type { KeyRules, Target } from '../core/key.js';
import { ClientAbort, type ClientSignal } from '../core/client-signal.js';
import { checkLimits, countTransfer } from './limits.js';
import { openApiDocument } from '../operations/openapi/document.js';
import { allowedMethods, findOperation } from '../operations/index.js';
import type { Plan } from '../operations/operation.js';
import { auditEvent, figuresOf, noteAccess, startRecord } from './audit.js';
import type { Figures, RequestRecord, Transfer } from './audit.js';
import type { Bucket } from '../storage/bucket.js';
import { isPromise, within } from '../core/deadline.js';

/** An answer, and what to call when it has left. */
export interface Exchange {
  readonly reply: FileReply;
  /** Called once, after the last byte or the client's departure: records the request. */
  readonly finish: (transfer: Omit<Transfer, 'status'>, error?: unknown) => void;
}

/** Opens the bucket below a container, on behalf of one request. */
export type OpenBucket = (
  container: string,
  call: { readonly signal: ClientSignal; readonly onCall: () => void },
) => Bucket;

/** The pipeline of one service. */
export interface Service<Req> {
  /** Never rejects: whatever happens becomes an answer. */
  readonly respond: (request: FileRequest<Req>) => Promise<Exchange>;
  /** From now on every request is refused with 503. */
  readonly refuseNewWork: () => void;
}

/** Longest that a request's end waits for the audit hook, in milliseconds. */
const AUDIT_MS = 1000;

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
  // The house below does not care what the framework's request is.
  const houseSettings = settings as unknown as Settings<unknown>;
  const isLimited = settings.limits.length > 0;
  const isRecorded = isLimited || settings.audit !== undefined;
  let closing = false;
  let auditFails = false;

  async function respond(given: FileRequest<Req>): Promise<Exchange> {
    const request = settings.compat === undefined ? given : asOriginal(given);
    const record = startRecord(request);
    meter.start();
    let reply: FileReply;
    try {
      reply = await answer(request, record);
    } catch (error) {
      const explained = explain(error, request.signal);
      record.reason = explained.reason;
      reply = failure(explained);
    }
    const dressed = dress(settings, request, given.method === 'HEAD', reply);
    return { reply: dressed, finish: finisher(request, record, dressed.status) };
  }

  async function answer(request: FileRequest<Req>, record: RequestRecord): Promise<FileReply> {
    refuseWhileUnfit();
    refuseForgery(settings.cors, request.method, request.headers);
    if (request.method === 'OPTIONS') return describeOptions(request);
    const anonymous = hookRequestOf(request, null);
    const identified = identify(settings, anonymous);
    const principal = isPromise(identified) ? await identified : identified;
    record.principal = principal;
    if (request.bodyConsumed) throw bodyConsumed();
    const hookRequest = principal === null ? anonymous : hookRequestOf(request, principal);
    const container = containerFor(settings, hookRequest);
    const rules = keyRules(settings, container);
    const target = parsePath(request.path, rules);
    record.path = target.key;
    const operation = findOperation(request.method, target, request);
    if (operation === undefined) throw notAllowed(request.method, target);
    record.operation = operation.name;

    const judge = judgeFor(settings, hookRequest, (access) => {
      noteAccess(record, access);
    });
    const planned = operation.plan({
      request,
      verb: request.method,
      target,
      settings: houseSettings,
      rules,
      describe: (mount) => openApiDocument(houseSettings, mount),
      tenant: () => createHash('sha256').update(container).digest('base64url'),
    });
    const plan = isPromise(planned) ? await planned : planned;
    for (const access of plan.access) {
      const asked = judge.authorize(access);
      if (asked !== undefined) await asked;
    }
    const limitHeaders = isLimited ? await checkLimits(settings, plan.access, hookRequest) : null;
    const openFor = (signal: ClientSignal): Bucket =>
      open(container, {
        signal,
        onCall: () => {
          record.storageCalls += 1;
        },
      });
    const reply = await run(plan, openFor, judge, request, record);
    return limitHeaders === null
      ? reply
      : { ...reply, headers: { ...limitHeaders, ...reply.headers } };
  }

  function run(
    plan: Plan,
    openFor: (signal: ClientSignal) => Bucket,
    judge: Judge,
    request: FileRequest<Req>,
    record: RequestRecord,
  ): Promise<FileReply> {
    return plan.run({
      bucket: openFor(request.signal),
      lasting: () => openFor(new ClientAbort()),
      principal: record.principal,
      signal: request.signal,
      authorize: async (access) => judge.authorize(access),
      permits: judge.permits,
      allowsEverything: judge.allowsEverything,
      countBytesIn: (bytes) => {
        record.bytesIn = bytes;
      },
      explain: (error) => explain(error, request.signal),
    });
  }

  function refuseWhileUnfit(): void {
    if (closing)
      throw new FileServiceError('closing', 'The service is shutting down.', {
        headers: { 'Retry-After': '5', Connection: 'close' },
      });
    // The refusal is audited too: that is how a hook that works again is noticed.
    if (auditFails && settings.auditRequired)
      throw new FileServiceError('audit_unavailable', 'The request could not be recorded.', {
        headers: { 'Retry-After': '5' },
      });
  }

  function describeOptions(request: FileRequest<Req>): FileReply {
    const target = parsePath(request.path, { containerBytes: 0, normalize: undefined });
    const allowed = allowedMethods(target);
    return empty(204, {
      Allow: allowed,
      ...preflightHeaders(settings.cors, request.headers, allowed),
    });
  }

  function finisher(
    request: FileRequest<Req>,
    record: RequestRecord,
    status: number,
  ): Exchange['finish'] {
    return (transfer, error) => {
      if (error !== undefined && record.reason === null)
        record.reason = explain(error, request.signal).reason;
      const figures = figuresOf(record, { status, ...transfer });
      meter.record(figures);
      debugRequest('%s %s %d %s', record.verb, record.operation, status, record.reason ?? 'ok');
      if (!isRecorded) return;
      const event = auditEvent(settings.name, request, record, figures);
      if (isLimited) countTransfer(settings, hookRequestOf(request, record.principal), event);
      void audit(event);
    };
  }

  async function audit(event: AuditEvent): Promise<void> {
    if (settings.audit === undefined) return;
    try {
      const done = settings.audit(event);
      const late = () => new Error(`audit did not settle within ${AUDIT_MS} ms`);
      if (isPromise(done)) await within(Promise.resolve(done), AUDIT_MS, late);
      auditFails = false;
    } catch (error) {
      auditFails = true;
      debugHook('audit failed: %O', error);
    }
  }

  return {
    respond,
    refuseNewWork: () => {
      closing = true;
    },
  };
}

function keyRules<Req>(settings: Settings<Req>, container: string): KeyRules {
  return { containerBytes: Buffer.byteLength(container), normalize: settings.normalizeKeys };
}

function notAllowed(method: string, target: Target): FileServiceError {
  const allowed = allowedMethods(target);
  const place = target.kind === 'root' ? 'the root' : `'${target.key}'`;
  return new FileServiceError(
    'method_not_allowed',
    `${JSON.stringify(method.slice(0, 20))} is not possible on ${place}; ${allowed} are.`,
    { headers: { Allow: allowed } },
  );
}

function bodyConsumed(): FileServiceError {
  return new FileServiceError(
    'body_already_consumed',
    'A body parser in front of the file service has read the body; mount the service before it.',
  );
}

/** Anything thrown, as the error that a client may see. */
function explain(error: unknown, signal: ClientSignal): FileServiceError {
  if (isFileServiceError(error)) return error;
  if (signal.aborted)
    return new FileServiceError('incomplete_body', 'The client left before the request was done.', {
      cause: error,
    });
  debugRequest('fault: %O', error);
  return new FileServiceError('internal', 'The request failed.', { cause: error });
}
