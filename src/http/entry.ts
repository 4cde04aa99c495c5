// How a file or folder looks in JSON. Key order is part of the contract.

/** A folder in a listing. */
export interface FolderEntry {
  readonly path: string;
  readonly type: 'folder';
  readonly name: string;
  readonly last_modified: string | null;
  readonly addressable?: false;
}

/** A file in a listing. */
export interface FileEntry {
  readonly path: string;
  readonly type: 'file';
  readonly name: string;
  readonly content_type: string;
  readonly content_length: number;
  readonly last_modified: string | null;
  readonly etag?: string;
  readonly addressable?: false;
}

/** A date in JSON: UTC, whole seconds, `Z`; null when unknown. */
export function jsonDate(date: Date | null): string | null {
  return date === null ? null : `${date.toISOString().slice(0, 19)}Z`;
}

/** What a successful upload answers. */
export interface StoredFile {
  readonly name: string;
  readonly path: string;
  readonly content_type: string;
  readonly content_length: number;
  readonly type: 'file';
  readonly etag?: string;
}
