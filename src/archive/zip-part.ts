// A part of an archive: the bytes of a range, cut out of those that the archive is written as.

/** Which bytes of an archive, counted from 0, `end` included; and where its directory begins. */
export interface ZipPart {
  readonly start: number;
  readonly end: number;
  readonly directoryOffset: number;
}

/** Bytes, or how many were left out because the part does not reach them. */
export type Piece = Uint8Array | number;

/**
 * Whether the bytes of an entry between two offsets have to be read: the directory holds the sums of all, so that
 * a part which reaches into it needs every entry.
 */
export function needsEntry(part: ZipPart | undefined, from: number, to: number): boolean {
  if (part === undefined || part.end >= part.directoryOffset) return true;
  return to > part.start && from <= part.end;
}

/** The bytes of a part; the whole without one. Nothing is pulled behind its end. */
export function cutPart(
  pieces: AsyncGenerator<Piece, void>,
  part: ZipPart | undefined,
): AsyncGenerator<Uint8Array, void> {
  // Without a part every entry is needed, so that nothing was left out.
  return part === undefined ? (pieces as AsyncGenerator<Uint8Array, void>) : cut(pieces, part);
}

async function* cut(
  pieces: AsyncGenerator<Piece, void>,
  { start, end }: ZipPart,
): AsyncGenerator<Uint8Array, void> {
  let at = 0;
  for await (const piece of pieces) {
    const length = typeof piece === 'number' ? piece : piece.length;
    if (typeof piece !== 'number' && at + length > start)
      yield piece.subarray(Math.max(0, start - at), Math.min(length, end + 1 - at));
    at += length;
    if (at > end) return;
  }
}
