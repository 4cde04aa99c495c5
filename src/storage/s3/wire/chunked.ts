// The chunked coding of HTTP/1.1 (RFC 9112 section 7.1), taken off an answer as its bytes come. Extensions and
// trailers, which no storage sends unasked, are refused like anything else that is not plain.

/** Where a piece of bytes stands in the coding. */
export type Chunked =
  /** More is to come. */
  | 'more'
  /** The bytes are no chunks. */
  | 'malformed'
  /** The content has ended before this index. */
  | number;

/** Takes the coding off bytes that come in any pieces; `onData` gets the content. */
export type ChunkDecoder = (bytes: Buffer, from: number) => Chunked;

type Phase = 'size' | 'size-end' | 'data' | 'data-cr' | 'data-lf' | 'last-cr' | 'last-lf';

const CR = 0x0d;
const LF = 0x0a;
// 16^8 bytes are more than any chunk of a sane server.
const MOST_DIGITS = 8;

/** A decoder for one answer. `onData` answering false ends it: whoever listened has gone. */
export function chunkDecoder(onData: (content: Buffer) => boolean): ChunkDecoder {
  let phase: Phase = 'size';
  let digits = 0;
  let left = 0;

  // The phase after one byte of the coding itself; undefined when the byte has no place there.
  const after = (byte: number): Phase | 'end' | undefined => {
    switch (phase) {
      case 'size':
        return sizeByte(byte);
      case 'size-end':
        if (byte !== LF) return undefined;
        return left > 0 ? 'data' : 'last-cr';
      case 'data-cr':
        return byte === CR ? 'data-lf' : undefined;
      case 'data-lf':
        digits = 0;
        return byte === LF ? 'size' : undefined;
      case 'last-cr':
        return byte === CR ? 'last-lf' : undefined;
      default:
        return byte === LF ? 'end' : undefined;
    }
  };

  const sizeByte = (byte: number): Phase | undefined => {
    if (byte === CR) return digits > 0 ? 'size-end' : undefined;
    const digit = hexDigit(byte);
    digits += 1;
    if (digit === undefined || digits > MOST_DIGITS) return undefined;
    left = left * 16 + digit;
    return 'size';
  };

  return (bytes, from) => {
    for (let at = from; at < bytes.length;) {
      if (phase === 'data') {
        const end = Math.min(bytes.length, at + left);
        left -= end - at;
        if (!onData(bytes.subarray(at, end))) return 'more';
        at = end;
        if (left === 0) phase = 'data-cr';
        continue;
      }
      const next = after(bytes[at] ?? 0);
      at += 1;
      if (next === undefined) return 'malformed';
      if (next === 'end') return at;
      phase = next;
    }
    return 'more';
  };
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}
