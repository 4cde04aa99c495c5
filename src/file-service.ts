// The composition root: the only file that knows every room.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { FileServiceConfig } from './config/options.js';
import { completeSettings, type Settings } from './config/settings.js';
import { ClientAbort } from './core/client-signal.js';
import { within } from './core/deadline.js';
import { containerPrefix } from './core/key.js';
import { openApiDocument } from './operations/openapi/document.js';
import { reportedCache } from './pipeline/reported-cache.js';
import type { OpenBucket } from './pipeline/perform.js';
import { createService, type Service } from './pipeline/service.js';
import { memoryCache } from './policies/memory-cache.js';
import { metricsCollector } from './policies/metrics.js';
import type { MetricsCollector, MetricsSnapshot } from './policies/metrics.js';
import { continueOnRead } from './server/configure-server.js';
import { sendInterim } from './server/interim.js';
import { InFlight } from './server/in-flight.js';
import { MountedRequest } from './server/mounted-request.js';
import { bodyHasArrived, readWholeMessage } from './server/request-body.js';
import { Ending, sendReply, type Sent } from './server/send-reply.js';
import { cachedBuckets } from './storage/cache/cached-bucket.js';
import { readinessOf } from './storage/readiness.js';
import { scheduleSweeps } from './storage/scheduled-sweep.js';
import { measuredBuckets } from './storage/measured-bucket.js';
import { quotaBuckets, reconcileQuota } from './storage/quota/quota-bucket.js';
import { releaseUpload } from './storage/quota/quota-uploads.js';
import { quotaStoreOf } from './storage/quota/redis-quota.js';
import type { QuotaStore } from './storage/quota/store.js';
import { s3Storage } from './storage/s3/storage.js';
import type { Finding, Storage, SweepReport, SweepRequest } from './storage/s3/storage.js';

/**
 * What `check()` found out.
 *
 * @example
 * const adviceOf = ({ findings }: CheckResult): string[] =>
 *   findings.flatMap(({ ok, advice }) => (ok ? [] : [advice ?? '']));
 */
export interface CheckResult {
  /** True when every finding is fine. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

/** What a service can be asked for beside requests, however it is mounted. */
export interface ServiceMembers {
  /** Asks storage what the service needs of it, and says what to do about what is missing. */
  check(): Promise<CheckResult>;
  /**
   * For health checks: true while storage answers and the service is not closing. At most one cheap call to storage in
   * five seconds, never a listing; false after three seconds of silence. It never rejects.
   */
  ready(): Promise<boolean>;
  /** The OpenAPI 3.1 document of the enabled routes. */
  openapi(): Readonly<Record<string, unknown>>;
  /** Counts since the service was made; `prometheusText` exports them. */
  metrics(): MetricsSnapshot;
  /** Clears away what this service left behind, multipart uploads above all; never anyone else's. */
  sweep(request?: Partial<SweepRequest>): Promise<SweepReport>;
  /**
   * Counts again what a container holds and sets its quota to that: after other programs have changed it, or an
   * instance was killed. One storage call per 1000 files; writes that end meanwhile may count twice.
   *
   * @throws TypeError without `quota`, or without a `container` where the option is a function
   */
  reconcile(request?: {
    readonly container?: string;
  }): Promise<{ readonly used: number; readonly files: number }>;
  /** Refuses new work with 503, lets running transfers finish, then cuts the rest. @default graceMs 10000 */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/**
 * A mounted file service: a request handler with a life of its own.
 *
 * @example
 * const closing = async (files: FileService): Promise<void> => {
 *   if (await files.ready()) await files.close({ graceMs: 5000 });
 * };
 */
export interface FileService extends ServiceMembers {
  /** Answers one request. `next` is called only for a fault of the adapter itself. */
  (
    req: IncomingMessage | Http2ServerRequest,
    res: ServerResponse | Http2ServerResponse,
    next?: (error?: unknown) => void,
  ): void;
}

/** A response that is under way, as far as closing is concerned. */
interface Response {
  destroy(): unknown;
}

/** The parts of a service, for whatever carries its requests. */
export interface ServiceParts<Req> {
  readonly settings: Settings<Req>;
  readonly respond: Service<Req>['respond'];
  /** The responses that are under way: closing waits for them, and then destroys them. */
  readonly responses: InFlight<Response>;
  readonly members: ServiceMembers;
}

/** When one request's client goes, and when its response is over. */
interface Lifetime {
  readonly clientAbort: ClientAbort;
  readonly ending: Ending;
}

const DEFAULT_GRACE_MS = 10_000;

/**
 * A file service as a plain `(req, res, next)` handler: it mounts wherever a router does, on Express 4
 * and 5, Connect, and by itself in `http.createServer`.
 *
 * @throws TypeError for a configuration that cannot be meant, naming the option
 *
 * @example
 * import { createServer } from 'node:http';
 * const files = createFileService({ bucket: 'acme-prod', region: 'eu-west-1', authorize: allowAll });
 * createServer(files).listen(3000);
 */
export function createFileService<Req = IncomingMessage>(
  config: FileServiceConfig<Req>,
): FileService {
  const parts = composeService(config);
  return Object.assign(handlerOf(parts), parts.members);
}

/** Puts the rooms together. @throws TypeError for a configuration that cannot be meant */
export function composeService<Req>(config: FileServiceConfig<Req>): ServiceParts<Req> {
  const settings = completeSettings(config, memoryCache);
  const storage = s3Storage(settings.storage);
  const metrics = metricsCollector();
  const quota = settings.quota && quotaStoreOf(settings.quota.store);
  const service = createService(
    settings,
    bucketsOf({ settings, storage, metrics, quota }),
    metrics,
  );
  const responses = new InFlight<Response>();
  // Each tenant's files lie below the bucket's root.
  const container = typeof settings.container === 'string' ? settings.container : '';
  const storageAnswers = readinessOf(storage.open);
  let closing = false;

  const members: ServiceMembers = {
    ready: async () => !closing && (await storageAnswers()) && !closing,
    check: async () => {
      const findings = await storage.check(container);
      return { ok: findings.every(({ ok }) => ok), findings };
    },
    metrics: metrics.snapshot,
    openapi: () => openApiDocument(settings, settings.publicUrl ?? '/'),
    sweep: ({ olderThanSeconds = 24 * 3600, dryRun = false } = {}) =>
      storage.sweep(container, {
        olderThanSeconds,
        dryRun,
        // An upload of several requests may have begun with the last second of a token's life.
        sessionsOlderThanSeconds: (settings.resumable?.maxAgeSeconds ?? 86_400) + 3600,
        onAborted: async (uploadId) => {
          if (quota !== undefined) await releaseUpload(quota, container, uploadId);
        },
      }),
    reconcile: async ({ container: named }: { readonly container?: string } = {}) => {
      if (quota === undefined) throw new TypeError('`reconcile` needs the option `quota`.');
      if (named === undefined && typeof settings.container !== 'string')
        throw new TypeError('`reconcile` needs `{ container }` where that option is a function.');
      const counted = named === undefined ? container : containerPrefix(named);
      const call = { signal: new ClientAbort(), onCall: () => undefined };
      return reconcileQuota(quota, counted, storage.open(counted, call));
    },
    close: async ({ graceMs = DEFAULT_GRACE_MS } = {}) => {
      closing = true;
      endSweeps();
      service.refuseNewWork();
      await endedWithin(responses, graceMs);
      await storage.close();
    },
  };
  const endSweeps = scheduledSweeps(settings, members);
  return { settings, respond: service.respond, responses, members };
}

/** Sweeps by the clock, where the host wants that; the answer ends it. */
function scheduledSweeps<Req>(
  { sweepEverySeconds, cache, container, storage }: Settings<Req>,
  { sweep }: ServiceMembers,
): () => void {
  if (sweepEverySeconds === undefined) return ignore;
  const swept = JSON.stringify([storage.endpoint, storage.bucket, container]);
  const key = `s3files:sweep:${createHash('sha256').update(swept).digest('base64url')}`;
  return scheduleSweeps({
    everyMs: sweepEverySeconds * 1000,
    sweep: () => sweep(),
    ...(cache === undefined ? {} : { lease: { store: cache, key } }),
  });
}

/** The storage's buckets, measured, behind the host's cache, within its quota. */
function bucketsOf<Req>({
  settings,
  storage,
  metrics,
  quota,
}: {
  readonly settings: Settings<Req>;
  readonly storage: Storage;
  readonly metrics: MetricsCollector;
  readonly quota: QuotaStore | undefined;
}): OpenBucket {
  const measured = measuredBuckets(storage.open, metrics.storage);
  const { cache, reportError, timeouts } = settings;
  const reported = cache && reportedCache(cache, reportError, timeouts.hookMs);
  const cached = cachedBuckets({ ...settings, cache: reported }, measured, (hit) => {
    if (hit) metrics.cacheHit();
    else metrics.cacheMiss();
  });
  if (quota === undefined) return cached;
  return quotaBuckets(quota, cached, {
    timeoutMs: timeouts.hookMs,
    onFailure: (error) => reportError(error, 'limit', null),
  });
}

type Handler = (...given: Parameters<FileService>) => void;

function handlerOf<Req>({ settings, respond, responses }: ServiceParts<Req>): Handler {
  return (givenReq, givenRes, next) => {
    // What the service uses of node:http, HTTP/2's compatibility API has too.
    const req = givenReq as IncomingMessage;
    const res = givenRes as ServerResponse;
    const lifetime = { clientAbort: new ClientAbort(), ending: new Ending() };
    const slot = responses.add(res);
    // A write may go on after its client has gone: a request is over with both its response and its work.
    let underWay = 2;
    const leave = (): void => {
      underWay -= 1;
      if (underWay === 0) responses.remove(slot);
    };
    res.once('close', () => {
      if (!res.writableFinished && !bodyHasArrived(req)) lifetime.clientAbort.abort();
      lifetime.ending.abort();
      leave();
    });
    answer(respond, req, res, lifetime, settings)
      .catch((error: unknown) => {
        if (next === undefined || res.headersSent) res.destroy();
        else next(error);
      })
      .finally(leave);
  };
}

async function answer<Req>(
  respond: Service<Req>['respond'],
  req: IncomingMessage,
  res: ServerResponse,
  { clientAbort, ending }: Lifetime,
  settings: Settings<Req>,
): Promise<void> {
  // An interim response that nobody asked for breaks proxies: without the option nothing can send one.
  const inform = settings.resumable?.interim === true ? informer(res) : undefined;
  const request = new MountedRequest<Req>(req, clientAbort, settings, inform);
  // Whoever reads the body is told of its errors; this listener keeps the rest from ending the process.
  if (request.hasBody) {
    continueOnRead(req, res);
    req.on('error', ignore);
    readWholeMessage(req);
  }
  const { reply, finish } = await respond(request);
  const done = ({ error, ...transfer }: Sent): void => finish(transfer, error);
  sendReply(req, { res, ending, done }, reply, settings.timeouts.idleMs);
}

const informer =
  (res: ServerResponse) =>
  (headers: Readonly<Record<string, string>>): void =>
    sendInterim(res, headers);

/** Waits for the responses that are under way; those that outlast the grace are cut. */
async function endedWithin(responses: InFlight<Response>, graceMs: number): Promise<void> {
  const late = (): Error => new Error(`responses are under way after ${graceMs} ms`);
  await within(responses.empty(), graceMs, late).catch(ignore);
  for (const res of responses.all()) res.destroy();
}

function ignore(): void {}
