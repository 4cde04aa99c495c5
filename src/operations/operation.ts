// The shape of an operation: a request looked at as data, then a plan. Nothing here reaches storage.
import type { ClientSignal } from '../core/client-signal.js';
import type { Access, Principal } from '../core/hooks.js';
import type { FileServiceError } from '../core/errors.js';
import type { Parameters } from '../http/parameters.js';
import type { FileReply } from '../http/reply.js';
import type { FileRequest } from '../http/request.js';
import type { KeyRules, Target } from '../core/key.js';
import type { Bucket } from '../storage/bucket.js';
import type { OperationSettings } from '../config/settings.js';
import type { HeaderName } from './openapi/headers.js';
import type { SchemaName } from './openapi/schemas.js';
import type { RunningAppends } from './uploads/running.js';
import type { LinkDesk } from './links/link-desk.js';
import type { ShareGrant } from './links/share-grant.js';
import type { TicketGrant, UploadGrant } from './uploads/token.js';

/** A method that some operation answers. */
export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a request asks for, before anything was allowed: no bucket in scope. */
export interface Ask {
  readonly request: FileRequest<unknown>;
  /** The effective method: the tunnelled one in the original server's mode. */
  readonly verb: string;
  readonly target: Target;
  /** What the token in the path gives; null on every path but an upload's. */
  readonly grant: UploadGrant | null;
  /** What the share link in the path gives; null on every other path. */
  readonly share: ShareGrant | null;
  /** The share links of the service. */
  readonly links: LinkDesk;
  /** The ticket in the path, in whose name and bounds uploads begin; null on every other path. */
  readonly ticket: TicketGrant | null;
  readonly settings: OperationSettings;
  readonly rules: KeyRules;
  /** The OpenAPI document of this service, as mounted at `mount`. */
  readonly describe: (mount: string) => unknown;
  /** Tells one container from another and says nothing else of it: what cursors are bound to. */
  readonly tenant: () => string;
}

/** What `run` may use: everything it does goes through here. */
export interface RunContext {
  readonly bucket: Bucket;
  /** The same bucket for clean-up, which goes on when the client has gone. */
  readonly lasting: () => Bucket;
  readonly principal: Principal | null;
  /** Fires when the client has gone, or the service closes. */
  readonly signal: ClientSignal;
  /**
   * Asks for what is known only now: names in a form, entries of an archive, descendants.
   *
   * @throws FileServiceError the refusal
   */
  readonly authorize: (access: Access) => Promise<void>;
  /** As `authorize`, answering false for a refusal: to leave things out of a listing. */
  readonly permits: (access: Access) => boolean | Promise<boolean>;
  /** True when every access is allowed without looking: spares a question per entry. */
  readonly allowsEverything: boolean;
  /** Names the source of the body's byte count, for the audit. */
  readonly countBytesIn: (bytes: () => number) => void;
  /** Tells the host that a hook of its own failed or fell silent. */
  readonly hookFailed: (phase: 'scan' | 'onUploaded', error: unknown) => void;
  /** The uploads of several requests that this process receives. */
  readonly appends: RunningAppends;
  /** Turns anything thrown into the error that a client may see. */
  readonly explain: (error: unknown) => FileServiceError;
}

/** What a request will touch, and the function that does it once every access was allowed. */
export interface Plan {
  /** Never empty, unless the operation judges its items one by one. */
  readonly access: readonly Access[];
  readonly run: (context: RunContext) => Promise<FileReply>;
}

/** A request header that an operation reads. */
export interface HeaderDoc {
  readonly sentence: string;
}

/** A request body that an operation reads: its media type, and what it holds. */
export interface BodyDoc {
  readonly media: string;
  /** Name of a schema in the OpenAPI document. */
  readonly schema: SchemaName;
}

/** A documented answer: a description, and what it holds. */
export interface ReplyDoc {
  readonly sentence: string;
  /** Name of a schema in the OpenAPI document; undefined when the answer has no body. */
  readonly schema?: SchemaName;
  /** Media type when it is not JSON. */
  readonly media?: string;
  /** Response headers of its own, by their names in the OpenAPI document. */
  readonly headers?: readonly HeaderName[];
}

/** One thing that can be asked: how it is recognised, what it reads, what it plans. */
export interface Operation {
  /** Stable: operation id in OpenAPI, label in metrics, `operation` in hooks. */
  readonly name: string;
  readonly sentence: string;
  readonly methods: readonly Method[];
  readonly targets: readonly Target['kind'][];
  readonly query: Parameters;
  readonly headers: Readonly<Record<string, HeaderDoc>>;
  /** The bodies that it reads; empty when it reads none. */
  readonly body: readonly BodyDoc[];
  readonly replies: Readonly<Record<number, ReplyDoc>>;
  /** Reasons of the 4xx answers that are its own. */
  readonly refusals: readonly number[];
  /** Headers that its refusals may have, whatever their status. */
  readonly refusalHeaders?: readonly HeaderName[];
  /** True when accesses are asked item by item while it runs, and `plan.access` may be empty. */
  readonly judgesItems?: boolean;
  /** Whether the host has turned it on; absent means always. Only enabled operations are described. */
  readonly enabled?: (settings: OperationSettings) => boolean;
  /** Further condition on the request; absent means always. */
  readonly when?: (request: FileRequest<unknown>, settings: OperationSettings) => boolean;
  readonly plan: (ask: Ask) => Plan | Promise<Plan>;
}
