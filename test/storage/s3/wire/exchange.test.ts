// One exchange with storage: what comes whole, what does not, and what ends it before.
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FileServiceError } from '../../../../src/core/errors.ts';
import type { LeanAnswer, NoAnswer } from '../../../../src/storage/s3/wire/exchange.ts';
import type { WirePool } from '../../../../src/storage/s3/wire/socket-pool.ts';
import type { Wire } from '../../../../src/storage/s3/wire/socket.ts';
import {
  answer,
  ask,
  begin,
  chunked,
  deferred,
  listener,
  poolFor,
  request,
  requests,
  say,
  serve,
  serveText,
} from '../../../support/scripted-server.ts';
import { until } from '../../../support/until.ts';

const GONE = new Error('the client has gone');
const ERROR_BYTES = 64 * 1024;
const UNAVAILABLE = { reason: 'storage_unavailable', headers: { 'Retry-After': '5' } };

const a = (count: number): string => 'a'.repeat(count);
const streamed = (text: string) => ({
  bytes: Readable.from([Buffer.from(text)]),
  length: text.length,
  payload: 'UNSIGNED-PAYLOAD',
});

/** Takes a wire out of a pool and holds it: a request that nobody answers. */
const occupy = (pool: WirePool): Promise<Wire> => {
  const { promise, resolve } = deferred<Wire>();
  pool.claim({
    start(wire) {
      wire.send(request(), listener().receiver);
      resolve(wire);
    },
    fail: () => undefined,
  });
  return promise;
};

/** An answer in a form that is quickly compared. */
const plain = (given: LeanAnswer | NoAnswer) => {
  if (typeof given === 'string' || !(given.body instanceof Uint8Array)) return given;
  return { status: given.status, content: Buffer.from(given.body).toString('latin1') };
};

describe('an exchange', () => {
  it.each([
    ['nothing', answer(''), ''],
    ['a few bytes', answer('hello'), 'hello'],
    ['as many bytes as may be', answer(a(100)), a(100)],
    ['no chunks', chunked([]), ''],
    ['a few chunks', chunked(['hello', 'world']), 'helloworld'],
    ['as many bytes in chunks as may be', chunked([a(60), a(40)]), a(100)],
  ])('gives %s whole, and keeps the socket', async (_, text, content) => {
    const server = await serveText(text);
    const pool = poolFor(server.origin);
    for (let n = 0; n < 2; n += 1) {
      const { answer: given, counts } = begin(pool);
      expect(plain(await given)).toEqual({ status: 200, content });
      expect([counts.outages, pool.busy()]).toEqual([0, 0]);
    }
    expect(server.sockets).toHaveLength(1);
  });

  it.each([
    ['more bytes than may be', answer(a(101)), false],
    ['more bytes in chunks than may be', chunked([a(60), a(41)]), false],
    ['chunks of which nobody knows how many', chunked([a(10)]), true],
    ['a long error', answer(a(ERROR_BYTES + 1), 500), true],
    ['a long error in chunks', chunked([a(ERROR_BYTES), 'a'], 500), true],
  ])('leaves %s to the SDK, and no socket behind', async (_, text, isStreamed) => {
    const server = await serveText(text);
    const pool = poolFor(server.origin);
    const { answer: given, counts } = begin(pool, { streamed: isStreamed });
    expect(await given).toBe('failed');
    expect(counts.outages).toBe(0);
    await until(() => server.open() === 0, { what: 'the end of the socket' });
    expect(pool.busy()).toBe(0);
  });

  it.each([
    [300, answer(a(ERROR_BYTES), 300)],
    [404, answer(a(ERROR_BYTES), 404)],
    [503, chunked([a(ERROR_BYTES - 1), 'a'], 503)],
  ])('gives the whole document of a %i, however little else may be', async (status, text) => {
    const server = await serveText(text);
    const pool = poolFor(server.origin);
    for (const isStreamed of [true, false]) {
      const given = await begin(pool, { whole: 0, streamed: isStreamed }).answer;
      expect(plain(given)).toEqual({ status, content: a(ERROR_BYTES) });
    }
    expect(server.sockets).toHaveLength(1);
  });

  it('gives the headers of a HEAD for a file of any length', async () => {
    const server = await serveText('HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n');
    const given = await begin(poolFor(server.origin), { method: 'HEAD', whole: 0 }).answer;
    const headers = { 'content-length': '5000000' };
    expect(given).toEqual({ status: 200, headers, body: Buffer.alloc(0) });
  });

  it('sends a body', async () => {
    const server = await serve(
      requests(({ body, socket }) => say(socket, answer(`${body.toString()}!`))),
    );
    const pool = poolFor(server.origin);
    const bodies = [streamed('hello'), { ...streamed('hello'), bytes: Buffer.from('hello') }];
    for (const body of bodies)
      expect(await begin(pool, { body }).answer).toMatchObject({ body: Buffer.from('hello!') });
  });
});

describe('an exchange that is aborted', () => {
  it('while it waits for a socket rejects, and waits no more', async () => {
    const server = await serve(() => {});
    const pool = poolFor(server.origin, { maxSockets: 1 });
    await occupy(pool);
    const { answer: given, leaving, counts } = begin(pool);
    expect(pool.waiting()).toBe(1);
    leaving.abort(GONE);
    await expect(given).rejects.toBe(GONE);
    expect([pool.waiting(), counts.outages]).toEqual([0, 0]);
  });

  it.each([
    ['its answer', ''],
    ['the rest of a head', 'HTTP/1.1 200 OK\r\n'],
    ['the rest of its content', answer('hello').slice(0, -1)],
    ['the last chunk', chunked(['hello']).slice(0, -1)],
  ])('while it waits for %s rejects, and leaves no socket behind', async (_, text) => {
    const server = await serveText(text);
    const pool = poolFor(server.origin);
    const { answer: given, leaving, counts } = begin(pool);
    await until(() => (server.sockets[0]?.bytesWritten ?? -1) === text.length, { what: text });
    leaving.abort(GONE);
    await expect(given).rejects.toBe(GONE);
    await until(() => server.open() === 0, { what: 'the end of the socket' });
    expect([pool.busy(), counts.outages]).toEqual([0, 0]);
  });

  it.each([
    [
      'because storage stands still is an outage',
      new FileServiceError('storage_unavailable', 'Still.'),
      1,
    ],
    ['because the sender has failed is none', new FileServiceError('incomplete_body', 'Cut.'), 0],
  ])('%s', async (_, reason, outages) => {
    const server = await serve(() => {});
    const pool = poolFor(server.origin, { maxSockets: 1 });
    const { answer: given, leaving, counts } = begin(pool, { body: streamed('hello') });
    const waiting = begin(pool, { body: streamed('hello') });
    waiting.leaving.abort(reason);
    leaving.abort(reason);
    await expect(given).rejects.toBe(reason);
    await expect(waiting.answer).rejects.toBe(reason);
    expect([counts.outages, waiting.counts.outages]).toEqual([outages, 0]);
  });

  it('before it begins rejects', async () => {
    const server = await serveText(answer('hello'));
    const { answer: given } = begin(poolFor(server.origin), { aborted: GONE });
    await expect(given).rejects.toBe(GONE);
  });

  it('after its answer keeps its socket', async () => {
    const server = await serveText(answer('hello'));
    const pool = poolFor(server.origin);
    const { answer: given, leaving } = begin(pool);
    await given;
    const next = ask(pool);
    leaving.abort(GONE);
    await next;
    expect(server.sockets).toHaveLength(1);
  });
});

describe('an exchange that takes too long', () => {
  it.each([
    ['an answer', ''],
    ['the end of an answer', answer('hello').slice(0, -1)],
  ])('for %s is an outage', async (_, text) => {
    const server = await serveText(text);
    const pool = poolFor(server.origin);
    const { answer: given, counts } = begin(pool, { requestMs: 100 });
    await expect(given).rejects.toMatchObject(UNAVAILABLE);
    expect(counts.outages).toBe(1);
    await until(() => server.open() === 0, { what: 'the end of the socket' });
    expect(pool.busy()).toBe(0);
  });

  it('for a socket is no outage, and waits no more', async () => {
    const server = await serve(() => {});
    const pool = poolFor(server.origin, { maxSockets: 1 });
    const wire = await occupy(pool);
    const { answer: given, counts } = begin(pool, { requestMs: 200 });
    // Its caller is to hear of it within the time of a request.
    const late = new Promise((resolve) => setTimeout(resolve, 200, 'late'));
    await expect(Promise.race([given, late])).rejects.toMatchObject(UNAVAILABLE);
    expect([pool.waiting(), counts.outages]).toEqual([0, 0]);
    expect(wire.isOpen()).toBe(true);
  });

  it('for a socket has no end of its own where somebody watches over its body', async () => {
    const server = await serve(() => {});
    const pool = poolFor(server.origin, { maxSockets: 1 });
    const wire = await occupy(pool);
    const { answer: given, counts } = begin(pool, { body: streamed('hello'), requestMs: 50 });
    const outcome = await Promise.race([
      given,
      new Promise((resolve) => setTimeout(resolve, 200, 'waits')),
    ]);
    expect([outcome, pool.waiting(), counts.outages]).toEqual(['waits', 1, 0]);
    wire.close();
    await until(() => pool.waiting() === 0, { what: 'its turn' });
  });

  it('for a socket has all its time for the answer once it has one', async () => {
    const server = await serve(
      requests(({ socket }) => void setTimeout(() => say(socket, answer('late')), 200)),
    );
    const pool = poolFor(server.origin, { maxSockets: 1 });
    const [first, second] = [begin(pool, { requestMs: 350 }), begin(pool, { requestMs: 350 })];
    for (const { answer: given } of [first, second])
      expect(await given).toMatchObject({ body: Buffer.from('late') });
  });

  it('for a connection is an outage', async () => {
    const server = await serve(() => {});
    const pool = poolFor(`https://127.0.0.1:${server.port}`, { connectMs: 50 });
    const { answer: given, counts } = begin(pool);
    await expect(given).rejects.toMatchObject(UNAVAILABLE);
    expect(counts.outages).toBe(1);
  });

  it('has no end of its own where somebody watches over its body', async () => {
    const server = await serve(
      requests(({ socket }) => void setTimeout(() => say(socket, answer('late')), 200)),
    );
    const { answer: given } = begin(poolFor(server.origin), {
      body: streamed('hello'),
      requestMs: 50,
    });
    expect(await given).toMatchObject({ body: Buffer.from('late') });
  });
});

describe('an exchange that storage breaks', () => {
  it.each([
    ['by closing', '', 'ECONNRESET'],
    ['in the middle of its content', answer('hello').slice(0, -1), 'ECONNRESET'],
    ['with another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'EPROTO'],
  ])('%s is an outage, left to the SDK where it can send it again', async (_, text, code) => {
    const server = await serve(requests(({ socket }) => void socket.end(text, 'latin1')));
    const pool = poolFor(server.origin);
    const again = begin(pool);
    expect(await again.answer).toBe('failed');
    const once = begin(pool, { body: streamed('hello') });
    await expect(once.answer).rejects.toMatchObject({ code });
    expect([again.counts.outages, once.counts.outages, pool.busy()]).toEqual([1, 1, 0]);
  });

  it('with a long answer rejects where its body is gone', async () => {
    const server = await serveText(answer(a(101)));
    const { answer: given } = begin(poolFor(server.origin), { body: streamed('hello') });
    await expect(given).rejects.toMatchObject({ code: 'EPROTO' });
  });
});
