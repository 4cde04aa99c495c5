// The record that ends a zip file: where its directory stands and what it says it holds
// (APPNOTE.TXT 4.3.14-4.3.16).
import { invalidArchive } from './unzip-errors.js';

/** Where the directory stands, in bytes from the start of the archive. */
export interface DirectoryLocation {
  readonly count: number;
  readonly offset: number;
  readonly size: number;
}

const END = 22;
const LOCATOR = 20;
const ZIP64_END = 56;

/**
 * Longest piece that ends an archive: both ZIP64 records, the end record and the longest comment.
 */
export const LONGEST_END = ZIP64_END + LOCATOR + END + 0xffff;

/**
 * Reads the end record, which begins at `at` in `tail`, the last bytes of an archive of
 * `archiveSize` bytes.
 *
 * Throws `invalid_archive` when the archive spans disks, when the ZIP64 record says something else
 * than the plain one, or when the directory does not end where the end records begin: then there
 * are bytes in front of the archive, or in between.
 */
export function readEnd(tail: Buffer, at: number, archiveSize: number): DirectoryLocation {
  const plain = {
    disks: [tail.readUInt16LE(at + 4), tail.readUInt16LE(at + 6)],
    counts: [tail.readUInt16LE(at + 8), tail.readUInt16LE(at + 10)],
    size: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const isZip64 = at >= LOCATOR && tail.readUInt32LE(at - LOCATOR) === 0x07064b50;
  const start = archiveSize - tail.length;
  const zip64At = isZip64 ? Number(tail.readBigUInt64LE(at - LOCATOR + 8)) - start : at;
  const values = isZip64 ? readZip64End(tail, zip64At, at - LOCATOR) : plain;
  if (values.disks.some((disk) => disk !== 0))
    throw invalidArchive('The archive spans several disks.');
  const [countHere, count = 0] = values.counts;
  const agrees =
    countHere === count &&
    plain.counts.every((value) => value === 0xffff || value === count) &&
    (plain.size === 0xffffffff || plain.size === values.size) &&
    (plain.offset === 0xffffffff || plain.offset === values.offset);
  if (!agrees) throw invalidArchive('The records that end the archive contradict each other.');
  if (values.offset + values.size !== start + zip64At) {
    throw invalidArchive('The archive has bytes in front of it or around its directory.');
  }
  return { count, offset: values.offset, size: values.size };
}

function readZip64End(tail: Buffer, at: number, locatorAt: number) {
  const fits = at >= 0 && at + ZIP64_END <= locatorAt;
  if (!fits || tail.readUInt32LE(at) !== 0x06064b50) {
    throw invalidArchive('The ZIP64 record of the archive is missing.');
  }
  // 4.3.14.1: the size leaves out its own field and the signature.
  const end = at + 12 + Number(tail.readBigUInt64LE(at + 4));
  if (end !== locatorAt) throw invalidArchive('The ZIP64 record of the archive is damaged.');
  const locatorDisks = [tail.readUInt32LE(locatorAt + 4), tail.readUInt32LE(locatorAt + 16) >> 1];
  return {
    disks: [tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 20), ...locatorDisks],
    counts: [Number(tail.readBigUInt64LE(at + 24)), Number(tail.readBigUInt64LE(at + 32))],
    size: Number(tail.readBigUInt64LE(at + 40)),
    offset: Number(tail.readBigUInt64LE(at + 48)),
  };
}
