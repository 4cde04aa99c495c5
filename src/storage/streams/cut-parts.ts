// A stream cut into parts of one size, in borrowed buffers. Knows nothing of S3.
import type { PartBuffer } from './part-budget.js';

/** A piece of a stream; whoever gets it releases it. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** No piece follows. */
  readonly isLast: boolean;
  release(): void;
}

/** How to cut. */
export interface Cutting {
  /** Bytes of every piece but the last. */
  readonly size: number;
  /** Lends a buffer of `size` bytes. */
  borrow(): Promise<PartBuffer>;
}

// What a client that sends next to nothing may hold without a buffer of the process's budget.
const UNBORROWED_BYTES = 256 * 1024;

/** Cuts; at least one piece comes, an empty one of an empty stream. Ends with the stream's error. */
export async function* cutParts(
  stream: AsyncIterable<Uint8Array>,
  { size, borrow }: Cutting,
): AsyncGenerator<Piece, void, undefined> {
  const unborrowed = Math.min(size, UNBORROWED_BYTES);
  let head: Uint8Array[] = [];
  let filled = 0;
  let part: PartBuffer | undefined;
  const moveHead = (into: Buffer): void => {
    let offset = 0;
    for (const chunk of head) {
      into.set(chunk, offset);
      offset += chunk.length;
    }
    head = [];
  };
  const hand = (isLast: boolean): Piece => {
    const { bytes, release } = part ?? { bytes: Buffer.concat(head), release: () => {} };
    const piece = { bytes: bytes.subarray(0, filled), isLast, release };
    part = undefined;
    head = [];
    filled = 0;
    return piece;
  };

  try {
    for await (const chunk of stream) {
      let rest = chunk;
      while (rest.length > 0) {
        // Only with more bytes in hand is it certain that a full piece is not the last.
        if (filled === size) yield hand(false);
        if (part === undefined && filled + rest.length <= unborrowed) {
          head.push(rest);
          filled += rest.length;
          break;
        }
        if (part === undefined) {
          part = await borrow();
          moveHead(part.bytes);
        }
        const taken = rest.subarray(0, size - filled);
        part.bytes.set(taken, filled);
        filled += taken.length;
        rest = rest.subarray(taken.length);
      }
    }
    yield hand(true);
  } finally {
    part?.release();
  }
}
