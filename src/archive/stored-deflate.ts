// Deflate that compresses nothing (RFC 1951 section 3.2.4): its length is known before the bytes are, and it says itself
// where it ends.

/** RFC 1951 section 3.2.4: LEN has 16 bits. */
const MAX_BLOCK = 0xffff;
/** BFINAL and BTYPE in a byte of their own, then LEN and its complement. */
const HEADER = 5;

/** Bytes that `size` bytes become; nothing stays nothing. */
export function packedLength(size: number): number {
  return size + HEADER * Math.ceil(size / MAX_BLOCK);
}

/**
 * A function that cuts the bytes of a source of `size` bytes, given piece by piece, into blocks. Where a block
 * begins depends on `size` alone, so the same bytes give the same blocks however they arrive.
 */
export function storedBlocks(size: number): (bytes: Uint8Array) => Generator<Uint8Array> {
  let left = size;
  let leftInBlock = 0;
  return function* (bytes) {
    let at = 0;
    while (at < bytes.length && left > 0) {
      if (leftInBlock === 0) {
        leftInBlock = Math.min(left, MAX_BLOCK);
        yield header(leftInBlock, leftInBlock === left);
      }
      const piece = bytes.subarray(at, at + leftInBlock);
      yield piece;
      at += piece.length;
      left -= piece.length;
      leftInBlock -= piece.length;
    }
  };
}

function header(length: number, isLast: boolean): Buffer {
  const bytes = Buffer.alloc(HEADER);
  bytes.writeUInt8(isLast ? 1 : 0, 0);
  bytes.writeUInt16LE(length, 1);
  bytes.writeUInt16LE(MAX_BLOCK - length, 3);
  return bytes;
}
