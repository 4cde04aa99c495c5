// The zip of files as an answer: its length, ETag and ranges when every file is known before the first byte.
import { createHash } from 'node:crypto';
import { zipLayout, zipStream } from '../../archive/zip.js';
import type { ZipEntry } from '../../archive/zip.js';
import { abortSignalOf } from '../../core/client-signal.js';
import { FileServiceError } from '../../core/errors.js';
import { evaluate, parseIfRange } from '../../http/conditions.js';
import { parseRange, resolveRanges } from '../../http/range.js';
import type { Span } from '../../http/range.js';
import { empty } from '../../http/reply.js';
import type { FileReply } from '../../http/reply.js';
import { disposition } from '../../http/serving.js';
import type { Bucket, Entry } from '../../storage/bucket.js';
import type { Ask, RunContext } from '../operation.js';
import { preconditionFailed } from './missing.js';

/** Files that are gathered before the first byte, about 30 MB; bigger trees go without length, ETag and ranges. */
const MAX_GATHERED = 100_000;

// Part of every ETag: another layout of the same files is another archive.
const LAYOUT = 'zip 1';

/** What to archive. */
export interface Archive {
  /** File name that is offered for saving. */
  readonly name: string;
  /** Names in the archive are relative to this folder. */
  readonly folder: string;
  /** What the caller may read, in the order of keys. */
  readonly files: AsyncGenerator<readonly Entry[]>;
}

/** Answers an archive. Conditions and ranges count for GET and HEAD alone. */
export async function archiveReply(
  ask: Ask,
  context: RunContext,
  archive: Archive,
): Promise<FileReply> {
  const headers = {
    'Content-Type': 'application/zip',
    'Content-Disposition': disposition(archive.name, false),
    'Cache-Control': 'private, no-cache, no-transform',
  };
  const signal = abortSignalOf(context.signal);
  const asEntry = (file: Entry) => zipEntry(context.bucket, archive.folder, file);
  const { gathered, rest } = await gather(archive.files);
  if (rest !== null) {
    const entries = chain(gathered, rest, asEntry);
    return { status: 200, headers, body: zipStream(entries, { signal }).stream };
  }
  const layout = zipLayout(entriesOf(gathered, asEntry));
  const etag = ask.verb === 'GET' || ask.verb === 'HEAD' ? etagOf(gathered, archive.folder) : null;
  const validators: Readonly<Record<string, string>> =
    etag === null ? {} : { ETag: etag, 'Accept-Ranges': 'bytes' };
  if (etag !== null && isUnmodified(ask, etag))
    return empty(304, { ETag: etag, 'Cache-Control': headers['Cache-Control'] });
  const span = etag === null ? null : spanOf(ask, layout.length, etag);
  const part = span === null ? {} : { part: { ...span, ...layout } };
  return {
    status: span === null ? 200 : 206,
    headers: { ...headers, ...validators, ...lengthHeaders(span, layout.length) },
    body: zipStream(entriesOf(gathered, asEntry), { signal, ...part }).stream,
  };
}

function isUnmodified(ask: Ask, etag: string): boolean {
  const verdict = evaluate(ask.request.headers, ask.verb, { etag, lastModified: null });
  if (verdict === 'precondition-failed') throw preconditionFailed(ask.target.key);
  return verdict === 'not-modified';
}

// Several ranges would read the files several times: RFC 9110 section 14.2 lets a server ignore them.
function spanOf({ request, verb }: Ask, length: number, etag: string): Span | null {
  const asked = parseRange(request.headers['range'] ?? '');
  const ifRange = parseIfRange(request.headers['if-range']);
  const isSame = ifRange.kind === 'none' || (ifRange.kind === 'etag' && ifRange.etag === etag);
  // RFC 9110 section 14.2: a Range header on any method but GET is ignored.
  if (verb !== 'GET' || asked.kind !== 'single' || !isSame) return null;
  const resolved = resolveRanges([asked.range], length);
  if (resolved.kind === 'ranges') return resolved.ranges[0] ?? null;
  if (resolved.kind === 'whole') return null;
  throw new FileServiceError(
    'range_not_satisfiable',
    `The header "Range" names no byte of the archive, which has ${length}.`,
    { headers: { 'Content-Range': `bytes */${length}` }, context: { size: length } },
  );
}

function lengthHeaders(span: Span | null, length: number): Readonly<Record<string, string>> {
  if (span === null) return { 'Content-Length': String(length) };
  return {
    'Content-Length': String(span.end - span.start + 1),
    'Content-Range': `bytes ${span.start}-${span.end}/${length}`,
  };
}

/** Of everything that the bytes depend on; null when storage gave a file without an ETag of its bytes. */
function etagOf(files: readonly Entry[], folder: string): string | null {
  const hash = createHash('sha256').update(LAYOUT);
  for (const { key, size, lastModified, etag } of files) {
    if (!etag.startsWith('"')) return null;
    const seconds = lastModified === null ? null : Math.floor(lastModified.getTime() / 1000);
    hash.update(JSON.stringify([key.slice(folder.length), size, seconds, etag]));
  }
  return `"${hash.digest('base64url')}"`;
}

/** `rest` is null when everything was gathered. */
async function gather(
  files: AsyncGenerator<readonly Entry[]>,
): Promise<{ gathered: readonly Entry[]; rest: AsyncIterable<readonly Entry[]> | null }> {
  const gathered: Entry[] = [];
  while (gathered.length < MAX_GATHERED) {
    const page = await files.next();
    if (page.done === true) return { gathered, rest: null };
    gathered.push(...page.value);
  }
  return { gathered, rest: files };
}

type AsEntry = (file: Entry) => ZipEntry;

function* entriesOf(files: readonly Entry[], asEntry: AsEntry): Generator<ZipEntry> {
  for (const file of files) yield asEntry(file);
}

async function* chain(
  gathered: readonly Entry[],
  rest: AsyncIterable<readonly Entry[]>,
  asEntry: AsEntry,
): AsyncGenerator<ZipEntry> {
  yield* entriesOf(gathered, asEntry);
  for await (const files of rest) yield* entriesOf(files, asEntry);
}

function zipEntry(bucket: Bucket, folder: string, file: Entry): ZipEntry {
  return {
    name: file.key.slice(folder.length),
    size: file.key.endsWith('/') ? 0 : file.size,
    modified: file.lastModified,
    open: () => open(bucket, file),
  };
}

// The size in the archive's header is the listed one, so the bytes must be the listed ones too.
async function open(bucket: Bucket, { key, etag }: Entry) {
  const result = await bucket.read(key, etag === '' ? {} : { ifMatch: etag });
  if (result.kind === 'found') return result.body;
  throw new FileServiceError('storage_failed', `File '${key}' has changed while it was archived.`);
}
