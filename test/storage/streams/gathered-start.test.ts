// What is taken of a body before storage is asked, and that nothing of it is lost.
import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { FileServiceError } from '../../../src/core/errors.ts';
import { exactBody } from '../../../src/storage/streams/exact-body.ts';
import { gatherStart } from '../../../src/storage/streams/gathered-start.ts';

const never = new AbortController().signal;
const KIB = 1024;

const streamOf = (bytes: Buffer, chunk = 64 * KIB): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, index) =>
      bytes.subarray(index * chunk, (index + 1) * chunk),
    ),
    { objectMode: false },
  );

describe('gatherStart', () => {
  it.each([0, 1, 100, 64 * KIB])('gives a body of %i bytes whole', async (length) => {
    const bytes = randomBytes(length);
    const start = await gatherStart(streamOf(bytes), { length, signal: never });
    expect(start).toEqual({ kind: 'whole', bytes });
  });

  it('calls a sender fast that gives enough in time, and gives every byte back', async () => {
    const bytes = randomBytes(1000 * KIB);
    const source = streamOf(bytes);
    const { length } = bytes;
    expect(await gatherStart(source, { length, signal: never })).toEqual({ kind: 'fast' });
    expect((await buffer(source)).equals(bytes)).toBe(true);
  });

  it('calls a sender slow that does not, and gives every byte back', async () => {
    const source = new PassThrough();
    source.write('the first ');
    const options = { length: 18, withinMs: 20, signal: never };
    expect(await gatherStart(source, options)).toEqual({ kind: 'slow' });
    source.end('the last');
    expect((await buffer(source)).toString()).toBe('the first the last');
  });

  it('calls a sender slow that gives nothing', async () => {
    const source = new PassThrough();
    const options = { length: 4, withinMs: 20, signal: never };
    expect(await gatherStart(source, options)).toEqual({ kind: 'slow' });
    source.end('late');
    expect((await buffer(source)).toString()).toBe('late');
  });

  it('leaves a body that an exact body can go on with', async () => {
    const bytes = randomBytes(700 * KIB);
    const source = streamOf(bytes);
    const { length } = bytes;
    await gatherStart(source, { length, signal: never });
    const failures: Error[] = [];
    const fail = (error: Error) => void failures.push(error);
    const body = exactBody(source, {
      length,
      idleMs: 1000,
      onSenderFailed: fail,
      onStalled: fail,
    });
    // Storage is asked only then, so nobody reads the stream before.
    await body.begun;
    expect((await buffer(body.stream)).equals(bytes)).toBe(true);
    expect([failures, body.isSent()]).toEqual([[], true]);
    body.close();
  });

  it.each([
    ['short', 'abc', 4],
    ['long', 'abcde', 4],
  ])('refuses a body that is too %s', async (_what, text, length) => {
    const taken = gatherStart(Readable.from([Buffer.from(text)]), { length, signal: never });
    await expect(taken).rejects.toMatchObject({ reason: 'incomplete_body' });
  });

  it('throws what the body was destroyed with', async () => {
    const source = new PassThrough();
    const taken = gatherStart(source, { length: 4, signal: never });
    source.destroy(new FileServiceError('request_timeout', 'The body stopped coming.'));
    await expect(taken).rejects.toMatchObject({ reason: 'request_timeout' });
  });

  it('throws the reason of the signal, and takes nothing more', async () => {
    const source = new PassThrough();
    const client = new AbortController();
    const taken = gatherStart(source, { length: 4, signal: client.signal });
    client.abort(new Error('the client has gone'));
    await expect(taken).rejects.toThrow('the client has gone');
    expect(source.listenerCount('data')).toBe(0);
  });
});
