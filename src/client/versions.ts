// Calls about versions and the trash, where the host has turned them on.
import type { StoredFile } from '../http/entry.js';
import type { Stoppable } from './answers.js';
import type { Caller, Query } from './call.js';

/** One version of a file, or the mark that its deletion left. */
export interface FileVersion {
  readonly version_id: string;
  /** Null for a deletion. */
  readonly content_length: number | null;
  readonly last_modified: string | null;
  readonly etag: string | null;
  readonly is_latest: boolean;
  readonly deleted: boolean;
}

/** A deleted file, or folder of its own, that can be restored. */
export interface DeletedEntry {
  readonly path: string;
  readonly type: 'file' | 'folder';
  readonly name: string;
  readonly content_type?: string;
  readonly content_length?: number;
  readonly deleted_at: string | null;
  /** The version that a restore brings back. */
  readonly version_id: string;
}

/** What to restore, and over what. */
export interface RestoreOptions extends Stoppable {
  /** This version of a file becomes the newest; without it what was deleted comes back. */
  readonly versionId?: string;
  /** Only over the version with this ETag. */
  readonly etag?: string;
  /** Of a folder: only what was deleted at this time or later. */
  readonly since?: Date;
}

/** What to purge. */
export interface PurgeOptions extends Stoppable {
  /** Everything below a folder. @default false */
  readonly force?: boolean;
  /** A file only while its newest version has this ETag. */
  readonly etag?: string;
}

/** Calls about versions and the trash. */
export interface VersionCalls {
  /** The versions of a file, the newest first. */
  versions(path: string, options?: Stoppable): Promise<readonly FileVersion[]>;
  /** Restores a version, a deleted file, or what was deleted below a folder. */
  restore(
    path: string,
    options?: RestoreOptions,
  ): Promise<
    StoredFile | { readonly name: string; readonly path: string; readonly restored: number }
  >;
  /** What was deleted below a folder; further pages are asked for while they are read. */
  trash(folder: string, options?: Stoppable): AsyncIterable<DeletedEntry>;
  /** Removes every version of a file, or with `force` of everything below a folder, for good. */
  purge(path: string, options?: PurgeOptions): Promise<void>;
}

const PAGE = 1000;

/** The calls of a caller. */
export function versionCalls(caller: Caller): VersionCalls {
  // Shapes of answers are the service's own; the contract fixes them.
  const ask = async <T>(
    method: string,
    path: string,
    query: Query,
    { etag, signal }: Stoppable & { readonly etag?: string } = {},
  ): Promise<T> => {
    const headers: Record<string, string> = etag === undefined ? {} : { 'If-Match': etag };
    return (await (await caller.send(method, path, { query, headers, signal })).json()) as T;
  };
  return {
    versions: async (path, given) =>
      (await ask<{ resource: readonly FileVersion[] }>('GET', path, { versions: true }, given))
        .resource,
    restore: (path, { versionId, since, ...given } = {}) =>
      ask(
        'POST',
        path,
        { restore: true, version_id: versionId, since: since?.toISOString() },
        given,
      ),
    async *trash(folder, given) {
      let cursor: string | undefined;
      do {
        const query = { trash: true, limit: PAGE, cursor };
        const page: { resource: readonly DeletedEntry[]; next_cursor?: string } = await ask(
          'GET',
          folder,
          query,
          given,
        );
        yield* page.resource;
        cursor = page.next_cursor;
      } while (cursor !== undefined);
    },
    purge: async (path, { force, ...given } = {}) => {
      await ask('DELETE', path, { purge: true, force }, given);
    },
  };
}
