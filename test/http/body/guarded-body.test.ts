import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileServiceError } from '../../../src/core/errors.ts';
import type { Scan, ScanVerdict } from '../../../src/core/hooks.ts';
import { guardBody, scanBody } from '../../../src/http/body/guarded-body.ts';
import type { BodyLimits } from '../../../src/http/body/limits.ts';

afterEach(() => {
  vi.useRealTimers();
});

const limits = (given: Partial<BodyLimits> = {}): BodyLimits => ({
  length: undefined,
  maxBytes: 1e6,
  idleMs: 10_000,
  signal: new AbortController().signal,
  ...given,
});

const source = (...chunks: (string | Uint8Array)[]): Readable =>
  Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  );

interface Outcome {
  readonly text: string;
  readonly end: string;
}

// What came through, and how it ended: `end`, or the error's reason.
const outcome = (stream: Readable): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    stream.on('end', () => resolve({ text, end: 'end' }));
    stream.on('error', (error) => {
      if (error instanceof FileServiceError) resolve({ text, end: error.reason });
      else reject(error);
    });
    // One that had failed before anybody listened.
    if (stream.errored instanceof FileServiceError) resolve({ text, end: stream.errored.reason });
  });

const listeners = (stream: Readable): number =>
  ['data', 'end', 'error', 'close'].reduce((sum, event) => sum + stream.listenerCount(event), 0);

describe('guardBody', () => {
  it.each([
    ['a declared length', limits({ length: 6 })],
    ['no declared length', limits()],
    ['exactly the most', limits({ maxBytes: 6 })],
  ])('passes a body of %s on', async (_, given) => {
    const guarded = guardBody(source('abc', 'def'), given);
    expect(await outcome(guarded.stream)).toEqual({ text: 'abcdef', end: 'end' });
    expect(guarded.bytes()).toBe(6);
  });

  it('passes an empty body on', async () => {
    const { stream } = guardBody(source(), limits({ length: 0 }));
    expect(await outcome(stream)).toEqual({ text: '', end: 'end' });
  });

  it('passes any chunks on, in order', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 100_000, size: 'max' }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(chunks, async (given) => {
        const whole = Buffer.concat(given);
        const { stream } = guardBody(source(...given), limits({ length: whole.length }));
        expect(await outcome(stream)).toEqual({ text: whole.toString('latin1'), end: 'end' });
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    [
      'fewer bytes than declared',
      source('abc', 'de'),
      limits({ length: 6 }),
      'abc',
      'incomplete_body',
    ],
    [
      'more bytes than declared',
      source('abc', 'defg'),
      limits({ length: 6 }),
      '',
      'incomplete_body',
    ],
    ['no byte of those declared', source(), limits({ length: 6 }), '', 'incomplete_body'],
    ['one byte too many', source('abc', 'd'), limits({ maxBytes: 3 }), '', 'too_large'],
    [
      'a declared length beyond the limit',
      source('abc'),
      limits({ length: 4, maxBytes: 3 }),
      '',
      'too_large',
    ],
  ])('never ends a body with %s, and keeps its last chunk', async (_, body, given, text, end) => {
    expect(await outcome(guardBody(body, given).stream)).toEqual({ text, end });
  });

  it('reads nothing of a body that declares too much', async () => {
    const body = new PassThrough();
    body.write('abc');
    const { stream } = guardBody(body, limits({ length: 4, maxBytes: 3 }));
    await outcome(stream);
    expect(body.readableLength).toBe(3);
  });

  describe('with digests', () => {
    const md5 = createHash('md5').update('abcdef').digest('base64');
    const sha256 = createHash('sha256').update('abcdef').digest('base64');
    const sha512 = createHash('sha512').update('abcdef').digest('base64');

    it('ends a body that has them', async () => {
      const { stream } = guardBody(
        source('abc', 'def'),
        limits({ digests: { md5, sha256, sha512 } }),
      );
      expect(await outcome(stream)).toEqual({ text: 'abcdef', end: 'end' });
    });

    it.each([
      ['MD5', { md5 }],
      ['SHA-256', { sha256 }],
      ['SHA-512', { sha512 }],
      ['one of several', { md5: createHash('md5').update('abcdeX').digest('base64'), sha256 }],
    ])('never ends a body with another %s, and keeps its last chunk', async (_, digests) => {
      const { stream } = guardBody(source('abc', 'deX'), limits({ digests }));
      expect(await outcome(stream)).toEqual({ text: 'abc', end: 'checksum_mismatch' });
    });
  });

  it('holds the last chunk back until the last say', async () => {
    let approve: () => void = () => undefined;
    const approved = new Promise<void>((resolve) => (approve = resolve));
    let asked: () => void = () => undefined;
    const question = new Promise<void>((resolve) => (asked = resolve));
    const beforeEnd = (): Promise<void> => (asked(), approved);
    const { stream } = guardBody(source('abc', 'def'), limits({ beforeEnd, length: 6 }));
    const chunks: string[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    await question;
    expect(chunks).toEqual(['abc']);
    approve();
    await once(stream, 'end');
    expect(chunks).toEqual(['abc', 'def']);
  });

  it('fails with the error of the last say', async () => {
    const beforeEnd = (): Promise<void> =>
      Promise.reject(new FileServiceError('quota_exceeded', 'Full.'));
    const { stream } = guardBody(source('abc'), limits({ beforeEnd }));
    expect(await outcome(stream)).toEqual({ text: '', end: 'quota_exceeded' });
  });

  it.each([
    ['errs', (body: PassThrough) => body.destroy(new Error('reset'))],
    ['closes', (body: PassThrough) => body.destroy()],
  ])('fails when the source %s before its end', async (_, breakOff) => {
    const body = new PassThrough();
    const result = outcome(guardBody(body, limits({ length: 6 })).stream);
    body.write('abc');
    body.write('def');
    breakOff(body);
    expect(await result).toEqual({ text: '', end: 'incomplete_body' });
  });

  it('fails when the source was broken before it was guarded', async () => {
    const body = new PassThrough();
    body.destroy();
    await once(body, 'close');
    expect(await outcome(guardBody(body, limits({ length: 6 })).stream)).toEqual({
      text: '',
      end: 'incomplete_body',
    });
  });

  it('fails when the signal fires, before or while it reads', async () => {
    const control = new AbortController();
    const reading = outcome(
      guardBody(new PassThrough(), limits({ signal: control.signal })).stream,
    );
    control.abort();
    expect(await reading).toEqual({ text: '', end: 'incomplete_body' });
    const late = guardBody(source('abc'), limits({ signal: control.signal }));
    expect(await outcome(late.stream)).toEqual({ text: '', end: 'incomplete_body' });
  });

  it('names a body that somebody else has read', async () => {
    const body = source('abc');
    await outcome(body);
    expect(await outcome(guardBody(body, limits({ length: 3 })).stream)).toEqual({
      text: '',
      end: 'body_already_consumed',
    });
    const decoded = source('abc');
    decoded.setEncoding('utf8');
    expect(await outcome(guardBody(decoded, limits({ length: 3 })).stream)).toEqual({
      text: '',
      end: 'body_already_consumed',
    });
  });

  it('does not crash the process when nobody listens', async () => {
    const body = new PassThrough();
    const { stream } = guardBody(body, limits());
    body.destroy(new Error('reset'));
    await new Promise((resolve) => stream.on('close', resolve));
    expect(stream.errored).toMatchObject({ reason: 'incomplete_body' });
  });

  it('lets go of the source when it is destroyed: alive, paused, without listeners', async () => {
    const body = new PassThrough();
    const before = listeners(body);
    const { stream } = guardBody(body, limits());
    body.write('abc');
    stream.resume();
    await once(body, 'data');
    stream.destroy();
    await once(stream, 'close');
    expect([listeners(body), body.destroyed, body.isPaused()]).toEqual([before, false, true]);
  });

  it('leaves no listener behind when it ends', async () => {
    const control = new AbortController();
    const body = new PassThrough();
    const before = listeners(body);
    const result = outcome(guardBody(body, limits({ signal: control.signal })).stream);
    body.end('abc');
    await result;
    expect(listeners(body)).toBe(before);
  });

  it('reads only as fast as it is read', async () => {
    let produced = 0;
    const endless = new Readable({
      read() {
        produced += 1;
        this.push(Buffer.alloc(64 * 1024));
      },
    });
    const { stream } = guardBody(endless, limits({ maxBytes: 1e9 }));
    stream.read(0);
    await vi.waitFor(() => expect(stream.readableLength).toBeGreaterThan(0));
    const filled = produced;
    await new Promise(setImmediate);
    expect(produced).toBe(filled);
    expect(filled).toBeLessThan(8);
    stream.destroy();
  });

  it('gives up on a source that is silent while its bytes are wanted', async () => {
    vi.useFakeTimers();
    const body = new PassThrough();
    const result = outcome(guardBody(body, limits({ idleMs: 1000 })).stream);
    body.write('abc');
    await vi.advanceTimersByTimeAsync(900);
    body.write('def');
    await vi.advanceTimersByTimeAsync(900);
    body.write('ghi');
    await vi.advanceTimersByTimeAsync(1001);
    expect(await result).toEqual({ text: 'abcdef', end: 'request_timeout' });
  });

  it('has patience with a source that nobody reads', async () => {
    vi.useFakeTimers();
    const body = new PassThrough();
    const { stream } = guardBody(body, limits({ idleMs: 1000 }));
    body.write(Buffer.alloc(200_000));
    body.write(Buffer.alloc(200_000));
    stream.read(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stream.destroyed).toBe(false);
    body.end();
    expect(await outcome(stream)).toMatchObject({ end: 'end' });
  });

  it('gives up on a source that trickles', async () => {
    vi.useFakeTimers();
    const body = new PassThrough();
    const result = outcome(guardBody(body, limits({ idleMs: 30_000 })).stream);
    for (let second = 0; second <= 70; second += 10) {
      body.write('a');
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(await result).toMatchObject({ end: 'request_timeout' });
  });

  // Ten seconds between chunks: the mean of a minute is what counts.
  const trickle = async (body: PassThrough, bytes: number, seconds: number) => {
    for (let second = 0; second <= seconds; second += 10) {
      body.write(Buffer.alloc(bytes));
      await vi.advanceTimersByTimeAsync(10_000);
    }
  };

  it('gives up on a source that trickles after it was fast', async () => {
    vi.useFakeTimers();
    const body = new PassThrough();
    const result = outcome(guardBody(body, limits({ idleMs: 30_000 })).stream);
    body.write(Buffer.alloc(500_000));
    await trickle(body, 10, 140);
    expect(await result).toMatchObject({ end: 'request_timeout' });
  });

  it.each([
    [2000, 'request_timeout'],
    [1000, 'end'],
    [0, 'end'],
  ])('takes %i bytes a second for the least', async (minBytesPerSecond, end) => {
    vi.useFakeTimers();
    const body = new PassThrough();
    const given = limits({ idleMs: 30_000, minBytesPerSecond });
    const result = outcome(guardBody(body, given).stream);
    await trickle(body, minBytesPerSecond === 0 ? 1 : 15_000, 70);
    body.end();
    expect(await result).toMatchObject({ end });
  });

  it('keeps up with a source that is slow but not too slow', async () => {
    vi.useFakeTimers();
    const body = new PassThrough();
    const result = outcome(guardBody(body, limits({ idleMs: 30_000 })).stream);
    for (let second = 0; second <= 70; second += 10) {
      body.write(Buffer.alloc(11_000));
      await vi.advanceTimersByTimeAsync(10_000);
    }
    body.end();
    expect(await result).toMatchObject({ end: 'end' });
  });
});

describe('guardBody › over HTTP', () => {
  const serve = async (
    onRequest: (message: IncomingMessage) => Promise<string>,
  ): Promise<{ port: number; close: () => Promise<void> }> => {
    const server = createServer((message, response) => {
      void onRequest(message).then((text) => response.end(text));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      port: (server.address() as AddressInfo).port,
      close: async () => {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      },
    };
  };

  it('fails when the client leaves in the middle', async () => {
    let settle: (result: Outcome) => void = () => undefined;
    const settled = new Promise<Outcome>((resolve) => (settle = resolve));
    const server = await serve(async (message) => {
      settle(await outcome(guardBody(message, limits({ length: 6 })).stream));
      return '';
    });
    const client = httpRequest({
      port: server.port,
      method: 'PUT',
      headers: { 'content-length': 6 },
    });
    client.on('error', () => undefined);
    client.write('abc', () => client.destroy());
    expect(await settled).toMatchObject({ end: 'incomplete_body' });
    await server.close();
  });

  it('leaves the request able to answer when it is destroyed early', async () => {
    const server = await serve(async (message) => {
      const { stream } = guardBody(message, limits({ length: 1e6 }));
      stream.once('data', () => stream.destroy(new FileServiceError('access_denied', 'No.')));
      return (await outcome(stream)).end;
    });
    const client = httpRequest({
      port: server.port,
      method: 'PUT',
      headers: { 'content-length': 1e6 },
    });
    client.on('error', () => undefined);
    client.write(Buffer.alloc(500_000));
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    expect(await outcome(response)).toEqual({ text: 'access_denied', end: 'end' });
    client.destroy();
    await server.close();
  });
});

describe('scanBody', () => {
  const info = { path: 'a.txt', contentType: 'text/plain', contentLength: 6, principal: null };
  const onFailure = (): void => {};
  const scanned = (scan: Scan, body = source('abc', 'def'), timeoutMs = 1000): Readable =>
    scanBody(body, limits(), scan, { info, timeoutMs, onFailure }).stream;

  const readAll = async (stream: AsyncIterable<Uint8Array>): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it('shows the scanner every byte, and what is known of the file', async () => {
    const seen: unknown[] = [];
    const scan: Scan = async (stream, about) => {
      seen.push(await readAll(stream), about);
      return true;
    };
    expect(await outcome(scanned(scan))).toEqual({ text: 'abcdef', end: 'end' });
    expect(seen).toEqual(['abcdef', info]);
  });

  it.each<[string, Scan, Outcome]>([
    ['refuses', async (s) => (await readAll(s)) === '', { text: 'abc', end: 'rejected_by_scan' }],
    [
      'answers junk',
      async (s) => (await readAll(s)) as unknown as ScanVerdict,
      { text: 'abc', end: 'rejected_by_scan' },
    ],
    [
      'answers nothing',
      async (s) => void (await readAll(s)) as unknown as ScanVerdict,
      { text: 'abc', end: 'rejected_by_scan' },
    ],
    [
      'throws',
      async (s) => {
        await readAll(s);
        throw new Error('out of memory');
      },
      { text: 'abc', end: 'authorization_unavailable' },
    ],
    [
      'throws an error of ours',
      async (s) => {
        await readAll(s);
        throw new FileServiceError('quota_exceeded', 'Full.');
      },
      { text: 'abc', end: 'quota_exceeded' },
    ],
    [
      'allows in words',
      async (s) => ({ allowed: (await readAll(s)) !== '' }),
      { text: 'abcdef', end: 'end' },
    ],
    ['allows without reading', () => true, { text: 'abcdef', end: 'end' }],
    [
      'allows after the first chunk',
      async (s) => {
        for await (const chunk of s) return chunk.length === 3;
        return false;
      },
      { text: 'abcdef', end: 'end' },
    ],
  ])('ends the body as the scanner says: it %s', async (_, scan, expected) => {
    expect(await outcome(scanned(scan))).toEqual(expected);
  });

  it('says what the scanner says to the client', async () => {
    const stream = scanned(() => ({ allowed: false, message: 'It holds a virus.' }));
    await expect(readAll(stream)).rejects.toMatchObject({
      reason: 'rejected_by_scan',
      message: 'Access Denied: It holds a virus.',
    });
  });

  it('stops reading as soon as the scanner refuses', async () => {
    const body = new PassThrough();
    body.write('abc');
    expect(await outcome(scanned(() => false, body))).toEqual({
      text: '',
      end: 'rejected_by_scan',
    });
    expect(body.destroyed).toBe(false);
  });

  it('goes at the pace of the scanner', async () => {
    let take: () => void = () => undefined;
    const scan: Scan = async (stream) => {
      const iterator = stream[Symbol.asyncIterator]();
      await iterator.next();
      await new Promise<void>((resolve) => (take = resolve));
      while ((await iterator.next()).done !== true);
      return true;
    };
    const chunks = Array.from({ length: 40 }, () => Buffer.alloc(64 * 1024));
    const guarded = scanBody(source(...chunks), limits({ maxBytes: 1e9 }), scan, {
      info,
      timeoutMs: 10_000,
      onFailure,
    });
    const result = outcome(guarded.stream);
    await vi.waitFor(() => expect(guarded.bytes()).toBeGreaterThan(64 * 1024));
    const ahead = guarded.bytes();
    await new Promise(setImmediate);
    expect(guarded.bytes()).toBe(ahead);
    expect(ahead).toBeLessThan(4 * 64 * 1024);
    take();
    expect(await result).toMatchObject({ end: 'end' });
  });

  it.each<[string, Scan]>([
    ['takes no chunk', () => new Promise<boolean>(() => undefined)],
    [
      'comes to no verdict',
      async (stream) => {
        await readAll(stream);
        return new Promise<boolean>(() => undefined);
      },
    ],
  ])('gives up on a scanner that %s', async (_, scan) => {
    vi.useFakeTimers();
    const result = outcome(scanned(scan));
    await vi.advanceTimersByTimeAsync(1001);
    expect(await result).toMatchObject({ end: 'authorization_unavailable' });
  });

  it('tells the scanner when the upload fails', async () => {
    const told = new Promise<unknown>((resolve) => {
      const body = new PassThrough();
      body.write('abc');
      const scan: Scan = async (stream) => {
        try {
          for await (const _ of stream) body.destroy();
          return true;
        } catch (error) {
          resolve(error);
          return false;
        }
      };
      scanned(scan, body).resume();
    });
    expect(await told).toMatchObject({ reason: 'incomplete_body' });
  });
});
