// The bytes of one entry: read by one range, unpacked, counted and checked on their way.
import { pipeline, Readable, Transform } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import type { DirectoryEntry } from './unzip-record.js';
import { asArchiveError, invalidArchive, tooManyBytes } from './unzip-errors.js';
import { endedEarly } from './unzip-source.js';
import type { ArchiveSource } from './unzip-source.js';

/** What opening an entry takes. */
export interface EntryRequest {
  readonly source: ArchiveSource;
  readonly entry: DirectoryEntry;
  /** Shared by all entries of an archive: unpacked bytes so far. */
  readonly budget: { readonly maxBytes: number; spent: number };
  readonly signal: AbortSignal;
}

const LOCAL_HEADER = 30;
// The extra field of the local header can be this long.
const LONGEST_EXTRA = 0xffff;

/** The unpacked bytes of an entry; throws and fails as `ArchiveEntry.open` documents. */
export async function openEntry({
  source,
  entry,
  budget,
  signal,
}: EntryRequest): Promise<Readable> {
  if (entry.packedSize === 0) {
    if (entry.crc32 !== 0) throw invalidArchive('The archive holds a damaged entry.');
    return Readable.from([]);
  }
  const longest = LOCAL_HEADER + entry.storedName.length + LONGEST_EXTRA + entry.packedSize;
  const end = Math.min(entry.limit, entry.offset + longest) - 1;
  const packed = await source.read(entry.offset, end, signal);
  const data = packedBytes(entry);
  const inflate = entry.deflated ? createInflateRaw() : undefined;
  const checked = checkedBytes({
    entry,
    budget,
    consumed: () => inflate?.bytesWritten ?? entry.size,
  });
  // pipeline destroys all when one fails or is destroyed; its error is the one that `checked` ends
  // with.
  pipeline([packed, data, ...(inflate === undefined ? [] : [inflate]), checked], () => {});
  // The error is seen by whoever reads; without a listener it would end the process before anyone
  // does.
  checked.on('error', () => {});
  return checked;
}

/**
 * Takes the local header off, passes the packed bytes, drops what follows (a descriptor, a gap).
 */
function packedBytes(entry: DirectoryEntry): Transform {
  let head: Buffer | undefined = Buffer.alloc(0);
  let left = entry.packedSize;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let rest = chunk;
      if (head !== undefined) {
        head = Buffer.concat([head, chunk]);
        if (head.length < LOCAL_HEADER + entry.storedName.length) return done();
        const fault = headerFault(head, entry);
        if (fault !== undefined) return done(invalidArchive(fault));
        const length = headerLength(head);
        if (head.length < length) return done();
        rest = head.subarray(length);
        head = undefined;
      }
      const data = rest.subarray(0, left);
      left -= data.length;
      return data.length > 0 ? done(null, data) : done();
    },
    flush(done) {
      done(left > 0 ? endedEarly() : null);
    },
  });
}

function headerLength(head: Buffer): number {
  return LOCAL_HEADER + head.readUInt16LE(26) + head.readUInt16LE(28);
}

// An unpacker that trusts local headers must see the same entry that the directory shows.
function headerFault(head: Buffer, entry: DirectoryEntry): string | undefined {
  const { storedName } = entry;
  const same =
    head.readUInt32LE(0) === 0x04034b50 &&
    (head.readUInt16LE(6) & 1) === 0 &&
    head.readUInt16LE(8) === (entry.deflated ? 8 : 0) &&
    head.readUInt16LE(26) === storedName.length &&
    head.subarray(LOCAL_HEADER, LOCAL_HEADER + storedName.length).equals(storedName);
  if (!same) return 'The archive holds an entry whose header contradicts the directory.';
  if (entry.offset + headerLength(head) + entry.packedSize <= entry.limit) return undefined;
  return 'The archive holds entries that overlap, or is cut.';
}

interface Check {
  readonly entry: DirectoryEntry;
  readonly budget: EntryRequest['budget'];
  /** Packed bytes that were used. */
  consumed(): number;
}

/** Counts unpacked bytes; keeps the last ones back until length and checksum were found right. */
function checkedBytes({ entry, budget, consumed }: Check): Transform {
  let held: Buffer | undefined;
  let length = 0;
  let checksum = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      budget.spent += chunk.length;
      if (length > entry.size) return done(damaged());
      if (budget.spent > budget.maxBytes) return done(tooManyBytes(budget.maxBytes));
      checksum = crc32(chunk, checksum);
      const ready = held;
      held = chunk;
      return ready === undefined ? done() : done(null, ready);
    },
    flush(done) {
      const packed = entry.deflated ? consumed() === entry.packedSize : true;
      if (length !== entry.size || checksum !== entry.crc32 || !packed) return done(damaged());
      return held === undefined ? done() : done(null, held);
    },
    destroy(error, done) {
      done(error === null ? null : translate(error));
    },
  });
}

// Errors of the source pass; those of zlib are the archive's fault.
function translate(error: NodeJS.ErrnoException): Error {
  if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return endedEarly();
  return error.code?.startsWith('Z_') === true ? asArchiveError(error) : error;
}

function damaged(): Error {
  return invalidArchive('The archive holds a damaged entry.');
}
