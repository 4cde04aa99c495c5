// The guarded download: one GET to the public network, bounded in size, time and redirects. Knows
// no storage.
import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { FileServiceError, isFileServiceError } from '../../core/errors.js';
import { guardedLookup, urlNotAllowed } from './address.js';
import type { Exempt, Lookup } from './address.js';
import { boundedBody, failed, overLimit } from './body.js';
import { parseRedirect, parseTarget } from './target.js';

/** Bounds of a download. */
export interface DownloadOptions {
  /** Bytes of the body. */
  readonly maxBytes: number;
  /** Until the answer's headers are there, redirects included. */
  readonly timeoutMs: number;
  /** Between two pieces of the body, while they are being waited for. */
  readonly idleMs: number;
  /** For everything, the body included. @default 3600000 */
  readonly durationMs?: number;
  /** Closes the connection when it fires. */
  readonly signal?: AbortSignal;
  /** Resolves names. @default the system's resolver */
  readonly lookup?: Lookup;
  /** For tests. */
  readonly exempt?: Exempt;
}

/** An answer whose body is on its way. */
export interface Download {
  /**
   * Has an owner the moment it is returned: consume or destroy it. Fails with `too_large` or
   * `import_failed`.
   */
  readonly body: Readable;
  readonly contentType: string | null;
  /** Bytes that the body will have; undefined when the server did not say. */
  readonly length: number | undefined;
}

const MAX_REDIRECTS = 3;
const REDIRECTS = [301, 302, 303, 307, 308];
const HOUR_MS = 3_600_000;

/**
 * Fetches a URL.
 *
 * Throws `url_not_allowed` for what `parseTarget` refuses, a name that resolves to any address that
 * is not public, and a fourth redirect; `import_not_found` when the server answers 404 or 410;
 * `too_large` when it declares more than `maxBytes`; `import_failed` for any other answer than 200,
 * an encoded body, a time-out, and a connection that fails. Sends no cookie, credential or
 * referrer.
 */
export async function download(url: string, options: DownloadOptions): Promise<Download> {
  const limit = timeLimit(options);
  try {
    const answer = await answerOf(parseTarget(url, options.exempt), options, limit.signal);
    limit.answered();
    return accept(answer, options, limit);
  } catch (error) {
    limit.end();
    throw asImportError(error, limit.signal);
  }
}

/** Follows redirects to the answer that is none. */
async function answerOf(
  first: URL,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let target = first;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await request(target, options, signal);
    const { location } = answer.headers;
    if (!REDIRECTS.includes(answer.statusCode ?? 0) || location === undefined) return answer;
    answer.destroy();
    if (redirects === MAX_REDIRECTS) throw urlNotAllowed();
    target = parseRedirect(target, location, options.exempt);
  }
}

function request(
  target: URL,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { get } = target.protocol === 'https:' ? https : http;
  const settings: https.RequestOptions = {
    // A connection of its own, so that the address that was judged is the one that answers.
    agent: false,
    lookup: guardedLookup(options.exempt, options.lookup),
    headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 's3files' },
    signal,
    ca: options.exempt?.authority,
  };
  return new Promise((resolve, reject) => {
    const asking = get(target, settings, resolve);
    asking.on('error', reject);
    // An upgrade ends without an answer and without an error.
    asking.on('close', () => reject(failed('The server of the "url" gave no answer.')));
  });
}

function accept(answer: IncomingMessage, options: DownloadOptions, limit: TimeLimit): Download {
  const fault = faultOf(answer, options.maxBytes);
  if (fault !== undefined) {
    answer.destroy();
    throw fault;
  }
  const { maxBytes, idleMs } = options;
  const length = lengthOf(answer);
  const body = boundedBody(answer, {
    maxBytes,
    idleMs,
    length,
    translate: (error) => asImportError(error, limit.signal),
  });
  body.once('close', limit.end);
  return { body, contentType: answer.headers['content-type'] ?? null, length };
}

function faultOf(answer: IncomingMessage, maxBytes: number): FileServiceError | undefined {
  const { statusCode = 0, headers } = answer;
  if (statusCode === 404 || statusCode === 410) {
    return new FileServiceError('import_not_found', 'Invalid URL entered. File not found.');
  }
  if (statusCode !== 200) return failed(`The server of the "url" answered ${statusCode}.`);
  // Unpacked it could be of any size, and packed it is not the file.
  if ((headers['content-encoding'] ?? 'identity').trim().toLowerCase() !== 'identity') {
    return failed('The server of the "url" answered with an encoded body.');
  }
  return (lengthOf(answer) ?? 0) > maxBytes ? overLimit(maxBytes) : undefined;
}

function lengthOf(answer: IncomingMessage): number | undefined {
  const length = answer.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

interface TimeLimit {
  readonly signal: AbortSignal;
  /** The headers are there: from now on only the whole duration counts. */
  answered(): void;
  /** Stops the clocks. */
  end(): void;
}

function timeLimit({ timeoutMs, durationMs = HOUR_MS, signal }: DownloadOptions): TimeLimit {
  const limit = new AbortController();
  const expire = () => limit.abort(failed('The server of the "url" took too long.'));
  const cancel = () => limit.abort(failed('The import was cancelled.'));
  const answering = setTimeout(expire, timeoutMs);
  const lasting = setTimeout(expire, durationMs);
  if (signal?.aborted === true) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  return {
    signal: limit.signal,
    answered: () => clearTimeout(answering),
    end() {
      clearTimeout(answering);
      clearTimeout(lasting);
      signal?.removeEventListener('abort', cancel);
    },
  };
}

function asImportError(error: unknown, signal: AbortSignal): Error {
  if (isFileServiceError(error)) return error;
  if (isFileServiceError(signal.reason)) return signal.reason;
  return new FileServiceError('import_failed', 'The "url" could not be fetched.', { cause: error });
}
