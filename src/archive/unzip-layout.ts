// What only all records of a directory together show: names that collide, bytes that are used
// twice.
import type { DirectoryEntry } from './unzip-record.js';
import { invalidArchive } from './unzip-errors.js';

const LOCAL_HEADER = 30;

/**
 * Checks that no two entries have one name, that none is inside a file, and that none overlaps
 * another or the directory, which begins at `directoryOffset`. Returns the entries in their order,
 * each with its `limit`.
 */
export function checkLayout(
  entries: readonly DirectoryEntry[],
  directoryOffset: number,
): readonly DirectoryEntry[] {
  checkNames(entries);
  const limits = limitsOf(entries, directoryOffset);
  return entries.map((entry, index) => ({ ...entry, limit: limits[index] ?? directoryOffset }));
}

// By search in sorted names: a look-up of every ancestor of every name takes seconds for 10,000
// deep names.
function checkNames(entries: readonly DirectoryEntry[]): void {
  const places = entries.map(({ name, isFolder }) => {
    const path = isFolder ? name.slice(0, -1) : name;
    return { path: path.normalize('NFC'), isFolder };
  });
  const paths = places.map(({ path }) => path).sort((a, b) => (a < b ? -1 : 1));
  if (paths.some((path, index) => path === paths[index + 1])) {
    throw invalidArchive('The archive holds two entries of one name.');
  }
  for (const { path, isFolder } of places) {
    const below = `${path}/`;
    if (!isFolder && paths[firstFrom(paths, below)]?.startsWith(below) === true) {
      throw invalidArchive('The archive holds a file and a folder of one name.');
    }
  }
}

/** Index of the first of the sorted names that is not below `path` in their order. */
function firstFrom(sorted: readonly string[], path: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < path) low = middle + 1;
    else high = middle;
  }
  return low;
}

function limitsOf(entries: readonly DirectoryEntry[], directoryOffset: number): readonly number[] {
  const order = entries.map((entry, index) => ({ entry, index }));
  order.sort((a, b) => a.entry.offset - b.entry.offset);
  const limits = entries.map(() => directoryOffset);
  if ((order[0]?.entry.offset ?? directoryOffset) !== 0) {
    throw invalidArchive('The archive has bytes in front of it.');
  }
  order.forEach(({ entry, index }, place) => {
    const limit = order[place + 1]?.entry.offset ?? directoryOffset;
    // The extra field of the local header is not known yet; opening the entry checks it against the
    // limit.
    const end = entry.offset + LOCAL_HEADER + entry.storedName.length + entry.packedSize;
    if (end > limit) throw invalidArchive('The archive holds entries that overlap, or is cut.');
    limits[index] = limit;
  });
  return limits;
}
