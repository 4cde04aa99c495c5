// The questions about a store that fails or is not ready: what is stored, and what is said of it.
import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'vitest';
import { behindFaults } from './faulty.ts';
import type { Questions } from './given.ts';

/** Writes so many bytes into a bucket that has to be created, and reads them. */
export const firstWrite =
  (size: number): Questions[string] =>
  async (given) => {
    const bucket = `test-${randomUUID()}`;
    await behindFaults(
      given,
      async ({ bucket: fresh }) => {
        const bytes = randomBytes(size);
        expect(
          (
            await fresh.write('first', Readable.from([bytes], { objectMode: false }), {
              length: size,
            })
          ).kind,
        ).toBe('written');
        const read = await fresh.read('first');
        if (read.kind !== 'found') throw new Error(`the read answered ${read.kind}`);
        const body = read.body instanceof Readable ? await buffer(read.body) : read.body;
        expect(bytes.equals(body)).toBe(true);
      },
      {
        bucket,
        createBucket: true,
        timeouts: { connectMs: 2000, requestMs: 10_000, idleMs: 5000 },
      },
    );
  };

/** The first write into a bucket that is not there. */
export const NEW_BUCKETS: Questions = {
  'createBucket \u203a comes before a first write of 10 bytes': firstWrite(10),
};

/** All of them. */
export const FAULT_CONTRACT = { NEW_BUCKETS };
