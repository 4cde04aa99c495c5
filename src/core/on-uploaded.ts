// The contract of a host that wants to know of every file that came in.
import type { Principal } from './hooks.js';

/**
 * How a file came: as the body of a request, in a form or a JSON list, out of an archive, from a URL, by an upload
 * link, by tus, by Resumable Uploads for HTTP, or straight to storage.
 *
 * @example
 * const isBulk = (way: UploadWay): boolean => way === 'extract' || way === 'batch';
 */
export type UploadWay =
  'request' | 'form' | 'batch' | 'extract' | 'import' | 'link' | 'tus' | 'http' | 'direct';

/**
 * A file that is stored and can be read.
 *
 * @example
 * const rowOf = ({ path, contentLength }: UploadedFile) => ({ path, bytes: contentLength });
 */
export interface UploadedFile {
  /** Last segment of the path. */
  readonly name: string;
  /** Decoded, from the root, no leading slash. */
  readonly path: string;
  readonly contentType: string;
  /** Bytes. */
  readonly contentLength: number;
  /** With its quotes; undefined when storage gave none. */
  readonly etag: string | undefined;
}

/**
 * What `onUploaded` is told beside the file.
 *
 * @example
 * const nameOf = ({ principal }: UploadDetails): string => principal?.id ?? 'nobody';
 */
export interface UploadDetails {
  /** In whose name the file came; null for anonymous callers. */
  readonly principal: Principal | null;
  readonly upload: {
    /**
     * Tells one upload from any other. The hook may be called again with the same one: after an answer that was lost,
     * or after a failure of its own.
     */
    readonly id: string;
    readonly via: UploadWay;
  };
  /** Fires when `timeouts.hookMs` have passed, and nobody waits for the hook any more. */
  readonly signal: AbortSignal;
}

/**
 * Told of every file that was uploaded, once it can be read and before the client is answered. What it returns is in
 * the answer as `data` (JSON; `undefined` leaves it out). When it throws, or is silent for `timeouts.hookMs`, the
 * answer is 502 `hook_failed`; the file stays. Copies, moves and folders are no uploads.
 *
 * @example
 * const seen = new Map<string, string>();
 * const onUploaded: OnUploaded = ({ path }, { upload }) => {
 *   seen.set(upload.id, path);
 *   return { number: seen.size };
 * };
 */
export type OnUploaded = (file: UploadedFile, details: UploadDetails) => unknown;
