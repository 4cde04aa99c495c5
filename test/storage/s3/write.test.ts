// Writing to a storage, or for a client, that fails midway.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientAbort } from '../../../src/core/client-signal.ts';
import type { Bucket, WriteRequest } from '../../../src/storage/bucket.ts';
import { createPartBudget, partBudget } from '../../../src/storage/streams/part-budget.ts';
import { s3Context } from '../../../src/storage/s3/call.ts';
import { connect } from '../../../src/storage/s3/connection.ts';
import { copy } from '../../../src/storage/s3/copy.ts';
import { partSizeFor } from '../../../src/core/part-size.ts';
import { s3Storage, type Storage, type StorageSettings } from '../../../src/storage/s3/storage.ts';
import { watchdog } from '../../../src/storage/streams/watchdog.ts';
import { settingsFor } from '../contract/given.ts';
import { startDouble, type Double, type Fault } from '../../support/double/index.ts';

const MEGABYTE = 2 ** 20;
const KILOBYTE = 1024;
const IDLE_MS = 300;

let double: Double;
let settings: StorageSettings;
let storage: Storage;

// No test that passes waits for these, however busy the machine is.
const PATIENT = { connectMs: 30_000, requestMs: 30_000, idleMs: 30_000 };
// For tests in which storage falls silent.
const HASTY = { connectMs: 500, requestMs: 500, idleMs: IDLE_MS };

/** Gives the tests of one `describe` a storage of their own, and sees that each leaves nothing in it. */
function onStorage(timeouts: StorageSettings['timeouts']): void {
  beforeAll(async () => {
    double = await startDouble({ minPartBytes: 1 });
    settings = settingsFor(
      {
        name: 'double',
        endpoint: double.endpoint,
        region: 'us-east-1',
        bucket: 'bucket',
        accessKeyId: 'testaccess',
        secretAccessKey: 'testsecretkey',
        close: () => double.close(),
      },
      { partSize: MEGABYTE, multipartThreshold: 4 * MEGABYTE, timeouts },
    );
    storage = s3Storage(settings);
    await open().conditionalWrites();
  });
  beforeEach(() => double.clearCalls());
  afterEach(async () => {
    double.clearFaults();
    await expect.poll(() => storage.busySockets(), SETTLING).toBe(0);
    await expect.poll(() => double.uploads('bucket'), SETTLING).toEqual([]);
    expect(partBudget.inUse()).toBe(0);
  });
  afterAll(async () => {
    await storage.close();
    await double.close();
  });
}

const SETTLING = { timeout: 15_000 };

const open = (signal = new ClientAbort().signal): Bucket =>
  storage.open('', { signal, onCall: () => undefined });

const streamOf = (bytes: Uint8Array): Readable => {
  let offset = 0;
  return new Readable({
    read() {
      this.push(offset < bytes.length ? bytes.subarray(offset, (offset += 64 * KILOBYTE)) : null);
    },
  });
};

/** A client that sends some bytes and then neither more nor an end. */
const silentAfter = (size: number): Readable => {
  const body = new Readable({ read() {} });
  body.push(Buffer.alloc(size));
  return body;
};

/** A client that never stops. */
const endless = (): Readable => {
  const chunk = Buffer.alloc(64 * KILOBYTE);
  return new Readable({
    read() {
      setImmediate(() => this.push(chunk));
    },
  });
};

const isStored = (key: string): boolean => double.objects('bucket').has(key);

const bytesOf = (key: string): Uint8Array => {
  const object = double.objects('bucket').get(key);
  if (object === undefined) throw new Error(`${key} is not stored`);
  return object.bytes();
};

const countOf = (operation: string): number =>
  double.calls.filter((call) => call.operation === operation).length;

const WAYS: readonly (readonly [string, number, WriteRequest])[] = [
  ['one PutObject', MEGABYTE, { length: MEGABYTE }],
  ['one part', 100 * KILOBYTE, {}],
  ['parts', 5 * MEGABYTE, {}],
];

describe('write \u203a when the client leaves', () => {
  onStorage(PATIENT);

  it.each([
    ['one PutObject', 0, { length: MEGABYTE }],
    ['parts', MEGABYTE, {}],
  ] as const)(
    'settles three hundred aborted uploads by %s and leaves nothing',
    async (_, least, request) => {
      const before = double.objects('bucket').size;
      const bucket = open();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 300 }, async (_unused, index) => {
          const body = silentAfter(least + 1 + ((index * 7919) % (900 * KILOBYTE)));
          const writing = bucket.write(`aborted-${index}`, body, request);
          setTimeout(
            () => body.destroy(index % 2 ? new Error('ECONNRESET') : undefined),
            index % 50,
          );
          await writing;
        }),
      );
      const reasons = outcomes.map((outcome) =>
        outcome.status === 'rejected' ? (outcome.reason as { reason?: string }).reason : 'written',
      );
      expect(new Set(reasons)).toEqual(new Set(['incomplete_body']));
      expect(double.objects('bucket').size).toBe(before);
      await expect.poll(() => storage.busySockets(), SETTLING).toBe(0);
      const after = await open().write('after', streamOf(Buffer.from('ok')), { length: 2 });
      expect(after.kind).toBe('written');
    },
    120_000,
  );

  it.each(WAYS)('leaves nothing of %s when the call is aborted', async (_, size, request) => {
    const leaving = new ClientAbort();
    const reason = new Error('the client has gone');
    const body = silentAfter(size / 2);
    const writing = open(leaving.signal).write('aborted', body, request);
    await expect.poll(() => body.readableLength, SETTLING).toBe(0);
    leaving.abort(reason);
    await expect(writing).rejects.toBe(reason);
    expect([body.destroyed, isStored('aborted')]).toEqual([true, false]);
  });

  it('throws what the body was destroyed with when that is an error of ours', async () => {
    const { FileServiceError } = await import('../../../src/core/errors.ts');
    for (const request of [{ length: MEGABYTE }, {}]) {
      const body = silentAfter(1000);
      const error = new FileServiceError('checksum_mismatch', 'The digest does not match.');
      const writing = open().write('mismatch', body, request);
      body.destroy(error);
      await expect(writing).rejects.toBe(error);
    }
  });

  it('stores nothing when the last byte came but the end did not', async () => {
    const body = silentAfter(1000);
    const writing = open().write('held back', body, { length: 1000 });
    await expect.poll(() => body.readableLength, SETTLING).toBe(0);
    body.destroy(new Error('the digest does not match'));
    await expect(writing).rejects.toMatchObject({ reason: 'incomplete_body' });
    expect(isStored('held back')).toBe(false);
  });
});

describe('write \u203a when storage fails for good', () => {
  onStorage(HASTY);

  const failures: readonly (readonly [string, Fault])[] = [
    ['503', { kind: 'status', status: 503, code: 'SlowDown', times: 99 }],
    ['500', { kind: 'status', status: 500, code: 'InternalError', times: 99 }],
    ['reset', { kind: 'reset', bytes: 1000, times: 99 }],
    ['stall', { kind: 'stall', bytes: 1000, times: 99 }],
    ['black-hole', { kind: 'black-hole', times: 99 }],
  ];

  it.each(failures)('answers 503 to one PutObject after a %s, in time', async (_, fault) => {
    double.inject({ operation: 'PutObject', ...fault });
    const start = performance.now();
    const body = streamOf(randomBytes(2 * MEGABYTE));
    const writing = open().write('failed', body, { length: 2 * MEGABYTE });
    await expect(writing).rejects.toMatchObject({ status: 503 });
    expect(performance.now() - start).toBeLessThan(IDLE_MS + 1000);
    expect([isStored('failed'), countOf('PutObject')]).toEqual([false, 1]);
  });

  it.each(failures)('answers 503 to parts after a %s', async (_, fault) => {
    double.inject({ operation: 'UploadPart', after: 2, ...fault });
    const writing = open().write('failed', streamOf(randomBytes(5 * MEGABYTE)), {});
    await expect(writing).rejects.toMatchObject({ reason: 'storage_unavailable' });
    expect(isStored('failed')).toBe(false);
  });
});

describe('write \u203a when storage fails', () => {
  onStorage(PATIENT);

  it.each([
    ['reset', { kind: 'reset' }],
    ['500', { kind: 'status', status: 500, code: 'InternalError' }],
    ['200 with an error', { kind: 'ok-then-error-body', code: 'InternalError' }],
  ] as const)('answers 503 when completing gets a %s', async (_, fault) => {
    double.inject({ operation: 'CompleteMultipartUpload', ...fault });
    const writing = open().write('failed', streamOf(randomBytes(3 * MEGABYTE)), {});
    await expect(writing).rejects.toMatchObject({ status: 503 });
    expect(isStored('failed')).toBe(false);
  });

  it.each([
    ['reset', { kind: 'reset', bytes: 1000 }],
    ['503', { kind: 'status', status: 503, code: 'SlowDown' }],
  ] as const)('sends a part again after a %s', async (_, fault) => {
    double.inject({ operation: 'UploadPart', after: 1, ...fault });
    const bytes = randomBytes(3 * MEGABYTE);
    expect(await open().write('repeated', streamOf(bytes), {})).toMatchObject({ kind: 'written' });
    expect(bytes.equals(bytesOf('repeated'))).toBe(true);
    expect(countOf('UploadPart')).toBe(4);
  });

  it.each([
    [403, 'AccessDenied', 'storage_access_denied'],
    [503, 'SlowDown', 'storage_unavailable'],
  ])(
    'stops reading within a second when storage answers %i early',
    async (status, code, reason) => {
      double.inject({ operation: 'PutObject', kind: 'early', status, code });
      const body = endless();
      const start = performance.now();
      const writing = open().write('early', body, { length: 4 * MEGABYTE });
      await expect(writing).rejects.toMatchObject({ reason });
      expect(performance.now() - start).toBeLessThan(1000);
      expect(body.destroyed).toBe(true);
    },
  );

  it('aborts an upload again and again until that has landed', async () => {
    double.inject({ operation: 'UploadPart', kind: 'status', status: 500, code: 'x', times: 99 });
    const refusal = { kind: 'status', status: 503, code: 'SlowDown' } as const;
    double.inject({ operation: 'AbortMultipartUpload', ...refusal, times: 3 });
    const writing = open().write('orphan', streamOf(randomBytes(3 * MEGABYTE)), {});
    await expect(writing).rejects.toMatchObject({ reason: 'storage_unavailable' });
    await expect.poll(() => double.uploads('bucket'), SETTLING).toEqual([]);
    expect(countOf('AbortMultipartUpload')).toBeGreaterThan(3);
  });

  it('does not wait for a client that is silent when a part has failed', async () => {
    double.inject({ operation: 'UploadPart', kind: 'status', status: 403, code: 'AccessDenied' });
    const body = silentAfter(MEGABYTE + 1);
    const writing = open().write('silent', body, {});
    await expect(writing).rejects.toMatchObject({ reason: 'storage_access_denied' });
    expect(body.destroyed).toBe(true);
  });
});

describe('write \u203a when the answer is lost', () => {
  onStorage(PATIENT);

  const lost = (operation: string): void => double.inject({ operation, kind: 'commit-then-reset' });

  it.each([
    ['bytes', 'PutObject', () => Buffer.alloc(1000), { length: 1000 }],
    ['a stream', 'PutObject', () => streamOf(Buffer.alloc(1000)), { length: 1000 }],
    ['a short stream', 'PutObject', () => streamOf(Buffer.alloc(1000)), {}],
    ['parts', 'CompleteMultipartUpload', () => streamOf(Buffer.alloc(3 * MEGABYTE)), {}],
  ] as const)('recognises its own creation of %s', async (what, operation, body, request) => {
    lost(operation);
    const key = `created ${what}`;
    expect(await open().write(key, body(), { ...request, createOnly: true })).toEqual({
      kind: 'written',
      etag: double.objects('bucket').get(key)?.etag,
      size: double.objects('bucket').get(key)?.size,
    });
    expect(await open().stat(key)).toMatchObject({ kind: 'found', stat: { metadata: {} } });
  });

  it('recognises its own replacement of one version', async () => {
    double.seed('bucket', 'versioned', 'old');
    const ifMatch = double.objects('bucket').get('versioned')?.etag;
    await open().write('versioned', Buffer.from('old'), { ifMatch, length: 3 });
    lost('PutObject');
    const writing = open().write('versioned', Buffer.from('new'), { ifMatch, length: 3 });
    expect(await writing).toMatchObject({ kind: 'written' });
    expect(Buffer.from(bytesOf('versioned')).toString()).toBe('new');
  });

  it('answers storage_outcome_unknown when the stream replaced something', async () => {
    lost('PutObject');
    // Too long to be taken into memory, from where it could be sent again.
    const body = Buffer.alloc(1_000_000);
    const writing = open().write('replaced', streamOf(body), { length: body.length });
    await expect(writing).rejects.toMatchObject({ reason: 'storage_outcome_unknown' });
  });

  it('sends a small stream again when its answer is lost', async () => {
    lost('PutObject');
    const writing = open().write('small', streamOf(Buffer.from('small')), { length: 5 });
    expect(await writing).toMatchObject({ kind: 'written', size: 5 });
    expect(Buffer.from(bytesOf('small')).toString()).toBe('small');
  });

  it('does not take the file of another for its own', async () => {
    double.seed('bucket', 'of another', 'x');
    double.inject({ operation: 'PutObject', kind: 'reset' });
    const bytes = Buffer.alloc(1000);
    expect(await open().write('of another', bytes, { length: 1000, createOnly: true })).toEqual({
      kind: 'exists',
    });
  });
});

// Storage that refuses a long body need not read it: it may answer and close while bytes come, and the answer is lost.
describe('write \u203a of a guarded stream that storage cuts', () => {
  onStorage(PATIENT);

  const BYTES = 3 * MEGABYTE;
  const write = (key: string, guard: Pick<WriteRequest, 'createOnly' | 'ifMatch'>) => {
    double.inject({ operation: 'PutObject', kind: 'reset' });
    return open().write(key, streamOf(Buffer.alloc(BYTES)), { length: BYTES, ...guard });
  };

  it('finds the file that was there before', async () => {
    double.seed('bucket', 'taken', 'x');
    expect(await write('taken', { createOnly: true })).toEqual({ kind: 'exists' });
  });

  it('finds the version that another has replaced', async () => {
    double.seed('bucket', 'changed', 'x');
    const result = await write('changed', { ifMatch: `"${'0'.repeat(32)}"` });
    expect(result).toEqual({ kind: 'precondition-failed' });
  });

  it('is storage trouble when the guard holds', async () => {
    double.seed('bucket', 'same', 'x');
    const ifMatch = double.objects('bucket').get('same')?.etag ?? '';
    // How this store spells the condition is asked of it once, by a write.
    await open().write('same', Buffer.from('x'), { ifMatch });
    await expect(write('free', { createOnly: true })).rejects.toMatchObject({ status: 503 });
    await expect(write('same', { ifMatch })).rejects.toMatchObject({ status: 503 });
  });
});

describe('write \u203a on a store without conditional writes', () => {
  onStorage(PATIENT);

  it('looks before it creates', async () => {
    const plain = await startDouble({ conditionalWrites: false });
    const other = s3Storage({ ...settings, endpoint: plain.endpoint });
    const bucket = other.open('', { signal: new ClientAbort().signal, onCall: () => {} });
    const create = (text: string) =>
      bucket.write('a', streamOf(Buffer.from(text)), { createOnly: true });
    expect([(await create('first')).kind, (await create('second')).kind]).toEqual([
      'written',
      'exists',
    ]);
    await other.close();
    await plain.close();
  });
});

describe('write \u203a memory', () => {
  onStorage(PATIENT);

  it('holds no more part buffers than the process may, however many upload', async () => {
    const body = Buffer.alloc(4 * MEGABYTE);
    let most = 0;
    const writes = Array.from({ length: 30 }, (_, index) =>
      open().write(`many-${index}`, streamOf(body), {}),
    );
    const watch = setInterval(() => (most = Math.max(most, partBudget.inUse())), 1);
    const results = await Promise.all(writes);
    clearInterval(watch);
    expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['written']));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(settings.maxPartBuffers * MEGABYTE);
  });

  it('takes no buffer for a client that has sent little', async () => {
    const bodies = Array.from({ length: 50 }, () => silentAfter(100 * KILOBYTE));
    const writes = bodies.map((body, index) => open().write(`slow-${index}`, body, {}));
    await expect.poll(() => bodies.every((body) => body.readableLength === 0), SETTLING).toBe(true);
    expect(partBudget.inUse()).toBe(0);
    expect(await open().write('quick', streamOf(Buffer.alloc(3 * MEGABYTE)), {})).toMatchObject({
      kind: 'written',
    });
    for (const body of bodies) body.push(null);
    await Promise.all(writes);
  });
});

describe('partSizeFor', () => {
  const GIGABYTE = 2 ** 30;

  it.each([
    [1, 8 * MEGABYTE],
    [80_000 * MEGABYTE, 8 * MEGABYTE],
    [80_000 * MEGABYTE + 1, 16 * MEGABYTE],
    [5 * 1024 * GIGABYTE, 1024 * MEGABYTE],
  ])('cuts %i bytes into parts of %i', (length, size) => {
    expect(partSizeFor(length, 8 * MEGABYTE)).toBe(size);
  });
});

describe('part budget', () => {
  const never = new ClientAbort().signal;
  const ask = { size: 10, limitBytes: 20, signal: never };

  it('serves in the order of asking, a large one too', async () => {
    const budget = createPartBudget();
    const first = await budget.acquire(ask);
    const order: string[] = [];
    const large = budget.acquire({ ...ask, size: 20 }).then((buffer) => {
      order.push('large');
      buffer.release();
    });
    const small = budget.acquire(ask).then((buffer) => {
      order.push('small');
      buffer.release();
    });
    first.release();
    await Promise.all([large, small]);
    expect([order, budget.inUse()]).toEqual([['large', 'small'], 0]);
  });

  it('lends a buffer above the limit when nothing else is lent', async () => {
    const budget = createPartBudget();
    const buffer = await budget.acquire({ ...ask, size: 100 });
    expect(buffer.bytes.length).toBe(100);
  });

  it('lets go of who gives up waiting, and serves the next', async () => {
    const budget = createPartBudget();
    const first = await budget.acquire({ ...ask, size: 20 });
    const leaving = new ClientAbort();
    const reason = new Error('gone');
    const waiting = budget.acquire({ ...ask, size: 20, signal: leaving.signal });
    const next = budget.acquire(ask);
    leaving.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    first.release();
    first.release();
    expect([(await next).bytes.length, budget.inUse()]).toEqual([10, 10]);
  });
});

describe('watchdog', () => {
  it('counts only the time in which something is owed', () => {
    vi.useFakeTimers();
    const stalls: number[] = [];
    const dog = watchdog(100, () => stalls.push(performance.now()));
    const start = performance.now();
    dog.wait();
    vi.advanceTimersByTime(90);
    dog.rest();
    vi.advanceTimersByTime(500);
    expect(stalls).toEqual([]);
    dog.wait();
    vi.advanceTimersByTime(60);
    dog.wait();
    vi.advanceTimersByTime(60);
    expect(stalls).toEqual([]);
    vi.advanceTimersByTime(40);
    expect(stalls.map((at) => Math.round(at - start))).toEqual([750]);
    dog.wait();
    dog.stop();
    vi.advanceTimersByTime(1000);
    expect(stalls).toHaveLength(1);
    vi.useRealTimers();
  });
});

describe('copy \u203a by parts', () => {
  onStorage(PATIENT);

  const limits = { whole: MEGABYTE, part: MEGABYTE };
  const contextOf = (signal = new ClientAbort().signal) => {
    const connection = connect(settings);
    return s3Context(connection, '', { signal, onCall: () => undefined });
  };

  it('leaves nothing when a part cannot be copied', async () => {
    double.seed('bucket', 'from', randomBytes(5 * MEGABYTE));
    double.inject({
      operation: 'UploadPartCopy',
      after: 2,
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
    });
    await expect(copy(contextOf(), { from: 'from', to: 'to' }, limits)).rejects.toMatchObject({
      reason: 'storage_access_denied',
    });
    expect(isStored('to')).toBe(false);
  });

  it('copies a part again when storage is busy', async () => {
    double.seed('bucket', 'from', randomBytes(5 * MEGABYTE));
    double.inject({ operation: 'UploadPartCopy', kind: 'status', status: 503, code: 'SlowDown' });
    expect(await copy(contextOf(), { from: 'from', to: 'to' }, limits)).toMatchObject({
      kind: 'copied',
    });
    const hash = (key: string) => createHash('md5').update(bytesOf(key)).digest('hex');
    expect(hash('to')).toBe(hash('from'));
  });

  it('waits for a copy that storage is slow to finish', async () => {
    // As S3 does: spaces until the work is done, here for longer than a small answer may take.
    const slow = createServer((req, res) => {
      if (req.method === 'HEAD') return void res.writeHead(200, { 'Content-Length': '5' }).end();
      if (req.method === 'GET') return void res.writeHead(404, { 'Content-Length': '0' }).end();
      res.writeHead(200, { 'Content-Type': 'application/xml' });
      let left = 8;
      const timer = setInterval(() => {
        if (left-- > 0) return void res.write(' ');
        clearInterval(timer);
        res.end('<CopyObjectResult><ETag>"abc"</ETag></CopyObjectResult>');
      }, 250);
    });
    slow.listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const { port } = slow.address() as AddressInfo;
    const timeouts = { ...PATIENT, requestMs: 1000 };
    const other = s3Storage({ ...settings, endpoint: `http://127.0.0.1:${port}`, timeouts });
    const bucket = other.open('', { signal: new ClientAbort().signal, onCall: () => {} });
    expect(await bucket.copy({ from: 'from', to: 'to' })).toEqual({
      kind: 'copied',
      etag: '"abc"',
      size: 5,
    });
    await other.close();
    slow.close();
  });

  it('answers 503 to a copy whose 200 holds an error', async () => {
    double.seed('bucket', 'from', 'x');
    double.inject({
      operation: 'CopyObject',
      kind: 'ok-then-error-body',
      code: 'InternalError',
      times: 9,
    });
    await expect(open().copy({ from: 'from', to: 'not there' })).rejects.toMatchObject({
      reason: 'storage_unavailable',
    });
    expect(isStored('not there')).toBe(false);
  });
});
