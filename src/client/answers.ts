// What calls answer, and what every call takes.
import type { FileEntry, FolderEntry } from '../http/entry.js';

/** A call that can be stopped. */
export interface Stoppable {
  readonly signal?: AbortSignal;
}

/** The properties of a file. */
export interface FileProperties extends FileEntry {
  readonly metadata: Readonly<Record<string, string>>;
  /** With `content`: base64. */
  readonly content?: string;
}

/** How much of a quota is used. */
export interface FileUsage {
  /** Bytes. */
  readonly used: number;
  /** Bytes. */
  readonly allowed: number;
  readonly files: number;
}

/** What the caller may do in a folder. */
export interface Rights {
  readonly list: boolean;
  readonly read: boolean;
  readonly write: boolean;
  readonly delete: boolean;
  /** Removing with all versions; there with the host's `versions`. */
  readonly purge?: boolean;
}

/** The properties of a folder. */
export interface FolderProperties extends FolderEntry {
  readonly metadata?: Readonly<Record<string, string>>;
  /** With `rights`. */
  readonly rights?: Rights;
}

/** A URL that takes one upload. */
export interface SignedUpload {
  readonly url: string;
  readonly method: 'PUT';
  /** To be sent as they are. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expires_at: string;
}
