// `s3files upload`: files and folders of this machine.
import { openAsBlob } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { FileClient } from '../client/file-client.js';
import { say, UsageError, type Io } from './io.js';
import { asFolder } from './ls.js';
import type { Given } from './options.js';
import { countingFetch, progressOf } from './progress.js';
import { reach } from './reach.js';

interface Local {
  readonly file: string;
  readonly bytes: number;
  /** Path in the service. */
  readonly path: string;
}

const RETRIES = 4;

/** Uploads what is named into the last operand, a folder when it ends in a slash or several files are named. */
export async function uploadFiles(given: Given, io: Io): Promise<number> {
  const sources = given.operands.slice(0, -1);
  const target = given.operands.at(-1);
  if (target === undefined || sources.length === 0)
    throw new UsageError('upload takes files and then where to: s3files upload a.txt docs/');
  const locals = await localsOf(sources, target, given.has('recursive'));
  let onBytes: (bytes: number) => void = () => undefined;
  const { files, close } = await reach(given, io, (carry) =>
    countingFetch(carry, (bytes) => onBytes(bytes)),
  );
  const total = locals.reduce((sum, { bytes }) => sum + bytes, 0);
  const progress = progressOf(io.err, total, given.has('quiet'));
  onBytes = progress.add;
  let failed = 0;
  try {
    for (const local of locals) {
      progress.file(local.path);
      const outcome = await uploadOne(files, local, given).catch((error: unknown) => {
        failed += 1;
        return { path: local.path, error: error instanceof Error ? error.message : String(error) };
      });
      report(outcome, given, io);
    }
  } finally {
    progress.end();
    await close();
  }
  return failed === 0 ? 0 : 1;
}

interface Outcome {
  readonly path: string;
  readonly error?: string;
  readonly skipped?: boolean;
}

/** Says what became of a file, as words or as a line of JSON. */
export function report(outcome: Outcome, given: Given, io: Io): void {
  if (given.has('json')) return say(io.out, JSON.stringify(outcome));
  if (outcome.error !== undefined) say(io.err, `${outcome.path}: ${outcome.error}`);
  else if (io.err.isTTY !== true)
    say(io.out, outcome.skipped === true ? `${outcome.path} (there already)` : outcome.path);
}

async function uploadOne(files: FileClient, local: Local, given: Given): Promise<Outcome> {
  const { path, file, bytes } = local;
  if (given.has('resume') && (await lengthOf(files, path)) === bytes)
    return { path, skipped: true };
  // What an interrupted upload has left is not whole, and may be replaced.
  const create = given.has('overwrite') || given.has('resume') ? 'replace' : 'new';
  const data = await openAsBlob(file);
  let upload = files.upload(path, data, { create });
  for (let attempt = 0; ; attempt += 1) {
    try {
      await upload;
      return { path };
    } catch (error) {
      const resume = upload.toJSON();
      // A TypeError is fetch's: there was no answer. A session of the service goes on where it stopped.
      if (!(error instanceof TypeError) || attempt === RETRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
      upload = files.upload(path, data, { create, ...(resume === undefined ? {} : { resume }) });
    }
  }
}

async function lengthOf(files: FileClient, path: string): Promise<number | undefined> {
  return files.properties(path).then(
    ({ content_length }) => content_length ?? undefined,
    () => undefined,
  );
}

async function localsOf(
  sources: readonly string[],
  target: string,
  recursive: boolean,
): Promise<readonly Local[]> {
  const isInto = target.endsWith('/') || target === '' || target === '.' || sources.length > 1;
  const folder = asFolder(target === '.' ? '' : target);
  const found: Local[] = [];
  for (const source of sources) {
    const { size, isFolder } = await lookAt(source);
    if (isFolder && !recursive)
      throw new UsageError(`${source} is a folder; --recursive uploads what is in it.`);
    if (isFolder) found.push(...(await below(source, folder)));
    else if (isInto) found.push({ file: source, bytes: size, path: folder + basename(source) });
    else found.push({ file: source, bytes: size, path: target.replace(/^\/+/, '') });
  }
  return found;
}

async function below(source: string, folder: string): Promise<readonly Local[]> {
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const top = basename(source) === '.' ? '' : asFolder(basename(source));
  return Promise.all(
    entries
      // A link may lead out of what was named.
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = join(entry.parentPath, entry.name);
        const inner = relative(source, file).split(sep).join('/');
        return { file, bytes: (await stat(file)).size, path: folder + top + inner };
      }),
  );
}

async function lookAt(source: string): Promise<{ size: number; isFolder: boolean }> {
  try {
    const found = await stat(source);
    return { size: found.size, isFolder: found.isDirectory() };
  } catch (cause) {
    throw new UsageError(`${source} is not there.`, { cause });
  }
}
