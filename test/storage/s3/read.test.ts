// Reading from a storage that fails midway.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ClientAbort } from '../../../src/core/client-signal.ts';
import type { Bucket, ReadResult } from '../../../src/storage/bucket.ts';
import { flowOf } from '../../../src/storage/streams/flow.ts';
import { resumingBody } from '../../../src/storage/streams/resuming-body.ts';
import { s3Storage, type Storage, type StorageSettings } from '../../../src/storage/s3/storage.ts';
import { settingsFor } from '../contract/given.ts';
import { startDouble, type Double } from '../../support/double/index.ts';

const MEGABYTE = 2 ** 20;
const BYTES = randomBytes(8 * MEGABYTE);
const IDLE_MS = 300;

let double: Double;
let storage: Storage;
// For tests in which storage or the reader falls silent; the others wait for no deadline.
let hasty: Storage;

beforeAll(async () => {
  double = await startDouble();
  const start = (timeouts: StorageSettings['timeouts']): Storage =>
    s3Storage(
      settingsFor(
        {
          name: 'double',
          endpoint: double.endpoint,
          region: 'us-east-1',
          bucket: 'bucket',
          accessKeyId: 'testaccess',
          secretAccessKey: 'testsecretkey',
          close: () => double.close(),
        },
        { timeouts },
      ),
    );
  storage = start({ connectMs: 30_000, requestMs: 30_000, idleMs: 30_000 });
  hasty = start({ connectMs: 500, requestMs: 500, idleMs: IDLE_MS });
  double.seed('bucket', 'large', BYTES);
  double.seed('bucket', 'small', '0123456789');
});

afterEach(() => {
  double.clearFaults();
  double.clearCalls();
});

afterAll(async () => {
  await storage.close();
  await hasty.close();
  await double.close();
});

const busySockets = (): number => storage.busySockets() + hasty.busySockets();

const openHasty = (): Bucket =>
  hasty.open('', { signal: new ClientAbort().signal, onCall: () => undefined });

const open = (signal = new ClientAbort().signal): Bucket =>
  storage.open('', { signal, onCall: () => undefined });

const bodyOf = (result: ReadResult): Readable => {
  if (result.kind !== 'found') throw new Error(`the read answered ${result.kind}`);
  if (!(result.body instanceof Readable)) throw new Error('the body is no stream');
  return result.body;
};

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

const readLarge = async (bucket = open()): Promise<string> =>
  md5(await buffer(bodyOf(await bucket.read('large'))));

describe('read \u203a when storage breaks off', () => {
  it.each([
    ['reset', 3 * MEGABYTE],
    ['fin', 3 * MEGABYTE],
    ['stall', 3 * MEGABYTE],
    ['reset', 1],
    ['fin', 8 * MEGABYTE - 1],
  ] as const)('gives every byte once after a %s at byte %i', async (kind, bytes) => {
    double.inject({ operation: 'GetObject', kind, bytes });
    expect(await readLarge(kind === 'stall' ? openHasty() : open())).toBe(md5(BYTES));
    expect(double.calls).toHaveLength(2);
    await expect.poll(busySockets, { timeout: 5000 }).toBe(0);
  });

  it('gives every byte once after three losses in a row', async () => {
    double.inject({ operation: 'GetObject', kind: 'reset', bytes: MEGABYTE, times: 3 });
    expect(await readLarge()).toBe(md5(BYTES));
    expect(double.calls).toHaveLength(4);
  });

  it('gives every byte of a part once', async () => {
    double.inject({ operation: 'GetObject', kind: 'reset', bytes: MEGABYTE });
    const range = { kind: 'from', start: 1000, end: 4 * MEGABYTE } as const;
    const bytes = await buffer(bodyOf(await open().read('large', { range })));
    expect(bytes.equals(BYTES.subarray(1000, 4 * MEGABYTE + 1))).toBe(true);
  });

  it('fails a body that storage never gives whole, after a few attempts', async () => {
    double.inject({ operation: 'GetObject', kind: 'reset', bytes: MEGABYTE, times: 99 });
    const body = bodyOf(await open().read('large'));
    await expect(buffer(body)).rejects.toMatchObject({ reason: 'storage_unavailable' });
    expect(double.calls.length).toBeLessThanOrEqual(5);
    await expect.poll(busySockets, { timeout: 5000 }).toBe(0);
  });

  it('fails a body whose file changed meanwhile, and mixes nothing', async () => {
    double.seed('bucket', 'changing', BYTES);
    double.inject({ operation: 'GetObject', kind: 'reset', bytes: MEGABYTE });
    const body = bodyOf(await open().read('changing'));
    double.seed('bucket', 'changing', randomBytes(8 * MEGABYTE));
    await expect(buffer(body)).rejects.toMatchObject({ reason: 'storage_unavailable' });
  });

  it('fails a body whose file was removed meanwhile', async () => {
    double.seed('bucket', 'going', BYTES);
    double.inject({ operation: 'GetObject', kind: 'reset', bytes: MEGABYTE });
    const body = bodyOf(await open().read('going'));
    await open().remove('going');
    await expect(buffer(body)).rejects.toMatchObject({ reason: 'storage_unavailable' });
  });

  it('asks again when nothing was given yet', async () => {
    double.inject({
      operation: 'GetObject',
      kind: 'status',
      status: 503,
      code: 'SlowDown',
      times: 2,
    });
    const result = await open().read('small');
    expect(result).toMatchObject({ kind: 'found', body: Buffer.from('0123456789') });
  });

  it('answers storage_unavailable in time when storage does not answer', async () => {
    double.inject({ operation: 'GetObject', kind: 'black-hole' });
    const start = performance.now();
    await expect(openHasty().read('small')).rejects.toMatchObject({
      reason: 'storage_unavailable',
    });
    expect(performance.now() - start).toBeLessThan(1000);
    await expect.poll(busySockets, { timeout: 5000 }).toBe(0);
  });
});

describe('read \u203a when the reader is slow or leaves', () => {
  it('gives a reader who pauses for longer than storage may every byte in one call', async () => {
    const body = bodyOf(await openHasty().read('large'));
    const hash = createHash('md5');
    let pauses = 0;
    for await (const chunk of body) {
      hash.update(chunk as Buffer);
      if (pauses++ === 0) await new Promise((resolve) => setTimeout(resolve, 3 * IDLE_MS));
    }
    expect(hash.digest('hex')).toBe(md5(BYTES));
    expect(double.calls).toHaveLength(1);
  });

  it('frees the socket at once when the body is destroyed', async () => {
    const body = bodyOf(await open().read('large'));
    await once(body, 'readable');
    body.destroy();
    await expect.poll(busySockets, { timeout: 500 }).toBe(0);
  });

  it('ends the body with the reason of an abort', async () => {
    const leaving = new ClientAbort();
    const body = bodyOf(await open(leaving.signal).read('large'));
    const reason = new Error('the client has gone');
    const reading = buffer(body);
    leaving.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(storage.busySockets()).toBe(0);
  });
});

describe('resumingBody', () => {
  const flow = (stream: Readable) => flowOf(stream, () => undefined);
  const never = (): Promise<never> => Promise.reject(new Error('nothing more'));
  const resumable = (length: number) => ({
    length,
    idleMs: 1000,
    check: null,
    reopen: never,
    isContended: () => false,
    release: () => undefined,
  });

  it('holds back the last bytes when storage says at the end that they are wrong', async () => {
    // As the SDK's checksum stream does: every byte, then an error instead of the end.
    const chunks = ['first', 'second'];
    const first = new Readable({
      read() {
        const chunk = chunks.shift();
        if (chunk === undefined) this.destroy(new Error('Checksum mismatch'));
        else this.push(chunk);
      },
    });
    const seen: string[] = [];
    const body = resumingBody(flow(first), resumable(11));
    body.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
    const [error] = (await once(body, 'error')) as [unknown];
    expect(error).toMatchObject({ reason: 'storage_failed' });
    expect(seen).toEqual(['first']);
  });

  it('fails when storage gives more than it announced', async () => {
    const body = resumingBody(flow(Readable.from([Buffer.from('too much')])), resumable(3));
    await expect(buffer(body)).rejects.toMatchObject({ reason: 'storage_failed' });
  });

  it('gives an empty body', async () => {
    const body = resumingBody(flow(Readable.from([])), resumable(0));
    expect((await buffer(body)).length).toBe(0);
  });
});
