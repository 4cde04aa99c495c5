// Options and environment of a command as configuration of a service.
import { readFile } from 'node:fs/promises';
import { fromDreamFactory } from '../config/from-dreamfactory.js';
import type { ImportedConfig } from '../config/from-dreamfactory.js';
import { UsageError, type Io } from './io.js';
import type { Given, OptionName } from './options.js';

/** What a command line can say of a service, whatever carries its requests. */
export type StorageConfig = Pick<
  ImportedConfig,
  | 'name'
  | 'label'
  | 'description'
  | 'bucket'
  | 'region'
  | 'endpoint'
  | 'usePathStyleEndpoint'
  | 'key'
  | 'secret'
  | 'cacheEnabled'
  | 'cacheTtl'
  | 'compat'
  | 'ca'
> & { readonly container?: string };

/**
 * The storage that a command line names. Credentials come from `S3_ACCESS_KEY_ID` and `S3_SECRET_ACCESS_KEY`, the
 * definition, or the AWS default chain; never from an option, since everybody on the machine can read those.
 *
 * @throws UsageError when no bucket is named
 */
export async function storageOf(given: Given, { env }: Io): Promise<StorageConfig> {
  const value = (name: OptionName, variable: string): string | undefined =>
    given.text(name) ?? nonEmpty(env[variable]);
  const imported = await importedOf(given.text('dreamfactory'));
  const bucket = value('bucket', 'S3_BUCKET') ?? imported.bucket;
  if (bucket === undefined)
    throw new UsageError('no bucket: give --bucket=NAME, S3_BUCKET or --dreamfactory=FILE.');
  const endpoint = value('endpoint', 'S3_ENDPOINT') ?? imported.endpoint;
  const region = value('region', 'S3_REGION') ?? imported.region ?? awsRegion(env);
  const container = value('container', 'S3_CONTAINER');
  const authority = value('ca', 'AWS_CA_BUNDLE');
  const ca = authority && (await textOf(authority, '--ca or AWS_CA_BUNDLE'));
  const key = nonEmpty(env['S3_ACCESS_KEY_ID']);
  const secret = nonEmpty(env['S3_SECRET_ACCESS_KEY']);
  if ((key === undefined) !== (secret === undefined))
    throw new UsageError(
      'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together: one is set, the other is not.',
    );
  return {
    ...imported,
    bucket,
    ...(endpoint === undefined
      ? {}
      : { endpoint, usePathStyleEndpoint: !given.has('virtual-hosts') }),
    // What the AWS tools take for granted where nothing is said.
    ...(region === undefined && endpoint !== undefined ? {} : { region: region ?? 'us-east-1' }),
    ...(container === undefined ? {} : { container }),
    ...(ca === undefined ? {} : { ca }),
    ...(key === undefined ? {} : { key, secret }),
  };
}

async function importedOf(file: string | undefined): Promise<Partial<StorageConfig>> {
  if (file === undefined) return {};
  const text = await textOf(file, '--dreamfactory');
  try {
    const { container, ...imported } = fromDreamFactory(JSON.parse(text) as unknown);
    // A definition holds texts.
    return { ...imported, ...(typeof container === 'string' ? { container } : {}) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : '';
    throw new UsageError(`${file} is no service definition: ${why}`, { cause });
  }
}

function textOf(file: string, namedBy: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${file}, named by ${namedBy}, cannot be read.`, { cause });
  });
}

function awsRegion(env: Io['env']): string | undefined {
  return nonEmpty(env['AWS_REGION']) ?? nonEmpty(env['AWS_DEFAULT_REGION']);
}

/** A variable that compose files leave empty is not given. */
export function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

/** A whole number of an option. */
export function wholeOf(name: OptionName, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} takes a whole number, not "${text}".`);
}
