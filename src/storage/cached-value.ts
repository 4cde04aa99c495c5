// What is kept of files and listings, as bytes and text, and reads answered from it.
import type { ByteRange, Page, ReadConditions, ReadRequest, ReadResult, Stat } from './bucket.js';

/** A file in the cache; without bytes only its attributes are known. */
export interface CachedFile {
  readonly stat: Stat;
  readonly bytes: Uint8Array | null;
}

const FORMAT = 1;
const PREFIX_BYTES = 5;

// A cache in memory hands out the very object that was put in: it need not be read twice.
const decoded = new WeakMap<Uint8Array, CachedFile>();

/** A file as bytes: format, length of the attributes, attributes as JSON, body. */
export function encodeFile(file: CachedFile): Uint8Array {
  const { lastModified, ...rest } = file.stat;
  const stat = Buffer.from(
    JSON.stringify({
      ...rest,
      lastModified: lastModified?.getTime() ?? null,
      whole: file.bytes !== null,
    }),
  );
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt8(FORMAT, 0);
  prefix.writeUInt32BE(stat.length, 1);
  return Buffer.concat([prefix, stat, file.bytes ?? Buffer.alloc(0)]);
}

/** The file that a value holds; undefined when the cache gave something else. */
export function decodeFile(value: unknown, key: string): CachedFile | undefined {
  if (!(value instanceof Uint8Array) || value.length < PREFIX_BYTES) return undefined;
  const known = decoded.get(value) ?? parseFile(value);
  if (known === undefined || known.stat.key !== key) return undefined;
  decoded.set(value, known);
  return known;
}

function parseFile(value: Uint8Array): CachedFile | undefined {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const end = PREFIX_BYTES + bytes.readUInt32BE(1);
  if (bytes.readUInt8(0) !== FORMAT || end > bytes.length) return undefined;
  try {
    const { whole, lastModified, ...rest } = JSON.parse(bytes.toString('utf8', PREFIX_BYTES, end));
    const stat: Stat = {
      ...rest,
      lastModified: lastModified === null ? null : new Date(lastModified),
    };
    const body = bytes.subarray(end);
    if (whole === true && body.length !== stat.size) return undefined;
    return { stat, bytes: whole === true ? body : null };
  } catch {
    return undefined;
  }
}

/** A page as text. */
export function encodePage(page: Page): string {
  return JSON.stringify(page);
}

/** The page that a value holds; undefined when the cache gave something else. */
export function decodePage(value: unknown): Page | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    const page: unknown = JSON.parse(value, (name, field: unknown) =>
      name === 'lastModified' && typeof field === 'string' ? new Date(field) : field,
    );
    const isPage =
      typeof page === 'object' && page !== null && 'files' in page && Array.isArray(page.files);
    // Written by encodePage, under a key that only it writes.
    return isPage ? (page as Page) : undefined;
  } catch {
    return undefined;
  }
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
  const range = cut(request.range, stat.size);
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
