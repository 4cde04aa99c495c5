// Zip files byte by byte, wrong ones included: what a hostile or broken archiver may send.
import { Readable } from 'node:stream';
import { crc32, deflateRawSync } from 'node:zlib';
import type { ArchiveSource } from '../../src/archive/unzip.ts';

/** One entry; what is not given is right. */
export interface CraftedEntry {
  readonly name: string | Buffer;
  readonly data?: string | Buffer;
  readonly method?: number;
  readonly flags?: number;
  readonly mode?: number;
  readonly extra?: Buffer;
  readonly localExtra?: Buffer;
  readonly localName?: string;
  readonly localSignature?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly packed?: Buffer;
  readonly packedSize?: number;
  readonly offset?: number;
  readonly dosDate?: number;
}

/** The end of the archive; what is not given is right. */
export interface CraftedEnd {
  readonly front?: Buffer;
  readonly shiftOffsets?: boolean;
  readonly disk?: number;
  readonly directoryDisk?: number;
  readonly count?: number;
  readonly countHere?: number;
  readonly directorySize?: number;
  readonly comment?: string;
  readonly back?: Buffer;
}

/** The bytes of an archive. */
export function craftZip(entries: readonly CraftedEntry[], end: CraftedEnd = {}): Buffer {
  const locals: Buffer[] = [end.front ?? Buffer.alloc(0)];
  const records: Buffer[] = [];
  let at = end.shiftOffsets === true ? (end.front?.length ?? 0) : 0;
  for (const entry of entries) {
    const { local, record } = craftEntry(entry, at);
    locals.push(local);
    records.push(record);
    at += local.length;
  }
  const directory = Buffer.concat(records);
  const comment = Buffer.from(end.comment ?? '');
  const tail = Buffer.alloc(22);
  tail.writeUInt32LE(0x06054b50, 0);
  tail.writeUInt16LE(end.disk ?? 0, 4);
  tail.writeUInt16LE(end.directoryDisk ?? 0, 6);
  tail.writeUInt16LE(end.countHere ?? end.count ?? entries.length, 8);
  tail.writeUInt16LE(end.count ?? entries.length, 10);
  tail.writeUInt32LE(end.directorySize ?? directory.length, 12);
  tail.writeUInt32LE(at, 16);
  tail.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, directory, tail, comment, end.back ?? Buffer.alloc(0)]);
}

function craftEntry(entry: CraftedEntry, at: number): { local: Buffer; record: Buffer } {
  const data = Buffer.from(entry.data ?? '');
  const method = entry.method ?? (data.length > 0 ? 8 : 0);
  const packed = entry.packed ?? (method === 8 ? deflateRawSync(data) : data);
  const name = Buffer.from(entry.name);
  const localName = Buffer.from(entry.localName ?? name);
  const extra = entry.extra ?? Buffer.alloc(0);
  const localExtra = entry.localExtra ?? Buffer.alloc(0);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(entry.flags ?? 0x0800, 2);
  common.writeUInt16LE(method, 4);
  common.writeUInt16LE(entry.dosDate ?? 0x5a4a, 8);
  common.writeUInt32LE(entry.crc ?? crc32(data), 10);
  common.writeUInt32LE(entry.packedSize ?? packed.length, 14);
  common.writeUInt32LE(entry.size ?? data.length, 18);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(entry.localSignature ?? 0x04034b50, 0);
  common.copy(local, 4);
  local.writeUInt16LE(localName.length, 26);
  local.writeUInt16LE(localExtra.length, 28);
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(0x033f, 4);
  common.copy(record, 6);
  record.writeUInt16LE(name.length, 28);
  record.writeUInt16LE(extra.length, 30);
  record.writeUInt32LE(((entry.mode ?? 0) << 16) >>> 0, 38);
  record.writeUInt32LE(entry.offset ?? at, 42);
  return {
    local: Buffer.concat([local, localName, localExtra, packed]),
    record: Buffer.concat([record, name, extra]),
  };
}

/** An extra field: id, length, data. */
export function extraField(id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
}

/** Info-ZIP's Unicode path field for a stored name. */
export function unicodePath(stored: string | Buffer, name: string, version = 1): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(version, 0);
  head.writeUInt32LE(crc32(stored), 1);
  return extraField(0x7075, Buffer.concat([head, Buffer.from(name)]));
}

/** An archive in memory as a source, with a record of the ranges that were read. */
export function sourceOf(bytes: Buffer, pieceBytes = 64 * 1024) {
  const reads: [start: number, end: number][] = [];
  const streams: Readable[] = [];
  const source: ArchiveSource = {
    size: bytes.length,
    async read(start, end) {
      reads.push([start, end]);
      const stream = Readable.from(piecesOf(bytes.subarray(start, end + 1), pieceBytes), {
        objectMode: false,
      });
      streams.push(stream);
      return stream;
    },
  };
  return { ...source, reads, streams };
}

function* piecesOf(bytes: Buffer, length: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}
