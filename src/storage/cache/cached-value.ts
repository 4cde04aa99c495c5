// What is kept of files and listings, as bytes, and reads answered from it.
import type { ByteRange, Page, ReadConditions, ReadRequest, ReadResult, Stat } from '../bucket.js';

/** A file in the cache; without bytes only its attributes are known. */
export interface CachedFile {
  readonly stat: Stat;
  readonly bytes: Uint8Array | null;
}

const FORMAT = 3;
const PREFIX_BYTES = 5;

// What a cache that lies may make us parse: attributes take a few kilobytes, a page's 1000 keys of
// 1024 bytes at most a few megabytes.
const MAX_HEAD_BYTES = 64 * 1024;
const MAX_PAGE_BYTES = 8 * 2 ** 20;

/** A file as bytes, which name the slot that they belong to. */
export function encodeFile(slot: string, { stat, bytes }: CachedFile): Uint8Array {
  const { lastModified, ...rest } = stat;
  const modified = lastModified?.getTime() ?? null;
  return encode({ ...rest, modified, whole: bytes !== null, slot }, bytes);
}

/** The file that a value holds; undefined when the cache gave anything but what was stored in the slot. */
export type DecodeFile = (slot: string, value: unknown) => CachedFile | undefined;

/** Decodes files, the same bytes once: a cache in memory hands out the very object that was stored. */
export function fileDecoder(): DecodeFile {
  const decoded = new WeakMap<Uint8Array, { readonly slot: string; readonly file: CachedFile }>();
  return (slot, value) => {
    if (!(value instanceof Uint8Array)) return undefined;
    const known = decoded.get(value);
    if (known !== undefined) return known.slot === slot ? known.file : undefined;
    const file = parseFile(slot, value);
    if (file !== undefined) decoded.set(value, { slot, file });
    return file;
  };
}

function parseFile(slot: string, value: Uint8Array): CachedFile | undefined {
  const parsed = parse(value, MAX_HEAD_BYTES);
  if (parsed?.head.slot !== slot) return undefined;
  // Written by encodeFile: nothing else knows the slot.
  const { slot: _slot, whole, modified, ...rest } = parsed.head as unknown as FileHead;
  const stat: Stat = { ...rest, lastModified: dateOf(modified) };
  if (whole && parsed.body.length !== stat.size) return undefined;
  return { stat, bytes: whole ? parsed.body : null };
}

interface FileHead extends Omit<Stat, 'lastModified'> {
  readonly slot: string;
  readonly whole: boolean;
  readonly modified: number | null;
}

/** A page as bytes. */
export function encodePage(slot: string, { files, folders, next }: Page): Uint8Array {
  const rows = files.map(({ key, size, lastModified, etag }) => [
    key,
    size,
    lastModified?.getTime() ?? null,
    etag,
  ]);
  return encode({ slot, rows, folders, next }, null);
}

/** The page that a value holds; undefined when the cache gave anything but what was stored in the slot. */
export function decodePage(slot: string, value: unknown): Page | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const parsed = parse(value, MAX_PAGE_BYTES);
  if (parsed?.head.slot !== slot) return undefined;
  // Written by encodePage: nothing else knows the slot.
  const { rows, folders, next } = parsed.head as unknown as PageHead;
  const files = rows.map(([key, size, modified, etag]) => ({
    key,
    size,
    lastModified: dateOf(modified),
    etag,
  }));
  return { files, folders, next };
}

interface PageHead {
  readonly rows: readonly (readonly [string, number, number | null, string])[];
  readonly folders: readonly string[];
  readonly next: string | undefined;
}

/** Format, length of the head, head as JSON, body. */
function encode(head: object, body: Uint8Array | null): Uint8Array {
  const text = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt8(FORMAT, 0);
  prefix.writeUInt32BE(text.length, 1);
  return Buffer.concat(body === null ? [prefix, text] : [prefix, text, body]);
}

function parse(
  value: Uint8Array,
  maxHeadBytes: number,
): { readonly head: { readonly slot?: unknown }; readonly body: Uint8Array } | undefined {
  if (value.length < PREFIX_BYTES) return undefined;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const length = bytes.readUInt32BE(1);
  const end = PREFIX_BYTES + length;
  if (bytes.readUInt8(0) !== FORMAT || length > maxHeadBytes || end > bytes.length)
    return undefined;
  try {
    const head: unknown = JSON.parse(bytes.toString('utf8', PREFIX_BYTES, end));
    return typeof head === 'object' && head !== null
      ? { head, body: bytes.subarray(end) }
      : undefined;
  } catch {
    return undefined;
  }
}

function dateOf(milliseconds: number | null): Date | null {
  return milliseconds === null ? null : new Date(milliseconds);
}

/** How storage itself would decide the conditions (RFC 9110 section 13.2.2). */
export function decide(
  stat: Stat,
  conditions: ReadConditions,
): 'found' | 'not-modified' | 'precondition-failed' {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== stat.etag)
    return 'precondition-failed';
  const modified = seconds(stat.lastModified);
  if (
    ifMatch === undefined &&
    ifUnmodifiedSince !== undefined &&
    modified > seconds(ifUnmodifiedSince)
  )
    return 'precondition-failed';
  if (ifNoneMatch !== undefined)
    return ifNoneMatch === '*' || ifNoneMatch === stat.etag ? 'not-modified' : 'found';
  if (ifModifiedSince !== undefined && modified <= seconds(ifModifiedSince)) return 'not-modified';
  return 'found';
}

/** A read answered from the copy. */
export function readFrom(stat: Stat, bytes: Uint8Array, request: ReadRequest): ReadResult {
  const decision = decide(stat, request);
  if (decision === 'not-modified') return { kind: 'not-modified', stat };
  if (decision === 'precondition-failed') return { kind: 'precondition-failed' };
  if (request.range === undefined) return { kind: 'found', stat, range: null, body: bytes };
  const range = cut(request.range, bytes.length);
  if (range === null) return { kind: 'unsatisfiable', size: stat.size };
  return { kind: 'found', stat, range, body: bytes.subarray(range.start, range.end + 1) };
}

function cut(range: ByteRange, size: number): { start: number; end: number } | null {
  const start = range.kind === 'suffix' ? Math.max(0, size - range.length) : range.start;
  const end = range.kind === 'suffix' ? size - 1 : Math.min(range.end ?? size - 1, size - 1);
  return start > end || (range.kind === 'suffix' && range.length === 0) ? null : { start, end };
}

// HTTP dates have whole seconds.
function seconds(date: Date | null): number {
  return date === null ? 0 : Math.floor(date.getTime() / 1000);
}
