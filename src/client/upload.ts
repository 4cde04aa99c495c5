// One upload: resumable when the service announces it, else one request.
import type { StoredFile } from '../http/entry.js';
import { attributeHeaders, type StoredAttributes } from './attributes.js';
import type { Caller } from './call.js';
import { headerText, isFolder } from './path.js';
import { append, cancelSession, createSession, offsetOf, uploadLimitOf } from './resumable.js';
import type { Session, UploadLimit } from './resumable.js';
import { sendBytes } from './send-bytes.js';

/** How a file is stored. */
export interface UploadOptions extends StoredAttributes {
  /** Only where nothing is, over what is there, or over that version of it. @default 'new' */
  readonly create?: 'new' | 'replace' | { readonly etag: string };
  /** Name inside `path`, when that is a folder; may hold `/`. */
  readonly name?: string;
  /** @default the type of the data, when it has one */
  readonly contentType?: string;
  readonly onProgress?: (progress: { readonly sent: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
  /** Goes on with an earlier upload: what `toJSON` gave. */
  readonly resume?: UploadState;
  /** False sends the file in one request. @default true */
  readonly resumable?: boolean;
}

/** An upload as plain data, to go on with it later or in another process. */
export interface UploadState {
  readonly url: string;
  readonly maxAppendBytes: number;
  readonly size: number;
}

/** An upload under way; awaiting it gives the stored file. */
export interface Upload extends Promise<StoredFile> {
  /** Stops sending. A resumable upload keeps what the service has; another begins again. */
  pause(): void;
  resume(): void;
  /** What `options.resume` takes; undefined while there is nothing to go on with. */
  toJSON(): UploadState | undefined;
}

/** Asks once whether the service takes resumable uploads. */
export type AskLimit = (path: string, signal: AbortSignal) => Promise<UploadLimit | undefined>;

/** Below this size a session costs more requests than it saves bytes. */
const MIN_RESUMABLE_BYTES = 8 * 2 ** 20;

/** A question that is asked once; a failure is asked again. */
export function limitAsker(caller: Caller): AskLimit {
  let known: Promise<UploadLimit | undefined> | undefined;
  return (path) => {
    // Shared by all uploads, so no single upload's signal may end it.
    known ??= uploadLimitOf(caller, path).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

/** Starts an upload. */
export function startUpload(
  caller: Caller,
  askLimit: AskLimit,
  path: string,
  data: Blob,
  options: UploadOptions,
): Upload {
  const whole = new AbortController();
  options.signal?.addEventListener('abort', () => whole.abort(options.signal?.reason));
  if (options.signal?.aborted === true) whole.abort(options.signal.reason);
  let session: Session | undefined = options.resume;
  // A request that is sent anew after a pause may have stored the file before: that is no conflict.
  const repetition = `${Date.now().toString(36)}${Math.random().toString(36).slice(1)}`;
  let attempt = new AbortController();
  let resumed: (() => void) | undefined;
  let waiting: Promise<void> | undefined;

  const pause = () => {
    waiting ??= new Promise((resolve) => (resumed = resolve));
    attempt.abort();
  };
  const resume = () => {
    resumed?.();
    waiting = undefined;
  };
  const report = (sent: number) => options.onProgress?.({ sent, total: data.size });

  async function run(): Promise<StoredFile> {
    for (;;) {
      if (waiting !== undefined) await Promise.race([waiting, aborted(whole.signal)]);
      whole.signal.throwIfAborted();
      attempt = new AbortController();
      const signal = AbortSignal.any([whole.signal, attempt.signal]);
      try {
        const isResumed = session !== undefined;
        session ??= await beginSession(caller, { askLimit, path, data, options, signal });
        const sending = { session, isResumed, repetition, path, data, options, signal, report };
        return await sendOnce(caller, sending);
      } catch (error) {
        // Whatever a paused request fails with, it is asked again.
        if (whole.signal.aborted || !attempt.signal.aborted) throw error;
      }
    }
  }

  const done = run().catch(async (error: unknown) => {
    // Cancelled for good: the service need not keep what it has.
    if (whole.signal.aborted && session !== undefined)
      await cancelSession(caller, session.url).catch(() => undefined);
    throw error;
  });
  return Object.assign(done, {
    pause,
    resume,
    toJSON: () => (session === undefined ? undefined : { ...session, size: data.size }),
  });
}

interface Beginning {
  readonly askLimit: AskLimit;
  readonly path: string;
  readonly data: Blob;
  readonly options: UploadOptions;
  readonly signal: AbortSignal;
}

/** A session for a large upload; undefined where one request does, or where the service has no sessions. */
async function beginSession(
  caller: Caller,
  { askLimit, path, data, options, signal }: Beginning,
): Promise<Session | undefined> {
  if (options.resumable === false || data.size < MIN_RESUMABLE_BYTES) return undefined;
  const limit = await askLimit(path, signal);
  if (limit === undefined) return undefined;
  const request = requestOf(caller, path, data, options);
  return createSession(caller, { ...request, size: data.size, limit, signal });
}

interface Sending extends Omit<Beginning, 'askLimit'> {
  readonly session: Session | undefined;
  readonly isResumed: boolean;
  /** Tells the service that a request is the same as an earlier one. */
  readonly repetition: string;
  readonly report: (sent: number) => void;
}

async function sendOnce(caller: Caller, sending: Sending): Promise<StoredFile> {
  const { session, isResumed, data, signal, report } = sending;
  if (session === undefined) {
    report(0);
    return sendWhole(caller, sending);
  }
  const offset = isResumed ? await offsetOf(caller, session.url, signal) : 0;
  report(offset);
  return append(caller, session, offset, { data, signal, onOffset: report });
}

function requestOf(caller: Caller, path: string, data: Blob, options: UploadOptions) {
  const { create = 'new', name, contentType = data.type } = options;
  const headers: Record<string, string> = {
    ...attributeHeaders(options),
    // A service that runs the original's rules overwrites on POST unless it is told.
    ...(typeof create === 'object' ? { 'If-Match': quoted(create.etag) } : {}),
    'Content-Type': contentType === '' ? 'application/octet-stream' : contentType,
    ...(name !== undefined && isFolder(path) ? { 'X-File-Name': headerText(name) } : {}),
  };
  return {
    method: create === 'new' ? 'POST' : 'PUT',
    url: caller.url(path, { check_exist: create === 'new' ? true : undefined }),
    headers,
  };
}

async function sendWhole(
  caller: Caller,
  { path, data, options, repetition, signal, report }: Sending,
): Promise<StoredFile> {
  const { headers, ...request } = requestOf(caller, path, data, options);
  const answer = await sendBytes(caller, {
    ...request,
    headers: { ...headers, 'Idempotency-Key': repetition },
    body: data,
    signal,
    onSent: report,
  });
  // The service's own shape: contract section 4.
  return JSON.parse(answer.text) as StoredFile;
}

function quoted(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
