// The complete form of a configuration: checked once, defaulted, frozen, no optionals.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type {
  Audit,
  Authenticate,
  Authorize,
  Cache,
  HookRequest,
  Limit,
  Scan,
} from '../core/hooks.js';
import type { LinkStore } from '../core/link-store.js';
import type { OnUploaded } from '../core/on-uploaded.js';
import { errorReporter, type ReportError } from '../core/error-reporter.js';
import { containerPrefix } from '../core/key.js';
import { DEFAULT_INLINE_TYPES } from '../http/serving.js';
import type { StorageSettings } from '../storage/s3/storage.js';
import { checkOptions } from './checks.js';
import { userOfHost } from './user-of-host.js';
import type { CorsOptions, FileServiceConfig, QuotaOptions, Timeouts } from './options.js';
import { directOf, type DirectSettings } from './direct.js';
import { offloadOf, type OffloadSettings } from './offload.js';
import { resumableOf, resumableOptions, type ResumableSettings } from './resumable.js';

/** What operations see of a configuration: nothing of the host's framework. */
export interface OperationSettings {
  readonly name: string;
  readonly label: string | undefined;
  readonly description: string | undefined;
  readonly filterListings: boolean;
  readonly scan: Scan | undefined;
  /** Uploads are judged where they are staged; only with `scan`. */
  readonly quarantine: boolean | 'keep';
  readonly onUploaded: OnUploaded | undefined;
  readonly maxUploadBytes: number;
  readonly minUploadBytesPerSecond: number;
  readonly directUploads: boolean;
  /** Undefined where no part may go straight to storage. */
  readonly direct: DirectSettings | undefined;
  /** What upload links are sealed with; never empty, the first one seals, all of them open. */
  readonly uploadSecrets: readonly string[];
  /** Undefined where uploads are one request each. */
  readonly resumable: ResumableSettings | undefined;
  readonly maxFiles: number;
  readonly maxCopies: number;
  readonly maxInlineBytes: number;
  readonly maxExpiresSeconds: number;
  readonly overwriteOnPost: boolean;
  readonly allowedTypes: readonly string[] | undefined;
  /** In lower case. */
  readonly acceptEncodings: readonly string[];
  readonly inlineTypes: readonly string[];
  readonly trustedContent: boolean;
  readonly crossOriginResourcePolicy: string | false;
  readonly cacheControl: string;
  readonly importFromUrl: boolean;
  /** Undefined where the service carries all bytes. */
  readonly offload: OffloadSettings | undefined;
  readonly versions: boolean;
  readonly trash: boolean;
  readonly hasQuota: boolean;
  readonly hasLinkStore: boolean;
  /** Whether clients reach the service by https, as far as the host says. */
  readonly isSecure: boolean;
  readonly compat: 'dreamfactory' | undefined;
  readonly timeouts: Timeouts;
  /** The mount as clients see it, where the host has said it. */
  readonly publicUrl: string | undefined;
  /** 32 bytes that seal the cursors of listings. */
  readonly cursorKey: Uint8Array;
}

/** The complete form of FileServiceConfig: what operations see, the host's hooks, and what storage and cache need. */
export interface Settings<Req = IncomingMessage> extends OperationSettings {
  readonly container: string | ((request: HookRequest<Req>) => string);
  readonly storage: StorageSettings;
  readonly authenticate: Authenticate<Req>;
  readonly authorize: readonly Authorize<Req>[];
  readonly limits: readonly Limit<Req>[];
  readonly audit: Audit | undefined;
  readonly reportError: ReportError<Req>;
  readonly auditRequired: boolean;
  readonly serverTiming: boolean;
  readonly cache: Cache | undefined;
  readonly cacheTtlSeconds: number;
  readonly cacheMaxBodyBytes: number;
  /** Undefined where the host sweeps. */
  readonly sweepEverySeconds: number | undefined;
  readonly cors: CorsOptions | undefined;
  readonly quota: QuotaOptions<Req> | undefined;
  readonly linkStore: LinkStore | undefined;
  readonly trustProxy: boolean;
  readonly normalizeKeys: 'NFC' | undefined;
}

const MIB = 2 ** 20;
const DEFAULT_NAME = 's3files';
const DEFAULT_REGION = 'us-east-1';
// Credentials that come from a provider change and cannot be read at construction: without a secret of the host's,
// the cursors and upload links of such a service are those of one process.
const PROCESS_SECRET = randomBytes(32).toString('base64url');
const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 3000,
  requestMs: 10_000,
  idleMs: 30_000,
  hookMs: 5000,
};

/**
 * Checks a configuration and completes it. `defaultCache` makes the cache of a host that turns caching on without
 * naming one.
 *
 * @throws TypeError that names the option, what was given, and the nearest right one
 */
export function completeSettings<Req>(
  given: FileServiceConfig<Req>,
  defaultCache: () => Cache,
): Settings<Req> {
  checkOptions(given);
  const config = withoutSnakeCase(given);
  return Object.freeze({ ...operationSettings(config), ...hostSettings(config, defaultCache) });
}

function hostSettings<Req>(
  config: FileServiceConfig<Req>,
  defaultCache: () => Cache,
): Omit<Settings<Req>, keyof OperationSettings> {
  const cacheTtlSeconds = config.cacheTtl ?? 0;
  return {
    container:
      typeof config.container === 'function'
        ? config.container
        : containerPrefix(config.container ?? ''),
    storage: storageSettings(config),
    authenticate: config.authenticate ?? userOfHost,
    authorize: listOf(config.authorize),
    limits: config.limit === undefined ? [] : listOf(config.limit),
    audit: config.audit,
    reportError: errorReporter(config.onError),
    auditRequired: config.auditRequired ?? false,
    serverTiming: config.serverTiming ?? false,
    cache: isCaching(config, cacheTtlSeconds) ? (config.cache ?? defaultCache()) : undefined,
    cacheTtlSeconds,
    cacheMaxBodyBytes: config.cacheMaxBodyBytes ?? 256 * 1024,
    sweepEverySeconds: config.sweepEverySeconds,
    cors: config.cors,
    quota: config.quota,
    linkStore: config.linkStore,
    trustProxy: config.trustProxy ?? false,
    normalizeKeys: config.normalizeKeys,
  };
}

function operationSettings<Req>(config: FileServiceConfig<Req>): OperationSettings {
  return {
    name: config.name ?? DEFAULT_NAME,
    label: config.label,
    description: config.description,
    filterListings: config.filterListings ?? true,
    scan: config.scan,
    quarantine: config.quarantine ?? false,
    onUploaded: config.onUploaded,
    maxUploadBytes: config.maxUploadBytes ?? 5 * 1024 * MIB,
    minUploadBytesPerSecond: config.minUploadBytesPerSecond ?? 1024,
    directUploads: config.directUploads ?? true,
    direct: directOf(config, staticSecretOf(config)),
    offload: offloadOf(config.offload),
    uploadSecrets: uploadSecretsOf(config),
    resumable: resumableOf(config, config.partSize ?? 8 * MIB, staticSecretOf(config)),
    maxFiles: config.maxFiles ?? 10,
    maxCopies: config.maxCopies ?? 100_000,
    maxInlineBytes: config.maxInlineBytes ?? 10 * MIB,
    maxExpiresSeconds: config.maxExpires ?? 604_800,
    overwriteOnPost: config.overwriteOnPost ?? config.compat === 'dreamfactory',
    allowedTypes: config.allowedTypes,
    acceptEncodings: config.acceptEncodings?.map((coding) => coding.toLowerCase()) ?? [],
    inlineTypes: config.inlineTypes?.map((type) => type.toLowerCase()) ?? DEFAULT_INLINE_TYPES,
    trustedContent: config.trustedContent ?? false,
    crossOriginResourcePolicy: config.crossOriginResourcePolicy ?? 'same-origin',
    cacheControl: config.cacheControl ?? 'private, no-cache',
    importFromUrl: config.importFromUrl ?? false,
    hasQuota: config.quota !== undefined,
    hasLinkStore: config.linkStore !== undefined,
    isSecure: config.publicUrl?.startsWith('https:') ?? false,
    versions: config.versions ?? false,
    trash: config.trash ?? false,
    compat: config.compat,
    timeouts: timeoutsOf(config),
    publicUrl: config.publicUrl,
    cursorKey: cursorKeyOf(config),
  };
}

function storageSettings<Req>(config: FileServiceConfig<Req>): StorageSettings {
  const { connectMs, requestMs, idleMs } = timeoutsOf(config);
  return Object.freeze({
    bucket: config.bucket,
    // checkOptions has refused a missing region unless an endpoint is named.
    region: config.region ?? DEFAULT_REGION,
    endpoint: config.endpoint,
    publicEndpoint: config.publicEndpoint,
    usePathStyleEndpoint: config.usePathStyleEndpoint ?? false,
    credentials: credentialsOf(config),
    createBucket: config.createBucket ?? false,
    enableVersioning: config.enableVersioning ?? false,
    versions: config.versions ?? false,
    trash: config.trash ?? false,
    pageOrigins: pageOriginsOf(config),
    serverSideEncryption: config.serverSideEncryption,
    kmsKeyId: config.kmsKeyId,
    storageClass: config.storageClass,
    ca: config.ca === undefined ? undefined : listOf(config.ca),
    maxSockets: config.maxSockets ?? 128,
    multipartThreshold: config.multipartThreshold ?? 100 * MIB,
    partSize: config.partSize ?? 8 * MIB,
    maxPartBuffers: config.maxPartBuffers ?? 16,
    leanCalls: config.leanCalls ?? true,
    timeouts: { connectMs, requestMs, idleMs },
  });
}

// Of `https://*.example.com` no single origin is known.
function pageOriginsOf<Req>({
  direct = false,
  directUploads = true,
  cors,
  publicUrl,
}: FileServiceConfig<Req>): readonly string[] | undefined {
  if (direct === false || !directUploads) return undefined;
  const own = publicUrl === undefined ? [] : [new URL(publicUrl).origin];
  const others = cors === undefined || cors.origins === '*' ? [] : cors.origins;
  return [...own, ...others.filter((origin) => !origin.includes('*'))];
}

function credentialsOf<Req>(config: FileServiceConfig<Req>): StorageSettings['credentials'] {
  if (config.credentials !== undefined) return config.credentials;
  if (config.key === undefined || config.secret === undefined) return undefined;
  const identity = { accessKeyId: config.key, secretAccessKey: config.secret };
  const { sessionToken } = config;
  return sessionToken === undefined ? identity : { ...identity, sessionToken };
}

// `undefined` means "not given", also for a member of an object that is given.
function timeoutsOf<Req>({ timeouts = {} }: FileServiceConfig<Req>): Timeouts {
  return {
    connectMs: timeouts.connectMs ?? DEFAULT_TIMEOUTS.connectMs,
    requestMs: timeouts.requestMs ?? DEFAULT_TIMEOUTS.requestMs,
    idleMs: timeouts.idleMs ?? DEFAULT_TIMEOUTS.idleMs,
    hookMs: timeouts.hookMs ?? DEFAULT_TIMEOUTS.hookMs,
  };
}

// All instances that share `cursorSecret`, or static credentials, open each other's cursors.
function cursorKeyOf<Req>(config: FileServiceConfig<Req>): Uint8Array {
  const { bucket, name = DEFAULT_NAME, region = DEFAULT_REGION } = config;
  const secret = config.cursorSecret ?? staticSecretOf(config) ?? PROCESS_SECRET;
  return createHash('sha256')
    .update(JSON.stringify(['cursor', bucket, region, name, secret]))
    .digest();
}

// As cursors: all instances that share `uploadSecret`, or static credentials, open each other's links.
function uploadSecretsOf<Req>(config: FileServiceConfig<Req>): readonly string[] {
  const given = config.uploadSecret ?? resumableOptions(config)?.secret;
  if (given !== undefined) return listOf(given);
  const { bucket, name = DEFAULT_NAME, region = DEFAULT_REGION } = config;
  return [JSON.stringify([bucket, region, name, staticSecretOf(config) ?? PROCESS_SECRET])];
}

function staticSecretOf<Req>(config: FileServiceConfig<Req>): string | undefined {
  const credentials = credentialsOf(config);
  return typeof credentials === 'object' ? credentials.secretAccessKey : undefined;
}

function isCaching<Req>(config: FileServiceConfig<Req>, ttlSeconds: number): boolean {
  const enabled = config.cacheEnabled ?? config.cache !== undefined;
  if (enabled && ttlSeconds === 0)
    process.emitWarning('The cache is enabled, but `cacheTtl` is 0 seconds: nothing is kept.', {
      type: 'FileServiceWarning',
      code: 'S3FILES_CACHE_TTL',
    });
  return enabled && ttlSeconds > 0;
}

// The page's own spelling works as written there; naming an option twice was refused before.
function withoutSnakeCase<Req>(config: FileServiceConfig<Req>): FileServiceConfig<Req> {
  const { use_path_style_endpoint, cache_enabled, cache_ttl, ...rest } = config;
  return {
    ...rest,
    usePathStyleEndpoint: rest.usePathStyleEndpoint ?? use_path_style_endpoint,
    cacheEnabled: rest.cacheEnabled ?? cache_enabled,
    cacheTtl: rest.cacheTtl ?? cache_ttl,
  };
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  // Array.isArray does not narrow readonly arrays.
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
