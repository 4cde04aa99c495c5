// Sockets to one origin: who gets which, and how long they are kept.
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Claimant } from '../../../../src/storage/s3/wire/socket-pool.ts';
import { freePort } from '../../../support/free-port.ts';
import {
  answer,
  ask,
  chunked,
  listener,
  poolFor,
  request,
  requests,
  say,
  serve,
  serveText,
} from '../../../support/scripted-server.ts';
import { until } from '../../../support/until.ts';

/** A server that answers a request with its path, when the test says so. */
const patient = async () => {
  const asked = new Map<string, Socket>();
  const server = await serve(
    requests(({ head, socket }) => void asked.set(head.split(' ')[1] ?? '', socket)),
  );
  const socketOf = async (path: string): Promise<Socket> => {
    const socket = await until(() => asked.get(path), { what: `the request for ${path}` });
    return socket as Socket;
  };
  const answerTo = async (path: string): Promise<void> => say(await socketOf(path), answer(path));
  return { server, socketOf, answerTo };
};

describe('a pool', () => {
  it('opens nothing before the first claim', async () => {
    const server = await serve(() => {});
    const pool = poolFor(server.origin);
    expect([pool.busy(), pool.waiting(), server.sockets.length]).toEqual([0, 0, 0]);
  });

  it('carries one request after another over one socket', async () => {
    const texts = [answer('a'), chunked(['a', 'b']), answer('', 404), answer('c'.repeat(100_000))];
    let asked = 0;
    const server = await serve(
      requests(({ socket }) => say(socket, texts[asked++ % texts.length] ?? '')),
    );
    const pool = poolFor(server.origin);
    for (let n = 0; n < 12; n += 1) {
      expect(pool.busy()).toBe(0);
      await ask(pool);
    }
    expect(server.sockets).toHaveLength(1);
  });

  it.each([
    ['bytes beyond the end', `${answer('a')}H`],
    ['Connection: close', answer('a', 200, 'Connection: close\r\n')],
  ])('uses no socket again after %s', async (_, text) => {
    const server = await serveText(text);
    const pool = poolFor(server.origin, { maxSockets: 1 });
    for (let n = 0; n < 3; n += 1) expect((await ask(pool)).content.toString()).toBe('a');
    expect(server.sockets).toHaveLength(3);
  });

  it('gives the socket that was used last', async () => {
    const { server, socketOf, answerTo } = await patient();
    const pool = poolFor(server.origin);
    const [one, two] = [ask(pool, request('GET', '/1')), ask(pool, request('GET', '/2'))];
    await answerTo('/2');
    await two;
    await answerTo('/1');
    await one;
    void ask(pool, request('GET', '/3')).catch(() => {});
    expect(pool.busy()).toBe(1);
    expect((await socketOf('/3')) === (await socketOf('/1'))).toBe(true);
  });

  it('uses no more sockets than it may, and serves those who wait in order', async () => {
    const { server, answerTo } = await patient();
    const pool = poolFor(server.origin, { maxSockets: 3 });
    const started: string[] = [];
    const paths = Array.from({ length: 20 }, (_, n) => `/${n}`);
    const answers = paths.map((path) => {
      const { receiver, heard } = listener();
      pool.claim({
        start(wire) {
          started.push(path);
          wire.send(request('GET', path), receiver);
        },
        fail: (error) => receiver.fail(error),
      });
      return heard;
    });
    expect([pool.busy(), pool.waiting()]).toEqual([3, 17]);
    for (const path of paths) {
      await answerTo(path);
      expect(pool.busy()).toBeLessThanOrEqual(3);
    }
    const heard = await Promise.all(answers);
    expect(heard.map(({ content }) => content.toString())).toEqual(paths);
    expect(started).toEqual(paths);
    expect([server.sockets.length, pool.busy(), pool.waiting()]).toEqual([3, 0, 0]);
  });

  it('forgets whoever withdraws', async () => {
    const { server, answerTo } = await patient();
    const pool = poolFor(server.origin, { maxSockets: 1 });
    const first = ask(pool, request('GET', '/1'));
    let isServed = false;
    const withdrawn: Claimant = {
      start: () => void (isServed = true),
      fail: () => void (isServed = true),
    };
    pool.claim(withdrawn);
    const last = ask(pool, request('GET', '/3'));
    expect(pool.waiting()).toBe(2);
    pool.withdraw(withdrawn);
    expect(pool.waiting()).toBe(1);
    await answerTo('/1');
    await answerTo('/3');
    await Promise.all([first, last]);
    expect(isServed).toBe(false);
  });

  it('opens another socket for who waits when one ends', async () => {
    let opened = 0;
    const server = await serve((socket) => {
      if (opened++ === 0) socket.once('data', () => socket.destroy());
      else requests(() => say(socket, answer('second')))(socket);
    });
    const pool = poolFor(server.origin, { maxSockets: 1 });
    const [first, second] = [ask(pool), ask(pool)];
    await expect(first).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await second).content.toString()).toBe('second');
    expect(server.sockets).toHaveLength(2);
  });

  it('uses no socket that storage has closed meanwhile', async () => {
    const server = await serveText(answer('a'));
    const pool = poolFor(server.origin);
    await ask(pool);
    server.sockets[0]?.end();
    await until(() => server.open() === 0, { what: 'the end of the socket' });
    await ask(pool);
    expect(server.sockets).toHaveLength(2);
  });

  it('closes sockets that nobody needs for a while', async () => {
    const server = await serveText(answer('a'));
    const pool = poolFor(server.origin, { idleMs: 200 });
    await Promise.all([ask(pool), ask(pool)]);
    expect(server.open()).toBe(2);
    await until(() => server.open() === 0, { what: 'the end of both', deadlineMs: 1000 });
    await ask(pool);
    expect(server.sockets).toHaveLength(3);
  });

  it('fails those under way when it closes', async () => {
    const { server, socketOf, answerTo } = await patient();
    const pool = poolFor(server.origin, { maxSockets: 2 });
    const idle = ask(pool, request('GET', '/1'));
    const underWay = ask(pool, request('GET', '/2'));
    await socketOf('/2');
    await answerTo('/1');
    await idle;
    pool.close(new Error('the service is closing'));
    await expect(underWay).rejects.toThrow('the service is closing');
    await until(() => server.open() === 0, { what: 'the end of all sockets' });
    expect([pool.busy(), server.sockets.length]).toEqual([0, 2]);
  });

  it('fails those who wait, and all who come once it is closed', async () => {
    const { server, socketOf } = await patient();
    const pool = poolFor(server.origin, { maxSockets: 1 });
    const underWay = ask(pool, request('GET', '/1'));
    const waiting = ask(pool);
    await socketOf('/1');
    const reason = new Error('the service is closing');
    pool.close(reason);
    const outcomes = await Promise.allSettled([underWay, waiting, ask(pool)]);
    expect(outcomes).toEqual(Array(3).fill({ status: 'rejected', reason }));
    expect([pool.waiting(), pool.busy(), server.sockets.length]).toEqual([0, 0, 1]);
  });
});

describe('a connection', () => {
  it('that nobody accepts fails', async () => {
    const pool = poolFor(`http://127.0.0.1:${await freePort()}`);
    await expect(ask(pool)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(pool.busy()).toBe(0);
  });

  it('goes to an address of IPv6', async () => {
    const server = createServer(requests(({ socket }) => say(socket, answer('six'))));
    onTestFinished(() => void server.close());
    const port = await new Promise<number | undefined>((resolve) => {
      server.once('error', () => resolve(undefined));
      server.listen(0, '::1', () => resolve((server.address() as { port: number }).port));
    });
    // A machine may have no IPv6.
    if (port === undefined) return;
    const pool = poolFor(`http://[::1]:${port}`);
    expect((await ask(pool)).content.toString()).toBe('six');
  });

  it('that takes too long fails, handshake included', async () => {
    const server = await serve((socket) => void socket.resume());
    const pool = poolFor(`https://127.0.0.1:${server.port}`, { connectMs: 100 });
    const start = performance.now();
    await expect(ask(pool)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(performance.now() - start).toBeGreaterThan(90);
    await until(() => server.open() === 0, { what: 'the end of the socket' });
    expect([server.sockets.length, pool.busy()]).toEqual([1, 0]);
  });

  it('that is there may take its time to answer', async () => {
    const server = await serve(
      requests(({ socket }) => void setTimeout(() => say(socket, answer('late')), 300)),
    );
    const pool = poolFor(server.origin, { connectMs: 150 });
    expect((await ask(pool)).content.toString()).toBe('late');
  });
});
