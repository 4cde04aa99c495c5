// Names inside an archive that somebody sent: one reading of each, and only those that stay in
// their folder.
import { crc32 } from 'node:zlib';
import type { Entry } from 'yauzl';
import { invalidArchive } from './unzip-errors.js';

// APPNOTE.TXT 4.4.4: bit 11 says that the name is UTF-8.
const UTF8_NAME = 0x0800;
// APPNOTE.TXT 4.6.9: Info-ZIP's Unicode path extra field.
const UNICODE_PATH = 0x7075;
// S3 takes keys of up to 1024 bytes, UTF-8.
const MAX_NAME_BYTES = 1024;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const UNSAFE_CHARACTER = /[\p{Cc}\p{Bidi_Control}\\]/u;
const DRIVE = /^[A-Za-z]:/;
// Empty, or dots, also after trimming.
const BAD_SEGMENT = /(?:^|\/)(?:\s*\.{1,2}\s*)?(?:\/|$)/;
const NOT_ASCII = /[^\x20-\x7e]/;

/**
 * The name of an entry, as UTF-8 text; folders end in `/`.
 *
 * Throws `invalid_archive` when the name would leave its folder (`..`, absolute, drive letter,
 * backslash), cannot be a key (empty or `.` segments, control or bidirectional characters, longer
 * than 1024 bytes), or can be read in two ways: not UTF-8, or a Unicode path field that does not
 * belong to it.
 */
export function readName(entry: Entry): string {
  const stored = decodeName(entry.fileNameRaw);
  const unicode = entry.extraFields.filter((field) => field.id === UNICODE_PATH);
  if (unicode.length === 0) return checkName(stored ?? refuse());
  const [field] = unicode;
  if (field === undefined || unicode.length > 1) return refuse();
  const name = decodeUnicodePath(field.data, entry.fileNameRaw) ?? refuse();
  const declaredUtf8 = (entry.generalPurposeBitFlag & UTF8_NAME) !== 0;
  if (declaredUtf8 ? name !== stored : !sameButForEncoding(name, entry.fileNameRaw)) refuse();
  return checkName(name);
}

// Without bit 11 the standard means CP437, yet macOS writes UTF-8 there. Bytes that are UTF-8 are
// read so; others would be a guess among code pages, and are refused.
function decodeName(bytes: Buffer): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

// Version 1, CRC-32 of the stored name, then the name in UTF-8.
function decodeUnicodePath(data: Buffer, storedName: Buffer): string | undefined {
  if (data.length < 6 || data[0] !== 1 || data.readUInt32LE(1) !== crc32(storedName))
    return undefined;
  return decodeName(data.subarray(5));
}

// The field exists to spell letters that the stored name cannot. An unpacker that ignores it must
// land in the same place, so an ASCII name must be equal, and any other must have the same slashes
// and no other unsafe parts.
function sameButForEncoding(name: string, storedName: Buffer): boolean {
  const stored = storedName.toString('latin1');
  if (!NOT_ASCII.test(stored)) return name === stored;
  const segments = stored.split('/');
  const counterpart = name.split('/');
  return (
    segments.length === counterpart.length &&
    segments.every((segment, index) => NOT_ASCII.test(segment) || segment === counterpart[index])
  );
}

function checkName(name: string): string {
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) refuse();
  if (UNSAFE_CHARACTER.test(name) || DRIVE.test(name)) refuse();
  if (BAD_SEGMENT.test(path)) refuse();
  return name;
}

function refuse(): never {
  throw invalidArchive(
    'The archive holds an entry whose name is not a safe relative path in UTF-8.',
  );
}
