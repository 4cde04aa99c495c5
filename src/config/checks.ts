// The checks of a host's configuration. Mistakes are TypeErrors at construction that name the option.
import { containerPrefix } from '../core/key.js';
import { nearestName } from '../core/suggestion.js';
import type { FileServiceConfig } from './options.js';
import {
  anyText,
  callable,
  callables,
  hasMethods,
  hasText,
  headerValue,
  mediaTypes,
  oneOf,
  text,
  truth,
  url,
  whole,
  type Check,
} from './value-checks.js';

const MAX_EXPIRES_SECONDS = 604_800;

// Typed over every option, so that a new one without a check does not compile.
const CHECKS: Record<keyof FileServiceConfig, Check> = {
  name: (value) =>
    typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value)
      ? undefined
      : 'a name of letters, digits, "_", "." and "-"',
  label: anyText,
  description: anyText,
  bucket: text,
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
  createBucket: truth,
  serverSideEncryption: oneOf('AES256', 'aws:kms', 'aws:kms:dsse'),
  kmsKeyId: text,
  storageClass: text,
  authenticate: callable,
  authorize: callables,
  limit: callables,
  audit: callable,
  auditRequired: truth,
  cache: (value) =>
    hasMethods(value, 'get', 'set', 'delete')
      ? undefined
      : 'an object with the methods get, set and delete',
  cacheEnabled: truth,
  cacheTtl: whole(0),
  cacheMaxBodyBytes: whole(0),
  filterListings: truth,
  scan: callable,
  maxUploadBytes: whole(0),
  minUploadBytesPerSecond: whole(0),
  directUploads: truth,
  uploadSecret: (value) =>
    [value].flat().length > 0 && [value].flat().every(isSecret)
      ? undefined
      : 'a text of 16 characters at least, or a list of such texts',
  maxFiles: whole(1),
  maxCopies: whole(0),
  maxInlineBytes: whole(0),
  maxExpires: whole(1, MAX_EXPIRES_SECONDS),
  // AWS "Amazon S3 multipart upload limits": one PutObject takes 5 GiB, a part 5 MiB to 5 GiB.
  multipartThreshold: whole(0, 5 * 2 ** 30),
  partSize: whole(5 * 2 ** 20, 5 * 2 ** 30),
  maxPartBuffers: whole(1),
  overwriteOnPost: truth,
  allowedTypes: mediaTypes,
  inlineTypes: mediaTypes,
  trustedContent: truth,
  crossOriginResourcePolicy: oneOf('same-origin', 'same-site', 'cross-origin', false),
  cacheControl: headerValue,
  cors: corsProblem,
  cursorSecret: (value) => (isSecret(value) ? undefined : 'a text of 16 characters at least'),
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
  if (config.auditRequired === true && config.audit === undefined)
    throw new TypeError('`auditRequired` needs an `audit` hook.');
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

function corsProblem(value: unknown): string | undefined {
  const expected =
    '{ origins: "*" or a list of origins, credentials?, maxAgeSeconds?, exposedHeaders? }';
  if (typeof value !== 'object' || value === null) return expected;
  const { origins, credentials } = value as { origins?: unknown; credentials?: unknown };
  if (origins === '*')
    return credentials === true ? `${expected}; never "*" together with credentials` : undefined;
  return Array.isArray(origins) && origins.every((origin) => originProblem(origin) === undefined)
    ? undefined
    : expected;
}

function originProblem(origin: unknown): string | undefined {
  const fine =
    typeof origin === 'string' && URL.canParse(origin) && new URL(origin).origin === origin;
  return fine ? undefined : 'an origin such as "https://app.example"';
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

function unknownOption(name: string, known: readonly string[]): TypeError {
  const nearest = nearestName(name, known);
  const hint = nearest === undefined ? '.' : `; did you mean \`${nearest}\`?`;
  return new TypeError(`\`${name}\` is not an option${hint}`);
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

function isSecret(value: unknown): boolean {
  return typeof value === 'string' && value.length >= 16;
}
