// Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload, interop version 8): create, append, look, cancel.
import { FileServiceError } from '../core/errors.js';
import type { StoredFile } from '../http/entry.js';
import type { Caller } from './call.js';
import { sendBytes } from './send-bytes.js';

/** What the service says of resumable uploads. */
export interface UploadLimit {
  /** Most bytes of one append. */
  readonly maxAppendBytes: number;
}

/** An upload that has begun. */
export interface Session {
  readonly url: string;
  readonly maxAppendBytes: number;
}

/** How an upload goes on. */
export interface Appending {
  readonly data: Blob;
  readonly signal: AbortSignal;
  /** Hears the bytes that the service has, or that are on their way to it. */
  readonly onOffset: (bytes: number) => void;
}

const INTEROP = { 'Upload-Draft-Interop-Version': '8' };
const DEFAULT_APPEND_BYTES = 16 * 2 ** 20;
/** Appends that may answer 409 in a row: another tab is sending the same upload. */
const MAX_MISMATCHES = 5;

/** What the service announces for a path; undefined when it takes no resumable uploads. */
export async function uploadLimitOf(
  caller: Caller,
  path: string,
  signal?: AbortSignal,
): Promise<UploadLimit | undefined> {
  const response = await caller.send('OPTIONS', path, { signal });
  return readLimit(response.headers);
}

function readLimit(headers: Headers): UploadLimit | undefined {
  const announced = headers.get('upload-limit');
  if (announced === null) return undefined;
  const most = /(?:^|,)\s*max-append-size=(\d{1,15})/.exec(announced)?.[1];
  return { maxAppendBytes: Math.min(Number(most ?? Infinity), DEFAULT_APPEND_BYTES) };
}

/** Begins an upload of `size` bytes; nothing is sent yet. */
export async function createSession(
  caller: Caller,
  request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly size: number;
    readonly limit: UploadLimit;
    readonly signal: AbortSignal;
  },
): Promise<Session> {
  const { method, url, size, signal } = request;
  const response = await caller.sendTo(method, url, {
    headers: {
      ...request.headers,
      ...INTEROP,
      'Upload-Complete': '?0',
      'Upload-Length': String(size),
    },
    signal,
  });
  const location = response.headers.get('location');
  if (location === null)
    throw new FileServiceError('storage_failed', 'The service began an upload without an address.');
  const limit = readLimit(response.headers) ?? request.limit;
  return { url: sessionUrl(caller, location, url), maxAppendBytes: limit.maxAppendBytes };
}

// The service names the path that it is mounted at; behind a proxy that rewrites paths only the part
// below the mount holds.
function sessionUrl(caller: Caller, location: string, url: string): string {
  const below = /\/(_uploads\/[^?#]+)$/.exec(location)?.[1];
  if (below !== undefined) return caller.url('') + below;
  return URL.canParse(url) ? new URL(location, url).href : location;
}

/** The bytes that the service has of an upload. */
export async function offsetOf(caller: Caller, url: string, signal: AbortSignal): Promise<number> {
  const response = await caller.sendTo('HEAD', url, { headers: INTEROP, signal });
  return readOffset(response.headers) ?? 0;
}

/** Ends an upload; nothing of it stays behind. */
export async function cancelSession(caller: Caller, url: string): Promise<void> {
  await caller.sendTo('DELETE', url, { headers: INTEROP });
}

/** Sends what the service does not have yet, from `offset` on. */
export async function append(
  caller: Caller,
  session: Session,
  offset: number,
  { data, signal, onOffset }: Appending,
): Promise<StoredFile> {
  let from = offset;
  let mismatches = 0;
  for (;;) {
    const end = Math.min(from + session.maxAppendBytes, data.size);
    const start = from;
    try {
      const answer = await sendBytes(caller, {
        method: 'PATCH',
        url: session.url,
        headers: {
          ...INTEROP,
          'Content-Type': 'application/partial-upload',
          'Upload-Offset': String(start),
          'Upload-Complete': end === data.size ? '?1' : '?0',
        },
        body: data.slice(start, end),
        signal,
        onSent: (bytes) => onOffset(start + bytes),
      });
      // The answer to the last append is the one that a plain upload gets.
      if (end === data.size) return JSON.parse(answer.text) as StoredFile;
      from = readOffset(answer.headers) ?? end;
      mismatches = 0;
    } catch (error) {
      mismatches += 1;
      from = offsetTold(error, mismatches);
    }
    onOffset(from);
  }
}

// A 409 names the offset that the service has; another error is the caller's.
function offsetTold(error: unknown, mismatches: number): number {
  if (!(error instanceof FileServiceError) || error.status !== 409) throw error;
  const told = readOffset(new Headers(error.headers));
  if (told === undefined || mismatches > MAX_MISMATCHES) throw error;
  return told;
}

function readOffset(headers: Headers): number | undefined {
  const text = headers.get('upload-offset');
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
