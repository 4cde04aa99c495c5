// A body of unknown length that reserves its room as its bytes come.
import { Transform, pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Reservation } from './ledger.js';

// Fewer questions than chunks, while there is so much room that nobody misses what is reserved too early.
const STEP = 8 * 2 ** 20;
const PLENTY = 100 * STEP;

/** The same bytes. It errs with `quota_exceeded` at the first that finds no room; both end together. */
export function meteredBody(body: Readable, reservation: Reservation): Readable {
  let reserved = 0;
  let passed = 0;
  let free = 0;
  const makeRoom = async (bytes: number): Promise<void> => {
    passed += bytes;
    const missing = passed - reserved;
    if (missing <= 0) return;
    const step = free > PLENTY ? Math.max(STEP, missing) : missing;
    try {
      free = await reservation.add(step);
      reserved += step;
    } catch (error) {
      // At once: of many that fill the last room together some must find it.
      await reservation.release(reserved);
      throw error;
    }
  };
  const metered = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      makeRoom(chunk.length).then(
        () => done(null, chunk),
        (error: unknown) => done(error as Error),
      );
    },
  });
  // Each destroys the other; whoever consumes the body hears of the error.
  pipeline(body, metered, () => undefined);
  return metered;
}
