import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startChild, type Child } from './child.ts';
import * as faults from './faults.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { seededRandom } from './random.ts';
import { chunked, rawRequest } from './raw-request.ts';
import { openRaw, raw, rawSequence } from './raw.ts';
import { installed } from './programs.ts';
import { startRedis } from './redis.ts';
import { resetSocket } from './relay.ts';
import { keysOfDelete, readS3Request } from './s3-operation.ts';
import { startSplice, type Splice } from './splice.ts';
import { availableStores, client, s3rverStore, type Store } from './stores.ts';
import { until } from './until.ts';

const portOf = (server: Server): number => {
  // A TCP server's address is an object; only pipes have strings.
  return (server.address() as AddressInfo).port;
};

const serve = async (listener: RequestListener): Promise<Server> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const tenBytes = Buffer.from('0123456789');

/** Keeps what it was sent, and answers GET with ten bytes. */
const seen: { target: string; headers: Record<string, unknown>; body: Buffer }[] = [];
const storage: RequestListener = (req, res) => {
  const pieces: Buffer[] = [];
  req.on('data', (piece: Buffer) => pieces.push(piece));
  req.on('end', () => {
    seen.push({ target: req.url ?? '', headers: req.headers, body: Buffer.concat(pieces) });
    res.writeHead(200, { 'Content-Length': req.method === 'GET' ? 10 : 0, ETag: '"e"' });
    res.end(req.method === 'GET' ? tenBytes : undefined);
  });
};

describe('fault proxy', () => {
  let target: Server;
  let proxy: FaultProxy;
  beforeAll(async () => {
    target = await serve(storage);
    proxy = await startFaultProxy({ target: `http://127.0.0.1:${portOf(target)}` });
  });
  afterEach(() => {
    proxy.heal();
    proxy.forget();
    seen.length = 0;
  });
  afterAll(async () => {
    await proxy.close();
    target.closeAllConnections();
    target.close();
  });

  const get = (key = 'a'): Promise<Awaited<ReturnType<typeof raw>>> =>
    raw(proxy.port, rawRequest({ target: `/b/${key}` }), { timeoutMs: 2000 });
  const put = (body: string): Promise<Awaited<ReturnType<typeof raw>>> =>
    raw(proxy.port, rawRequest({ method: 'PUT', target: '/b/a', body }), { timeoutMs: 2000 });

  it('passes target, headers and body as they came', async () => {
    const answer = await raw(
      proxy.port,
      rawRequest({
        method: 'PUT',
        target: '/b/a%2e%2E//%c3?x-id=PutObject&q=%20',
        headers: { Host: 'storage.example:9', 'X-Odd': 'a,  b' },
        body: 'body',
      }),
    );
    expect(answer).toMatchObject({ status: 200, headers: { etag: '"e"' }, ended: 'complete' });
    expect(seen).toMatchObject([
      {
        target: '/b/a%2e%2E//%c3?x-id=PutObject&q=%20',
        headers: { host: 'storage.example:9', 'x-odd': 'a,  b' },
        body: Buffer.from('body'),
      },
    ]);
  });

  it('records the call', async () => {
    await get('in%20box/a');
    await until(() => proxy.open() === 0, { what: 'the exchange to end' });
    expect(proxy.calls).toMatchObject([
      {
        operation: 'GetObject',
        method: 'GET',
        bucket: 'b',
        key: 'in box/a',
        keys: ['in box/a'],
        fault: undefined,
        status: 200,
        bytesIn: 0,
        bytesOut: 10,
      },
    ]);
  });

  it('records the keys of a DeleteObjects body', async () => {
    const body =
      '<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key></Object></Delete>';
    await raw(proxy.port, rawRequest({ method: 'POST', target: '/b?delete', body }));
    expect(proxy.calls).toMatchObject([{ operation: 'DeleteObjects', keys: ['a&b', 'c'] }]);
  });

  it('fails the chosen calls only', async () => {
    proxy.fail({
      operation: 'GetObject',
      key: /^x/,
      nth: 2,
      fault: faults.status(503, 'SlowDown'),
    });
    const statuses = [];
    for (const key of ['x1', 'a', 'x2', 'x3']) statuses.push((await get(key)).status);
    expect(statuses).toEqual([200, 200, 503, 200]);
  });

  it('repeats the calls that fail by chance when the seed is the same', async () => {
    const run = async (): Promise<(number | undefined)[]> => {
      const seeded = await startFaultProxy({ target: proxy.endpoint, seed: 7 });
      seeded.fail({ probability: 0.5, fault: faults.status(500, 'InternalError') });
      const requests = Array.from({ length: 20 }, () => rawRequest({ target: '/b/a' }));
      const answers = await rawSequence(seeded.port, requests);
      await seeded.close();
      return answers.map((answer) => answer.status);
    };
    const first = await run();
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await run()).toEqual(first);
  });

  it('answers an S3 error and keeps the call from storage', async () => {
    proxy.fail({ fault: faults.status(503, 'SlowDown') });
    const answer = await put('body');
    expect(answer).toMatchObject({ status: 503, ended: 'complete' });
    expect(answer.body.toString()).toContain('<Code>SlowDown</Code>');
    expect(seen).toEqual([]);
    expect(proxy.calls).toMatchObject([{ status: 503, fault: 'status', bytesIn: 4 }]);
  });

  it('answers 200 with an error in the body', async () => {
    proxy.fail({ fault: faults.okThenErrorBody('InternalError') });
    const answer = await put('body');
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toContain('<Code>InternalError</Code>');
    expect(seen).toEqual([]);
  });

  it.each([
    ['reset', faults.reset(4)],
    ['fin', faults.fin(4)],
    ['timeout', faults.stall(4)],
  ])('cuts a download after four bytes by %s', async (ended, fault) => {
    proxy.fail({ fault });
    const answer = await raw(proxy.port, rawRequest({ target: '/b/a' }), { timeoutMs: 300 });
    expect(answer).toMatchObject({ status: 200, ended, body: Buffer.from('0123') });
  });

  it('cuts an upload before storage has it whole', async () => {
    proxy.fail({ fault: faults.reset(3, 'request') });
    expect(await put('0123456789')).toMatchObject({ status: undefined, ended: 'reset' });
    await until(() => proxy.open() === 0, { what: 'the exchange to end' });
    expect(seen).toEqual([]);
    expect(proxy.calls).toMatchObject([{ status: undefined, bytesIn: 3 }]);
  });

  it('answers nothing in a black hole', async () => {
    proxy.fail({ fault: faults.blackHole() });
    const answer = await raw(proxy.port, rawRequest({ target: '/b/a' }), { timeoutMs: 200 });
    expect(answer).toMatchObject({ status: undefined, ended: 'timeout' });
    expect(seen).toEqual([]);
  });

  it('flips one byte', async () => {
    proxy.fail({ fault: faults.corrupt(2) });
    const answer = await get();
    const expected = Buffer.from(tenBytes);
    expected.writeUInt8(0xff ^ 0x32, 2);
    expect(answer).toMatchObject({ ended: 'complete', body: expected });
  });

  it('drips a body', async () => {
    proxy.fail({ fault: faults.drip(50) });
    const startedAt = performance.now();
    expect(await get()).toMatchObject({ ended: 'complete', body: tenBytes });
    expect(performance.now() - startedAt).toBeGreaterThan(150);
  });

  it('delays a call', async () => {
    proxy.fail({ fault: faults.delay(150) });
    const startedAt = performance.now();
    expect(await get()).toMatchObject({ status: 200, body: tenBytes });
    expect(performance.now() - startedAt).toBeGreaterThan(140);
  });

  it('answers early, before the body came', async () => {
    proxy.fail({ fault: faults.early(403, 'AccessDenied') });
    const connection = await openRaw(proxy.port);
    const headers = { 'Content-Length': '1000000' };
    connection.send(rawRequest({ method: 'PUT', target: '/b/a', headers }));
    expect(await connection.response()).toMatchObject({ status: 403, ended: 'complete' });
    connection.close();
  });

  it('lets storage commit, then resets', async () => {
    proxy.fail({ fault: faults.commitThenReset() });
    expect(await put('body')).toMatchObject({ status: undefined, ended: 'reset' });
    expect(seen).toMatchObject([{ body: Buffer.from('body') }]);
  });

  it('refuses a date that is not its own under skew, and tells its clock', async () => {
    proxy.fail({ fault: faults.skew(3600) });
    const signedAt = (ms: number): Buffer => {
      const date = new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
      return rawRequest({ target: '/b/a', headers: { 'x-amz-date': date } });
    };
    const refused = await raw(proxy.port, signedAt(Date.now()));
    expect(refused.status).toBe(403);
    const clock = Date.parse(refused.headers.date ?? '');
    expect(clock - Date.now()).toBeGreaterThan(3_590_000);
    expect(await raw(proxy.port, signedAt(clock))).toMatchObject({ status: 200 });
  });
});

describe('S3 request', () => {
  it.each([
    ['GET', '/', undefined, 'ListBuckets', ''],
    ['GET', '/b?list-type=2&prefix=a%2F', undefined, 'ListObjectsV2', 'a/'],
    ['GET', '/b/?uploads', undefined, 'ListMultipartUploads', ''],
    ['HEAD', '/b', undefined, 'HeadBucket', ''],
    ['HEAD', '/b/a/', undefined, 'HeadObject', 'a/'],
    ['PUT', '/b/a', undefined, 'PutObject', 'a'],
    ['PUT', '/b/a', '/b/c%20d', 'CopyObject', 'a'],
    ['POST', '/b/a?uploads', undefined, 'CreateMultipartUpload', 'a'],
    ['PUT', '/b/a?partNumber=1&uploadId=u', undefined, 'UploadPart', 'a'],
    ['PUT', '/b/a?partNumber=1&uploadId=u', 'b/c', 'UploadPartCopy', 'a'],
    ['POST', '/b/a?uploadId=u', undefined, 'CompleteMultipartUpload', 'a'],
    ['DELETE', '/b/a?uploadId=u', undefined, 'AbortMultipartUpload', 'a'],
    ['GET', '/b/a?uploadId=u', undefined, 'ListParts', 'a'],
    ['DELETE', '/b/a?x-id=DeleteObject', undefined, 'DeleteObject', 'a'],
    ['POST', '/b/?delete', undefined, 'DeleteObjects', ''],
  ])('is read from %s %s', (method, path, source, operation, key) => {
    expect(readS3Request(method, path, source)).toMatchObject({ operation, key });
  });

  it('names the source of a copy', () => {
    expect(readS3Request('PUT', '/b/a', '/b/c%20d/e').source).toBe('c d/e');
  });

  it('names deleted keys without their escapes', () => {
    expect(keysOfDelete('<Key>&lt;a&#38;&#x62;&gt;</Key><Key></Key>')).toEqual(['<a&b>', '']);
  });
});

describe('splice', () => {
  let target: Server;
  let splice: Splice;
  beforeAll(async () => {
    target = await serve(storage);
    splice = await startSplice(portOf(target));
  });
  afterEach(() => splice.heal());
  afterAll(async () => {
    await splice.close();
    target.closeAllConnections();
    target.close();
  });
  const get = rawRequest({ target: '/b/a' });

  it('passes bytes both ways', async () => {
    expect(await raw(splice.port, get)).toMatchObject({ ended: 'complete', body: tenBytes });
  });

  it.each([
    ['reset', { kind: 'reset', afterBytes: 9 }],
    ['fin', { kind: 'fin', afterBytes: 9 }],
    ['timeout', { kind: 'stall', afterBytes: 9 }],
    ['timeout', { kind: 'black-hole' }],
  ] as const)('ends the way down by %s when told %o', async (ended, down) => {
    splice.set({ down });
    expect(await raw(splice.port, get, { timeoutMs: 200 })).toMatchObject({
      status: undefined,
      ended,
    });
  });

  it('holds the way up', async () => {
    seen.length = 0;
    splice.set({ up: { kind: 'black-hole' } });
    expect(await raw(splice.port, get, { timeoutMs: 200 })).toMatchObject({ ended: 'timeout' });
    expect(seen).toEqual([]);
  });

  it('drips', async () => {
    splice.set({ down: { kind: 'drip', bytesPerSecond: 1000 } });
    const startedAt = performance.now();
    expect(await raw(splice.port, get)).toMatchObject({ ended: 'complete', body: tenBytes });
    expect(performance.now() - startedAt).toBeGreaterThan(80);
  });

  it('refuses connections, cuts open ones, and comes back on the same port', async () => {
    const open = await openRaw(splice.port);
    await until(() => splice.open() === 1, { what: 'the connection' });
    await splice.refuse();
    expect(await open.response({ timeoutMs: 1000 })).toMatchObject({ ended: 'reset' });
    await expect(openRaw(splice.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await splice.heal();
    expect(await raw(splice.port, get)).toMatchObject({ status: 200 });
  });
});

describe('raw client', () => {
  const answering = async (bytes: string, how: 'end' | 'reset' | 'hold'): Promise<number> => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(Buffer.from(bytes, 'latin1'), () => {
          if (how === 'end') socket.end();
          if (how === 'reset') resetSocket(socket);
        });
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(() => server.close());
    // A TCP server's address is an object; only pipes have strings.
    return (server.address() as AddressInfo).port;
  };
  const servers: (() => void)[] = [];
  afterAll(() => servers.forEach((close) => close()));
  const OK = 'HTTP/1.1 200 OK\r\n';

  it.each([
    ['a declared length', `${OK}Content-Length: 3\r\n\r\nabc`, 'hold', 'complete', undefined],
    ['too few bytes', `${OK}Content-Length: 5\r\n\r\nabc`, 'end', 'fin', undefined],
    ['bytes until the end', `${OK}\r\nabc`, 'end', 'complete', undefined],
    ['no end', `${OK}\r\nabc`, 'hold', 'timeout', undefined],
    [
      'chunks',
      `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n`,
      'hold',
      'complete',
      true,
    ],
    [
      'no last chunk',
      `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n`,
      'end',
      'fin',
      false,
    ],
    ['half a chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nabc`, 'reset', 'reset', false],
  ] as const)('reads an answer with %s', async (_, bytes, how, ended, finalChunk) => {
    const port = await answering(bytes, how);
    expect(await raw(port, rawRequest({ target: '/' }), { timeoutMs: 200 })).toMatchObject({
      status: 200,
      body: Buffer.from('abc'),
      ended,
      finalChunk,
    });
  });

  it('reports 1xx answers, joins repeated headers, keeps the head', async () => {
    const head = 'HTTP/1.1 204 No Content\r\nVary: a\r\nvary: b';
    const port = await answering(`HTTP/1.1 100 Continue\r\n\r\n${head}\r\n\r\n`, 'hold');
    expect(await raw(port, rawRequest({ target: '/' }))).toEqual({
      status: 204,
      headers: { vary: 'a, b' },
      rawHead: head,
      body: Buffer.alloc(0),
      ended: 'complete',
      finalChunk: undefined,
      informational: [100],
    });
  });

  it('reports a connection that ends without an answer', async () => {
    const port = await answering('', 'end');
    expect(await raw(port, 'x')).toMatchObject({ status: undefined, ended: 'fin' });
  });

  it('reads the answers of one connection in turn, HEAD without a body', async () => {
    const server = await serve((_, res) => res.end('abc'));
    const answers = await rawSequence(portOf(server), [
      rawRequest({ target: '/' }),
      rawRequest({ method: 'HEAD', target: '/' }),
      rawRequest({ target: '/' }),
    ]);
    expect(answers.map(({ status, body }) => [status, body.toString()])).toEqual([
      [200, 'abc'],
      [200, ''],
      [200, 'abc'],
    ]);
    server.close();
  });

  it('sends the target and repeated headers as written', () => {
    const bytes = rawRequest({
      method: 'POST',
      target: '/a/../%2e%2e\\b\x80',
      headers: [
        ['X-A', '1'],
        ['x-a', '2'],
        ['Transfer-Encoding', 'chunked'],
      ],
      body: chunked('ab', 'c'),
    });
    expect(bytes.toString('latin1')).toBe(
      'POST /a/../%2e%2e\\b\x80 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: 1\r\nx-a: 2\r\n' +
        'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
    );
  });
});

describe('child', () => {
  const entry = fileURLToPath(new URL('./entries/plain.ts', import.meta.url));
  let child: Child;
  beforeAll(async () => {
    child = await startChild(entry, { NAME: 'rig' });
  });
  afterAll(() => child.kill());
  const get = (target: string): ReturnType<typeof raw> => raw(child.port, rawRequest({ target }));

  it('answers, and exchanges messages with the test', async () => {
    expect(await get('/')).toMatchObject({ status: 200, body: Buffer.from('done') });
    child.send({ a: 1 });
    await until(() => child.messages.length > 0, { what: 'the echo' });
    expect(child.messages).toEqual([{ echo: { a: 1 }, name: 'rig' }]);
  });

  it('shows memory as it grows, its peak, and its return', async () => {
    child.resetPeakRss();
    const before = child.rss();
    await get('/keep');
    expect(child.rss() - before).toBeGreaterThan(48 * 2 ** 20);
    await get('/drop');
    await child.collectGarbage();
    await until(() => child.rss() - before < 48 * 2 ** 20, { what: 'the memory to come back' });
    expect(child.peakRss() - before).toBeGreaterThan(48 * 2 ** 20);
  });

  it('counts open connections', async () => {
    const before = { fds: child.fds(), sockets: child.sockets() };
    const connections = [await openRaw(child.port), await openRaw(child.port)];
    await until(() => child.sockets() === before.sockets + 2, { what: 'two sockets more' });
    expect(child.fds()).toBe(before.fds + 2);
    for (const connection of connections) connection.close();
    await until(() => child.fds() === before.fds, { what: 'the sockets to go' });
  });

  it('measures how long the event loop was held', async () => {
    await child.loopDelay();
    // The first sample after a look only sets the clock.
    await get('/block');
    await get('/block');
    expect(await child.loopDelay()).toBeGreaterThan(100);
  });

  it('names what keeps the process busy', async () => {
    expect(await child.resources()).toContain('TCPServerWrap');
  });

  it('reports an unhandled rejection and the end that follows', async () => {
    const doomed = await startChild(entry);
    void raw(doomed.port, rawRequest({ target: '/reject' })).catch(() => {});
    expect(await doomed.exit).toEqual({ code: 1, signal: null });
    expect(doomed.unhandled).toEqual([
      expect.stringMatching(/^unhandledRejection: Error: nobody catches this/),
    ]);
    expect(child.unhandled).toEqual([]);
  });

  it('fails with the output of an entry that ends before it listens', async () => {
    const broken = fileURLToPath(new URL('./entries/no-such.ts', import.meta.url));
    await expect(startChild(broken)).rejects.toThrow(/no-such\.ts/);
  });
});

describe('seeded random', () => {
  it('repeats its numbers and spreads them', () => {
    const numbers = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 1000 }, random);
    };
    expect(numbers(1)).toEqual(numbers(1));
    expect(numbers(1)).not.toEqual(numbers(2));
    const mean = numbers(1).reduce((sum, value) => sum + value, 0) / 1000;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });
});

describe.each([...availableStores(), { name: 's3rver', open: s3rverStore }])(
  'store $name',
  ({ open }) => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    it('gives back what was put, through the fault proxy', async () => {
      const proxy = await startFaultProxy({ target: store.endpoint });
      const s3 = client({ ...store, endpoint: proxy.endpoint });
      const body = randomBytes(3 * 2 ** 20);
      const where = { Bucket: store.bucket, Key: 'folder/a b+c.bin' };
      await s3.send(new PutObjectCommand({ ...where, Body: body }));
      const answer = await s3.send(new GetObjectCommand(where));
      const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
      const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
      expect(digest(bytes)).toBe(digest(body));
      expect(proxy.calls).toMatchObject([
        { operation: 'PutObject', key: where.Key, status: 200, bytesIn: body.length },
        { operation: 'GetObject', key: where.Key, status: 200, bytesOut: body.length },
      ]);
      s3.destroy();
      await proxy.close();
    });
  },
);

describe.runIf(installed('redis'))('redis', () => {
  it('comes back on its port after it was killed', async () => {
    const redis = await startRedis();
    const ping = async (): Promise<string> => {
      const connection = await openRaw(redis.port);
      connection.send('PING\r\n');
      const [answer] = (await once(connection.socket, 'data')) as [Buffer];
      connection.close();
      return answer.toString();
    };
    expect(await ping()).toBe('+PONG\r\n');
    await redis.kill();
    await expect(ping()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await redis.restart();
    expect(await ping()).toBe('+PONG\r\n');
    await redis.close();
  });
});
