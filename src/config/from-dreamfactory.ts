// A service definition of the original server, as it exports them, turned into configuration.
import type { FileServiceConfig } from './options.js';

/**
 * What a definition can say; `authorize` stays the host's to choose.
 *
 * @example
 * const serve = (imported: ImportedConfig): FileService =>
 *   createFileService({ ...imported, authorize: allowAll });
 */
export type ImportedConfig = Omit<FileServiceConfig, 'authorize'>;

type Fields = Readonly<Record<string, unknown>>;

const TYPE = 'aws_s3';

/**
 * The configuration of a DreamFactory AWS S3 service, in its JSON form: the service itself, or an export
 * `{"resource":[...]}` or `{"service":[...]}` that holds exactly one. The original server's mode is on,
 * so that its clients work unchanged.
 *
 * In old definitions `container` was the bucket; in newer ones it is the prefix inside `bucket`.
 *
 * @throws TypeError that names what is missing or of the wrong kind
 *
 * @example
 * const definition: unknown = JSON.parse('{"type":"aws_s3","config":{"bucket":"acme","region":"eu-west-1"}}');
 * const files = createFileService({ ...fromDreamFactory(definition), authorize: allowAll });
 */
export function fromDreamFactory(definition: unknown): ImportedConfig {
  const service = onlyService(definition);
  const type = textOf(service, 'type');
  if (type !== undefined && type !== TYPE)
    throw new TypeError(
      `\`type\` is ${JSON.stringify(type)}; only ${JSON.stringify(TYPE)} is a file service on S3.`,
    );
  const config = fieldsOf(service['config']) ?? service;
  const container = textOf(config, 'container');
  const bucket = textOf(config, 'bucket') ?? container;
  if (bucket === undefined)
    throw new TypeError('`config.bucket` is missing, and `config.container` too.');
  const prefix = textOf(config, 'bucket') === undefined ? undefined : container;
  return withoutUndefined({
    name: textOf(service, 'name'),
    label: textOf(service, 'label'),
    description: textOf(service, 'description'),
    bucket,
    region: textOf(config, 'region'),
    container: prefix,
    key: textOf(config, 'key'),
    secret: secretOf(config),
    endpoint: textOf(config, 'endpoint'),
    usePathStyleEndpoint: flagOf(config, 'use_path_style_endpoint'),
    cacheEnabled: flagOf(config, 'cache_enabled'),
    cacheTtl: wholeOf(config, 'cache_ttl'),
    compat: 'dreamfactory',
  });
}

function onlyService(definition: unknown): Fields {
  const fields = fieldsOf(definition);
  if (fields === undefined)
    throw new TypeError('fromDreamFactory takes the JSON of a service definition.');
  const list = fields['resource'] ?? fields['service'];
  if (list === undefined) return fields;
  const services = Array.isArray(list) ? list.map(fieldsOf) : [fieldsOf(list)];
  const files = services.filter((service) => service?.['type'] === TYPE);
  const [only] = files;
  if (only === undefined || files.length > 1)
    throw new TypeError(
      `The export holds ${files.length} services of type "${TYPE}"; give one of them.`,
    );
  return only;
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;
}

// The original stores what is not set as null or as an empty text.
function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new TypeError(`\`${name}\` takes text; it was given a value of type ${typeof value}.`);
}

// What the original shows in place of a secret that it protects.
const MASK = /^\*+$/;

function secretOf(config: Fields): string | undefined {
  const secret = textOf(config, 'secret');
  if (secret === undefined || !MASK.test(secret)) return secret;
  throw new TypeError(
    '`secret` is masked in this export; put the real one in its place, or leave `key` and `secret` out.',
  );
}

function flagOf(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  return value === true || value === 1 || value === '1' || value === 'true';
}

function wholeOf(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new TypeError(`\`${name}\` takes a whole number from 0 up.`);
}

function withoutUndefined(config: { readonly bucket: string } & Fields): ImportedConfig {
  const given = Object.entries(config).filter(([, value]) => value !== undefined);
  // Every field was read by the kind that its option takes.
  return Object.fromEntries(given) as unknown as ImportedConfig;
}
