// Listings, page by page.
import type { FileEntry, FolderEntry } from '../http/entry.js';
import type { Caller, Query } from './call.js';

/** What a listing shows. */
export type Entry = FileEntry | FolderEntry;

/** What to list. */
export interface ListOptions {
  /** Everything below, at any depth. @default false */
  readonly recursive?: boolean;
  /** Only entries whose base name holds this text, in any case. */
  readonly search?: string;
  /** Leaves files out. @default false */
  readonly foldersOnly?: boolean;
  /** Entries of a page. @default 1000 */
  readonly pageSize?: number;
  /** Goes on after a page's `cursor`. */
  readonly cursor?: string;
  /** Orders the whole folder, of up to 10,000 entries, folders first; falling behind a `-`. No `cursor` then. */
  readonly sort?: Sort | `-${Sort}`;
  /** Counts all entries that the caller may see, up to 10,000. @default false */
  readonly includeCount?: boolean;
  readonly signal?: AbortSignal;
}

/** What a listing can be ordered by. */
export type Sort = 'name' | 'size' | 'last_modified' | 'type';

/** One page of a listing. */
export interface Page {
  readonly entries: readonly Entry[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
  /** With `includeCount`. */
  readonly count?: number;
}

interface ListAnswer {
  readonly resource: readonly Entry[];
  readonly next_cursor?: string;
  readonly meta?: { readonly count: number };
}

/** The pages of a folder, each asked for when it is needed. */
export async function* pagesOf(
  caller: Caller,
  folder: string,
  options: ListOptions = {},
): AsyncGenerator<Page, void, undefined> {
  const query: Query = {
    // Sorted entries come whole.
    limit: options.sort === undefined ? (options.pageSize ?? 1000) : undefined,
    sort: options.sort,
    full_tree: options.recursive === true ? true : undefined,
    search: options.search,
    include_files: options.foldersOnly === true ? false : undefined,
  };
  let cursor = options.cursor;
  // Once: it reads the whole folder.
  let counts = options.includeCount === true;
  let count: number | undefined;
  do {
    const response = await caller.send('GET', folder, {
      query: { ...query, cursor, include_count: counts ? true : undefined },
      signal: options.signal,
    });
    // The service's own shape: contract section 2.
    const answer = (await response.json()) as ListAnswer;
    cursor = answer.next_cursor;
    count = answer.meta?.count ?? count;
    counts = false;
    yield { entries: answer.resource, cursor, ...(count === undefined ? {} : { count }) };
  } while (cursor !== undefined);
}

/** The entries of a folder. */
export async function* entriesOf(
  caller: Caller,
  folder: string,
  options?: ListOptions,
): AsyncGenerator<Entry, void, undefined> {
  for await (const page of pagesOf(caller, folder, options)) yield* page.entries;
}
