// All entries of an archive unpacked for nothing but their checks: one read of the archive, nothing kept.
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { openEntry } from './unzip-entry.js';
import type { DirectoryEntry } from './unzip-record.js';
import { endedEarly } from './unzip-source.js';
import type { ArchiveSource } from './unzip-source.js';

/** What to verify. */
export interface Verification {
  readonly source: ArchiveSource;
  readonly entries: readonly DirectoryEntry[];
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Unpacks every entry once. Throws what reading them would: `ArchiveEntry.open` documents it. */
export async function verifyEntries(given: Verification): Promise<void> {
  const { entries, maxBytes, signal } = given;
  const ordered = entries
    .filter(({ packedSize }) => packedSize > 0)
    .sort((a, b) => a.offset - b.offset);
  const budget = { maxBytes, spent: 0 };
  const source = inOrder(given.source, ordered.at(-1)?.limit ?? 0);
  try {
    for (const entry of ordered) {
      const bytes = await openEntry({ source, entry, budget, signal });
      bytes.resume();
      await finished(bytes);
    }
  } finally {
    await source.close();
  }
  // Entries without bytes are judged by their record alone.
  for (const entry of entries.filter(({ packedSize }) => packedSize === 0))
    (await openEntry({ source, entry, budget, signal })).destroy();
}

/** A source that is read once, from its start to `end`: ranges have to be asked in their order. */
function inOrder(source: ArchiveSource, end: number): ArchiveSource & { close(): Promise<void> } {
  let chunks: AsyncIterator<Buffer> | undefined;
  let chunk: Buffer = Buffer.alloc(0);
  let position = 0;

  async function* range(start: number, endInclusive: number, signal: AbortSignal) {
    if (chunks === undefined) {
      const stream = await source.read(0, end - 1, signal);
      chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    }
    while (position <= endInclusive) {
      if (chunk.length === 0) {
        const next = await chunks.next();
        if (next.done === true) throw endedEarly();
        chunk = next.value;
      }
      const from = Math.min(Math.max(0, start - position), chunk.length);
      const wanted = chunk.subarray(from, endInclusive + 1 - position);
      const used = from + wanted.length;
      position += used;
      chunk = chunk.subarray(used);
      if (wanted.length > 0) yield wanted;
    }
  }

  return {
    size: source.size,
    read: async (start, endInclusive, signal) =>
      Readable.from(range(start, endInclusive, signal), { objectMode: false }),
    close: async () => {
      await chunks?.return?.();
    },
  };
}
