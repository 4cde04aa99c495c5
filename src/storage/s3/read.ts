// Reading an object: one GetObject, and more only when storage breaks off in the middle.
import { LinkedAbort } from '../../core/client-signal.js';
import type { ByteRange, ReadConditions, ReadRequest, ReadResult, Stat } from '../bucket.js';
import { digestCheck } from '../streams/digest-check.js';
import { asFlow, type Flow } from '../streams/flow.js';
import { flowBody } from '../streams/flow-body.js';
import { inexact, resumingBody } from '../streams/resuming-body.js';
import { quoted, statOf, unchanged } from './attributes.js';
import type { S3Context } from './call.js';
import { nonsense, objectError, refusalOf, required, type Refusal } from './errors.js';
import { assertSpeaksS3 } from './probes/speaks-s3.js';
import type { Output } from './wire/commands.js';

/**
 * Bytes of one object, or why there are none. The body resumes by itself and has exactly the bytes that
 * were announced, or an error; destroying it frees the socket at once.
 */
export async function read(
  context: S3Context,
  key: string,
  request: ReadRequest = {},
): Promise<ReadResult> {
  const { range } = request;
  const input = {
    Key: context.keyOf(key),
    Range: range === undefined ? undefined : rangeHeader(range),
    VersionId: request.versionId,
    IfMatch: request.ifMatch,
    IfNoneMatch: request.ifNoneMatch,
    IfModifiedSince: request.ifModifiedSince,
    IfUnmodifiedSince: request.ifUnmodifiedSince,
  };
  try {
    // Nothing of the body was used yet, so a read may be asked again like a head.
    const output = await context.send('GetObject', input);
    // Only S3 gives its answers such an id.
    if (output.$metadata.requestId === undefined) await refuseOthers(context, output);
    return found(context, { key, request, output });
  } catch (error) {
    const answer = answerTo(refusalOf(error), request);
    if (answer === undefined) throw objectError(error);
    return answer;
  }
}

/** Conditions as S3 takes them. */
export function conditionsInput(conditions: ReadConditions) {
  return {
    IfMatch: conditions.ifMatch,
    IfNoneMatch: conditions.ifNoneMatch,
    IfModifiedSince: conditions.ifModifiedSince,
    IfUnmodifiedSince: conditions.ifUnmodifiedSince,
  };
}

/** Whether any condition is given. */
export function isConditional(conditions: ReadConditions): boolean {
  return Object.values(conditionsInput(conditions)).some((condition) => condition !== undefined);
}

// One spelling, whatever the client wrote.
function rangeHeader(range: ByteRange): string {
  return range.kind === 'suffix'
    ? `bytes=-${range.length}`
    : `bytes=${range.start}-${range.end ?? ''}`;
}

function answerTo(refusal: Refusal | undefined, request: ReadRequest): ReadResult | undefined {
  if (isOtherVersion(refusal, request.versionId)) return { kind: 'missing' };
  switch (refusal?.kind) {
    case 'missing':
      return { kind: 'missing' };
    case 'not-modified':
    case 'precondition-failed':
      if (!isConditional(request)) throw unasked(refusal.error);
      return refusal.kind === 'precondition-failed'
        ? { kind: 'precondition-failed' }
        : { kind: 'not-modified', stat: unchanged(refusal.headers, request.ifNoneMatch) };
    case 'unsatisfiable':
      if (request.range === undefined) throw unasked(refusal.error);
      return { kind: 'unsatisfiable', size: actualSize(refusal) };
    default:
      return undefined;
  }
}

/**
 * Whether a version cannot be read: AWS answers 400 to what is no version id and 405 to one that marks a deletion.
 */
export function isOtherVersion(
  refusal: Refusal | undefined,
  versionId: string | undefined,
): boolean {
  return versionId !== undefined && (refusal?.status === 400 || refusal?.status === 405);
}

/** `storage_failed`: a 304, 412 or 416 to a request that had no condition and no range. */
export function unasked(cause: unknown): Error {
  return nonsense('Storage answered a question that was not asked.', cause);
}

function actualSize({ error, headers }: Refusal): number | null {
  // Border with the SDK: what S3 says in the XML of an error is on the error, untyped.
  const inBody = (error as { ActualObjectSize?: string | number }).ActualObjectSize;
  const inHeader = /^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  const size = Number(inBody ?? inHeader ?? Number.NaN);
  return Number.isSafeInteger(size) ? size : null;
}

interface Found {
  readonly key: string;
  readonly request: ReadRequest;
  readonly output: Output<'GetObject'>;
}

/** What was found, with a body that resumes by itself unless it is there already. */
function found(context: S3Context, { key, request, output }: Found): ReadResult {
  const first = output.Body;
  if (first === undefined) throw nonsense('Storage answered without a body.');
  try {
    const length = output.ContentLength ?? lengthOf(first);
    if (length === null) return foundOfUnknownLength(context, { key, output }, asFlow(first));
    const part = partOf(request.range, output, length);
    const stat = statOf(key, part?.size ?? length, output);
    const start = part?.start ?? 0;
    const range = part && { start, end: start + length - 1 };
    // The digest is of the whole: of a part it says nothing.
    const check = range === null && stat.digest !== null ? digestCheck(stat.digest) : null;
    if (first instanceof Uint8Array) {
      check?.update(first);
      if (first.length !== length || check?.matches() === false) throw inexact();
      return { kind: 'found', stat, range, body: first };
    }
    const { versionId } = request;
    const rest = restOf(context, stat, { start, end: start + length - 1, versionId });
    const body = resumingBody(first, {
      length,
      idleMs: context.settings.timeouts.idleMs,
      check,
      reopen: (offset) => rest.from(offset),
      isContended: () => context.connection.wire.waiting() > 0,
      release: () => rest.release(),
    });
    return { kind: 'found', stat, range, body };
  } catch (error) {
    discard(first);
    throw error;
  }
}

async function refuseOthers(context: S3Context, output: Output<'GetObject'>): Promise<void> {
  try {
    await assertSpeaksS3(context, output);
  } catch (error) {
    discard(output.Body);
    throw error;
  }
}

function discard(body: Flow | Uint8Array | undefined): void {
  if (body !== undefined && !(body instanceof Uint8Array)) body.destroy();
}

// A store that decodes gzip on its way out (GCS) does not know how long that will be.
function foundOfUnknownLength(
  context: S3Context,
  { key, output }: Omit<Found, 'request'>,
  flow: Flow,
): ReadResult {
  // Then no range was cut either.
  if (output.$metadata.httpStatusCode === 206)
    throw nonsense('Storage gave a part of a file without its length.');
  const stat = statOf(key, null, output);
  const body = flowBody(flow, context.settings.timeouts.idleMs);
  return { kind: 'found', stat, range: null, body };
}

function lengthOf(body: Flow | Uint8Array): number | null {
  return body instanceof Uint8Array ? body.length : null;
}

interface Part {
  readonly start: number;
  readonly size: number;
}

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/;

// null: storage gave the whole object, which it may. A part that is not the one asked for is nonsense;
// s3rver gives one for every suffix.
function partOf(
  range: ByteRange | undefined,
  { ContentRange, $metadata }: Output<'GetObject'>,
  length: number,
): Part | null {
  const isPart = ContentRange !== undefined || $metadata.httpStatusCode === 206;
  if (!isPart) return null;
  if (range === undefined)
    throw nonsense('Storage gave a part of a file that was asked for whole.');
  const [, start, end, size] = (CONTENT_RANGE.exec(ContentRange ?? '') ?? []).map(Number);
  if (start === undefined || end === undefined || size === undefined) {
    throw nonsense('Storage named a range that cannot be read.');
  }
  const asked =
    range.kind === 'suffix'
      ? { start: Math.max(0, size - range.length), end: size - 1 }
      : { start: range.start, end: Math.min(range.end ?? size - 1, size - 1) };
  if (start !== asked.start || end !== asked.end || length !== end - start + 1) {
    throw nonsense('Storage gave another range than it was asked for.');
  }
  return { start, size };
}

/** Asks for what is missing of a file whose bytes broke off. */
interface Rest {
  /** The bytes from this offset of the body on, of the same version of the file. */
  from(offset: number): Promise<Flow>;
  /** Nobody waits for it any longer. */
  release(): void;
}

function restOf(context: S3Context, { etag, key, size }: Stat, range: Span): Rest {
  let asking: LinkedAbort | undefined;
  return {
    async from(offset) {
      // Without an ETag nothing says that the rest belongs to the same bytes.
      if (etag === '') throw nonsense('Storage broke off a file that has no ETag.');
      const start = range.start + offset;
      const Range = rangeHeader({ kind: 'from', start, end: range.end });
      asking?.release();
      asking = new LinkedAbort(context.call.signal);
      const VersionId = range.versionId;
      const input = { Key: context.keyOf(key), Range, VersionId, IfMatch: etag };
      const output = await context.send('GetObject', input, { signal: asking, attempts: 1 });
      const body = asFlow(required(output.Body, 'a body'));
      const isSame = quoted(output.ETag) === etag;
      if (isSame && output.ContentRange === `bytes ${start}-${range.end}/${size}`) return body;
      body.destroy();
      throw nonsense('Storage gave something else than the rest of the file.');
    },
    release() {
      asking?.abort();
      asking?.release();
    },
  };
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly versionId: string | undefined;
}
