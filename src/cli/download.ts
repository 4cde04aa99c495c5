// `s3files download`: files and folders of the service, onto this machine.
import { createWriteStream } from 'node:fs';
import { link, mkdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { FileClient, FileProperties } from '../client/file-client.js';
import { FileServiceError } from '../core/errors.js';
import { UsageError, type Io } from './io.js';
import { asFolder } from './ls.js';
import type { Given } from './options.js';
import { progressOf, type Progress } from './progress.js';
import { reach } from './reach.js';
import { report } from './upload.js';

interface Remote {
  readonly path: string;
  readonly bytes: number;
  readonly file: string;
}

/** Downloads what is named into the last operand, a folder of this machine. */
export async function downloadFiles(given: Given, io: Io): Promise<number> {
  const sources = given.operands.slice(0, -1);
  const target = given.operands.at(-1);
  if (target === undefined || sources.length === 0)
    throw new UsageError('download takes paths and then where to: s3files download docs/a.txt .');
  const { files, close } = await reach(given, io);
  let failed = 0;
  try {
    const remotes = await remotesOf(files, sources, { target, recursive: given.has('recursive') });
    const total = remotes.reduce((sum, { bytes }) => sum + bytes, 0);
    const progress = progressOf(io.err, total, given.has('quiet'));
    for (const remote of remotes) {
      progress.file(remote.path);
      const outcome = await downloadOne(files, remote, { given, progress }).catch(
        (error: unknown) => {
          failed += 1;
          const why = error instanceof Error ? error.message : String(error);
          return { path: remote.path, error: why };
        },
      );
      report(outcome, given, io);
    }
    progress.end();
  } finally {
    await close();
  }
  return failed === 0 ? 0 : 1;
}

interface Target {
  readonly target: string;
  readonly recursive: boolean;
}

async function remotesOf(
  files: FileClient,
  sources: readonly string[],
  { target, recursive }: Target,
): Promise<readonly Remote[]> {
  const found: Remote[] = [];
  for (const source of sources) {
    if (!source.endsWith('/') && source !== '.') {
      const { content_length } = await files.properties(source.replace(/^\/+/, ''));
      const file = placeOf(target, basename(source));
      found.push({ path: source.replace(/^\/+/, ''), bytes: content_length ?? 0, file });
      continue;
    }
    if (!recursive) throw new UsageError(`${source} is a folder; --recursive takes what is in it.`);
    const folder = asFolder(source === '.' ? '' : source);
    const top = folder === '' ? '' : basename(folder);
    for await (const entry of files.list(folder, { recursive: true })) {
      if (entry.type !== 'file') continue;
      const file = placeOf(target, join(top, entry.path.slice(folder.length)));
      found.push({ path: entry.path, bytes: entry.content_length ?? 0, file });
    }
  }
  return found;
}

/** A file below the target. Names that others chose must not lead out of it. */
function placeOf(target: string, inner: string): string {
  const root = resolve(target);
  const file = resolve(root, inner);
  if (file.startsWith(root.endsWith(sep) ? root : root + sep)) return file;
  throw new FileServiceError('invalid_path', `"${inner}" would lie outside ${target}.`);
}

interface Way {
  readonly given: Given;
  readonly progress: Progress;
}

async function downloadOne(
  files: FileClient,
  { path, file }: Remote,
  { given, progress }: Way,
): Promise<{ path: string; skipped?: boolean }> {
  const properties = await files.properties(path);
  const size = await sizeAt(file);
  if (size !== undefined && given.has('resume') && size === properties.content_length)
    return { path, skipped: true };
  const replaces = given.has('overwrite') || given.has('resume');
  if (size !== undefined && !replaces)
    throw new FileServiceError('already_exists', `${file} is there; --overwrite replaces it.`);
  await mkdir(dirname(file), { recursive: true });
  // Named by the version: what was begun of another one is never gone on with.
  const tag = createHash('sha256')
    .update(properties.etag ?? '')
    .digest('hex')
    .slice(0, 16);
  const part = `${file}.${tag}.part`;
  if (!given.has('resume')) await rm(part, { force: true });
  await fetchInto(files, part, { path, properties, onBytes: progress.add });
  if (replaces) await rename(part, file);
  else {
    // Unlike rename, link does not replace what has come meanwhile.
    await link(part, file);
    await unlink(part);
  }
  return { path };
}

interface Fetching {
  readonly path: string;
  readonly properties: FileProperties;
  readonly onBytes: (bytes: number) => void;
}

async function fetchInto(
  files: FileClient,
  part: string,
  { path, properties, onBytes }: Fetching,
): Promise<void> {
  const have = (await sizeAt(part)) ?? 0;
  const length = properties.content_length;
  onBytes(have);
  if (have > 0 && have === length) return;
  const response = await files.read(path, have > 0 ? { range: [have] } : {});
  const etag = response.headers.get('etag')?.replace(/^(?:W\/)?"|"$/g, '');
  if (properties.etag !== undefined && etag !== properties.etag.replaceAll('"', ''))
    throw new FileServiceError('conflict', `"${path}" changed while it was downloaded.`);
  const counter = new Transform({
    transform: (chunk: Buffer, _, done) => {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  const isPart = response.status === 206;
  const into = createWriteStream(part, { flags: isPart ? 'a' : 'w' });
  if (response.body === null) await new Promise<void>((done) => into.end(done));
  else await pipeline(Readable.fromWeb(response.body as ReadableStream), counter, into);
  const got = await sizeAt(part);
  if (length !== null && got !== length)
    throw new FileServiceError('incomplete_body', `"${path}" came as ${got} of ${length} bytes.`);
}

async function sizeAt(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ size }) => size,
    () => undefined,
  );
}
