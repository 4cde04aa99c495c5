// Bytes at rest: a list of chunks, in which runs of zeros take no memory.
import { createHash } from 'node:crypto';

interface Zeros {
  readonly zeros: number;
}

/** The bytes of an object or a part; never changed once made. */
export interface Content {
  readonly size: number;
  readonly chunks: readonly (Buffer | Zeros)[];
}

const ZEROS = Buffer.alloc(256 * 1024);

// Above this, hashing a run of zeros would cost seconds; its ETag is then any stable value.
const HASHED_BYTES_LIMIT = 64 * 1024 * 1024;

/** Makes content of buffers; those that are all zero are kept as a count. */
export function contentOf(buffers: readonly Buffer[]): Content {
  const chunks = buffers.filter((buffer) => buffer.length > 0).map(compact);
  return { size: buffers.reduce((sum, buffer) => sum + buffer.length, 0), chunks };
}

/** Content of `size` zero bytes that takes no memory. */
export function sparseContent(size: number): Content {
  return { size, chunks: size === 0 ? [] : [{ zeros: size }] };
}

/** One content after the other, sharing the memory of both. */
export function concatContent(contents: readonly Content[]): Content {
  return {
    size: contents.reduce((sum, content) => sum + content.size, 0),
    chunks: contents.flatMap((content) => content.chunks),
  };
}

/** The bytes from `start` up to but without `end`, sharing memory. */
export function sliceContent(content: Content, start: number, end: number): Content {
  const chunks: (Buffer | Zeros)[] = [];
  let offset = 0;
  for (const chunk of content.chunks) {
    const length = lengthOf(chunk);
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, length);
    if (from < to) chunks.push('zeros' in chunk ? { zeros: to - from } : chunk.subarray(from, to));
    offset += length;
    if (offset >= end) break;
  }
  return { size: Math.max(Math.min(end, content.size) - start, 0), chunks };
}

/** Walks the bytes in pieces of a size that is fit for a socket. */
export function* piecesOf(content: Content): Generator<Buffer> {
  for (const chunk of content.chunks) {
    if (!('zeros' in chunk)) {
      yield chunk;
      continue;
    }
    for (let left = chunk.zeros; left > 0; left -= ZEROS.length) {
      yield left >= ZEROS.length ? ZEROS : ZEROS.subarray(0, left);
    }
  }
}

/** All bytes in one buffer; throws RangeError for sparse content beyond what a buffer holds. */
export function bytesOf(content: Content): Buffer {
  const out = Buffer.alloc(content.size);
  let offset = 0;
  for (const piece of piecesOf(content)) {
    piece.copy(out, offset);
    offset += piece.length;
  }
  return out;
}

/** The MD5 in hex; for a huge sparse content a stable stand-in of the same form. */
export function md5Of(content: Content): string {
  const sparse = content.size > HASHED_BYTES_LIMIT && content.chunks.some((c) => 'zeros' in c);
  const hash = createHash('md5');
  if (sparse) return hash.update(`zeros:${content.size}`).digest('hex');
  for (const piece of piecesOf(content)) hash.update(piece);
  return hash.digest('hex');
}

function compact(buffer: Buffer): Buffer | Zeros {
  const isZero =
    buffer[0] === 0 &&
    buffer.length >= 1024 &&
    buffer.length <= ZEROS.length &&
    buffer.equals(ZEROS.subarray(0, buffer.length));
  return isZero ? { zeros: buffer.length } : buffer;
}

function lengthOf(chunk: Buffer | Zeros): number {
  return 'zeros' in chunk ? chunk.zeros : chunk.length;
}
