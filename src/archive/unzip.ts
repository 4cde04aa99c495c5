// A zip archive taken apart without a temporary file: its directory is checked whole, then
// entries are read by range.
// Knows no storage and no HTTP.
import type { Readable } from 'node:stream';
import { readDirectory } from './unzip-directory.js';
import { openEntry } from './unzip-entry.js';
import type { ArchiveSource } from './unzip-source.js';
import { verifyEntries } from './unzip-verify.js';

export type { ArchiveSource } from './unzip-source.js';

/** How much an archive may hold. */
export interface ArchiveLimits {
  /** Files and folders. @default 10000 */
  readonly maxEntries?: number;
  /** Bytes of all entries together, unpacked. @default 1 GiB */
  readonly maxBytes?: number;
  /** Unpacked bytes for each packed one, for entries of more than 1 MiB unpacked. @default 100 */
  readonly maxRatio?: number;
  /** Ends reading the directory and every open entry. */
  readonly signal?: AbortSignal;
}

/** One entry of an archive that was checked. */
export interface ArchiveEntry {
  /**
   * Relative, a safe path: no `..`, no empty segment; folders end in `/`. Unique, also after NFC.
   */
  readonly name: string;
  readonly isFolder: boolean;
  /** Bytes, unpacked; exact: an entry that has another number fails while it is read. */
  readonly size: number;
  /** UTC; null when the archive has no valid date. */
  readonly modified: Date | null;
  /**
   * The unpacked bytes; consume or destroy. One read of the source, none for folders and empty
   * files. The last bytes are given only after length and CRC-32 were found right; otherwise the
   * stream is destroyed with `invalid_archive`, or with `too_large` when all entries read so far
   * passed `maxBytes`.
   */
  open(): Promise<Readable>;
}

/** An archive that was checked. */
export interface Archive {
  /** In the order of the directory. */
  readonly entries: readonly ArchiveEntry[];
  /**
   * Unpacks every entry and keeps nothing, in one read of the source. Throws what reading the entries would.
   */
  verify(): Promise<void>;
}

/**
 * Reads and checks the directory of an archive: one or two reads of the source, at most 16 MiB in
 * memory.
 *
 * Throws `invalid_archive` for what is no zip file, is cut or has bytes in front, spans disks, is
 * encrypted, holds links, devices or setuid files, unsafe, ambiguous or duplicate names, a file and
 * a folder of one name, or overlapping entries; `unsupported_type` for a compression that is
 * neither stored nor deflate; `too_large` beyond a limit, the number of entries being looked at
 * before the directory is read. Errors of the source pass through.
 */
export async function openArchive(
  source: ArchiveSource,
  limits: ArchiveLimits = {},
): Promise<Archive> {
  const { maxEntries = 10_000, maxBytes = 2 ** 30, maxRatio = 100 } = limits;
  const signal = limits.signal ?? new AbortController().signal;
  const budget = { maxBytes, spent: 0 };
  const entries = await readDirectory(source, { maxEntries, maxBytes, maxRatio, signal });
  return {
    entries: entries.map((entry) => ({
      name: entry.name,
      isFolder: entry.isFolder,
      size: entry.size,
      modified: entry.modified,
      open: () => openEntry({ source, entry, budget, signal }),
    })),
    verify: () => verifyEntries({ source, entries, maxBytes, signal }),
  };
}
