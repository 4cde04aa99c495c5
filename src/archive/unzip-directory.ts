// The directory of an archive, read once and checked whole before anything is unpacked.
import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import yauzl from 'yauzl';
import { tooLarge } from '../core/too-large.js';
import type { RandomAccessReader, ZipFile } from 'yauzl';
import { checkLayout } from './unzip-layout.js';
import { LONGEST_END, readEnd } from './unzip-end.js';
import type { DirectoryLocation } from './unzip-end.js';
import { asArchiveError, invalidArchive, tooManyBytes } from './unzip-errors.js';
import { readRecord } from './unzip-record.js';
import type { DirectoryEntry } from './unzip-record.js';
import { readRange } from './unzip-source.js';
import type { ArchiveSource } from './unzip-source.js';

/** Limits as `openArchive` documents them. */
export interface DirectoryLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly maxRatio: number;
  readonly signal: AbortSignal;
}

// 10,000 records with names of 1024 bytes and room for extra fields.
const MAX_DIRECTORY_BYTES = 16 * 2 ** 20;
const SHORTEST_END = 22;
// Records that are read before others have a turn: a few milliseconds.
const SLICE = 500;

/** Reads the directory. Throws what `openArchive` documents. */
export async function readDirectory(
  source: ArchiveSource,
  limits: DirectoryLimits,
): Promise<readonly DirectoryEntry[]> {
  if (source.size < SHORTEST_END) throw invalidArchive('The archive is empty or cut.');
  const length = Math.min(source.size, LONGEST_END);
  const tail = { start: source.size - length, length };
  const known: Piece[] = [
    { start: tail.start, bytes: await readRange(source, tail, limits.signal) },
  ];
  const zip = await openZip(known, source.size);
  const location = locate(zip, known, source.size);
  checkCount(location, limits);
  await addDirectory({ known, source, location, signal: limits.signal });
  const entries = await readRecords(zip, location, limits);
  return checkLayout(entries, location.offset);
}

interface Piece {
  readonly start: number;
  readonly bytes: Buffer;
}

/** Opens the archive with yauzl over bytes that are in memory already; it asks for no others. */
async function openZip(known: readonly Piece[], size: number): Promise<ZipFile> {
  const reader = Object.assign(new EventEmitter(), {
    ref() {},
    unref() {},
    read(target: Buffer, offset: number, length: number, position: number, done: Read) {
      const piece = known.find(
        ({ start, bytes }) => position >= start && position + length <= start + bytes.length,
      );
      if (piece === undefined) return done(new Error('outside of the directory'));
      const from = position - piece.start;
      return done(null, piece.bytes.copy(target, offset, from, from + length));
    },
  });
  // The cast: yauzl calls these three methods of its RandomAccessReader, and listens to its events.
  const opened = yauzl.fromRandomAccessReaderPromise(
    reader as unknown as RandomAccessReader,
    size,
    {
      autoClose: false,
      decodeStrings: false,
    },
  );
  return opened.catch((error: unknown) => {
    throw asArchiveError(error);
  });
}

type Read = (error: Error | null, bytesRead?: number) => void;

function locate(zip: ZipFile, [tail]: readonly Piece[], size: number): DirectoryLocation {
  if (tail === undefined) throw invalidArchive('The archive is empty or cut.');
  return readEnd(tail.bytes, tail.bytes.length - SHORTEST_END - zip.comment.length, size);
}

function checkCount({ count, size }: DirectoryLocation, { maxEntries }: DirectoryLimits): void {
  if (count > maxEntries) {
    throw tooLarge(`The archive holds more than ${maxEntries} entries.`, maxEntries);
  }
  if (size > MAX_DIRECTORY_BYTES) {
    throw tooLarge('The directory of the archive is too long.', MAX_DIRECTORY_BYTES);
  }
}

/** Reads the directory, unless the bytes at the end of the archive hold it already. */
async function addDirectory(request: {
  readonly known: Piece[];
  readonly source: ArchiveSource;
  readonly location: DirectoryLocation;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { offset, size } = request.location;
  const [tail] = request.known;
  if (size === 0 || (tail !== undefined && offset >= tail.start)) return;
  const bytes = await readRange(request.source, { start: offset, length: size }, request.signal);
  request.known.push({ start: offset, bytes });
}

async function readRecords(
  zip: ZipFile,
  location: DirectoryLocation,
  limits: DirectoryLimits,
): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  let bytes = 0;
  let recordBytes = 0;
  try {
    for await (const record of zip.eachEntry()) {
      const entry = readRecord(record, limits.maxRatio);
      bytes += entry.size;
      if (bytes > limits.maxBytes) throw tooManyBytes(limits.maxBytes);
      recordBytes +=
        46 + record.fileNameLength + record.extraFieldLength + record.fileCommentLength;
      entries.push(entry);
      if (entries.length % SLICE === 0) await nextTurn();
    }
  } catch (error) {
    throw asArchiveError(error);
  }
  // More records than were counted would be seen by other unpackers, and not by us.
  if (recordBytes !== location.size) throw invalidArchive('The archive miscounts its entries.');
  return entries;
}
