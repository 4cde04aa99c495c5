// The composition root and the one HTTP shell: node:http, Express and Connect on one side, values on the other.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Attendance } from './server/in-flight.js';
import type { FileServiceConfig, Settings } from './config/options.js';
import { completeSettings } from './config/options.js';
import type { FileRequest } from './http/request.js';
import { hasBody } from './http/request.js';
import { ClientAbort, type ClientSignal } from './core/client-signal.js';
import { openApiDocument } from './operations/openapi/document.js';
import { metricsCollector } from './pipeline/metrics.js';
import type { MetricsSnapshot } from './pipeline/metrics.js';
import { Ending, sendReply, type Sent } from './server/send-reply.js';
import { continueOnRead } from './server/configure-server.js';
import { createService } from './pipeline/service.js';
import { cachedBuckets } from './storage/cache/cached-bucket.js';
import { measuredBuckets } from './storage/measured-bucket.js';
import { s3Storage } from './storage/s3/storage.js';
import type { Finding, SweepReport, SweepRequest } from './storage/s3/storage.js';

/** What `check()` found out. */
export interface CheckResult {
  /** True when every finding is fine. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

/** A mounted file service: a request handler with a life of its own. */
export interface FileService {
  /** Answers one request. `next` is called only for a fault of the adapter itself. */
  (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void): void;
  /** Asks storage what the service needs of it, and says what to do about what is missing. */
  check(): Promise<CheckResult>;
  /** The OpenAPI 3.1 document of the enabled routes. */
  openapi(): Readonly<Record<string, unknown>>;
  /** Counts since the service was made; `prometheusText` exports them. */
  metrics(): MetricsSnapshot;
  /** Aborts multipart uploads that this service left behind; never anyone else's. */
  sweep(request?: Partial<SweepRequest>): Promise<SweepReport>;
  /** Refuses new work with 503, lets running transfers finish, then cuts the rest. @default graceMs 10000 */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** Part of the request that frameworks add. */
interface FrameworkRequest extends IncomingMessage {
  readonly originalUrl?: string;
  readonly baseUrl?: string;
  readonly ip?: string;
}

/** One request's stay: until its client leaves, and until its response is over. */
interface Visit {
  readonly departure: ClientAbort;
  readonly ending: Ending;
}

const SANE_ID = /^[\w.:/+=-]{1,128}$/;
const DEFAULT_GRACE_MS = 10_000;
const DEFAULT_SWEEP = { olderThanSeconds: 24 * 3600, dryRun: false };

/**
 * A file service as a plain `(req, res, next)` handler: it mounts wherever a router does, on Express 4
 * and 5, Connect, and by itself in `http.createServer`.
 *
 * @throws TypeError for a configuration that cannot be meant, naming the option
 */
export function createFileService<Req = IncomingMessage>(
  config: FileServiceConfig<Req>,
): FileService {
  const settings = completeSettings(config);
  const storage = s3Storage(settings.storage);
  const metrics = metricsCollector();
  const onLookup = (hit: boolean) => {
    if (hit) metrics.cacheHit();
    else metrics.cacheMiss();
  };
  const open = measuredBuckets(storage.open, metrics.storage);
  const service = createService(settings, cachedBuckets(settings, open, onLookup), metrics);
  const running = new Attendance<ServerResponse>();
  let onIdle: (() => void) | undefined;

  const files = (
    req: IncomingMessage,
    res: ServerResponse,
    next?: (error?: unknown) => void,
  ): void => {
    const visit = { departure: new ClientAbort(), ending: new Ending() };
    const seat = running.enter(res);
    res.once('close', () => {
      running.leave(seat);
      if (!res.writableFinished) visit.departure.abort();
      visit.ending.abort();
      if (running.size === 0) onIdle?.();
    });
    answer(req, res, visit).catch((error: unknown) => {
      if (next === undefined || res.headersSent) res.destroy();
      else next(error);
    });
  };

  async function answer(
    req: IncomingMessage,
    res: ServerResponse,
    { departure, ending }: Visit,
  ): Promise<void> {
    continueOnRead(req, res);
    const request = new MountedRequest<Req>(req, departure);
    // Whoever reads the body hears of its errors; this listener keeps the rest from ending the process.
    if (hasBody(request.headers)) req.on('error', ignore);
    const { reply, finish } = await service.respond(request);
    const done = ({ error, ...transfer }: Sent): void => finish(transfer, error);
    sendReply(req, { res, ending, done }, reply, settings.timeouts.idleMs);
  }

  const container = (): string => {
    if (typeof settings.container === 'string') return settings.container;
    // Each tenant's files lie below the bucket's root.
    return '';
  };

  return Object.assign(files, {
    check: async (): Promise<CheckResult> => {
      const findings = await storage.check(container());
      return { ok: findings.every(({ ok }) => ok), findings };
    },
    metrics: metrics.snapshot,
    openapi: () => openApiDocument(settings as unknown as Settings<unknown>, '/'),
    sweep: (request: Partial<SweepRequest> = {}) =>
      storage.sweep(container(), { ...DEFAULT_SWEEP, ...request }),
    close: async ({ graceMs = DEFAULT_GRACE_MS }: { readonly graceMs?: number } = {}) => {
      service.refuseNewWork();
      await idleWithin(graceMs);
      for (const res of running.guests()) res.destroy();
      await storage.close();
    },
  });

  async function idleWithin(graceMs: number): Promise<void> {
    if (running.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

// A class, because one is made for every request; what few of them need is made when it is asked for.
class MountedRequest<Req> implements FileRequest<Req> {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: IncomingMessage;
  readonly bodyConsumed: boolean;
  readonly signal: ClientSignal;
  readonly #req: FrameworkRequest;
  readonly #peer: string | undefined;
  readonly #search: string;
  #query: URLSearchParams | undefined;

  constructor(req: FrameworkRequest, signal: ClientSignal) {
    // Node gives text for every header but Set-Cookie, which no client sends.
    const headers = req.headers as Readonly<Record<string, string>>;
    const { path, query } = splitTarget(req.url ?? '/');
    const id = headers['x-request-id'];
    this.id = id !== undefined && SANE_ID.test(id) ? id : randomUUID();
    this.method = req.method ?? 'GET';
    this.path = path;
    this.headers = headers;
    this.body = req;
    this.bodyConsumed = hasBody(headers) && (req.readableDidRead || req.readableEnded);
    this.signal = signal;
    this.#req = req;
    // Once it is closed, a socket knows its peer only if it was asked before.
    this.#peer = req.socket.remoteAddress;
    this.#search = query;
  }

  get mount(): string {
    return mountOf(this.#req);
  }

  get query(): URLSearchParams {
    return (this.#query ??= this.#search === '' ? NO_QUERY : new URLSearchParams(this.#search));
  }

  get ip(): string {
    return this.#req.ip ?? this.#peer ?? '';
  }

  get raw(): Req {
    // The host says with the generic what its framework's request is.
    return this.#req as unknown as Req;
  }
}

// Nobody writes into the query of a request.
const NO_QUERY = new URLSearchParams();

function ignore(): void {}

// RFC 9112 section 3.2.2: a server must accept the absolute form too; its authority is not ours to trust.
function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const origin = target.startsWith('/') ? '' : (/^https?:\/\/[^/?]*/i.exec(target)?.[0] ?? '');
  const rest = target.slice(origin.length);
  const mark = rest.indexOf('?');
  const path = mark === -1 ? rest : rest.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark === -1 ? '' : rest.slice(mark + 1) };
}

function mountOf(req: FrameworkRequest): string {
  if (req.baseUrl !== undefined) return req.baseUrl;
  if (req.originalUrl === undefined) return '';
  const whole = splitTarget(req.originalUrl).path;
  const { path } = splitTarget(req.url ?? '/');
  return whole.endsWith(path) ? whole.slice(0, whole.length - path.length) : whole;
}
