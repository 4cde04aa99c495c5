// `s3files/client`: every operation of the service as a call. Browsers, Node 20 and workers.
import type { FileEntry, FolderEntry, StoredFile } from '../http/entry.js';
import type {
  FileProperties,
  FileUsage,
  FolderProperties,
  Rights,
  SignedUpload,
  Stoppable,
} from './answers.js';
import type { StoredAttributes } from './attributes.js';
import { callerOf } from './call.js';
import type { ClientHeaders, FileClientOptions } from './call.js';
import { entriesOf, pagesOf } from './list.js';
import type { Entry, ListOptions, Page } from './list.js';
import { linkCalls } from './links.js';
import type { LinkCalls, MadeLink, ShareLink, ShareOptions } from './links.js';
import { signingCalls } from './signing.js';
import type { SigningCalls, SignReadOptions, SignWriteOptions } from './signing.js';
import { limitAsker, startUpload } from './upload.js';
import type { Upload, UploadOptions, UploadState } from './upload.js';
import { versionCalls } from './versions.js';
import type {
  DeletedEntry,
  FileVersion,
  PurgeOptions,
  RestoreOptions,
  VersionCalls,
} from './versions.js';
import { writingCalls } from './writing.js';
import type { BatchItem, BatchResult, FileChanges, RemoveItem, WritingCalls } from './writing.js';

export type {
  BatchItem,
  BatchResult,
  ClientHeaders,
  DeletedEntry,
  Entry,
  FileChanges,
  FileClientOptions,
  FileEntry,
  FileProperties,
  FileUsage,
  FileVersion,
  FolderEntry,
  FolderProperties,
  LinkCalls,
  ListOptions,
  MadeLink,
  Page,
  PurgeOptions,
  RemoveItem,
  RestoreOptions,
  Rights,
  SignedUpload,
  SigningCalls,
  ShareLink,
  ShareOptions,
  SignReadOptions,
  SignWriteOptions,
  StoredAttributes,
  StoredFile,
  Stoppable,
  Upload,
  UploadOptions,
  UploadState,
  VersionCalls,
  WritingCalls,
};

/** What to read of a file. */
export interface ReadOptions extends Stoppable {
  /** First and last byte, both included; without a last one to the end. */
  readonly range?: readonly [first: number, last?: number];
  /** Answers 304 when the file is still this version. */
  readonly ifNoneMatch?: string;
  /** One of the `versions` of the file instead of the newest. */
  readonly versionId?: string;
}

/**
 * The service as calls. Keys are decoded, have no leading slash, and a folder's ends in `/`; the root is `''`.
 * Calls throw FileServiceError with the `reason` that the service gave, and the TypeError of fetch when there
 * was no answer.
 */
export interface FileClient extends WritingCalls, SigningCalls, VersionCalls, LinkCalls {
  /** The OpenAPI document of the service. */
  describe(options?: Stoppable): Promise<Readonly<Record<string, unknown>>>;
  /** The entries of a folder; further pages are asked for while they are read. */
  list(folder: string, options?: ListOptions): AsyncIterable<Entry>;
  /** The same in pages, with the cursor that goes on behind each. */
  pages(folder: string, options?: ListOptions): AsyncIterable<Page>;
  /** Top-level folders as the components of role definitions. */
  accessList(options?: Stoppable): Promise<readonly string[]>;
  /** The bytes of a file as fetch's answer. */
  read(path: string, options?: ReadOptions): Promise<Response>;
  /** A file, or a range of its bytes, as text. */
  text(path: string, options?: ReadOptions): Promise<string>;
  properties(
    path: string,
    options?: Stoppable & { readonly content?: boolean; readonly versionId?: string },
  ): Promise<FileProperties>;
  /** How much of its quota the caller's container has used, where the host has set one. */
  usage(options?: Stoppable): Promise<FileUsage>;
  folderProperties(
    folder: string,
    options?: Stoppable & { readonly rights?: boolean },
  ): Promise<FolderProperties>;
  /** The address of a file, to show or with `download` to save; the caller's own credentials apply. */
  fileUrl(
    path: string,
    options?: { readonly download?: boolean; readonly versionId?: string },
  ): string;
  /** The address of everything below a folder as a zip archive. */
  zipUrl(folder: string): string;
  /** The archive as fetch's answer. */
  zip(folder: string, options?: Stoppable): Promise<Response>;
  /** The archive of some files and folders below a folder. */
  zipSelection(
    folder: string,
    items: readonly { readonly path: string; readonly type?: 'file' | 'folder' }[],
    options?: Stoppable,
  ): Promise<Response>;
  /** Stores a file: at its path, or with `name` inside a folder. */
  upload(path: string, data: Blob | Uint8Array | string, options?: UploadOptions): Upload;
}

/**
 * A client of the service at `baseUrl`.
 *
 * @example
 * const files = fileClient({ baseUrl: '/api/v2/s3files' });
 * for await (const entry of files.list('docs/')) console.log(entry.path);
 */
export function fileClient(options: FileClientOptions): FileClient {
  const caller = callerOf(options);
  const askLimit = limitAsker(caller);
  const read = (path: string, given: ReadOptions = {}) => {
    const [first, last] = given.range ?? [];
    const headers: Record<string, string> = {};
    if (first !== undefined) headers['Range'] = `bytes=${first}-${last ?? ''}`;
    if (given.ifNoneMatch !== undefined) headers['If-None-Match'] = given.ifNoneMatch;
    const query = { version_id: given.versionId };
    return caller.send('GET', path, { headers, query, signal: given.signal });
  };
  // Shapes of answers are the service's own; the contract fixes them.
  const readJson = async <T>(path: string, query: CallQuery, given: Stoppable = {}): Promise<T> => {
    const response = await caller.send('GET', path, { query, signal: given.signal });
    return (await response.json()) as T;
  };
  return {
    ...writingCalls(caller),
    describe: (given) => readJson('_spec', {}, given),
    list: (folder, given) => entriesOf(caller, folder, given),
    pages: (folder, given) => pagesOf(caller, folder, given),
    accessList: async (given) => {
      const query = { as_access_list: true };
      return (await readJson<{ resource: readonly string[] }>('', query, given)).resource;
    },
    read,
    text: async (path, given) => (await read(path, given)).text(),
    properties: (path, given = {}) =>
      readJson(
        path,
        { include_properties: true, content: given.content, version_id: given.versionId },
        given,
      ),
    folderProperties: async (folder, given = {}) => {
      const query = { include_properties: true, rights: given.rights };
      return (await readJson<{ resource: FolderProperties }>(folder, query, given)).resource;
    },
    usage: (given) => readJson('', { usage: true }, given),
    fileUrl: (path, { download, versionId } = {}) =>
      caller.url(path, { download, version_id: versionId }),
    zipUrl: (folder) => caller.url(folder, { zip: true }),
    zip: (folder, given = {}) =>
      caller.send('GET', folder, { query: { zip: true }, signal: given.signal }),
    zipSelection: async (folder, items, given = {}) =>
      caller.send('POST', folder, {
        query: { zip: true },
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ resource: items }),
        signal: given.signal,
      }),
    ...signingCalls(caller),
    ...versionCalls(caller),
    ...linkCalls(caller),
    upload: (path, data, given = {}) =>
      startUpload(caller, askLimit, path, blobOf(data, given), given),
  };
}

type CallQuery = Readonly<Record<string, string | number | boolean | undefined>>;

function blobOf(data: Blob | Uint8Array | string, { contentType }: UploadOptions): Blob {
  if (data instanceof Blob) return data;
  // A shared buffer could change while it is sent: the blob copies.
  const bytes = typeof data === 'string' ? data : new Uint8Array(data);
  return new Blob([bytes], contentType === undefined ? {} : { type: contentType });
}
