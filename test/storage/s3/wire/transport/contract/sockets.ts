// Which sockets a transport opens, keeps, waits for and leaves.
import { createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../../../support/free-port.ts';
import {
  answer,
  chunked,
  requests,
  say,
  serve,
  serveText,
} from '../../../../../support/scripted-server.ts';
import { until } from '../../../../../support/until.ts';
import { a, failure, given, text, type Begun, type OpenTransport } from './asking.ts';

const GONE = new Error('the client has gone');

/** A server that answers a request with its path, when the test says so. */
const patient = async () => {
  const asked = new Map<string, Socket>();
  const server = await serve(
    requests(({ head, socket }) => void asked.set(head.split(' ')[1] ?? '', socket)),
  );
  const socketOf = async (path: string): Promise<Socket> =>
    (await until(() => asked.get(path), { what: `the request for ${path}` })) as Socket;
  const answerTo = async (path: string): Promise<void> => say(await socketOf(path), answer(path));
  return { server, asked, socketOf, answerTo };
};

/** Sockets that are opened, kept and given away. */
export function sockets(open: OpenTransport): void {
  describe('sockets', () => {
    it('are opened for requests alone', async () => {
      const server = await serve(() => {});
      const transport = await given(open, server.origin);
      expect([transport.busySockets(), transport.waiting(), server.sockets.length]).toEqual([
        0, 0, 0,
      ]);
    });

    it('carry one request after another', async () => {
      const texts = [answer('a'), chunked(['a', 'b']), answer('', 404), answer(a(100))];
      let asked = 0;
      const server = await serve(requests(({ socket }) => say(socket, texts[asked++ % 4] ?? '')));
      const transport = await given(open, server.origin);
      for (let n = 0; n < 12; n += 1) {
        expect(transport.busySockets()).toBe(0);
        await transport.ask();
      }
      expect(server.sockets).toHaveLength(1);
    });

    it('are no more than may be, and come to those who wait in their order', async () => {
      const { server, asked, answerTo } = await patient();
      const transport = await given(open, server.origin, { maxSockets: 3 });
      const paths = Array.from({ length: 20 }, (_, n) => `/${n}`);
      const answers = paths.map((target) => transport.ask({ target }));
      expect([transport.busySockets(), transport.waiting()]).toEqual([3, 17]);
      for (const path of paths) {
        await answerTo(path);
        expect(transport.busySockets()).toBeLessThanOrEqual(3);
      }
      expect((await Promise.all(answers)).map(text)).toEqual(paths);
      expect([...asked.keys()].slice(3)).toEqual(paths.slice(3));
      expect([server.sockets.length, transport.busySockets(), transport.waiting()]).toEqual([
        3, 0, 0,
      ]);
    });

    it('are given away last in, first out', async () => {
      const { server, socketOf, answerTo } = await patient();
      const transport = await given(open, server.origin);
      const [one, two] = [transport.ask({ target: '/1' }), transport.ask({ target: '/2' })];
      await answerTo('/2');
      await two;
      await answerTo('/1');
      await one;
      transport.begin({ target: '/3' });
      expect(transport.busySockets()).toBe(1);
      expect((await socketOf('/3')) === (await socketOf('/1'))).toBe(true);
    });

    it('that end are replaced for those who wait', async () => {
      let opened = 0;
      const server = await serve((socket) => {
        if (opened++ === 0) socket.once('data', () => socket.destroy());
        else requests(() => say(socket, answer('second')))(socket);
      });
      const transport = await given(open, server.origin, { maxSockets: 1 });
      const [first, second] = [transport.begin(), transport.begin()];
      expect(await failure(first)).toMatchObject({ code: 'ECONNRESET' });
      expect(text(await second.answer)).toBe('second');
      expect(server.sockets).toHaveLength(2);
    });

    it.each(['end', 'resetAndDestroy'] as const)(
      'that storage has closed (%s) are not used',
      async (end) => {
        const server = await serveText(answer('a'));
        const transport = await given(open, server.origin);
        for (let turns = 1; turns < 4; turns += 1) {
          await transport.ask();
          server.sockets.at(-1)?.[end]();
          for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
          expect(text(await transport.ask())).toBe('a');
        }
      },
    );

    it('that nobody needs for a while are closed', async () => {
      const server = await serveText(answer('a'));
      const transport = await given(open, server.origin, { idleMs: 200 });
      await Promise.all([transport.ask(), transport.ask()]);
      expect(server.open()).toBe(2);
      await until(() => server.open() === 0, { what: 'the end of both', deadlineMs: 2000 });
      await transport.ask();
      expect(server.sockets).toHaveLength(3);
    });

    // RFC 2068 section 19.7.1.1, as servers still say it.
    it('are closed before their server closes them, where it says when', async () => {
      const server = await serveText(answer('a', 200, 'Keep-Alive: timeout=2\r\n'));
      const transport = await given(open, server.origin);
      await transport.ask();
      const start = performance.now();
      await until(() => server.open() === 0, { what: 'the end of the socket' });
      expect(performance.now() - start).toBeLessThan(2000);
    });

    it('go to an address of IPv6', async () => {
      const server = createServer(requests(({ socket }) => say(socket, answer('six'))));
      onTestFinished(() => void server.close());
      const port = await new Promise<number | undefined>((resolve) => {
        server.once('error', () => resolve(undefined));
        server.listen(0, '::1', () => resolve((server.address() as { port: number }).port));
      });
      // A machine may have no IPv6.
      if (port === undefined) return;
      const transport = await given(open, `http://[::1]:${port}`);
      expect(text(await transport.ask())).toBe('six');
    });
  });
}

/** What ends a request before its answer. */
export function ends(open: OpenTransport): void {
  describe('a request', () => {
    it('that nobody accepts was not sent', async () => {
      const transport = await given(open, `http://127.0.0.1:${await freePort()}`);
      expect(await failure(transport.begin())).toEqual({ code: 'ECONNREFUSED', isSent: false });
      expect(transport.busySockets()).toBe(0);
    });

    it('whose connection takes too long was not sent, handshake included', async () => {
      const server = await serve((socket) => void socket.resume());
      const secure = `https://127.0.0.1:${server.port}`;
      const transport = await given(open, secure, { connectMs: 100 });
      const start = performance.now();
      expect(await failure(transport.begin())).toEqual({ code: 'ETIMEDOUT', isSent: false });
      expect(performance.now() - start).toBeGreaterThan(90);
      await until(() => server.open() === 0, { what: 'the end of the socket' });
      expect([server.sockets.length, transport.busySockets()]).toEqual([1, 0]);
    });

    it.each([
      ['end', 'ECONNRESET'],
      ['resetAndDestroy', 'ECONNRESET'],
    ] as const)('whose handshake breaks off (%s) was not sent', async (end, code) => {
      const server = await serve((socket) => void socket.once('data', () => socket[end]()));
      const transport = await given(open, `https://127.0.0.1:${server.port}`);
      expect(await failure(transport.begin())).toEqual({ code, isSent: false });
      expect(transport.busySockets()).toBe(0);
    });

    it('may take longer for its answer than for its connection', async () => {
      const server = await serve(
        requests(({ socket }) => void setTimeout(() => say(socket, answer('late')), 300)),
      );
      const transport = await given(open, server.origin, { connectMs: 150 });
      expect(text(await transport.ask())).toBe('late');
    });

    it.each([
      ['an answer', ''],
      ['the rest of a head', 'HTTP/1.1 200 OK\r\n'],
      ['the end of an answer', answer('hello').slice(0, -1)],
      ['the last chunk', chunked(['hello']).slice(0, -1)],
    ])('that waits too long for %s fails', async (_, bytes) => {
      const server = await serveText(bytes);
      const transport = await given(open, server.origin);
      const begun = transport.begin({ answerMs: 150 });
      expect(await failure(begun)).toEqual({ code: 'ETIMEDOUT', isSent: true });
      await until(() => server.open() === 0, { what: 'the end of the socket' });
      expect(transport.busySockets()).toBe(0);
    });

    it('whose answer drips fails all the same', async () => {
      const server = await serve(
        requests(({ socket }) => {
          const bytes = Array.from(answer('hello', 200, `X: ${a(1000)}\r\n`));
          const dripping = setInterval(() => say(socket, bytes.shift() ?? ''), 5);
          socket.on('close', () => clearInterval(dripping));
        }),
      );
      const begun = (await given(open, server.origin)).begin({ answerMs: 150 });
      expect(await failure(begun)).toEqual({ code: 'ETIMEDOUT', isSent: true });
    });

    it('that gets no socket in time was not sent, and waits no more', async () => {
      const server = await serve(() => {});
      const transport = await given(open, server.origin, { maxSockets: 1 });
      transport.begin();
      const start = performance.now();
      const begun = transport.begin({ answerMs: 200 });
      expect(await failure(begun)).toEqual({ code: 'ENOSOCKET', isSent: false });
      expect(performance.now() - start).toBeLessThan(1000);
      expect([transport.waiting(), transport.busySockets()]).toEqual([0, 1]);
    });

    it('has all its time for the answer once it has a socket', async () => {
      const server = await serve(
        requests(({ socket }) => void setTimeout(() => say(socket, answer('late')), 250)),
      );
      const transport = await given(open, server.origin, { maxSockets: 1 });
      const both = [transport.ask({ answerMs: 450 }), transport.ask({ answerMs: 450 })];
      expect((await Promise.all(both)).map(text)).toEqual(['late', 'late']);
    });

    it('without a deadline waits for a socket and an answer as long as its owner lets it', async () => {
      const { server, answerTo } = await patient();
      const transport = await given(open, server.origin, { maxSockets: 1 });
      const first = transport.ask({ target: '/1', answerMs: null });
      const body = Readable.from([Buffer.from('hello')]);
      const second = transport.ask({ target: '/2', body, length: 5 });
      const outcome = await Promise.race([
        second,
        new Promise((resolve) => setTimeout(resolve, 200, 'waits')),
      ]);
      expect([outcome, transport.waiting()]).toEqual(['waits', 1]);
      await answerTo('/1');
      await answerTo('/2');
      expect([text(await first), text(await second)]).toEqual(['/1', '/2']);
    });
  });
}

/** A request that is aborted, at every stage. */
export function aborts(open: OpenTransport): void {
  /** Aborts, and sees that it settles at once. */
  const settles = async (begun: Begun): Promise<void> => {
    begun.abort(GONE);
    const outcome = await Promise.race([
      begun.answer.catch((error: unknown) => error),
      new Promise((resolve) => setTimeout(resolve, 0, 'late')),
    ]);
    expect(outcome).toBe(GONE);
  };

  describe('a request that is aborted', () => {
    it('before it begins is never sent', async () => {
      const server = await serveText(answer('hello'));
      const transport = await given(open, server.origin);
      await expect(transport.ask({ signal: AbortSignal.abort(GONE) })).rejects.toBe(GONE);
      expect([transport.busySockets(), server.sockets.length]).toEqual([0, 0]);
    });

    it('while it connects settles at once, and leaves no socket behind', async () => {
      const server = await serve((socket) => void socket.resume());
      const transport = await given(open, `https://127.0.0.1:${server.port}`);
      const begun = transport.begin();
      await until(() => server.sockets.length === 1, { what: 'its connection' });
      await settles(begun);
      await until(() => server.open() === 0, { what: 'the end of the socket' });
      await settles(transport.begin());
      expect(transport.busySockets()).toBe(0);
    });

    it('while it waits for a socket settles at once, and waits no more', async () => {
      const { server, answerTo, asked } = await patient();
      const transport = await given(open, server.origin, { maxSockets: 1 });
      const first = transport.ask({ target: '/1' });
      const second = transport.begin({ target: '/2' });
      const third = transport.ask({ target: '/3' });
      expect(transport.waiting()).toBe(2);
      await settles(second);
      expect(transport.waiting()).toBe(1);
      await answerTo('/1');
      await answerTo('/3');
      expect([text(await first), text(await third)]).toEqual(['/1', '/3']);
      expect([...asked.keys()]).toEqual(['/1', '/3']);
    });

    it.each([
      ['its answer', ''],
      ['the rest of a head', 'HTTP/1.1 200 OK\r\n'],
      ['the rest of its content', answer('hello').slice(0, -1)],
      ['the last chunk', chunked(['hello']).slice(0, -1)],
    ])('while it waits for %s settles at once, and leaves no socket behind', async (_, bytes) => {
      const server = await serveText(bytes);
      const transport = await given(open, server.origin, { maxSockets: 1 });
      for (let n = 1; n < 3; n += 1) {
        const begun = transport.begin();
        await until(() => (server.sockets[n - 1]?.bytesWritten ?? -1) === bytes.length, {
          what: bytes,
        });
        await settles(begun);
        await until(() => server.open() === 0, { what: 'the end of the socket' });
        expect(transport.busySockets()).toBe(0);
      }
    });

    it('while it sends its body settles at once, and leaves no socket behind', async () => {
      const server = await serve((socket) => void socket.pause());
      const transport = await given(open, server.origin);
      const stream = new Readable({
        read() {
          this.push(Buffer.alloc(65_536));
        },
      });
      stream.on('error', () => {});
      for (const body of [Buffer.alloc(2 ** 24), stream]) {
        const begun = transport.begin({ body, length: 2 ** 24 });
        await until(() => server.open() === 1, { what: 'its connection' });
        await settles(begun);
        for (const socket of server.sockets) socket.resume();
        await until(() => server.open() === 0, { what: 'the end of the socket' });
      }
      expect(transport.busySockets()).toBe(0);
    });

    it('after its answer leaves its socket to others', async () => {
      const server = await serveText(answer('hello'));
      const transport = await given(open, server.origin);
      const { answer: first, abort } = transport.begin();
      await first;
      const next = transport.ask();
      abort(GONE);
      expect(text(await next)).toBe('hello');
      expect(server.sockets).toHaveLength(1);
    });
  });
}

/** The end of a transport. */
export function closing(open: OpenTransport): void {
  describe('a transport that closes', () => {
    const reason = new Error('the service is closing');

    it('rejects what is under way and what waits, and closes idle sockets', async () => {
      const { server, socketOf, answerTo } = await patient();
      const transport = await given(open, server.origin, { maxSockets: 2 });
      const idle = transport.ask({ target: '/1' });
      const underWay = transport.begin({ target: '/2' });
      await socketOf('/2');
      await answerTo('/1');
      await idle;
      transport.close(reason);
      await expect(underWay.answer).rejects.toBe(reason);
      await until(() => server.open() === 0, { what: 'the end of all sockets' });
      expect([transport.busySockets(), server.sockets.length]).toEqual([0, 2]);
    });

    it('rejects those who wait, and all who come later', async () => {
      const { server, socketOf } = await patient();
      const transport = await given(open, server.origin, { maxSockets: 1 });
      const underWay = transport.ask({ target: '/1' });
      const waiting = transport.ask();
      await socketOf('/1');
      transport.close(reason);
      const outcomes = await Promise.allSettled([underWay, waiting, transport.ask()]);
      expect(outcomes).toEqual(Array(3).fill({ status: 'rejected', reason }));
      expect([transport.waiting(), transport.busySockets(), server.sockets.length]).toEqual([
        0, 0, 1,
      ]);
    });

    it('rejects who connects, and leaves no socket behind', async () => {
      const server = await serve((socket) => void socket.resume());
      const transport = await given(open, `https://127.0.0.1:${server.port}`);
      const begun = transport.begin();
      await until(() => server.sockets.length === 1, { what: 'its connection' });
      transport.close(reason);
      await expect(begun.answer).rejects.toBe(reason);
      await until(() => server.open() === 0, { what: 'the end of the socket' });
    });
  });
}
