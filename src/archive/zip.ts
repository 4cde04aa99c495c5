// A zip archive as a stream: entries in, bytes out, one source open at a time. Knows no storage
// and no HTTP.
import { addAbortSignal, Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { FileServiceError } from '../core/errors.js';
import { storedBlocks } from './stored-deflate.js';
import { nameEntries } from './zip-name.js';
import { cutPart, needsEntry } from './zip-part.js';
import type { Piece, ZipPart } from './zip-part.js';
import {
  dataDescriptor,
  directoryRecord,
  endLength,
  endOfArchive,
  entryLength,
  localHeader,
  recordLength,
} from './zip-records.js';

/** What is known of an entry before it is opened. */
export interface ZipEntryFacts {
  /**
   * Relative to the archive, unique, in the order of keys; folders end in `/`. See `nameEntries`.
   */
  readonly name: string;
  /** Bytes; those of a folder are left out. */
  readonly size: number;
  readonly modified: Date | null;
}

/** One entry of an archive to be made. */
export interface ZipEntry extends ZipEntryFacts {
  /** Called once, when the entry's turn has come; never for folders and empty files. Bytes are the whole of it. */
  open(): Promise<Readable | Uint8Array>;
}

/** How to make an archive. */
export interface ZipOptions {
  /** Destroys the stream when it fires. */
  readonly signal?: AbortSignal;
  /** Makes only these bytes of it; entries that they do not need are not opened. */
  readonly part?: ZipPart;
}

// Small pieces (headers, descriptors, small files) are joined up to this many bytes: fewer writes
// to the socket.
const BLOCK = 64 * 1024;

/**
 * An archive that compresses nothing, with ZIP64 where it is needed, for readers that cannot seek too.
 *
 * Entries are pulled one by one, as the reader takes bytes; the memory is one block, one open
 * source and the directory: 55 bytes and the name an entry, up to 28 more in an archive beyond 4
 * GiB. The same entries give the same bytes.
 *
 * A source that fails, or has not exactly `size` bytes (`storage_failed`), destroys the stream with
 * that error, so that a short archive never looks complete. Destroying the stream destroys the open
 * source and pulls no further entry.
 */
export function zipStream(
  entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>,
  { signal, part }: ZipOptions = {},
): { stream: Readable } {
  const current: OpenSource = { closed: false };
  const bytes = cutPart(archiveBytes(entries, current, part), part);
  const stream = new Readable({
    highWaterMark: BLOCK,
    read() {
      nextBlock(bytes).then(
        ({ block, last }) => {
          if (block.length > 0) stream.push(block);
          if (last) stream.push(null);
        },
        (error: Error) => stream.destroy(error),
      );
    },
    destroy(error, done) {
      current.closed = true;
      current.source?.destroy();
      // Not awaited: the generator may be waiting for a source that never answers.
      bytes.return().catch(() => {});
      done(error);
    },
  });
  // The error is seen by whoever reads; without a listener it would end the process before anyone
  // does.
  stream.on('error', () => {});
  if (signal !== undefined) addAbortSignal(signal, stream);
  return { stream };
}

/** What is known of an archive before it is made. */
export interface ZipLayout {
  /** Bytes of the whole. */
  readonly length: number;
  /** Where the directory begins: what stands before needs no entry but its own. */
  readonly directoryOffset: number;
}

/** The exact layout of the archive that `zipStream` makes of these entries, in this order. */
export function zipLayout(entries: Iterable<ZipEntryFacts>): ZipLayout {
  const nameOf = nameEntries();
  let offset = 0;
  let size = 0;
  let count = 0;
  for (const facts of entries) {
    const entry = describe(facts, nameOf);
    size += recordLength({ ...entry, offset });
    offset += entryLength(entry.name, entry.size, entry.modified);
    count += 1;
  }
  const length = offset + size + endLength({ count, size, offset });
  return { length, directoryOffset: offset };
}

interface OpenSource {
  closed: boolean;
  source?: Readable;
}

async function* archiveBytes(
  entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>,
  current: OpenSource,
  part: ZipPart | undefined,
): AsyncGenerator<Piece, void> {
  const nameOf = nameEntries();
  const directory = pages();
  let offset = 0;
  let count = 0;
  for await (const facts of entries) {
    if (current.closed) return;
    const entry = describe(facts, nameOf);
    const length = entryLength(entry.name, entry.size, entry.modified);
    if (needsEntry(part, offset, offset + length)) {
      yield localHeader(entry);
      const checksum = entry.size === 0 ? 0 : yield* dataBytes(facts, current);
      directory.append(directoryRecord({ ...entry, crc32: checksum, offset }));
    } else yield length;
    offset += length;
    count += 1;
  }
  const { size } = directory;
  yield* directory.all();
  yield endOfArchive({ count, size, offset });
}

/** Yields an entry's bytes, packed, and what follows them; returns their CRC-32. */
async function* dataBytes(
  entry: ZipEntry,
  current: OpenSource,
): AsyncGenerator<Uint8Array, number> {
  const source = await entry.open();
  const blocks = storedBlocks(entry.size);
  if (source instanceof Uint8Array) {
    if (source.length !== entry.size) throw sizeMismatch(entry);
    const whole = crc32(source);
    // In one piece, since each waits several turns of its own on its way out.
    yield Buffer.concat([...blocks(source), dataDescriptor(entry.size, whole)]);
    return whole;
  }
  current.source = source;
  // The stream may have been destroyed while the source was being opened.
  if (current.closed) source.destroy();
  let checksum = 0;
  let length = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > entry.size) throw sizeMismatch(entry);
    checksum = crc32(chunk, checksum);
    yield* blocks(chunk);
  }
  if (length < entry.size) throw sizeMismatch(entry);
  yield dataDescriptor(entry.size, checksum);
  return checksum;
}

async function nextBlock(
  bytes: AsyncGenerator<Uint8Array, void>,
): Promise<{ block: Uint8Array; last: boolean }> {
  const pieces: Uint8Array[] = [];
  for (let length = 0; length < BLOCK; length += pieces.at(-1)?.length ?? 0) {
    const step = await bytes.next();
    if (step.done === true) return { block: Buffer.concat(pieces), last: true };
    pieces.push(step.value);
  }
  const [only] = pieces;
  return {
    block: pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces),
    last: false,
  };
}

function describe(facts: ZipEntryFacts, nameOf: (name: string) => string) {
  const safe = nameOf(facts.name);
  const size = safe.endsWith('/') ? 0 : facts.size;
  return { name: Buffer.from(safe, 'utf8'), size, modified: facts.modified };
}

function sizeMismatch(entry: ZipEntryFacts): FileServiceError {
  return new FileServiceError('storage_failed', 'A file changed while it was being archived.', {
    context: { name: entry.name },
  });
}

// Records in pages: a million small Buffers would weigh several times their bytes.
function pages() {
  const full: Buffer[] = [];
  let page = Buffer.alloc(BLOCK);
  let used = 0;
  return {
    append(record: Buffer): void {
      let at = 0;
      while (at < record.length) {
        const copied = record.copy(page, used, at);
        at += copied;
        used += copied;
        if (used < page.length) continue;
        full.push(page);
        page = Buffer.alloc(BLOCK);
        used = 0;
      }
    },
    get size(): number {
      return full.length * BLOCK + used;
    },
    *all(): Generator<Buffer> {
      yield* full;
      yield page.subarray(0, used);
    },
  };
}
