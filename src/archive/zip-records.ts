// The records of a zip file, as bytes and as lengths (APPNOTE.TXT 6.3, section 4.3).
// Same input, same bytes: UTC dates, fixed attributes, no clock.

import { packedLength } from './stored-deflate.js';

/** What the directory says of one entry. */
export interface EntryRecord {
  /** UTF-8; folders end in `/`. */
  readonly name: Buffer;
  /** Bytes; 0 for a folder. */
  readonly size: number;
  readonly modified: Date | null;
  readonly crc32: number;
  /** Where its local header begins, in bytes from the start of the archive. */
  readonly offset: number;
}

/** Where the directory stands. */
export interface DirectoryExtent {
  readonly count: number;
  /** Bytes. */
  readonly size: number;
  readonly offset: number;
}

// 4.4.8, 4.4.9 and 4.4.16: a field that does not fit holds all ones, and ZIP64 has the value.
const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;

const SLASH = 0x2f;
// 4.4.4: bit 11 says that names are UTF-8, bit 3 that sizes and CRC follow the data.
const UTF8_NAME = 0x0800;
const DESCRIPTOR_FOLLOWS = 0x0008;
// 4.4.5. A reader that cannot seek finds the end of a deflated entry by itself, that of a stored one by no rule.
const STORED = 0;
const DEFLATED = 8;
const VERSION = 20;
const VERSION_ZIP64 = 45;
// 4.4.2: host 3 is Unix, so that the attributes below mean a mode.
const MADE_BY = (3 << 8) | 63;
const FILE_ATTRIBUTES = (0o100644 << 16) >>> 0;
const FOLDER_ATTRIBUTES = ((0o40755 << 16) | 0x10) >>> 0;

const LOCAL = 30;
const CENTRAL = 46;
const TIMESTAMP = 9;
const END = 22;
const END_ZIP64 = 56 + 20;

/** The header in front of an entry's bytes. */
export function localHeader(entry: Omit<EntryRecord, 'crc32' | 'offset'>): Buffer {
  const large = isLarge(entry.size);
  const zip64 = large ? zip64Extra([0, 0]) : NOTHING;
  const time = timestamp(entry.modified);
  const header = Buffer.alloc(LOCAL);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(large ? VERSION_ZIP64 : VERSION, 4);
  header.writeUInt16LE(flags(entry.size), 6);
  header.writeUInt16LE(methodOf(entry.size), 8);
  writeDosTime(header, 10, entry.modified);
  // 4.4.4: with bit 3 set, CRC and sizes are zero here; with ZIP64 the sizes are all ones instead.
  if (large) header.writeUInt32LE(MAX_32, 18);
  if (large) header.writeUInt32LE(MAX_32, 22);
  header.writeUInt16LE(entry.name.length, 26);
  header.writeUInt16LE(zip64.length + time.length, 28);
  return Buffer.concat([header, entry.name, zip64, time]);
}

/** What follows an entry's bytes; nothing when it has none. */
export function dataDescriptor(size: number, crc32: number): Buffer {
  if (size === 0) return NOTHING;
  const large = isLarge(size);
  const descriptor = Buffer.alloc(descriptorLength(size));
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(crc32, 4);
  if (large) {
    descriptor.writeBigUInt64LE(BigInt(packedLength(size)), 8);
    descriptor.writeBigUInt64LE(BigInt(size), 16);
  } else {
    descriptor.writeUInt32LE(packedLength(size), 8);
    descriptor.writeUInt32LE(size, 12);
  }
  return descriptor;
}

/** An entry's record in the directory. */
export function directoryRecord(entry: EntryRecord): Buffer {
  const values = zip64Values(entry);
  const zip64 = zip64Extra(values);
  const time = timestamp(entry.modified);
  const isFolder = entry.name.at(-1) === SLASH;
  const record = Buffer.alloc(CENTRAL);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(MADE_BY, 4);
  record.writeUInt16LE(values.length > 0 ? VERSION_ZIP64 : VERSION, 6);
  record.writeUInt16LE(flags(entry.size), 8);
  record.writeUInt16LE(methodOf(entry.size), 10);
  writeDosTime(record, 12, entry.modified);
  record.writeUInt32LE(entry.crc32, 16);
  record.writeUInt32LE(isLarge(entry.size) ? MAX_32 : packedLength(entry.size), 20);
  record.writeUInt32LE(isLarge(entry.size) ? MAX_32 : entry.size, 24);
  record.writeUInt16LE(entry.name.length, 28);
  record.writeUInt16LE(zip64.length + time.length, 30);
  record.writeUInt32LE(isFolder ? FOLDER_ATTRIBUTES : FILE_ATTRIBUTES, 38);
  record.writeUInt32LE(Math.min(entry.offset, MAX_32), 42);
  return Buffer.concat([record, entry.name, zip64, time]);
}

/** What ends the archive, behind the directory. */
export function endOfArchive(extent: DirectoryExtent): Buffer {
  const end = Buffer.alloc(END);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(extent.count, MAX_16), 8);
  end.writeUInt16LE(Math.min(extent.count, MAX_16), 10);
  end.writeUInt32LE(Math.min(extent.size, MAX_32), 12);
  end.writeUInt32LE(Math.min(extent.offset, MAX_32), 16);
  return needsZip64End(extent) ? Buffer.concat([zip64End(extent), end]) : end;
}

/** Bytes of an entry in front of the directory, its own included. */
export function entryLength(name: Buffer, size: number, modified: Date | null): number {
  const extra = (isLarge(size) ? 20 : 0) + timestampLength(modified);
  return LOCAL + name.length + extra + packedLength(size) + descriptorLength(size);
}

/** Bytes of an entry in the directory. */
export function recordLength(entry: Omit<EntryRecord, 'crc32'>): number {
  const values = zip64Values(entry).length;
  const zip64 = values > 0 ? 4 + 8 * values : 0;
  return CENTRAL + entry.name.length + zip64 + timestampLength(entry.modified);
}

/** Bytes of what ends the archive. */
export function endLength(extent: DirectoryExtent): number {
  return needsZip64End(extent) ? END_ZIP64 + END : END;
}

const NOTHING = Buffer.alloc(0);

// Both sizes go to ZIP64 together, although the packed one is beyond 4 GiB a little earlier.
function isLarge(size: number): boolean {
  return packedLength(size) >= MAX_32;
}

function methodOf(size: number): number {
  return size > 0 ? DEFLATED : STORED;
}

function flags(size: number): number {
  return size > 0 ? UTF8_NAME | DESCRIPTOR_FOLLOWS : UTF8_NAME;
}

function descriptorLength(size: number): number {
  if (size === 0) return 0;
  return isLarge(size) ? 24 : 16;
}

function needsZip64End({ count, size, offset }: DirectoryExtent): boolean {
  return count >= MAX_16 || size >= MAX_32 || offset >= MAX_32;
}

// 4.5.3: only the values whose own field holds all ones stand here, in this order.
function zip64Values(entry: { readonly size: number; readonly offset: number }): number[] {
  const sizes = isLarge(entry.size) ? [entry.size, packedLength(entry.size)] : [];
  return entry.offset >= MAX_32 ? [...sizes, entry.offset] : sizes;
}

function zip64Extra(values: readonly number[]): Buffer {
  if (values.length === 0) return NOTHING;
  const extra = Buffer.alloc(4 + 8 * values.length);
  extra.writeUInt16LE(0x0001, 0);
  extra.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, index) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * index));
  return extra;
}

// Info-ZIP's extended timestamp: seconds since 1970 in UTC, where the DOS date has no zone. 32
// bits, so dates beyond 2038 or before 1901 have the DOS date alone.
function timestamp(modified: Date | null): Buffer {
  const seconds = secondsOf(modified);
  if (seconds === null) return NOTHING;
  const extra = Buffer.alloc(TIMESTAMP);
  extra.writeUInt16LE(0x5455, 0);
  extra.writeUInt16LE(5, 2);
  extra.writeUInt8(1, 4);
  extra.writeInt32LE(seconds, 5);
  return extra;
}

function timestampLength(modified: Date | null): number {
  return secondsOf(modified) === null ? 0 : TIMESTAMP;
}

function secondsOf(modified: Date | null): number | null {
  const seconds = modified === null ? Number.NaN : Math.floor(modified.getTime() / 1000);
  return Math.abs(seconds) <= 0x7fffffff ? seconds : null;
}

// 4.4.6: MS-DOS time and date, two seconds fine, from 1980 to 2107.
function writeDosTime(target: Buffer, at: number, modified: Date | null): void {
  const earliest = Date.UTC(1980, 0, 1);
  const latest = Date.UTC(2107, 11, 31, 23, 59, 58);
  const time = modified === null ? Number.NaN : modified.getTime();
  const date = new Date(Number.isNaN(time) ? earliest : Math.min(Math.max(time, earliest), latest));
  const clock =
    (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  const year = date.getUTCFullYear() - 1980;
  target.writeUInt16LE(clock, at);
  target.writeUInt16LE((year << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate(), at + 2);
}

function zip64End(extent: DirectoryExtent): Buffer {
  const end = Buffer.alloc(END_ZIP64);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(MADE_BY, 12);
  end.writeUInt16LE(VERSION_ZIP64, 14);
  end.writeBigUInt64LE(BigInt(extent.count), 24);
  end.writeBigUInt64LE(BigInt(extent.count), 32);
  end.writeBigUInt64LE(BigInt(extent.size), 40);
  end.writeBigUInt64LE(BigInt(extent.offset), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(extent.offset + extent.size), 64);
  end.writeUInt32LE(1, 72);
  return end;
}
