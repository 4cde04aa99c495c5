// What a host may configure: the public types, and nothing that runs.
import type { IncomingMessage } from 'node:http';
import type {
  Audit,
  Authenticate,
  Authorize,
  Cache,
  HookRequest,
  Limit,
  OnError,
  Scan,
} from '../core/hooks.js';
import type { LinkStore } from '../core/link-store.js';
import type { OnUploaded } from '../core/on-uploaded.js';
import type { QuotaStore } from '../storage/quota/store.js';
import type { StorageSettings } from '../storage/s3/storage.js';
import type { OffloadOptions } from './offload.js';
import type { DirectOptions, ResumableOptions } from './upload-options.js';

/**
 * A function that hands out AWS credentials, as the SDK's credential providers do.
 *
 * @example
 * const credentials: CredentialProvider = async () => ({
 *   accessKeyId: 'AKIA...',
 *   secretAccessKey: '...',
 * });
 */
export type CredentialProvider = Exclude<
  StorageSettings['credentials'],
  { readonly accessKeyId: string } | undefined
>;

/**
 * How much a container may hold, and where that is kept.
 *
 * @example
 * const quota: QuotaOptions = {
 *   bytes: ({ principal }) => (principal?.['plan'] === 'team' ? 100 : 5) * 2 ** 30,
 * };
 */
export interface QuotaOptions<Req = IncomingMessage> {
  /** Bytes of the newest versions of all files together. */
  readonly bytes: number | ((request: HookRequest<Req>) => number);
  /** A connected ioredis or node-redis client, or a store of your own. @default this process' memory */
  readonly store?: QuotaStore | object;
}

/**
 * Which browser pages may call the service (Fetch standard, CORS protocol).
 *
 * @example
 * const cors: CorsOptions = { origins: ['https://app.example'], credentials: true };
 */
export interface CorsOptions {
  /** Origins such as `https://app.example`, `https://*.example.com` (every subdomain), `capacitor://localhost`; or `*`. */
  readonly origins: readonly string[] | '*';
  /** Whether cookies and HTTP authentication may be sent; never with `*`. @default false */
  readonly credentials?: boolean;
  /** How long a browser may remember a preflight. @default 600 */
  readonly maxAgeSeconds?: number;
  /** Further response headers that a page may read. */
  readonly exposedHeaders?: readonly string[];
}

/**
 * How long the service waits, in milliseconds.
 *
 * @example
 * const timeouts: Partial<Timeouts> = { requestMs: 20_000, idleMs: 60_000 };
 */
export interface Timeouts {
  /** For a connection to storage. @default 3000 */
  readonly connectMs: number;
  /** For the answer to a call without a large body. @default 10000 */
  readonly requestMs: number;
  /** Without a byte in a transfer, in either direction. @default 30000 */
  readonly idleMs: number;
  /** For a hook. @default 5000 */
  readonly hookMs: number;
}

/**
 * Everything that `createFileService` takes. Only `bucket`, `region` (or `endpoint`) and `authorize` are required.
 *
 * @example
 * const config: FileServiceConfig = {
 *   bucket: 'acme-prod',
 *   region: 'eu-west-1',
 *   container: 'uploads',
 *   authorize: allowAll,
 * };
 */
export interface FileServiceConfig<Req = IncomingMessage> {
  /** Name in OpenAPI, audit and the zip of the root. @default 's3files' */
  readonly name?: string;
  /** Title in OpenAPI. @default `name` */
  readonly label?: string;
  /** Text in OpenAPI. */
  readonly description?: string;

  /** The bucket's name. */
  readonly bucket: string;
  /** AWS region, `eu-west-1`. @default 'us-east-1' when `endpoint` is set, else required */
  readonly region?: string;
  /** Prefix for all operations, `tenants/acme`; or a function of the request, for a tenant each (`'/'` is the whole bucket, `''` nobody's). @default '' */
  readonly container?: string | ((request: HookRequest<Req>) => string);
  /** Access key id; with `secret`. Without both, the AWS default chain. */
  readonly key?: string;
  /** Secret access key; with `key`. */
  readonly secret?: string;
  /** Session token of temporary credentials; with `key` and `secret`. */
  readonly sessionToken?: string;
  /** An SDK credential provider or identity, instead of `key` and `secret`. */
  readonly credentials?: StorageSettings['credentials'];
  /** URL of an S3-compatible store, `http://minio.example:9000`. */
  readonly endpoint?: string;
  /** `<endpoint>/<bucket>/<key>` instead of `<bucket>.<endpoint>/<key>`. @default false */
  readonly usePathStyleEndpoint?: boolean;
  /** Host that pre-signed URLs name, when clients reach storage under another one. @default endpoint */
  readonly publicEndpoint?: string;
  /** Authorities in PEM, `readFileSync('our-ca.pem', 'utf8')`, that may sign storage's certificate, beside those that Node trusts. @default none */
  readonly ca?: string | readonly string[];
  /**
   * Most bytes that a container may hold: a number, or `(request) => number`. Counted when first needed (one storage
   * call per 1000 files), then kept in memory, or for several instances in `store`. @default none
   */
  readonly quota?: QuotaOptions<Req>;
  /**
   * Where share links are remembered, a Keyv: to list and revoke them, and for `max_uses`, which are exact in one
   * instance. Without it a link lives until it expires. @default none
   */
  readonly linkStore?: LinkStore;
  /** Create the bucket when it is missing. @default false */
  readonly createBucket?: boolean;
  /**
   * Lists, reads and restores the versions that the bucket keeps (S3 Versioning), and removes them for good with
   * `purge`. @default false
   */
  readonly versions?: boolean;
  /** What is deleted can be listed and restored. Needs {@link versions}; a bucket without them refuses to delete. @default false */
  readonly trash?: boolean;
  /** Turn the versioning of the bucket on, before the first call to storage. @default false */
  readonly enableVersioning?: boolean;
  /** `AES256`, `aws:kms` or `aws:kms:dsse`, on every write and copy. */
  readonly serverSideEncryption?: string;
  /** Key of `aws:kms` encryption, as its id or ARN. @default the bucket's */
  readonly kmsKeyId?: string;
  /** `STANDARD_IA`, ... on every write and copy. */
  readonly storageClass?: string;

  /** Says who asks. @default (request) => request.raw.user ?? null */
  readonly authenticate?: Authenticate<Req>;
  /** Says what is allowed; a list refuses at the first refusal. Required: `allowAll` says yes. */
  readonly authorize: Authorize<Req> | readonly Authorize<Req>[];
  /** Says how often; a list refuses at the first refusal. */
  readonly limit?: Limit<Req> | readonly Limit<Req>[];
  /** Told of every request, once it is over. */
  readonly audit?: Audit;
  /** Told of what hooks throw and of faults of ours. @default a line on stderr, one in ten seconds for each phase */
  readonly onError?: OnError<Req>;
  /** Refuse with 503 while the audit hook fails. @default false */
  readonly auditRequired?: boolean;
  /** Every answer says in `Server-Timing` how many calls to storage it took and whether the cache had it; for development. @default false */
  readonly serverTiming?: boolean;

  /** Keeps listings, properties and small files; `memoryCache()` or `keyvCache(keyv)`. */
  readonly cache?: Cache;
  /** Whether answers are kept; true alone means `memoryCache()`. @default true when `cache` is given */
  readonly cacheEnabled?: boolean;
  /** Seconds that an answer is kept; 0 keeps nothing. @default 0 */
  readonly cacheTtl?: number;
  /** Largest body kept, in bytes. @default 262144 */
  readonly cacheMaxBodyBytes?: number;
  /** Leave out of listings what the caller may not list or read. @default true */
  readonly filterListings?: boolean;
  /** Judges an upload before it becomes visible. */
  readonly scan?: Scan;
  /**
   * True: `scan` reads an upload once it is whole, below `.s3files/staged/`, instead of while it comes; `'keep'` too, and
   * leaves what it refuses below `.s3files/quarantine/` in the container, for an operator. @default false
   */
  readonly quarantine?: boolean | 'keep';
  /** Told of every file that was uploaded, before its client is answered; its answer is sent as `data`. */
  readonly onUploaded?: OnUploaded;

  /** Largest upload, in bytes. @default 5 GiB */
  readonly maxUploadBytes?: number;
  /**
   * Bytes a second that an upload must bring, measured over each minute in which they are wanted; slower ones are 408.
   * 0 takes any. @default 1024
   */
  readonly minUploadBytesPerSecond?: number;
  /** Upload URLs may lead past the service, straight to storage, where a signature holds all that an upload obeys. @default true */
  readonly directUploads?: boolean;
  /**
   * What upload links are sealed with, 16 characters at least; the first of a list seals, all of them open. For
   * several instances whose credentials come from a provider. @default derived from a static `secret`, else one of this process
   */
  readonly uploadSecret?: string | readonly string[];
  /**
   * Uploads that go on after a cut: tus 1.0 and Resumable Uploads for HTTP. Needs a `secret` (or `uploadSecret`) where the
   * credentials come from a provider. @default false
   */
  readonly resumable?: boolean | ResumableOptions;
  /**
   * Browsers may send the parts of large files straight to storage, in the wire form of Companion (Uppy's aws-s3):
   * `endpoint: '<mount>/_uploads'`, or that of a ticket. Needs a secret as `resumable` does. @default false
   */
  readonly direct?: boolean | DirectOptions;
  /**
   * How often the service sweeps by itself, as `files.sweep()` does. Instances that share a `cache` take turns by a lease
   * in it; others sweep at different moments. @default never
   */
  readonly sweepEverySeconds?: number;
  /** Files in one form. @default 10 */
  readonly maxFiles?: number;
  /** Objects that one request may copy or move. @default 100000 */
  readonly maxCopies?: number;
  /** Largest file answered inside JSON, in bytes. @default 10 MiB */
  readonly maxInlineBytes?: number;
  /** Longest life of a pre-signed URL, in seconds. @default 604800 */
  readonly maxExpires?: number;
  /** Uploads above this many bytes go multipart. @default 100 MiB */
  readonly multipartThreshold?: number;
  /** Bytes of one part, 5 MiB at least. @default 8 MiB */
  readonly partSize?: number;
  /** Part buffers of the whole process. @default 16 */
  readonly maxPartBuffers?: number;

  /** POST replaces existing files. @default false */
  readonly overwriteOnPost?: boolean;
  /** Media types that may be uploaded, `image/png` or `image/*`. @default all */
  readonly allowedTypes?: readonly string[];
  /** `Content-Encoding`s that an upload may have, `['gzip', 'br']`: kept, and sent with the bytes. @default [] */
  readonly acceptEncodings?: readonly string[];
  /** Media types shown in the browser instead of saved. @default raster images, audio, video, text/plain, application/pdf */
  readonly inlineTypes?: readonly string[];
  /** Serve stored types and dispositions as they are, for hosts that serve their own assets. @default false */
  readonly trustedContent?: boolean;
  /** `Cross-Origin-Resource-Policy` of files; false sends none. @default 'same-origin' */
  readonly crossOriginResourcePolicy?: 'same-origin' | 'same-site' | 'cross-origin' | false;
  /** `Cache-Control` of files that have none. @default 'private, no-cache' */
  readonly cacheControl?: string;
  /** Which pages of other origins may read and write. */
  readonly cors?: CorsOptions;
  /**
   * The URL under which clients see the mount, `https://files.example/api/v2/s3files`: for a proxy in front that
   * rewrites Host or strips a prefix. @default what the request says
   */
  readonly publicUrl?: string;
  /**
   * True believes `X-Forwarded-Host`, `X-Forwarded-Proto` and `X-Forwarded-Prefix`, which the proxy in front must then
   * set or remove. Addresses are the framework's business (`trust proxy`). @default false
   */
  readonly trustProxy?: boolean;
  /**
   * Seals the cursors of listings, 16 characters at least. Give all instances of a service the same one when their
   * credentials come from a provider. @default derived from a static `secret`, else one of this process
   */
  readonly cursorSecret?: string;
  /**
   * Who carries the bytes of files once an answer is decided: nginx in front (`x-accel`, `docs/deployment.md`), or the
   * client itself by a signed URL (`redirect`, 307); for some types and sizes only. @default the service itself
   */
  readonly offload?: OffloadOptions | OffloadOptions['by'];
  /** Allow `?url=https://...` imports. @default false */
  readonly importFromUrl?: boolean;
  /** Bring names to this Unicode form. @default none */
  readonly normalizeKeys?: 'NFC';
  /** Behave like the original server where this library chose better. */
  readonly compat?: 'dreamfactory';

  /** Sockets to storage: at most this many for plain calls, and as many for all others. @default 128 */
  readonly maxSockets?: number;
  /** How long the service waits for whom. @default { connectMs: 3000, requestMs: 10000, idleMs: 30000, hookMs: 5000 } */
  readonly timeouts?: Partial<Timeouts>;
  /** Plain calls to storage go past the SDK's layers; false makes every call through the SDK. @default true */
  readonly leanCalls?: boolean;

  /** The original server's spelling of {@link usePathStyleEndpoint}. */
  readonly use_path_style_endpoint?: boolean;
  /** The original server's spelling of {@link cacheEnabled}. */
  readonly cache_enabled?: boolean;
  /** The original server's spelling of {@link cacheTtl}. */
  readonly cache_ttl?: number;
}
