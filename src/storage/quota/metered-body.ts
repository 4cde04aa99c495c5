// A body of unknown length that reserves its room as its bytes come.
import { Transform, pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Reservation } from './ledger.js';

// Fewer questions than chunks; near the end of the room exactly what a chunk needs is asked for.
const STEP = 8 * 2 ** 20;

/** The same bytes. It errs with `quota_exceeded` at the first that finds no room; both end together. */
export function meteredBody(body: Readable, reservation: Reservation): Readable {
  let reserved = 0;
  let passed = 0;
  const makeRoom = async (bytes: number): Promise<void> => {
    passed += bytes;
    const missing = passed - reserved;
    if (missing <= 0) return;
    const step = Math.max(STEP, missing);
    try {
      await reservation.add(step);
      reserved += step;
    } catch (error) {
      if (step === missing) throw error;
      await reservation.add(missing);
      reserved += missing;
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
