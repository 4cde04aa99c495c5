// Carries bytes from one stream to another, shaped by a fault: whole, cut, slow or with a wrong byte.
import type { Readable, Writable } from 'node:stream';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** How a stream is spoiled on its way. */
export interface Shape {
  /** Stop after so many bytes. */
  readonly limit?: number;
  readonly bytesPerSecond?: number;
  /** Flip the byte at this offset. */
  readonly corruptAt?: number;
  /** Told of every piece that passed on. */
  readonly onPiece?: (piece: Buffer) => void;
}

/** `whole` at the source's end, `cut` at the limit, `broken` when a side went away before. */
export type Carried = 'whole' | 'cut' | 'broken';

// 20 pieces a second: smooth enough for an idle timer, coarse enough for the test machine.
const DRIPS_PER_SECOND = 20;

/** Resolves when a stream or socket is closed. */
export const closed = (stream: Readable | Writable | Socket): Promise<void> =>
  new Promise((resolve) => {
    if (stream.closed || stream.destroyed) resolve();
    else stream.once('close', resolve);
  });

/** Writes, and waits until the piece left for the kernel; false when the sink is gone. */
export const written = (sink: Writable, piece: Buffer): Promise<boolean> =>
  new Promise((resolve) => {
    if (sink.destroyed) {
      resolve(false);
      return;
    }
    const gone = (): void => resolve(false);
    sink.once('close', gone);
    sink.write(piece, (error) => {
      sink.off('close', gone);
      resolve(!error);
    });
  });

const flipped = (piece: Buffer, at: number): Buffer => {
  if (at < 0 || at >= piece.length) return piece;
  const copy = Buffer.from(piece);
  copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at);
  return copy;
};

const slices = (piece: Buffer, { bytesPerSecond }: Shape): Buffer[] => {
  if (bytesPerSecond === undefined) return [piece];
  const size = Math.max(1, Math.floor(bytesPerSecond / DRIPS_PER_SECOND));
  const count = Math.ceil(piece.length / size);
  return Array.from({ length: count }, (_, index) =>
    piece.subarray(index * size, (index + 1) * size),
  );
};

/** Carries a source into a sink, and leaves the ending of the sink to the caller. */
export const carry = async (source: Readable, sink: Writable, shape: Shape): Promise<Carried> => {
  const { limit = Infinity, bytesPerSecond, corruptAt = -1, onPiece } = shape;
  let passed = 0;
  if (limit === 0) return 'cut';
  try {
    // The source must outlive a cut: destroying it would tell the other end too early.
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      for (const slice of slices(flipped(chunk, corruptAt - passed), shape)) {
        const piece = slice.subarray(0, limit - passed);
        if (!(await written(sink, piece))) return 'broken';
        passed += piece.length;
        onPiece?.(piece);
        if (passed >= limit) return 'cut';
        if (bytesPerSecond !== undefined) await pause((piece.length / bytesPerSecond) * 1000);
      }
    }
    return 'whole';
  } catch {
    return 'broken';
  }
};

// libuv reports a reset that comes together with data as an orderly end; this keeps them apart.
const RESET_DELAY_MS = 20;

/** Ends a connection with a TCP reset, a moment after its last bytes went out. */
export const resetSocket = (socket: Socket): void => {
  setTimeout(() => socket.resetAndDestroy(), RESET_DELAY_MS);
};
