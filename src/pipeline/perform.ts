// The order in which a request is answered: authenticate, parse, plan, authorize, limit, run.
import { createHash } from 'node:crypto';
import type { Settings } from '../config/settings.js';
import { ClientAbort, type ClientSignal } from '../core/client-signal.js';
import { isPromise } from '../core/deadline.js';
import { FileServiceError } from '../core/errors.js';
import { parsePath } from '../core/key.js';
import type { KeyRules, Target } from '../core/key.js';
import { empty } from '../http/reply.js';
import type { FileReply } from '../http/reply.js';
import type { FileRequest } from '../http/request.js';
import { allowedMethods, findOperation } from '../operations/index.js';
import { openApiDocument } from '../operations/openapi/document.js';
import type { Plan, RunContext } from '../operations/operation.js';
import type { Bucket } from '../storage/bucket.js';
import type { UploadGrant } from '../uploads/token.js';
import { noteAccess, type AuditRecord } from './audit.js';
import { authenticate, containerFor, hookRequestOf } from './authenticate.js';
import { authorizerFor, type Authorizer } from './authorize.js';
import { preflightHeaders, refuseForgery } from './cors.js';
import { explain } from './explain.js';
import { checkLimits } from './limits.js';
import { authenticateLinkUser, grantOf } from './link-caller.js';

/** Opens the bucket below a container, on behalf of one request. */
export type OpenBucket = (
  container: string,
  call: { readonly signal: ClientSignal; readonly onCall: () => void },
) => Bucket;

/** One request under way, with what is noted of it for the audit. */
interface Work<Req> {
  readonly settings: Settings<Req>;
  readonly request: FileRequest<Req>;
  readonly record: AuditRecord;
}

/**
 * The reply to one request. Storage is out of reach until every access of the plan was allowed.
 *
 * @throws FileServiceError the refusal; anything else is a fault
 */
export async function perform<Req>(work: Work<Req>, open: OpenBucket): Promise<FileReply> {
  const { settings, request, record } = work;
  if (request.method === 'OPTIONS') return describeOptions(settings, request);
  const grant = grantOf(settings, request.path);
  // No browser adds the token of a link by itself, so that a forged request cannot have it.
  if (grant === null) refuseForgery(settings.cors, request.method, request.headers);
  const anonymous = hookRequestOf(request, null);
  const authenticated =
    grant === null
      ? authenticate(settings, anonymous)
      : authenticateLinkUser(settings, anonymous, grant);
  const principal = isPromise(authenticated) ? await authenticated : authenticated;
  record.principal = principal;
  if (request.bodyConsumed) throw bodyConsumed();
  const hookRequest = principal === null ? anonymous : hookRequestOf(request, principal);
  const container = containerFor(settings, hookRequest);
  const planned = planFor(work, container, grant);
  const plan = isPromise(planned) ? await planned : planned;
  const authorizer = authorizerFor(settings, hookRequest, (access) => noteAccess(record, access));
  for (const access of plan.access) {
    const asked = authorizer.authorize(access);
    if (asked !== undefined) await asked;
  }
  const limitHeaders =
    settings.limits.length === 0 ? null : await checkLimits(settings, plan.access, hookRequest);
  const openFor = (signal: ClientSignal): Bucket =>
    open(container, { signal, onCall: () => void (record.storageCalls += 1) });
  const reply = await plan.run(runContext(work, authorizer, openFor));
  return limitHeaders === null
    ? reply
    : { ...reply, headers: { ...limitHeaders, ...reply.headers } };
}

function planFor<Req>(
  { settings, request, record }: Work<Req>,
  container: string,
  grant: UploadGrant | null,
): Plan | Promise<Plan> {
  const rules: KeyRules = {
    containerBytes: Buffer.byteLength(container),
    normalize: settings.normalizeKeys,
  };
  const target = parsePath(request.path, rules);
  record.path = grant?.key ?? target.key;
  const operation = findOperation(request.method, target, request);
  if (operation === undefined) throw notAllowed(request.method, target);
  record.operation = operation.name;
  return operation.plan({
    request,
    verb: request.method,
    target,
    grant,
    settings,
    rules,
    describe: (mount) => openApiDocument(settings, mount),
    tenant: () => createHash('sha256').update(container).digest('base64url'),
  });
}

function runContext<Req>(
  { request, record }: Work<Req>,
  authorizer: Authorizer,
  openFor: (signal: ClientSignal) => Bucket,
): RunContext {
  return {
    bucket: openFor(request.signal),
    lasting: () => openFor(new ClientAbort()),
    principal: record.principal,
    signal: request.signal,
    authorize: async (access) => authorizer.authorize(access),
    permits: authorizer.permits,
    allowsEverything: authorizer.allowsEverything,
    countBytesIn: (bytes) => {
      record.bytesIn = bytes;
    },
    explain: (error) => explain(error, request.signal),
  };
}

function describeOptions<Req>(settings: Settings<Req>, request: FileRequest<Req>): FileReply {
  const target = parsePath(request.path, { containerBytes: 0, normalize: undefined });
  const allowed = allowedMethods(target);
  return empty(204, {
    Allow: allowed,
    ...preflightHeaders(settings.cors, request.headers, allowed),
  });
}

function notAllowed(method: string, target: Target): FileServiceError {
  const allowed = allowedMethods(target);
  const where = target.kind === 'root' ? 'the root' : `'${target.key}'`;
  return new FileServiceError(
    'method_not_allowed',
    `${JSON.stringify(method.slice(0, 20))} is not possible on ${where}; ${allowed} are.`,
    { headers: { Allow: allowed } },
  );
}

function bodyConsumed(): FileServiceError {
  return new FileServiceError(
    'body_already_consumed',
    'A body parser in front of the file service has read the body; mount the service before it.',
  );
}
