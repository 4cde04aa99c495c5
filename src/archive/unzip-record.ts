// One record of the directory, judged by itself: what kind of thing it is, its name, its sizes.
import type { Entry } from 'yauzl';
import { FileServiceError } from '../core/errors.js';
import { tooLarge } from '../core/too-large.js';
import { invalidArchive } from './unzip-errors.js';
import { readName } from './unzip-name.js';

/** One checked record of the directory. */
export interface DirectoryEntry {
  readonly name: string;
  /** Bytes of the name as it is stored, which the local header has to repeat. */
  readonly storedName: Buffer;
  readonly isFolder: boolean;
  readonly size: number;
  readonly packedSize: number;
  readonly deflated: boolean;
  readonly crc32: number;
  readonly modified: Date | null;
  /** Where the local header begins. */
  readonly offset: number;
  /** Where the next entry, or the directory, begins: nothing of this one is beyond. */
  readonly limit: number;
}

// Small entries compress well and do no harm.
const RATIO_FROM_BYTES = 2 ** 20;

/** Reads a record. Throws what `openArchive` documents of single entries. */
export function readRecord(record: Entry, maxRatio: number): DirectoryEntry {
  checkKind(record);
  const name = readName(record);
  const isFolder = name.endsWith('/');
  const { compressedSize: packedSize, uncompressedSize: size } = record;
  if (isFolder !== isFolderMode(record) && modeOf(record) !== 0) {
    throw invalidArchive(
      'The archive holds a folder that is named as a file, or a file as a folder.',
    );
  }
  if ((isFolder && size > 0) || (size > 0 && packedSize === 0)) {
    throw invalidArchive('The archive holds an entry of an impossible size.');
  }
  if (size > RATIO_FROM_BYTES && size > maxRatio * packedSize) {
    const sentence = `The archive holds an entry that is compressed more than ${maxRatio} to 1.`;
    throw tooLarge(sentence, maxRatio);
  }
  const modified = record.getLastModDate({ timezone: 'UTC' });
  return {
    name,
    storedName: record.fileNameRaw,
    isFolder,
    size,
    packedSize,
    deflated: record.compressionMethod === 8,
    crc32: record.crc32,
    modified: Number.isNaN(modified.getTime()) ? null : modified,
    offset: record.relativeOffsetOfLocalHeader,
    limit: 0,
  };
}

// APPNOTE.TXT 4.4.4: bits 0, 6 and 13 mean encryption, bit 5 patch data.
const ENCRYPTED = 0x2041;
const PATCHED = 0x0020;

// The mode stands in the upper half of the attributes. Other hosts than Unix leave it zero; a link
// that claims another host is a link to some unpackers all the same.
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;
const SET_ID = 0o6000;

function checkKind(record: Entry): void {
  if ((record.generalPurposeBitFlag & ENCRYPTED) !== 0) {
    throw invalidArchive('The archive is encrypted.');
  }
  if ((record.generalPurposeBitFlag & PATCHED) !== 0)
    throw invalidArchive('The archive holds patch data.');
  if (record.compressionMethod !== 0 && record.compressionMethod !== 8) {
    const sentence = 'The archive is compressed by another method than deflate.';
    throw new FileServiceError('unsupported_type', sentence);
  }
  const type = modeOf(record) & FILE_TYPE;
  if (type !== 0 && type !== REGULAR && type !== FOLDER) {
    throw invalidArchive('The archive holds a link or a device.');
  }
  if (type !== FOLDER && (modeOf(record) & SET_ID) !== 0) {
    throw invalidArchive('The archive holds a file that runs as another user.');
  }
}

function modeOf(record: Entry): number {
  return record.externalFileAttributes >>> 16;
}

function isFolderMode(record: Entry): boolean {
  const type = modeOf(record) & FILE_TYPE;
  return type === 0 ? record.fileNameRaw.at(-1) === 0x2f : type === FOLDER;
}
