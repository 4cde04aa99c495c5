// Which command runs, its help, and what its failures become.
import { nearestName } from '../core/suggestion.js';
import { isFileServiceError } from '../core/errors.js';
import { VERSION } from '../core/version.js';
import { checkStorage, printOpenApi, sweepStorage } from './admin.js';
import { downloadFiles } from './download.js';
import { say, UsageError, type Io } from './io.js';
import { listFiles } from './ls.js';
import { explainOptions, readLine, type Given, type OptionName } from './options.js';
import { printPolicy } from './policy.js';
import { shareFile } from './share.js';
import { serveBucket } from './serve-bucket.js';
import { uploadFiles } from './upload.js';

interface Command {
  readonly operands: string;
  readonly sentence: string;
  /** Lines as somebody types them. */
  readonly examples: readonly string[];
  readonly options: readonly OptionName[];
  /** The exit code. */
  readonly run: (given: Given, io: Io) => Promise<number>;
}

const STORAGE = [
  'bucket',
  'endpoint',
  'region',
  'container',
  'virtual-hosts',
  'ca',
  'dreamfactory',
] as const satisfies readonly OptionName[];
const SERVICE = [...STORAGE, 'url', 'key'] as const satisfies readonly OptionName[];

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    operands: '',
    sentence: 'Serves a bucket: the file service and, at /files/, the page.',
    examples: [
      's3files serve --bucket=acme-prod --region=eu-west-1',
      's3files serve --bucket=acme --endpoint=http://minio.example:9000 --read-only',
    ],
    options: [
      ...STORAGE,
      ...(['key', 'host', 'port', 'mount', 'public-url', 'create-bucket'] as const),
      ...(['read-only', 'public', 'no-page'] as const),
    ],
    run: serveBucket,
  },
  check: {
    operands: '',
    sentence: 'Asks storage for what the service needs, and says what to do about what is missing.',
    examples: ['s3files check --bucket=acme-prod --region=eu-west-1', 's3files check --quick'],
    options: [...STORAGE, 'quick', 'json'],
    run: checkStorage,
  },
  sweep: {
    operands: '',
    sentence: 'Aborts uploads by parts that this service left behind; never those of others.',
    examples: ['s3files sweep --bucket=acme-prod --older-than=48 --dry-run'],
    options: [...STORAGE, 'older-than', 'dry-run', 'json'],
    run: sweepStorage,
  },
  policy: {
    operands: '',
    sentence: 'Prints the least IAM policy, lifecycle rules and CORS rules for a bucket.',
    examples: [
      's3files policy --bucket=acme-prod --container=app --only=policy > policy.json',
      's3files policy --bucket=acme-prod --resumable --origin=https://app.example',
    ],
    options: [
      ...(['bucket', 'container', 'read-only', 'create-bucket', 'resumable', 'versions'] as const),
      ...(['kms-key', 'origin', 'only'] as const),
    ],
    run: printPolicy,
  },
  openapi: {
    operands: '',
    sentence: 'Prints the OpenAPI 3.1 document of the service.',
    examples: ['s3files openapi --public-url=https://files.example/v2 > openapi.json'],
    options: ['public-url', 'dreamfactory'],
    run: printOpenApi,
  },
  ls: {
    operands: '[FOLDER/]',
    sentence: 'Lists a folder.',
    examples: ['s3files ls photos/2026/', 's3files ls --recursive --json'],
    options: [...SERVICE, 'recursive', 'json'],
    run: listFiles,
  },
  upload: {
    operands: 'FILE... FOLDER/',
    sentence: 'Uploads files, and folders with --recursive.',
    examples: [
      's3files upload report.pdf docs/',
      's3files upload --recursive --resume photos/ backup/',
    ],
    options: [...SERVICE, 'recursive', 'overwrite', 'resume', 'json', 'quiet'],
    run: uploadFiles,
  },
  download: {
    operands: 'PATH... FOLDER',
    sentence: 'Downloads files, and folders with --recursive.',
    examples: [
      's3files download docs/report.pdf .',
      's3files download --recursive --resume backup/photos/ ./photos',
    ],
    options: [...SERVICE, 'recursive', 'overwrite', 'resume', 'json', 'quiet'],
    run: downloadFiles,
  },
  share: {
    operands: 'PATH',
    sentence: 'Prints a link to a file; a running service also gives links to folders.',
    examples: [
      's3files share docs/report.pdf --expires=7d',
      'S3FILES_LINK_PASSWORD=... s3files share docs/ --url=https://files.example/api/v2/s3files',
    ],
    options: [...SERVICE, 'expires', 'download', 'max-uses', 'json'],
    run: shareFile,
  },
};

/** Runs a command line; the answer is the exit code: 0, 1 for what failed, 2 for what was written wrongly. */
export async function runCommand(line: readonly string[], io: Io): Promise<number> {
  try {
    const [name = '--help', ...rest] = line;
    if (name === '--version') return print(io, VERSION);
    const [topic] = rest;
    if (name === 'help' && topic !== undefined) return printHelpOf(io, topic, commandOf(topic));
    if (['--help', 'help', '-h'].includes(name)) return printHelp(io);
    const command = commandOf(name);
    if (rest.includes('-h')) return printHelpOf(io, name, command);
    const given = readLine(rest, [...command.options, 'help']);
    if (given.has('help')) return printHelpOf(io, name, command);
    refuseOperands(given, name, command);
    return await command.run(given, io);
  } catch (error) {
    say(io.err, `s3files: ${messageOf(error)}`);
    return error instanceof UsageError || error instanceof TypeError ? 2 : 1;
  }
}

function commandOf(name: string): Command {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw unknownCommand(name);
  return command;
}

/** What is no option of a command that takes only those is most often the bucket. */
function refuseOperands({ operands: [first] }: Given, name: string, command: Command): void {
  if (command.operands !== '' || first === undefined) return;
  const takesBucket = command.options.includes('bucket') && !first.includes('=');
  const hint = takesBucket ? `did you mean --bucket=${first}?` : `see s3files ${name} --help`;
  throw new UsageError(`${name} takes options only, not "${first}"; ${hint}`);
}

function unknownCommand(name: string): UsageError {
  if (name.startsWith('-'))
    return new UsageError(`the command comes first, and then ${name}; see s3files --help`);
  const names = Object.keys(COMMANDS);
  const meant = nearestName(name, names);
  const hint =
    meant === undefined ? `the commands are ${names.join(', ')}.` : `did you mean ${meant}?`;
  return new UsageError(`"${name}" is not a command; ${hint}`);
}

function messageOf(error: unknown): string {
  if (isFileServiceError(error) || error instanceof UsageError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  // fetch says `fetch failed`, and why in its cause.
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

function print(io: Io, text: string): number {
  say(io.out, text);
  return 0;
}

function printHelp(io: Io): number {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(
    ([name, { sentence }]) => `  ${name.padEnd(width)}  ${sentence}`,
  );
  return print(
    io,
    [
      'Usage: s3files COMMAND [OPTION]... [OPERAND]...',
      '',
      ...lines,
      '',
      'Credentials: S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, else the usual AWS places.',
      'Exit code: 0 for success, 1 for what failed, 2 for a line that was written wrongly.',
      '',
      'Example: s3files serve --bucket=acme-prod --region=eu-west-1',
      'More: s3files COMMAND --help',
    ].join('\n'),
  );
}

function printHelpOf(io: Io, name: string, command: Command): number {
  const usage = `Usage: s3files ${name} [OPTION]... ${command.operands}`.trimEnd();
  const [first = '', ...more] = command.examples;
  const examples = [`Example: ${first}`, ...more.map((line) => `         ${line}`)];
  const options = explainOptions(command.options);
  return print(io, [usage, command.sentence, '', ...options, '', ...examples].join('\n'));
}
