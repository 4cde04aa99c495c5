// One line on a terminal that says how far a transfer is.
import { sizeOf, type Output } from './io.js';
import type { Fetch } from './reach.js';

/** A transfer that is watched. */
export interface Progress {
  /** Bytes have passed. */
  add(bytes: number): void;
  /** Another file begins. */
  file(name: string): void;
  /** Removes the line. */
  end(): void;
}

const EVERY_MS = 100;
const BAR_WIDTH = 24;

/** A progress of `total` bytes; it is silent where the output is no terminal, or is told to be. */
export function progressOf(output: Output, total: number, isQuiet: boolean): Progress {
  if (output.isTTY !== true || isQuiet)
    return { add: () => undefined, file: () => undefined, end: () => undefined };
  const began = performance.now();
  let done = 0;
  let name = '';
  let drawnAt = -EVERY_MS;
  const draw = (): void => {
    drawnAt = performance.now();
    const share = total === 0 ? 1 : Math.min(done / total, 1);
    const full = Math.round(share * BAR_WIDTH);
    const bar = `${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}`;
    const seconds = (drawnAt - began) / 1000;
    const rate = seconds === 0 ? '' : `${sizeOf(Math.round(done / seconds))}/s`;
    const text = `[${bar}] ${Math.floor(share * 100)} %  ${sizeOf(done)}  ${rate}  ${name}`;
    // A terminal whose size nobody knows says 0.
    output.write(`\r\u001b[K${text.slice(0, (output.columns || 80) - 1)}`);
  };
  return {
    add: (bytes) => {
      done += bytes;
      if (performance.now() - drawnAt >= EVERY_MS) draw();
    },
    file: (next) => {
      // A name from elsewhere must not move the cursor.
      name = next.replace(/\p{Cc}/gu, '?');
      draw();
    },
    end: () => void output.write('\r\u001b[K'),
  };
}

/** A fetch that tells of the bytes of bodies as they go. A Blob would be one piece. */
export function countingFetch(carry: Fetch, onBytes: (bytes: number) => void): Fetch {
  return (target, init) => {
    const body = init?.body;
    if (!(body instanceof Blob)) return carry(target, init);
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        onBytes(chunk.length);
        controller.enqueue(chunk);
      },
    });
    // A stream's length is not known, and the service would have to store it by parts.
    const headers = { ...(init?.headers as object), 'Content-Length': String(body.size) };
    const streamed = { ...init, headers, body: body.stream().pipeThrough(counter), duplex: 'half' };
    return carry(target, streamed as RequestInit);
  };
}
