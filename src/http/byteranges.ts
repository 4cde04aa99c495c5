// Several ranges of a file in one body (RFC 9110 section 14.6): one part open at a time, flat memory.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { FileServiceError } from '../core/errors.js';
import type { Span } from './range.js';

/** Which ranges of which file, and how to get at the bytes of one. */
export interface ByteRangesRequest {
  readonly ranges: readonly Span[];
  /** Size of the whole file in bytes. */
  readonly size: number;
  /** The type that every part carries. */
  readonly contentType: string;
  /** Opens one range; it is called when the range before has been read to its end. */
  readonly open: (range: Span) => Promise<Readable>;
}

/** A `multipart/byteranges` body whose length is known before the first byte. */
export interface ByteRanges {
  /** With the boundary. */
  readonly contentType: string;
  /** Bytes of the body. */
  readonly length: number;
  /** Errs, and does not end, when a range cannot be opened or is shorter or longer than asked. */
  readonly stream: Readable;
}

/** Puts several ranges into one body. */
export function byteranges(request: ByteRangesRequest): ByteRanges {
  // Random, so that no file can hold it.
  const boundary = randomBytes(18).toString('hex');
  const heads = request.ranges.map((range, index) => headOf(request, range, boundary, index));
  const tail = `\r\n--${boundary}--\r\n`;
  const bytes = request.ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0);
  const frame = heads.reduce((sum, head) => sum + Buffer.byteLength(head), tail.length);
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    length: bytes + frame,
    stream: Readable.from(write(request, heads, tail), { objectMode: false }),
  };
}

// RFC 9110 section 14.6: each part has the type and its Content-Range.
function headOf(
  { contentType, size }: ByteRangesRequest,
  { start, end }: Span,
  boundary: string,
  index: number,
): string {
  const delimiter = index === 0 ? `--${boundary}` : `\r\n--${boundary}`;
  return `${delimiter}\r\nContent-Type: ${contentType}\r\nContent-Range: bytes ${start}-${end}/${size}\r\n\r\n`;
}

async function* write(
  { ranges, open }: ByteRangesRequest,
  heads: readonly string[],
  tail: string,
): AsyncGenerator<Uint8Array> {
  for (const [index, range] of ranges.entries()) {
    // Opened before its head is written, so that a failure shows as early as it can.
    const part = await open(range);
    try {
      yield Buffer.from(heads[index] ?? '');
      yield* exactly(part, range.end - range.start + 1);
    } finally {
      // Also when the client left while the range was being opened.
      part.destroy();
    }
  }
  yield Buffer.from(tail);
}

async function* exactly(part: Readable, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const chunk of part as AsyncIterable<Uint8Array>) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left === 0) return;
  throw new FileServiceError('storage_failed', 'A range has another length than was asked.');
}
