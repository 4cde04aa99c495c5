// Reading an object: one GetObject, and more only when storage breaks off in the middle.
import type { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { FileServiceError } from '../../core/errors.js';
import type { ByteRange, ReadRequest, ReadResult, Stat } from '../bucket.js';
import { digestCheck } from '../streams/digest-check.js';
import { flowOf, type Flow } from '../streams/flow.js';
import { inexact, resumingBody } from '../streams/resuming-body.js';
import { quoted, statOf, unchanged } from './attributes.js';
import type { S3Context } from './call.js';
import { attemptsAfter } from './retry.js';
import { nonsense, refusalOf, required, type Refusal } from './errors.js';
import { leanRead, rangeHeader, type OpenedObject } from './wire/direct-read.js';

/**
 * Bytes of one object, or why there are none. The body resumes by itself and has exactly the bytes that
 * were announced, or an error; destroying it frees the socket at once.
 */
export async function read(
  context: S3Context,
  key: string,
  request: ReadRequest = {},
): Promise<ReadResult> {
  const plain = await leanRead(context, key, request);
  if (typeof plain === 'object') return 'kind' in plain ? plain : found(context, request, plain);
  const controller = new AbortController();
  const input = {
    Bucket: context.settings.bucket,
    Key: context.keyOf(key),
    Range: request.range === undefined ? undefined : rangeHeader(request.range),
    IfMatch: request.ifMatch,
    IfNoneMatch: request.ifNoneMatch,
    IfModifiedSince: request.ifModifiedSince,
    IfUnmodifiedSince: request.ifUnmodifiedSince,
  };
  try {
    // Nothing of the body was used yet, so a read may be asked again like a head.
    const output = await getObject(context, input, {
      controller,
      attempts: attemptsAfter(plain),
    });
    return found(context, request, opened(key, output, controller));
  } catch (error) {
    const answer = answerTo(refusalOf(error), request);
    if (answer === undefined) throw error;
    return answer;
  }
}

interface Asking {
  readonly controller: AbortController;
  readonly attempts: number;
}

// The stream profile has no deadline; until the headers are there, the one of any small answer holds.
async function getObject(
  context: S3Context,
  input: GetObjectCommandInput,
  { controller, attempts }: Asking,
): Promise<GetObjectCommandOutput> {
  const late = setTimeout(
    () =>
      controller.abort(
        new FileServiceError('storage_unavailable', 'Storage did not answer in time.', {
          headers: { 'Retry-After': '5' },
        }),
      ),
    context.settings.timeouts.requestMs,
  );
  try {
    return await context.send('stream', 'GetObject', new GetObjectCommand(input), {
      signal: controller.signal,
      attempts,
    });
  } finally {
    clearTimeout(late);
  }
}

function answerTo(
  refusal: Refusal | undefined,
  { ifNoneMatch }: ReadRequest,
): ReadResult | undefined {
  switch (refusal?.kind) {
    case 'missing':
      return { kind: 'missing' };
    case 'not-modified':
      return { kind: 'not-modified', stat: unchanged(refusal.headers, ifNoneMatch) };
    case 'precondition-failed':
      return { kind: 'precondition-failed' };
    case 'unsatisfiable':
      return { kind: 'unsatisfiable', size: actualSize(refusal) };
    default:
      return undefined;
  }
}

function actualSize({ error, headers }: Refusal): number | null {
  // Border with the SDK: what S3 says in the XML of an error is on the error, untyped.
  const inBody = (error as { ActualObjectSize?: string | number }).ActualObjectSize;
  const inHeader = /^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  const size = Number(inBody ?? inHeader ?? Number.NaN);
  return Number.isSafeInteger(size) ? size : null;
}

function opened(
  key: string,
  output: GetObjectCommandOutput,
  controller: AbortController,
): OpenedObject {
  return {
    length: output.ContentLength,
    contentRange: output.ContentRange,
    statWith: (size) => statOf(key, size, output),
    body: bodyOf(output, controller),
  };
}

function bodyOf(output: GetObjectCommandOutput, controller: AbortController): Flow {
  // Border with the SDK: under Node a body is always a Readable.
  const stream = required(output.Body, 'a body') as unknown as Readable;
  return flowOf(stream, () => controller.abort());
}

/** What was found, with a body that resumes by itself unless it is there already. */
function found(context: S3Context, request: ReadRequest, object: OpenedObject): ReadResult {
  const { body: first } = object;
  try {
    const length = required(object.length, 'a length');
    const part =
      request.range === undefined ? null : partOf(request.range, object.contentRange, length);
    const stat = object.statWith(part?.size ?? length);
    const start = part?.start ?? 0;
    const range = part && { start, end: start + length - 1 };
    // The digest is of the whole: of a part it says nothing.
    const check = range === null ? digestCheck(stat.digest) : null;
    if (first instanceof Uint8Array) {
      check?.update(first);
      if (check?.matches() === false) throw inexact();
      return { kind: 'found', stat, range, body: first };
    }
    let controller = new AbortController();
    const body = resumingBody(first, {
      length,
      idleMs: context.settings.timeouts.idleMs,
      check,
      reopen(offset) {
        controller = new AbortController();
        return rest(context, stat, { controller, start: start + offset, end: start + length - 1 });
      },
      isContended: () => context.connection.waiting() > 0,
      release: () => controller.abort(),
    });
    return { kind: 'found', stat, range, body };
  } catch (error) {
    if (!(first instanceof Uint8Array)) first.destroy();
    throw error;
  }
}

interface Part {
  readonly start: number;
  readonly size: number;
}

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/;

// null: storage gave the whole object, which it may. A part that is not the one asked for is nonsense;
// s3rver gives one for every suffix.
function partOf(range: ByteRange, contentRange: string | undefined, length: number): Part | null {
  if (contentRange === undefined) return null;
  const [, start, end, size] = (CONTENT_RANGE.exec(contentRange) ?? []).map(Number);
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

interface Rest {
  readonly controller: AbortController;
  readonly start: number;
  readonly end: number;
}

async function rest(
  context: S3Context,
  stat: Stat,
  { controller, start, end }: Rest,
): Promise<Flow> {
  // Without an ETag nothing says that the rest belongs to the same bytes.
  if (stat.etag === '') throw nonsense('Storage broke off a file that has no ETag.');
  const input = {
    Bucket: context.settings.bucket,
    Key: context.keyOf(stat.key),
    Range: rangeHeader({ kind: 'from', start, end }),
    IfMatch: stat.etag,
  };
  const output = await getObject(context, input, { controller, attempts: 1 });
  const body = bodyOf(output, controller);
  const same = quoted(output.ETag) === stat.etag;
  if (same && output.ContentRange === `bytes ${start}-${end}/${stat.size}`) return body;
  body.destroy();
  throw nonsense('Storage gave something else than the rest of the file.');
}
