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
  readonly signal?: AbortSignal;
}

/** One page of a listing. */
export interface Page {
  readonly entries: readonly Entry[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
}

interface ListAnswer {
  readonly resource: readonly Entry[];
  readonly next_cursor?: string;
}

/** The pages of a folder, each asked for when it is needed. */
export async function* pagesOf(
  caller: Caller,
  folder: string,
  options: ListOptions = {},
): AsyncGenerator<Page, void, undefined> {
  const query: Query = {
    limit: options.pageSize ?? 1000,
    full_tree: options.recursive === true ? true : undefined,
    search: options.search,
    include_files: options.foldersOnly === true ? false : undefined,
  };
  let cursor = options.cursor;
  do {
    const response = await caller.send('GET', folder, {
      query: { ...query, cursor },
      signal: options.signal,
    });
    // The service's own shape: contract section 2.
    const answer = (await response.json()) as ListAnswer;
    cursor = answer.next_cursor;
    yield { entries: answer.resource, cursor };
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
