// Bytes of an archive by range, wherever they are kept.
import type { Readable } from 'node:stream';
import { FileServiceError } from '../core/errors.js';

/** An archive at rest. */
export interface ArchiveSource {
  /** Bytes. */
  readonly size: number;
  /**
   * Bytes `start` to `endInclusive`, both inside the archive. Whoever asked consumes or destroys
   * the stream.
   */
  read(start: number, endInclusive: number, signal: AbortSignal): Promise<Readable>;
}

/**
 * Reads `length` bytes from `start` into memory. Throws `storage_failed` when the source gives
 * fewer.
 */
export async function readRange(
  source: ArchiveSource,
  range: { readonly start: number; readonly length: number },
  signal: AbortSignal,
): Promise<Buffer> {
  if (range.length === 0) return Buffer.alloc(0);
  const bytes = Buffer.allocUnsafe(range.length);
  let filled = 0;
  const stream = await source.read(range.start, range.start + range.length - 1, signal);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    filled += chunk.copy(bytes, filled);
    if (filled === bytes.length) break;
  }
  if (filled < bytes.length) throw endedEarly();
  return bytes;
}

/** The source gave fewer bytes than it has. */
export function endedEarly(): FileServiceError {
  return new FileServiceError('storage_failed', 'The archive could not be read to its end.');
}
