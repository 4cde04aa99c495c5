// The checks of a host's configuration. Mistakes are TypeErrors at construction that name the option.
import { isIP } from 'node:net';
import { containerPrefix } from '../core/key.js';
import { corsProblem } from './cors-check.js';
import { checkEndpoints } from './endpoint-checks.js';
import type { FileServiceConfig } from './options.js';
import { directProblem } from './direct.js';
import { offloadProblem } from './offload.js';
import { unknownOption } from './other-names.js';
import { resumableProblem } from './resumable.js';
import {
  anyText,
  callable,
  callables,
  certificates,
  hasMethods,
  hasText,
  headerValue,
  codings,
  mediaTypes,
  oneOf,
  secret,
  secrets,
  text,
  truth,
  url,
  whole,
  type Check,
} from './value-checks.js';

// Typed over every option, so that a new one without a check does not compile.
const CHECKS: Record<keyof FileServiceConfig, Check> = {
  name: (value) =>
    typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value)
      ? undefined
      : 'a name of letters, digits, "_", "." and "-"',
  label: anyText,
  description: anyText,
  bucket: bucketProblem,
  region: text,
  container: (value) => (typeof value === 'function' ? undefined : containerProblem(value)),
  key: text,
  secret: text,
  sessionToken: text,
  credentials: (value) =>
    typeof value === 'function' || hasText(value, 'accessKeyId', 'secretAccessKey')
      ? undefined
      : 'an SDK credential provider or { accessKeyId, secretAccessKey }',
  endpoint: url,
  usePathStyleEndpoint: truth,
  publicEndpoint: url,
  ca: certificates,
  quota: quotaProblem,
  linkStore: (value) =>
    hasMethods(value, 'get', 'set', 'delete') ? undefined : 'a Keyv, or an object like it',
  createBucket: truth,
  versions: truth,
  trash: truth,
  enableVersioning: truth,
  serverSideEncryption: oneOf('AES256', 'aws:kms', 'aws:kms:dsse'),
  kmsKeyId: text,
  storageClass: text,
  authenticate: callable,
  authorize: callables,
  limit: callables,
  audit: callable,
  onError: callable,
  auditRequired: truth,
  serverTiming: truth,
  cache: (value) =>
    hasMethods(value, 'get', 'set', 'delete')
      ? undefined
      : 'an object with the methods get, set and delete',
  cacheEnabled: truth,
  cacheTtl: whole(0),
  cacheMaxBodyBytes: whole(0),
  filterListings: truth,
  scan: callable,
  quarantine: oneOf(true, false, 'keep'),
  onUploaded: callable,
  maxUploadBytes: whole(0),
  minUploadBytesPerSecond: whole(0),
  directUploads: truth,
  direct: (value) => directProblem(value, unknownOption),
  offload: (value) => offloadProblem(value, unknownOption),
  uploadSecret: secrets,
  resumable: (value) => resumableProblem(value, unknownOption),
  // Longer than a timer of Node can wait.
  sweepEverySeconds: whole(1, 1_000_000),
  maxFiles: whole(1),
  maxCopies: whole(0),
  maxInlineBytes: whole(0),
  maxExpires: whole(1, 604_800),
  // AWS "Amazon S3 multipart upload limits": one PutObject takes 5 GiB, a part 5 MiB to 5 GiB.
  multipartThreshold: whole(0, 5 * 2 ** 30),
  partSize: whole(5 * 2 ** 20, 5 * 2 ** 30),
  maxPartBuffers: whole(1),
  overwriteOnPost: truth,
  allowedTypes: mediaTypes,
  acceptEncodings: codings,
  inlineTypes: mediaTypes,
  trustedContent: truth,
  crossOriginResourcePolicy: oneOf('same-origin', 'same-site', 'cross-origin', false),
  cacheControl: headerValue,
  cors: corsProblem,
  cursorSecret: secret,
  publicUrl: url,
  trustProxy: truth,
  importFromUrl: truth,
  normalizeKeys: oneOf('NFC'),
  compat: oneOf('dreamfactory'),
  maxSockets: whole(1),
  timeouts: timeoutsProblem,
  leanCalls: truth,
  use_path_style_endpoint: truth,
  cache_enabled: truth,
  cache_ttl: whole(0),
};

const TIMEOUTS = ['connectMs', 'requestMs', 'idleMs', 'hookMs'];

/**
 * Refuses a configuration that cannot be meant.
 *
 * @throws TypeError that names the option, what was given, and the nearest right one
 */
export function checkOptions(config: object): void {
  if (typeof config !== 'object' || config === null)
    throw new TypeError('createFileService takes an object of options.');
  for (const [name, value] of Object.entries(config)) {
    if (!Object.hasOwn(CHECKS, name)) throw unknownOption(name, Object.keys(CHECKS));
    if (value === undefined) continue;
    const expected = CHECKS[name as keyof FileServiceConfig](value);
    if (expected !== undefined)
      throw new TypeError(`\`${name}\` takes ${expected}; it was given ${shown(name, value)}.`);
  }
  checkTogether(config as Partial<FileServiceConfig>);
}

function checkTogether(config: Partial<FileServiceConfig>): void {
  if (config.authorize === undefined)
    throw new TypeError(
      '`authorize` is required: give a function, `roles(...)`, or `allowAll` when your own middleware in front decides.',
    );
  if (config.bucket === undefined) throw new TypeError('`bucket` is required.');
  if (config.region === undefined && config.endpoint === undefined)
    throw new TypeError('`region` is required unless `endpoint` is set.');
  checkWrittenKey(config);
  checkEndpoints(config);
  if ((config.key === undefined) !== (config.secret === undefined))
    throw new TypeError('`key` and `secret` go together; only one of them was given.');
  if (config.credentials !== undefined && config.key !== undefined)
    throw new TypeError('`credentials` and `key` name the same thing; give one of them.');
  if (config.sessionToken !== undefined && config.key === undefined)
    throw new TypeError('`sessionToken` goes with `key` and `secret`.');
  if (config.kmsKeyId !== undefined && !config.serverSideEncryption?.startsWith('aws:kms'))
    throw new TypeError("`kmsKeyId` goes with `serverSideEncryption: 'aws:kms'`.");
  for (const [camel, snake] of [
    ['usePathStyleEndpoint', 'use_path_style_endpoint'],
    ['cacheEnabled', 'cache_enabled'],
    ['cacheTtl', 'cache_ttl'],
  ] as const)
    if (config[camel] !== undefined && config[snake] !== undefined)
      throw new TypeError(`\`${camel}\` and \`${snake}\` name the same option; give one of them.`);
  if ((config.quarantine ?? false) !== false && config.scan === undefined)
    throw new TypeError('`quarantine` needs a `scan` hook.');
  if (config.uploadSecret !== undefined && typeof config.resumable === 'object')
    if (config.resumable.secret !== undefined)
      throw new TypeError('`uploadSecret` and `resumable.secret` name the same thing; give one.');
  if (config.trash === true && config.versions !== true)
    throw new TypeError('`trash` keeps what is deleted as versions; it needs `versions: true`.');
  if (config.auditRequired === true && config.audit === undefined)
    throw new TypeError('`auditRequired` needs an `audit` hook.');
}

// AWS "General purpose buckets naming rules"; the ARN of an access point stands in its place.
const BUCKET = /^(?:[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?|arn:[\w-]+:s3[\w:/.-]+)$/;

function bucketProblem(value: unknown): string | undefined {
  const expected =
    'the name of a bucket, such as "acme-prod": lower-case letters, digits, "-" and "."';
  if (typeof value !== 'string') return expected;
  if (value.startsWith('s3://'))
    return `${expected}, without "s3://"; a prefix goes into \`container\``;
  if (value.includes('/') && !value.startsWith('arn:'))
    return `${expected}; a prefix goes into \`container\``;
  // AWS: no bucket has the form of an address.
  return BUCKET.test(value) && isIP(value) === 0 ? undefined : expected;
}

// The one exception to "undefined means not given": an environment variable that is not set must not turn the
// credentials of the machine into those of the service.
function checkWrittenKey(config: Partial<FileServiceConfig>): void {
  if (config.credentials !== undefined) return;
  for (const name of ['key', 'secret'] as const)
    if (Object.hasOwn(config, name) && config[name] === undefined)
      throw new TypeError(
        `\`${name}\` is undefined, as an environment variable that is not set would be. Leave \`key\` and \`secret\` out to use the AWS credential chain.`,
      );
}

function containerProblem(value: unknown): string | undefined {
  const expected = 'a prefix such as "tenants/acme", or a function of the request';
  if (typeof value !== 'string') return expected;
  try {
    containerPrefix(value);
    return undefined;
  } catch {
    return expected;
  }
}

function quotaProblem(value: unknown): string | undefined {
  const expected =
    '{ bytes: a whole number or a function of the request, store?: a Redis client or { reserve, settle, look, reset } }';
  if (typeof value !== 'object' || value === null) return expected;
  const { bytes, store, ...rest } = value as { bytes?: unknown; store?: unknown };
  const [other] = Object.keys(rest);
  if (other !== undefined) throw unknownOption(other, ['bytes', 'store']);
  if (typeof bytes !== 'function' && whole(0)(bytes) !== undefined) return expected;
  const isStore =
    store === undefined ||
    hasMethods(store, 'eval') ||
    hasMethods(store, 'reserve', 'settle', 'look', 'reset');
  return isStore ? undefined : expected;
}

function timeoutsProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null)
    return '{ connectMs, requestMs, idleMs, hookMs }';
  for (const [name, milliseconds] of Object.entries(value)) {
    if (!TIMEOUTS.includes(name)) throw unknownOption(name, TIMEOUTS);
    const expected = whole(1, 2 ** 31 - 1)(milliseconds);
    if (milliseconds !== undefined && expected !== undefined)
      return `{ ${TIMEOUTS.join(', ')} } with ${name} as ${expected}`;
  }
  return undefined;
}

function shown(name: string, value: unknown): string {
  if (/secret|token|credentials|^key$/i.test(name)) return `a value of type ${typeof value}`;
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}
