// What every listing shares: pages of storage turned into entries, filtered and projected.
import { access } from '../../core/hooks.js';
import { setImmediate } from 'node:timers/promises';
import type { Page } from '../../storage/bucket.js';
import type { FileEntry, FolderEntry } from '../../http/entry.js';
import { jsonDate } from '../../http/entry.js';
import { typeByName } from '../../http/media-type.js';
import { baseName, isAddressable, parentOf } from '../../core/key.js';
import type { KeyRules } from '../../core/key.js';
import type { RunContext } from '../operation.js';

/** One line of a listing. */
export type ListingEntry = FolderEntry | FileEntry;

/** Which entries a listing selects. */
export interface Selection {
  /** `''` or a folder key. */
  readonly folder: string;
  readonly recursive: boolean;
  readonly files: boolean;
  readonly folders: boolean;
  /** Case-insensitive substring of the base name; `''` selects all. */
  readonly search: string;
  /** Leave out what the caller may not list or read. */
  readonly filtered: boolean;
  readonly rules: KeyRules;
  /** The operation in whose name `authorize` is asked for each entry. */
  readonly operation: string;
}

/** Turns pages into entries. */
export interface EntryReader {
  /** The entries of a page in batches: one key of a tree can imply five hundred folders. A batch may be empty. */
  readonly read: (page: Page) => AsyncGenerator<readonly ListingEntry[]>;
  /** The folder of a tree that the last page, once read to its end, ended in: what a later page needs to go on. */
  readonly openFolder: () => string;
}

/** One reader a listing, since a tree remembers its open folders. */
export function entryReader(
  selection: Selection,
  context: Pick<RunContext, 'permits' | 'allowsEverything'>,
  openFolder = selection.folder,
): EntryReader {
  const tree = treeFolders(selection.folder, openFolder);
  const wanted = selection.search.toLowerCase();
  const asks = selection.filtered && !context.allowsEverything;

  // Null for what is not selected: looking at it takes time too.
  function* looks(page: Page): Generator<ListingEntry | null> {
    for (const [key, modified] of selection.recursive ? tree.read(page) : directFolders(page))
      yield selection.folders && matches(key, wanted)
        ? folderEntry(key, modified, selection)
        : null;
    if (!selection.files) return;
    for (const file of page.files)
      yield !file.key.endsWith('/') && matches(file.key, wanted)
        ? fileEntry(file, selection)
        : null;
  }

  async function* read(page: Page): AsyncGenerator<readonly ListingEntry[]> {
    for await (const entries of inBatches(looks(page)))
      yield asks ? await permitted(entries, selection, context) : entries;
  }
  return { read, openFolder: tree.openFolder };
}

/** What is looked at before other requests get their turn: a page without implied folders is one batch. */
const BATCH = 2000;
/** Characters of paths in a batch: the longest keys imply the most folders. */
const BATCH_CHARACTERS = 256 * 1024;

async function* inBatches(
  looks: Iterable<ListingEntry | null>,
): AsyncGenerator<readonly ListingEntry[]> {
  let entries: ListingEntry[] = [];
  let looked = 0;
  let characters = 0;
  for (const entry of looks) {
    if (looked === BATCH || characters > BATCH_CHARACTERS) {
      yield entries;
      await setImmediate();
      entries = [];
      looked = 0;
      characters = 0;
    }
    if (entry !== null) entries.push(entry);
    looked += 1;
    characters += entry?.path.length ?? 0;
  }
  yield entries;
}

function matches(key: string, wanted: string): boolean {
  return wanted === '' || baseName(key).toLowerCase().includes(wanted);
}

async function permitted(
  entries: readonly ListingEntry[],
  selection: Selection,
  context: Pick<RunContext, 'permits'>,
): Promise<readonly ListingEntry[]> {
  const kept: ListingEntry[] = [];
  for (const entry of entries) {
    const action = entry.type === 'folder' ? 'list' : 'read';
    const verdict = context.permits(access(action, entry.path, 'GET', selection.operation));
    if (typeof verdict === 'boolean' ? verdict : await verdict) kept.push(entry);
  }
  return kept;
}

type FolderDates = Iterable<readonly [key: string, modified: Date | null]>;

function* directFolders(page: Page): FolderDates {
  for (const key of page.folders) yield [key, null];
}

// Keys come in byte order, so everything below a folder is contiguous: remembering the folders that
// are open is enough to name each once, implied ones too, in memory that does not grow.
function treeFolders(
  root: string,
  openFolder: string,
): { read: (page: Page) => FolderDates; openFolder: () => string } {
  let open = openFolder;
  function* read(page: Page): FolderDates {
    for (const { key, lastModified } of page.files) {
      const holder = key.slice(0, key.lastIndexOf('/') + 1);
      let folder = commonFolder(open, holder);
      while (folder.length < holder.length) {
        folder = holder.slice(0, holder.indexOf('/', folder.length) + 1);
        yield [folder, folder === key ? lastModified : null];
      }
      if (holder.startsWith(root)) open = holder;
    }
  }
  return { read, openFolder: () => open };
}

function commonFolder(left: string, right: string): string {
  let folder = left;
  while (!right.startsWith(folder)) folder = parentOf(folder);
  return folder;
}

function folderEntry(key: string, modified: Date | null, selection: Selection): FolderEntry {
  return {
    path: key,
    type: 'folder',
    name: key.slice(selection.folder.length, -1),
    last_modified: jsonDate(modified),
    ...(isAddressable(key, selection.rules) ? {} : { addressable: false }),
  };
}

function fileEntry(file: Page['files'][number], selection: Selection): FileEntry {
  return {
    path: file.key,
    type: 'file',
    name: file.key.slice(selection.folder.length),
    content_type: typeByName(file.key),
    content_length: file.size,
    last_modified: jsonDate(file.lastModified),
    etag: file.etag,
    ...(isAddressable(file.key, selection.rules) ? {} : { addressable: false }),
  };
}
