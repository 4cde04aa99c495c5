// Reading an object the lean way: plain answers become what the port speaks, all others are left to the SDK.
import type { ByteRange, ReadConditions, ReadRequest, ReadResult, Stat } from '../../bucket.js';
import type { Flow } from '../../streams/flow.js';
import { statFromHeaders, unchanged } from '../attributes.js';
import type { S3Context } from '../call.js';
import type { LeanAnswer, NoAnswer } from './exchange.js';

/** An object whose bytes have begun to come, or are there. */
export interface OpenedObject {
  /** Bytes that come. */
  readonly length: number | undefined;
  readonly contentRange: string | undefined;
  /** The attributes of the object, whose whole size the range tells. */
  readonly statWith: (size: number) => Stat;
  readonly body: Flow | Uint8Array;
}

/** The header of a range: one spelling, whatever the client wrote. */
export function rangeHeader(range: ByteRange): string {
  return range.kind === 'suffix'
    ? `bytes=-${range.length}`
    : `bytes=${range.start}-${range.end ?? ''}`;
}

// Up to this many bytes an object comes whole: one socket buffer, no stream, no watching.
const WHOLE_BYTES = 64 * 1024;

/** The object, why there is none, or why the SDK had better ask. */
export async function leanRead(
  context: S3Context,
  key: string,
  request: ReadRequest,
): Promise<OpenedObject | Exclude<ReadResult, { kind: 'found' }> | NoAnswer> {
  const { lean } = context.connection;
  if (lean === null) return 'unasked';
  const answer = await lean.ask(
    {
      operation: 'GetObject',
      method: 'GET',
      s3Key: context.keyOf(key),
      query: 'x-id=GetObject',
      headers: conditionHeaders(request),
      whole: WHOLE_BYTES,
      streamed: true,
    },
    context.call,
  );
  return typeof answer === 'string' ? answer : understood(key, request, answer);
}

/** Conditions and range as headers. */
export function conditionHeaders(
  request: ReadConditions & { readonly range?: ByteRange },
): readonly (readonly [string, string])[] {
  const headers: [string, string][] = [];
  const { ifMatch, ifModifiedSince, ifNoneMatch, ifUnmodifiedSince, range } = request;
  if (ifMatch !== undefined) headers.push(['if-match', ifMatch]);
  if (ifModifiedSince !== undefined)
    headers.push(['if-modified-since', ifModifiedSince.toUTCString()]);
  if (ifNoneMatch !== undefined) headers.push(['if-none-match', ifNoneMatch]);
  if (ifUnmodifiedSince !== undefined)
    headers.push(['if-unmodified-since', ifUnmodifiedSince.toUTCString()]);
  if (range !== undefined) headers.push(['range', rangeHeader(range)]);
  return headers;
}

function understood(
  key: string,
  request: ReadRequest,
  { status, headers, body }: LeanAnswer,
): Awaited<ReturnType<typeof leanRead>> {
  if (status === 200 || status === 206)
    return {
      length: Number(headers['content-length']),
      contentRange: headers['content-range'],
      statWith: (size) => statFromHeaders(key, size, headers),
      body,
    };
  if (status === 304)
    return { kind: 'not-modified', stat: unchanged(headers, request.ifNoneMatch) };
  if (status === 412) return { kind: 'precondition-failed' };
  // A missing bucket is a 404 too; only S3's own code tells.
  const isMissing = status === 404 && says(body, 'NoSuchKey');
  return isMissing ? { kind: 'missing' } : 'failed';
}

function says(body: LeanAnswer['body'], code: string): boolean {
  return body instanceof Uint8Array && Buffer.from(body).includes(`<Code>${code}</Code>`);
}
