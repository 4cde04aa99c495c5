// The order in which a request is answered: authenticate, parse, plan, authorize, limit, run.
import { hash } from 'node:crypto';
import type { OperationSettings, Settings } from '../config/settings.js';
import { ClientAbort, type ClientSignal } from '../core/client-signal.js';
import { FileServiceError } from '../core/errors.js';
import { isPromise } from '../core/hooks.js';
import type { HookRequest, Principal } from '../core/hooks.js';
import { linkOf, parsePath, uploadToken } from '../core/key.js';
import type { KeyRules, Target } from '../core/key.js';
import { contentCoding } from '../http/body/content-coding.js';
import { refusePartialUpload } from '../http/body/partial-upload.js';
import { empty } from '../http/reply.js';
import type { FileReply } from '../http/reply.js';
import { isSafe } from '../http/request.js';
import type { FileRequest } from '../http/request.js';
import { allowedMethods, findOperation } from '../operations/index.js';
import { openApiDocument } from '../operations/openapi/document.js';
import type { Plan, RunContext } from '../operations/operation.js';
import type { Bucket } from '../storage/bucket.js';
import { openShare } from '../operations/links/share-grant.js';
import type { ShareGrant } from '../operations/links/share-grant.js';
import type { TicketGrant, UploadGrant } from '../operations/uploads/token.js';
import { ownerOf, type UploadSession } from '../operations/uploads/upload-session.js';
import { describeUploads } from '../operations/resumable/protocol.js';
import { noteAccess } from './audit.js';
import { authenticate, containerFor, hookRequestOf } from './authenticate.js';
import { authorizerFor, type Authorizer } from './authorize.js';
import { preflightHeaders } from './cors.js';
import { isCrossSite, refuseCrossSiteWrite } from './cross-site-writes.js';
import { accessOfRequest, checkLimits } from './limits.js';
import { authenticateLinkUser } from './link-caller.js';
import { allowedBytes } from './quota.js';
import { grantsIn, makerOf, type UploadGrants } from './upload-grants.js';
import { explain, type Work } from './work.js';

/** Opens the bucket below a container, on behalf of one request. */
export type OpenBucket = (
  container: string,
  call: {
    readonly signal: ClientSignal;
    readonly onCall: () => void;
    /** Bytes that the container may hold, where a quota is set. */
    readonly allowed: () => number;
  },
) => Bucket;

/** Who asks, as far as a plan depends on it. */
interface Caller {
  readonly container: string;
  /** What the upload link in the URL gives; null where there is none. */
  readonly grant: UploadGrant | null;
  /** What the share link in the URL gives; null where there is none. */
  readonly share: ShareGrant | null;
  readonly ticket: TicketGrant | null;
}

const NO_GRANTS: UploadGrants = { grant: null, ticket: null };

/**
 * The reply to one request. Storage is out of reach until every access of the plan was allowed.
 *
 * @throws FileServiceError the refusal; anything else is a fault
 */
export async function perform<Req>(work: Work<Req>, open: OpenBucket): Promise<FileReply> {
  const { settings, request, record } = work;
  if (request.method === 'OPTIONS') return describeOptions(settings, request);
  const below = uploadToken(request.path);
  const grants = below === null ? NO_GRANTS : grantsIn(settings, below);
  const { grant, ticket } = grants;
  const maker = below === null ? null : makerOf(grants);
  const share = shareOf(work);
  const anonymous = hookRequestOf(request, null);
  const authenticated =
    maker !== null
      ? authenticateLinkUser(settings, anonymous, maker.principal)
      : share === null
        ? authenticate(settings, anonymous)
        : // Whoever has the link may what its maker may.
          share.principal;
  const principal = isPromise(authenticated) ? await authenticated : authenticated;
  record.principal = principal;
  if (grant?.kind === 'session') refuseOtherOwner(grant.session, principal);
  // No browser adds the token of a link by itself, so that a forged request cannot have it.
  const isKeyed = grant !== null || ticket !== null || share !== null;
  if (!isKeyed && !isSafe(request.method) && isCrossSite(settings, request))
    await refuseCrossSiteWrite(settings, request, principal);
  if (request.bodyConsumed && request.hasBody) throw bodyConsumed();
  const hookRequest = principal === null ? anonymous : hookRequestOf(request, principal);
  const container = containerFor(settings, hookRequest);
  const planned = planFor(work, { container, grant, ticket, share });
  const plan = isPromise(planned) ? await planned : planned;
  const authorizer = authorizerFor(settings, hookRequest, (access) => noteAccess(record, access));
  for (const access of plan.access) {
    const asked = authorizer.authorize(access);
    if (asked !== undefined) await asked;
  }
  const limitHeaders = await countRequest(work, plan, hookRequest);
  const openFor = (signal: ClientSignal): Bucket =>
    open(container, {
      signal,
      onCall: () => void (record.storageCalls += 1),
      allowed: () => allowedBytes(settings, hookRequest),
    });
  const reply = await plan.run(
    runContext(work, hookRequest, openFor, countingItems(work, plan, hookRequest, authorizer)),
  );
  return limitHeaders === null
    ? reply
    : { ...reply, headers: { ...limitHeaders, ...reply.headers } };
}

function planFor<Req>(
  { settings, request, record, links }: Work<Req>,
  { container, grant, ticket, share }: Caller,
): Plan | Promise<Plan> {
  const rules: KeyRules = {
    containerBytes: Buffer.byteLength(container),
    normalize: settings.normalizeKeys,
  };
  const target = parsePath(request.path, rules);
  record.path = grant?.key ?? ticket?.key ?? share?.key ?? target.key;
  const operation = findOperation(request.method, target, request, settings);
  if (operation === undefined) throw notAllowed(request.method, target, settings);
  record.operation = operation.name;
  // A GET without a query asks for no chunk.
  if (request.method !== 'GET' || request.query.size > 0)
    refusePartialUpload(request, settings.resumable !== undefined);
  // A coding that the service does not undo can be kept only where the body is the file.
  const isFile = operation.body.some(({ media }) => media === '*/*');
  if (request.hasBody) contentCoding(request.headers, isFile ? settings.acceptEncodings : []);
  return operation.plan({
    request,
    verb: request.method,
    target,
    grant,
    share,
    links,
    ticket,
    settings,
    rules,
    describe: (mount) => openApiDocument(settings, mount),
    tenant: () => hash('sha256', container, 'base64url'),
  });
}

// A link is revoked by its id, which opens nothing.
function shareOf<Req>({ settings, request }: Work<Req>): ShareGrant | null {
  const link = linkOf(request.path);
  if (link === null || request.method === 'DELETE') return null;
  return openShare(settings, link.token);
}

// The URL of an upload is no credential: whoever goes on with it is who began it.
function refuseOtherOwner({ owner }: UploadSession, principal: Principal | null): void {
  if (ownerOf(principal) === owner) return;
  throw new FileServiceError(
    principal === null ? 'unauthorized' : 'access_denied',
    'The upload was begun by another caller.',
  );
}

function countRequest<Req>(
  { settings, record }: Work<Req>,
  plan: Plan,
  hookRequest: HookRequest<Req>,
): ReturnType<typeof checkLimits> | null {
  if (settings.limits.length === 0) return null;
  const access = plan.access.length > 0 ? plan.access : accessOfRequest(record);
  return checkLimits(settings, { kind: 'request', access }, hookRequest);
}

/** Where a plan asks item by item, each access that was allowed counts by itself. */
function countingItems<Req>(
  { settings }: Work<Req>,
  plan: Plan,
  hookRequest: HookRequest<Req>,
  authorizer: Authorizer,
): Authorizer {
  if (settings.limits.length === 0 || plan.access.length > 0) return authorizer;
  return {
    ...authorizer,
    authorize: async (access) => {
      await authorizer.authorize(access);
      await checkLimits(settings, { kind: 'item', access: [access] }, hookRequest);
    },
  };
}

function runContext<Req>(
  work: Work<Req>,
  hookRequest: HookRequest<Req>,
  openFor: (signal: ClientSignal) => Bucket,
  authorizer: Authorizer,
): RunContext {
  const { settings, request, record } = work;
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
    hookFailed: (phase, error) => settings.reportError(error, phase, hookRequest),
    appends: work.appends,
    explain: (error) => explain(work, error),
  };
}

function describeOptions<Req>(settings: Settings<Req>, request: FileRequest<Req>): FileReply {
  const target = parsePath(request.path, { containerBytes: 0, normalize: undefined });
  const allowed = allowedMethods(target, settings);
  return empty(204, {
    Allow: allowed,
    ...describeUploads(settings),
    ...preflightHeaders(settings.cors, request.headers, allowed),
  });
}

function notAllowed(method: string, target: Target, settings: OperationSettings): FileServiceError {
  const allowed = allowedMethods(target, settings);
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
