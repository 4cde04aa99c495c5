// Every option of every command, and the reading of a command line.
import { parseArgs } from 'node:util';
import { nearestName } from '../core/suggestion.js';
import { UsageError } from './io.js';

interface Option {
  /** What stands for its value in the help; undefined for a flag. */
  readonly value?: string;
  readonly text: string;
}

const OPTIONS = {
  bucket: { value: 'NAME', text: 'the bucket [S3_BUCKET]' },
  endpoint: { value: 'URL', text: 'an S3-compatible store [S3_ENDPOINT]' },
  region: { value: 'NAME', text: 'its region [S3_REGION, AWS_REGION]' },
  container: { value: 'PREFIX', text: 'prefix of all keys [S3_CONTAINER]' },
  'virtual-hosts': { text: '<bucket>.<endpoint> instead of <endpoint>/<bucket>' },
  ca: { value: 'FILE', text: 'authority of its certificate, PEM [AWS_CA_BUNDLE]' },
  dreamfactory: { value: 'FILE', text: 'a service definition of DreamFactory, JSON' },
  url: { value: 'URL', text: 'a running service instead of a bucket [S3FILES_URL]' },
  key: { value: 'KEY', text: 'key of its callers; unseen by others in [S3FILES_KEY]' },
  host: { value: 'ADDRESS', text: 'address to listen at, 127.0.0.1 [HOST]' },
  port: { value: 'NUMBER', text: 'port to listen at, 3000 [PORT]' },
  mount: { value: 'PATH', text: 'path of the service, /api/v2/s3files' },
  'public-url': { value: 'URL', text: 'what clients call the mount' },
  'create-bucket': { text: 'create the bucket when it is missing' },
  'read-only': { text: 'nothing can be written' },
  resumable: { text: 'uploads of several requests, with `resumable` or `direct`' },
  public: { text: 'everybody may read, without a key' },
  'no-page': { text: 'the service alone, without the page' },
  quick: { text: 'one cheap question: does storage answer?' },
  json: { text: 'JSON instead of words' },
  'older-than': { value: 'HOURS', text: 'only what is older, 24' },
  'dry-run': { text: 'say what would be done, and do nothing' },
  only: { value: 'PART', text: 'policy, lifecycle or cors alone' },
  origin: { value: 'ORIGIN', text: 'a page that uploads straight to storage; may be repeated' },
  versions: { text: 'for a service with `versions` or `trash`' },
  'kms-key': { value: 'ARN', text: 'the key that encrypts what is written' },
  recursive: { text: 'folders with everything below them' },
  overwrite: { text: 'replace files that are there' },
  resume: { text: 'leave out what is there whole, go on with what is not' },
  expires: { value: 'TIME', text: 'how long the link opens: 90m, 12h, 7d; a day' },
  download: { text: 'the link saves instead of showing' },
  'max-uses': { value: 'NUMBER', text: 'how often it opens; of services with a `linkStore`' },
  quiet: { text: 'no progress' },
  help: { text: 'this' },
  version: { text: 'the version of the package' },
} as const satisfies Readonly<Record<string, Option>>;

/** The name of an option, without its dashes. */
export type OptionName = keyof typeof OPTIONS;

/** What other tools call an option, and what stands for it here. */
const FOREIGN: Readonly<Record<string, string>> = {
  'access-key': 'set S3_ACCESS_KEY_ID, or what the AWS tools read',
  'access-key-id': 'set S3_ACCESS_KEY_ID, or what the AWS tools read',
  secret: 'set S3_SECRET_ACCESS_KEY, which other users of this machine cannot see',
  'secret-key': 'set S3_SECRET_ACCESS_KEY, which other users of this machine cannot see',
  'secret-access-key': 'set S3_SECRET_ACCESS_KEY, which other users of this machine cannot see',
  password: 'set S3FILES_LINK_PASSWORD, which other users of this machine cannot see',
  profile: 'set AWS_PROFILE',
  'force-path-style': 'an endpoint is asked so unless --virtual-hosts is given',
  verbose: 'set DEBUG=file-service:*',
  debug: 'set DEBUG=file-service:*',
};

/** What other tools call an option that has another name here. */
const SYNONYMS: Readonly<Record<string, OptionName>> = {
  prefix: 'container',
  'endpoint-url': 'endpoint',
  cacert: 'ca',
  'ca-bundle': 'ca',
  force: 'overwrite',
  r: 'recursive',
  q: 'quiet',
};

/** Values of a command line: texts, `true` for flags, lists where an option may be repeated. */
export interface Given {
  readonly operands: readonly string[];
  text(name: OptionName): string | undefined;
  list(name: OptionName): readonly string[];
  has(name: OptionName): boolean;
}

const isFlag = (name: OptionName): boolean => !('value' in OPTIONS[name]);

/**
 * Reads a command line.
 *
 * @throws UsageError that names an unknown option and the nearest right one, or a missing value
 */
export function readLine(line: readonly string[], allowed: readonly OptionName[]): Given {
  const options = Object.fromEntries(
    allowed.map((name) => [
      name,
      isFlag(name) ? ({ type: 'boolean' } as const) : ({ type: 'string', multiple: true } as const),
    ]),
  );
  const { tokens, values, positionals } = parseArgs({
    args: [...line],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const name = allowed.find((one) => one === token.name);
    if (name === undefined) throw unknownOption(token.rawName, token.name, allowed);
    if (isFlag(name) && token.value !== undefined)
      throw new UsageError(`--${name} takes no value.`);
    if (!isFlag(name) && token.value === undefined)
      throw new UsageError(`--${name} takes a value: --${name}=${valueOf(name)}.`);
  }
  const list = (name: OptionName): string[] => {
    const value = values[name];
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  };
  return {
    operands: positionals,
    list,
    text: (name) => list(name).at(-1),
    has: (name) => values[name] === true,
  };
}

function unknownOption(raw: string, name: string, allowed: readonly OptionName[]): UsageError {
  const synonym = own(SYNONYMS, name);
  const isHere = synonym !== undefined && allowed.includes(synonym);
  const meant = isHere ? synonym : nearestName(name, allowed);
  const otherwise = own(FOREIGN, name) ?? 'see --help';
  const hint = meant === undefined ? otherwise : `did you mean --${meant}?`;
  return new UsageError(`${raw} is not an option of this command; ${hint}`);
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function valueOf(name: OptionName): string {
  const option: Option = OPTIONS[name];
  return option.value ?? '';
}

/** The lines of the help that explain options. */
export function explainOptions(names: readonly OptionName[]): readonly string[] {
  const shown = names.map((name) => [
    isFlag(name) ? `--${name}` : `--${name}=${valueOf(name)}`,
    OPTIONS[name].text,
  ]);
  const width = Math.max(...shown.map(([left = '']) => left.length));
  return shown.map(([left = '', text = '']) => `  ${left.padEnd(width)}  ${text}`);
}
