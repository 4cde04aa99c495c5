// What was deleted, as entries that a list can show; and bringing it back, or removing it for good.
import type { DeletedEntry, Entry, FileClient, Page } from '../../src/client/file-client.js';

// As the service answers them: a page asked for is a page shown.
const PAGE = 1000;

/** What was deleted below a folder, in pages. The date of an entry is the one of its deletion. */
export async function* trashPages(
  client: FileClient,
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  let entries: Entry[] = [];
  for await (const deleted of client.trash(folder, { signal })) {
    entries.push(entryOf(deleted));
    if (entries.length < PAGE) continue;
    yield { entries, cursor: 'more' };
    entries = [];
  }
  yield { entries, cursor: undefined };
}

function entryOf({ path, type, name, deleted_at, ...file }: DeletedEntry): Entry {
  if (type === 'folder') return { path, type, name, last_modified: deleted_at };
  const { content_type = 'application/octet-stream', content_length = 0 } = file;
  return { path, type, name, content_type, content_length, last_modified: deleted_at };
}

/**
 * Brings back what was deleted together within `tookMs`: of a folder only what went then, not what lay in the trash
 * before. The dates are storage's own, so that the clock of this computer does not matter.
 */
export async function undoDelete(
  client: FileClient,
  { path, type }: Pick<Entry, 'path' | 'type'>,
  tookMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (type === 'file') {
    await client.restore(path, { signal });
    return;
  }
  let last = 0;
  for await (const { deleted_at } of client.trash(path, { signal }))
    last = Math.max(last, Date.parse(deleted_at ?? '') || 0);
  // Storage dates by the second.
  await client.restore(path, { since: new Date(last - tookMs - 1000), signal });
}

/**
 * Those of the entries that still lie in the trash as they were shown: a file that is there again, or was deleted
 * anew, is not what somebody has agreed to lose.
 */
export async function stillDeleted(
  client: FileClient,
  folder: string,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const shown = new Map(entries.map((entry) => [entry.path, entry]));
  const left: Entry[] = [];
  for await (const { path, deleted_at } of client.trash(folder, { signal })) {
    const entry = shown.get(path);
    if (entry !== undefined && entry.last_modified === deleted_at) left.push(entry);
  }
  return left;
}
