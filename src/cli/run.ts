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
    options: [
      ...STORAGE,
      ...(['key', 'host', 'port', 'mount', 'public-url', 'create-bucket'] as const),
      ...(['read-only', 'public', 'no-page'] as const),
    ],
    run: serveBucket,
  },
  check: {
    operands: '',
    sentence: 'Asks storage what the service needs, and says what to do about what is missing.',
    options: [...STORAGE, 'quick', 'json'],
    run: checkStorage,
  },
  sweep: {
    operands: '',
    sentence: 'Aborts uploads by parts that this service left behind; never those of others.',
    options: [...STORAGE, 'older-than', 'dry-run', 'json'],
    run: sweepStorage,
  },
  policy: {
    operands: '',
    sentence: 'Prints the least IAM policy, lifecycle rules and CORS rules for a bucket.',
    options: [
      'bucket',
      'container',
      'read-only',
      'create-bucket',
      'versions',
      'kms-key',
      'origin',
      'only',
    ],
    run: printPolicy,
  },
  openapi: {
    operands: '',
    sentence: 'Prints the OpenAPI 3.1 document of the service.',
    options: ['public-url', 'dreamfactory'],
    run: printOpenApi,
  },
  ls: {
    operands: '[FOLDER/]',
    sentence: 'Lists a folder.',
    options: [...SERVICE, 'recursive', 'json'],
    run: listFiles,
  },
  upload: {
    operands: 'FILE... FOLDER/',
    sentence: 'Uploads files, and folders with --recursive.',
    options: [...SERVICE, 'recursive', 'overwrite', 'resume', 'json', 'quiet'],
    run: uploadFiles,
  },
  download: {
    operands: 'PATH... FOLDER',
    sentence: 'Downloads files, and folders with --recursive.',
    options: [...SERVICE, 'recursive', 'overwrite', 'resume', 'json', 'quiet'],
    run: downloadFiles,
  },
  share: {
    operands: 'PATH',
    sentence: 'Prints a link to a file, of a service also to a folder [S3FILES_LINK_PASSWORD].',
    options: [...SERVICE, 'expires', 'download', 'max-uses', 'json'],
    run: shareFile,
  },
};

/** Runs a command line; the answer is the exit code: 0, 1 for what failed, 2 for what was written wrongly. */
export async function runCommand(line: readonly string[], io: Io): Promise<number> {
  try {
    const [name = '--help', ...rest] = line;
    if (name === '--help' || name === 'help' || name === '-h') return printHelp(io);
    if (name === '--version') return print(io, VERSION);
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) throw unknownCommand(name);
    const given = readLine(rest, [...command.options, 'help']);
    return given.has('help') ? printHelpOf(io, name, command) : await command.run(given, io);
  } catch (error) {
    say(io.err, `s3files: ${messageOf(error)}`);
    return error instanceof UsageError || error instanceof TypeError ? 2 : 1;
  }
}

function unknownCommand(name: string): UsageError {
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
      'More: s3files COMMAND --help',
    ].join('\n'),
  );
}

function printHelpOf(io: Io, name: string, { operands, sentence, options }: Command): number {
  const usage = `Usage: s3files ${name} [OPTION]... ${operands}`.trimEnd();
  return print(io, [usage, sentence, '', ...explainOptions(options)].join('\n'));
}
