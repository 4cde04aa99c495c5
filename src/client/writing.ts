// Calls that change something: folders, batches, copies, moves, properties, deletions.
import type { FileServiceError } from '../core/errors.js';
import type { StoredFile } from '../http/entry.js';
import type { Caller, Query } from './call.js';
import { errorOf } from './call.js';
import type { FileProperties, Stoppable } from './answers.js';
import { headerText, isFolder, nameOf, parentOf } from './path.js';

/** One thing to create in a folder: a folder, a file with its content, or a copy. */
export type BatchItem =
  | { readonly type: 'folder'; readonly name: string }
  | {
      readonly type: 'file';
      readonly name: string;
      readonly content: string;
      readonly is_base64?: boolean;
      readonly content_type?: string;
    }
  | {
      readonly type: 'file' | 'folder';
      /** @default the source's */
      readonly name?: string;
      /** A key from the root. */
      readonly source_path: string;
      /** Moves instead of copying. */
      readonly delete_source?: boolean;
    };

/** What became of one item. */
export interface BatchResult {
  readonly name: string;
  /** Null when the name could not be read. */
  readonly path: string | null;
  /** Why it was not done. */
  readonly error?: {
    readonly reason: string;
    readonly message: string;
    readonly status_code: number;
  };
}

/** One thing to delete. */
export interface RemoveItem {
  readonly path: string;
  readonly type: 'file' | 'folder';
}

/** Properties to change; those not named stay, null takes one away. */
export interface FileChanges {
  readonly content_type?: string;
  readonly cache_control?: string | null;
  readonly content_disposition?: string | null;
  readonly metadata?: Readonly<Record<string, string | null>>;
}

/** How a folder is deleted. */
export interface RemoveOptions extends Stoppable {
  /** With everything below it. @default false */
  readonly force?: boolean;
  /** Keeps the folder itself. @default false */
  readonly contentOnly?: boolean;
  /** Only this version of a file. */
  readonly etag?: string;
}

/** Whether something may be replaced. */
export interface ReplaceOptions extends Stoppable {
  /** @default false */
  readonly replace?: boolean;
}

/** The part of the client that changes things. */
export interface WritingCalls {
  /** Creates a folder; with `name` that folder inside `folder`. */
  makeFolder(
    folder: string,
    options?: Stoppable & { readonly name?: string },
  ): Promise<{ readonly name: string; readonly path: string }>;
  /** Creates, copies or moves up to 1000 things into a folder; one result an item, in order. */
  create(
    folder: string,
    items: readonly BatchItem[],
    options?: ReplaceOptions,
  ): Promise<readonly BatchResult[]>;
  /** Copies a file or a folder with everything below it. */
  copy(from: string, to: string, options?: ReplaceOptions): Promise<void>;
  /** Copies, then deletes the source. */
  move(from: string, to: string, options?: ReplaceOptions): Promise<void>;
  /** Sends files as one form: into a folder, or one to a file's path. */
  sendForm(
    path: string,
    files: readonly { readonly name: string; readonly data: Blob }[],
    options?: ReplaceOptions,
  ): Promise<readonly (BatchResult | StoredFile)[]>;
  /** Has the service fetch a public address into a folder, where the host allows it. */
  importUrl(
    folder: string,
    url: string,
    options?: ReplaceOptions & { readonly name?: string },
  ): Promise<StoredFile>;
  update(
    path: string,
    changes: FileChanges,
    options?: Stoppable & {
      /** Only this version of the file. */
      readonly etag?: string;
    },
  ): Promise<FileProperties>;
  /** Keeps an object as the metadata of a folder. */
  updateFolder(
    folder: string,
    metadata: Readonly<Record<string, unknown>>,
    options?: Stoppable,
  ): Promise<void>;
  remove(path: string, options?: RemoveOptions): Promise<void>;
  /** Deletes up to 1000 things; one result an item, in order. */
  removeMany(
    items: readonly RemoveItem[],
    options?: Stoppable & { readonly force?: boolean },
  ): Promise<readonly BatchResult[]>;
}

/** Sends one request and reads its JSON. */
type Send = <T>(method: string, path: string, given: SendOptions) => Promise<T>;

// Shapes of answers are the service's own; the contract fixes them.
function sender(caller: Caller): Send {
  return async <T>(method: string, path: string, given: SendOptions) => {
    const response = await caller.send(method, path, {
      ...(given.query === undefined ? {} : { query: given.query }),
      headers: { ...(given.json === undefined ? {} : JSON_BODY), ...given.headers },
      ...(given.json === undefined ? {} : { body: JSON.stringify(given.json) }),
      ...(given.form === undefined ? {} : { body: given.form }),
      signal: given.signal,
    });
    return (await response.json()) as T;
  };
}

/** The writing calls of a caller. */
export function writingCalls(caller: Caller): WritingCalls {
  const send = sender(caller);
  const create: WritingCalls['create'] = async (folder, items, options = {}) => {
    const sent = send<List>(verbOf(options), folder, { json: { resource: items }, ...options });
    return (await sent.catch(whatEachSays)).resource;
  };
  const transfer = async (from: string, to: string, moves: boolean, options: ReplaceOptions) => {
    const [result] = await create(
      parentOf(to),
      [
        {
          type: isFolder(from) ? 'folder' : 'file',
          name: nameOf(to),
          source_path: from,
          ...(moves ? { delete_source: true } : {}),
        },
      ],
      options,
    );
    if (result?.error !== undefined) throw errorOfResult(result.error);
  };
  return {
    create,
    makeFolder: (folder, { name, signal } = {}) =>
      send('POST', folder, {
        headers: name === undefined ? {} : { 'X-Folder-Name': headerText(name) },
        signal,
      }),
    copy: (from, to, options = {}) => transfer(from, to, false, options),
    move: (from, to, options = {}) => transfer(from, to, true, options),
    sendForm: async (path, files, options = {}) => {
      const form = new FormData();
      for (const { name, data } of files) form.append('files', data, name);
      const sent = send<List | StoredFile>(verbOf(options), path, { form, ...options });
      const answer = await sent.catch(whatEachSays);
      return 'resource' in answer ? answer.resource : [answer];
    },
    importUrl: (folder, url, { name, ...options } = {}) =>
      send(verbOf(options), folder, { query: { url, filename: name }, ...options }),
    update: (path, changes, { etag, ...options } = {}) =>
      send('PATCH', path, { json: changes, headers: onlyOver(etag), ...options }),
    updateFolder: async (folder, metadata, options = {}) => {
      await send('PATCH', folder, { json: metadata, ...options });
    },
    remove: async (path, { force, contentOnly, etag, signal } = {}) => {
      const query = { force, content_only: contentOnly };
      await send('DELETE', path, { query, headers: onlyOver(etag), signal });
    },
    removeMany: async (items, { force, signal } = {}) => {
      const sent = send<List>('DELETE', '', {
        json: { resource: items },
        query: { force },
        signal,
      });
      return (await sent.catch(whatEachSays)).resource;
    },
  };
}

interface SendOptions extends ReplaceOptions {
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: FormData;
}

interface List {
  readonly resource: readonly BatchResult[];
}

// RFC 9110 section 13.1.1
function onlyOver(etag: string | undefined): Readonly<Record<string, string>> {
  return etag === undefined ? {} : { 'If-Match': etag };
}

const JSON_BODY = { 'Content-Type': 'application/json' };

function verbOf({ replace = false }: ReplaceOptions): 'POST' | 'PUT' {
  return replace ? 'PUT' : 'POST';
}

// When nothing was done the answer is an error, with what became of each item beside it.
function whatEachSays(error: unknown): List {
  const { context } = error as Partial<FileServiceError>;
  const resource: unknown = context?.['resource'];
  if (!Array.isArray(resource)) throw error;
  // The entries of the contract's error, as in an answer of success.
  return { resource: resource as readonly BatchResult[] };
}

function errorOfResult(error: NonNullable<BatchResult['error']>): FileServiceError {
  return errorOf(error.status_code, new Headers(), JSON.stringify({ error }));
}
