// The contracts that a host implements: who asks, what is allowed, what is recorded, what is remembered.
import type { IncomingMessage } from 'node:http';

/**
 * What a request does to one key. Hooks are asked about this, never about the shape of the request.
 *
 * @example
 * const changes: readonly Action[] = ['write', 'delete'];
 * const readOnly: Authorize = ({ action }) => !changes.includes(action);
 */
export type Action = 'list' | 'read' | 'write' | 'delete';

/**
 * The HTTP verb that a right is asked for; a GET that signs an upload asks for `PUT`.
 *
 * @example
 * const allow: readonly Verb[] = ['GET', 'HEAD'];
 * const authorize = roles({ guest: [{ path: 'public/**', allow }] }, { anonymous: ['guest'] });
 */
export type Verb = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/**
 * One thing that a request is about to do. A request may ask for several.
 *
 * @example
 * const asked: Access = { action: 'read', path: 'docs/a.txt', verb: 'GET', operation: 'read' };
 */
export interface Access {
  readonly action: Action;
  /** Decoded, from the root, no leading slash; folders end in `/`; `''` is the root. */
  readonly path: string;
  /** The verb whose right is asked: a {@link Verb}. */
  readonly verb: string;
  /** The operation's stable name, such as `list`, `read`, `write`, `remove`. */
  readonly operation: string;
}

/** An access, asked in the name of an operation. */
export function access(action: Action, path: string, verb: string, operation: string): Access {
  // Frozen: a hook that changes what it was asked must not change what is done.
  return Object.freeze({ action, path, verb, operation });
}

/**
 * Who asks. Further fields are the host's own and can be used in rules (`{user.team}`).
 *
 * @example
 * const authenticate = (): Principal => ({ id: 'u1', roles: ['staff'], team: 'acme' });
 */
export interface Principal {
  readonly id: string;
  readonly roles?: readonly string[];
  readonly [field: string]: unknown;
}

/**
 * What hooks see of a request.
 *
 * @example
 * const container = ({ principal }: HookRequest): string =>
 *   `users/${folderNameFor(principal?.id ?? 'nobody')}`;
 */
export interface HookRequest<Req = IncomingMessage> {
  /** The request id, also sent as `X-Request-Id`. */
  readonly id: string;
  /** The framework's own request, so that `request.raw.user` reads as it always does. */
  readonly raw: Req;
  /** Set once `authenticate` has answered; null before, and for anonymous callers. */
  readonly principal: Principal | null;
  /** The peer's address, or what the framework makes of it (`trust proxy`). */
  readonly ip: string;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
}

/**
 * Says who asks. Return null for anonymous; throw a FileServiceError `unauthorized` for 401.
 *
 * @example
 * const authenticate: Authenticate = ({ headers }) =>
 *   headers['x-user'] === undefined ? null : { id: headers['x-user'] };
 */
export type Authenticate<Req = IncomingMessage> = (
  request: HookRequest<Req>,
) => Principal | null | Promise<Principal | null>;

/**
 * Says whether an access is allowed; only `true` allows.
 * A thrown FileServiceError chooses the answer; any other throw, or silence, refuses with 503.
 *
 * @example
 * const authorize: Authorize = ({ path }, { principal }) =>
 *   principal !== null && path.startsWith(`users/${principal.id}/`);
 */
export type Authorize<Req = IncomingMessage> = (
  access: Access,
  request: HookRequest<Req>,
) => boolean | Promise<boolean>;

/**
 * The authorizer that says yes, for hosts whose own middleware in front decides.
 *
 * @example
 * const files = createFileService({ bucket: 'acme-prod', region: 'eu-west-1', authorize: allowAll });
 */
export const allowAll = (): true => true;

/**
 * Where an error that no client sees came from: a hook, or `internal` for a fault of this library.
 *
 * @example
 * const isOurs = (phase: ErrorPhase): boolean => phase === 'internal';
 */
export type ErrorPhase =
  | 'authenticate'
  | 'authorize'
  | 'container'
  | 'limit'
  | 'scan'
  | 'onUploaded'
  | 'audit'
  | 'cache'
  | 'internal';

/**
 * Told of whatever a hook throws, answers wrongly or leaves unanswered, and of faults of this library. It changes no
 * answer; what it throws itself is ignored. `request` is null for what all requests share, the cache and the stores
 * of quotas and links.
 *
 * @example
 * const onError: OnError = (error, { phase, request }) =>
 *   console.error(`files: ${phase} failed`, request?.id, error);
 */
export type OnError<Req = IncomingMessage> = (
  error: unknown,
  where: { readonly phase: ErrorPhase; readonly request: HookRequest<Req> | null },
) => void | Promise<void>;

/**
 * One record a request, handed out after the last byte or once the client has gone.
 *
 * @example
 * const lineOf = ({ time, verb, path, status }: AuditEvent): string =>
 *   `${time} ${verb} ${path} ${status}`;
 */
export interface AuditEvent {
  /** When the request arrived, ISO 8601 in UTC. */
  readonly time: string;
  readonly id: string;
  /** The service's configured name. */
  readonly service: string;
  /** The operation's name; null when the request named none (a bad path, a bad verb). */
  readonly operation: string | null;
  /** The effective verb. */
  readonly verb: string;
  /** The decoded path; the raw one when it was refused as malformed. */
  readonly path: string;
  /** What `authorize` was asked, the first 100. */
  readonly access: readonly Access[];
  /** The principal's id and roles, nothing else of it. */
  readonly principal: { readonly id: string; readonly roles?: readonly string[] } | null;
  readonly ip: string;
  readonly status: number;
  /** The error's reason; null on success. */
  readonly reason: string | null;
  /** Body bytes read from the client. */
  readonly bytesIn: number;
  /** Body bytes handed to the client's socket. */
  readonly bytesOut: number;
  /** False when the answer did not reach its last byte. */
  readonly complete: boolean;
  readonly durationMs: number;
  /** Calls made to storage on behalf of this request. */
  readonly storageCalls: number;
}

/**
 * Records one request. A failing audit hook changes nothing, unless `auditRequired`.
 *
 * @example
 * const audit: Audit = ({ id, principal, verb, path, status }) =>
 *   console.log(id, principal?.id, verb, path, status);
 */
export type Audit = (event: AuditEvent) => void | Promise<void>;

/**
 * What the service remembers answers in. A Keyv or a Map-like store fits.
 * A failing or slow cache is a miss.
 *
 * @example
 * const remembered = new Map<string, unknown>();
 * const cache: Cache = {
 *   get: (key) => remembered.get(key),
 *   set: (key, value) => remembered.set(key, value),
 *   delete: (key) => remembered.delete(key),
 * };
 */
export interface Cache {
  get(key: string): unknown;
  set(key: string, value: string | Uint8Array, ttlSeconds: number): unknown;
  delete(key: string): unknown;
}

/**
 * What a limit is asked to count: a request about to run, one access of a request that asks item by item (JSON
 * batches, batch deletions, forms), or the bytes that a request has moved.
 *
 * @example
 * const bytesOf = (use: Use): number => (use.kind === 'transfer' ? use.bytesIn + use.bytesOut : 0);
 */
export type Use =
  | { readonly kind: 'request'; readonly access: readonly Access[] }
  | { readonly kind: 'item'; readonly access: readonly [Access] }
  | {
      readonly kind: 'transfer';
      readonly access: readonly Access[];
      readonly bytesIn: number;
      readonly bytesOut: number;
    };

/**
 * How a limit stands after counting a use.
 *
 * @example
 * const spent: LimitStatus = { allowed: false, limit: 600, remaining: 0, resetSeconds: 12 };
 */
export interface LimitStatus {
  /** False refuses the request with 429. */
  readonly allowed: boolean;
  /** Points in a window. */
  readonly limit: number;
  /** Points left in this window. */
  readonly remaining: number;
  /** Seconds until the window starts anew. */
  readonly resetSeconds: number;
}

/**
 * Counts a use and says whether it fits; null when the limit does not apply.
 * It is asked after `authorize`, so refused requests do not count.
 *
 * @example
 * const perMinute = rateLimit({ points: 600, seconds: 60 });
 * const limit: Limit = (use, request) => (request.principal === null ? perMinute(use, request) : null);
 */
export type Limit<Req = IncomingMessage> = (
  use: Use,
  request: HookRequest<Req>,
) => LimitStatus | null | Promise<LimitStatus | null>;

/**
 * What `scan` is told about an upload.
 *
 * @example
 * const isMedia = ({ contentType }: ScanInfo): boolean => /^(?:audio|video)\//.test(contentType);
 */
export interface ScanInfo {
  /** Decoded path of the file. */
  readonly path: string;
  readonly contentType: string;
  /** Declared length in bytes; undefined when unknown. */
  readonly contentLength: number | undefined;
  readonly principal: Principal | null;
}

/**
 * A scanner's verdict; a refusal may say why, in words for the client.
 *
 * @example
 * const verdict: ScanVerdict = { allowed: false, message: 'The file holds a virus.' };
 */
export type ScanVerdict = boolean | { readonly allowed: boolean; readonly message?: string };

/**
 * Judges an upload while it streams; the file becomes visible only after `true`.
 * A scanner may answer early and stop reading.
 *
 * @example
 * const scan: Scan = async (stream) => {
 *   let bytes = 0;
 *   for await (const chunk of stream) bytes += chunk.length;
 *   return bytes > 0;
 * };
 */
export type Scan = (
  stream: AsyncIterable<Uint8Array>,
  info: ScanInfo,
) => ScanVerdict | Promise<ScanVerdict>;

/** Whether a hook answered with a promise, of any library. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
