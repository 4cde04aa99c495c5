// What only all records of a directory together show: names that collide, bytes that are used twice.
import type { DirectoryEntry } from './unzip-record.js';
import { invalidArchive } from './unzip-errors.js';

const LOCAL_HEADER = 30;

/**
 * Checks that no two entries have one name, that none is inside a file, and that none overlaps another or the directory, which
 * begins at `directoryOffset`. Returns the entries in their order, each with its `limit`.
 */
export function checkLayout(
  entries: readonly DirectoryEntry[],
  directoryOffset: number,
): readonly DirectoryEntry[] {
  checkNames(entries);
  const limits = limitsOf(entries, directoryOffset);
  return entries.map((entry, index) => ({ ...entry, limit: limits[index] ?? 0 }));
}

function checkNames(entries: readonly DirectoryEntry[]): void {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const { name, isFolder } of entries) {
    const path = (isFolder ? name.slice(0, -1) : name).normalize('NFC');
    const known = isFolder ? folders : files;
    if (known.has(path)) throw invalidArchive('The archive holds two entries of one name.');
    known.add(path);
  }
  for (const { name } of entries) {
    if (ancestorsOf(name.normalize('NFC')).some((path) => files.has(path))) {
      throw invalidArchive('The archive holds a file and a folder of one name.');
    }
  }
}

/** The folders that a name stands in, and the folder itself when it is one; without trailing slash. */
function ancestorsOf(name: string): string[] {
  const segments = name.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
}

function limitsOf(entries: readonly DirectoryEntry[], directoryOffset: number): readonly number[] {
  const order = entries.map((entry, index) => ({ entry, index }));
  order.sort((a, b) => a.entry.offset - b.entry.offset);
  const limits = new Array<number>(entries.length);
  if ((order[0]?.entry.offset ?? directoryOffset) !== 0) {
    throw invalidArchive('The archive has bytes in front of it.');
  }
  order.forEach(({ entry, index }, place) => {
    const limit = order[place + 1]?.entry.offset ?? directoryOffset;
    // The extra field of the local header is not known yet; opening the entry checks it against the limit.
    const end = entry.offset + LOCAL_HEADER + entry.storedName.length + entry.packedSize;
    if (end > limit) throw invalidArchive('The archive holds entries that overlap, or is cut.');
    limits[index] = limit;
  });
  return limits;
}
