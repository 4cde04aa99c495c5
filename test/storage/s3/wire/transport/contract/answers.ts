// What a transport makes of answers: which come whole, which flow, and which are none.
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { TransportRequest } from '../../../../../../src/storage/s3/wire/transport/transport.ts';
import {
  answer,
  chunked,
  requests,
  say,
  serve,
  serveInPieces,
  serveText,
} from '../../../../../support/scripted-server.ts';
import { until } from '../../../../../support/until.ts';
import { a, failure, flowOf, given, hear, text, type OpenTransport } from './asking.ts';

const ERROR_BYTES = 64 * 1024;

/** Answers that are as they should be. */
export function goodAnswers(open: OpenTransport): void {
  describe('an answer', () => {
    it.each([
      ['nothing', answer(''), ''],
      ['a few bytes', answer('hello'), 'hello'],
      ['as many bytes as may be', answer(a(100)), a(100)],
      ['no chunks', chunked([]), ''],
      ['a few chunks', chunked(['hello', 'world']), 'helloworld'],
      ['as many bytes in chunks as may be', chunked([a(60), a(40)]), a(100)],
      [
        'extensions of chunks',
        'HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n',
        'hello',
      ],
      ['trailers', `${chunked(['hello']).slice(0, -2)}X-Sum: a\r\nX-Other: b\r\n\r\n`, 'hello'],
    ])('of %s comes whole, and leaves its socket to the next', async (_, bytes, content) => {
      const server = await serveText(bytes);
      for (const streamed of [false, true]) {
        const transport = await given(open, server.origin);
        for (let n = 0; n < 3; n += 1) {
          const whole = await transport.ask({ streamed });
          expect([whole.status, text(whole), transport.busySockets()]).toEqual([200, content, 0]);
        }
      }
      expect(server.sockets).toHaveLength(2);
    });

    const content = 'hello\r\n\r\nworld\r\n';
    it.each([
      ['of known length', answer(content)],
      ['in chunks', chunked([content, a(20), '\0'])],
      ['without content', answer('')],
      ['in no chunks', chunked([])],
      ['after a 100', `HTTP/1.1 100 Continue\r\n\r\n${answer(content)}`],
    ])('%s is the same however it is split', async (_, bytes) => {
      const { server, script } = await serveInPieces();
      const transport = await given(open, server.origin);
      const ask = async (pieces: readonly string[]): Promise<string> => {
        script(pieces);
        const { status, headers, body } = await transport.ask();
        return JSON.stringify([status, headers, body]);
      };
      const whole = await ask([bytes]);
      for (let cut = 1; cut < bytes.length; cut += 1)
        expect(await ask([bytes.slice(0, cut), bytes.slice(cut)]), `cut at ${cut}`).toBe(whole);
      expect(await ask(Array.from(bytes))).toBe(whole);
      expect(server.sockets).toHaveLength(1);
    });

    it('gives status, headers and content, bytes as Latin-1 characters', async () => {
      const lines =
        'X-A: 1\r\nx-a:2\r\nX-E: caf\xe9 \xff\r\nX-Empty:\r\n__proto__: p\r\nconstructor: c\r\nconstructor: d\r\n';
      const transport = await given(open, (await serveText(answer('caf\xe9', 404, lines))).origin);
      const whole = await transport.ask();
      expect([whole.status, text(whole)]).toEqual([404, 'caf\xe9']);
      expect(Object.entries(whole.headers)).toEqual([
        ['x-a', '1, 2'],
        ['x-e', 'caf\xe9 \xff'],
        ['x-empty', ''],
        ['constructor', 'c, d'],
        ['content-length', '4'],
      ]);
      expect(Object.hasOwn(Object.prototype, 'p')).toBe(false);
    });

    it.each<[TransportRequest['method'], string]>([
      ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n'],
      ['HEAD', 'HTTP/1.1 404 Not Found\r\nContent-Length: 300\r\n\r\n'],
      ['DELETE', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5000000\r\n\r\n'],
    ])('to %s without content (%j) leaves its socket to the next', async (method, bytes) => {
      const server = await serveText(bytes);
      const transport = await given(open, server.origin);
      for (let n = 0; n < 3; n += 1)
        expect(text(await transport.ask({ method, wholeBytes: 0 }))).toBe('');
      expect(server.sockets).toHaveLength(1);
    });

    it('to HEAD says what is in its headers', async () => {
      const bytes = 'HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n';
      const transport = await given(open, (await serveText(bytes)).origin);
      const { headers } = await transport.ask({ method: 'HEAD', wholeBytes: 0 });
      expect({ ...headers }).toEqual({ 'content-length': '5000000' });
    });

    it.each([
      [300, answer(a(ERROR_BYTES), 300)],
      [404, answer(a(ERROR_BYTES), 404)],
      [503, chunked([a(ERROR_BYTES - 1), 'a'], 503)],
    ])('of status %i comes whole, however little else may be', async (status, bytes) => {
      const server = await serveText(bytes);
      const transport = await given(open, server.origin);
      for (const streamed of [true, false]) {
        const whole = await transport.ask({ wholeBytes: 0, streamed });
        expect([whole.status, text(whole)]).toEqual([status, a(ERROR_BYTES)]);
      }
      expect(server.sockets).toHaveLength(1);
    });

    it.each([
      ['known', answer(a(101)), '101'],
      ['unknown', chunked([a(60), a(41)]), undefined],
    ])('of %s length that is longer than a whole one may be flows', async (_, bytes, length) => {
      const server = await serveText(bytes);
      const transport = await given(open, server.origin);
      for (let n = 0; n < 2; n += 1) {
        const flowing = await transport.ask({ streamed: true });
        expect([flowing.status, flowing.headers['content-length']]).toEqual([200, length]);
        expect(await hear(flowOf(flowing)).heard).toBe(a(101));
      }
      expect(server.sockets).toHaveLength(1);
    });

    it('that ends with its connection comes whole', async () => {
      const server = await serve(
        requests(({ socket }) => void socket.end('HTTP/1.1 200 OK\r\n\r\nhello')),
      );
      const transport = await given(open, server.origin);
      for (let n = 0; n < 2; n += 1) expect(text(await transport.ask())).toBe('hello');
      expect(server.sockets).toHaveLength(2);
    });

    it.each([
      ['says close', answer('hello', 200, 'Connection: close\r\n')],
      ['is of HTTP/1.0', answer('hello').replace('HTTP/1.1', 'HTTP/1.0')],
    ])('that %s is whole, and its socket is closed', async (_, bytes) => {
      const server = await serveText(bytes);
      const transport = await given(open, server.origin, { maxSockets: 1 });
      for (let n = 0; n < 3; n += 1) expect(text(await transport.ask())).toBe('hello');
      await until(() => server.open() === 0, { what: 'the end of the sockets' });
      expect(server.sockets).toHaveLength(3);
    });
  });

  // RFC 9110 section 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
  describe('an interim answer', () => {
    it.each([
      ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
      ['102', 'HTTP/1.1 102 Processing\r\nX-A: 1\r\n\r\n'],
      ['103', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'],
      [
        'more of them',
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\n\r\n',
      ],
    ])('(%s) is skipped, and the request is sent once', async (_, interim) => {
      let asked = 0;
      const server = await serve(
        requests(({ socket, body }) => {
          asked += 1;
          say(socket, interim);
          setImmediate(() => say(socket, interim + answer(`${body.length}`)));
        }),
      );
      const transport = await given(open, server.origin);
      for (const body of [null, Buffer.alloc(5), null]) {
        const whole = await transport.ask({ body });
        expect([whole.status, text(whole)]).toEqual([200, `${body?.length ?? 0}`]);
      }
      expect([asked, server.sockets.length]).toEqual([3, 1]);
    });

    it('that changes the protocol is no answer', async () => {
      const bytes = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
      const transport = await given(open, (await serveText(bytes)).origin);
      expect(await failure(transport.begin())).toEqual({ code: 'EPROTO', isSent: true });
    });
  });
}

/** Answers that are none. */
export function badAnswers(open: OpenTransport): void {
  const head = (...lines: string[]): string =>
    ['HTTP/1.1 200 OK', ...lines, '', 'hello'].join('\r\n');

  describe('no answer is', () => {
    it.each<[string, string, boolean]>([
      ['a longer one than may be', answer(a(101)), false],
      ['a longer one in chunks', chunked([a(60), a(41)]), false],
      ['a longer one that ends with its connection', `HTTP/1.1 200 OK\r\n\r\n${a(101)}`, true],
      ['a long error', answer(a(ERROR_BYTES + 1), 500), true],
      ['a long error in chunks', chunked([a(ERROR_BYTES), 'a'], 500), true],
      ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', false],
      ['HTTP/2', answer('hello').replace('HTTP/1.1', 'HTTP/2'), false],
      ['a status of two digits', answer('hello').replace('200', '20'), false],
      ['a line that goes on', answer('', 200, 'X: a\r\n b\r\n'), false],
      ['a space before the colon', answer('', 200, 'X : a\r\n'), false],
      ['a control character', answer('', 200, 'X: a\0b\r\n'), false],
      ['two lengths', head('Content-Length: 5', 'Content-Length: 5'), false],
      ['two different lengths', head('Content-Length: 5', 'content-length: 6'), false],
      ['a list of lengths', head('Content-Length: 5, 5'), false],
      ['a sign in a length', head('Content-Length: +5'), false],
      ['a hexadecimal length', head('Content-Length: 0x5'), false],
      ['a length with chunks', head('Content-Length: 5', 'Transfer-Encoding: chunked'), false],
      ['chunks with a length', head('Transfer-Encoding: chunked', 'Content-Length: 5'), false],
      ['a coding that nobody asked for', head('Transfer-Encoding: gzip'), false],
      ['chunks under another coding', head('Transfer-Encoding: chunked, gzip'), false],
      ['another coding under chunks', head('Transfer-Encoding: gzip, chunked'), false],
      ['chunks that are none', head('Transfer-Encoding: chunked'), false],
      ['a head without end', `HTTP/1.1 200 OK\r\nX: ${a(17_000)}`, false],
      ['a head of more than 16 KiB', answer('', 200, `X: ${a(20_000)}\r\n`), false],
      ['a head of many lines', answer('', 200, `X: ${a(90)}\r\n`.repeat(250)), false],
    ])('%s, and no socket is left behind', async (kind, bytes, streamed) => {
      const server = await serveText(bytes);
      const transport = await given(open, server.origin);
      expect(await failure(transport.begin({ streamed }))).toEqual({
        code: /^a long(?:er one|\b)/.test(kind) ? 'EMSGSIZE' : 'EPROTO',
        isSent: true,
      });
      await until(() => server.open() === 0, { what: 'the end of the socket' });
      expect([transport.busySockets(), server.sockets.length]).toEqual([0, 1]);
    });

    it('a head of more than 16 KiB in small pieces', async () => {
      const { server, script } = await serveInPieces();
      script(answer('', 200, `X: ${a(20 * 1024)}\r\n`).match(/[^]{1,1000}/g) ?? []);
      const transport = await given(open, server.origin);
      expect(await failure(transport.begin())).toEqual({ code: 'EPROTO', isSent: true });
    });

    it.each([
      ['nothing', ''],
      ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
      ['a head', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
      ['all bytes but one', answer('hello').slice(0, -1)],
      [
        'all bytes but one of the last answer',
        answer('hello', 200, 'Connection: close\r\n').slice(0, -1),
      ],
      ['half a chunk', chunked(['hello']).slice(0, -9)],
      ['all chunks but the last', chunked(['hello']).slice(0, -5)],
      ['all but the last LF', chunked(['hello']).slice(0, -1)],
      [
        'all chunks but the last of the last answer',
        chunked(['hello']).slice(0, -5).replace('Tr', 'Connection: close\r\nTr'),
      ],
    ])('one that breaks off after %s', async (_, bytes) => {
      for (const end of ['end', 'resetAndDestroy'] as const) {
        const server = await serve(
          requests(({ socket }) => void socket.write(bytes, 'latin1', () => socket[end]())),
        );
        const transport = await given(open, server.origin);
        expect(await failure(transport.begin())).toEqual({ code: 'ECONNRESET', isSent: true });
        expect([transport.busySockets(), server.sockets.length]).toEqual([0, 1]);
      }
    });
  });
}

/** Bytes that belong to no answer, which must never become one. */
export function surplusBytes(open: OpenTransport): void {
  const FORGED = answer('forged');
  const serveOnce = async (first: (socket: Socket) => void) => {
    let asked = 0;
    return serve(
      requests(({ socket }) => {
        if (asked++ === 0) first(socket);
        else say(socket, answer('right'));
      }),
    );
  };

  describe('bytes beyond an answer', () => {
    it.each<[string, TransportRequest['method'], string, string]>([
      ['of known length', 'GET', answer('hello'), 'hello'],
      ['in chunks', 'GET', chunked(['hello']), 'hello'],
      ['to HEAD', 'HEAD', answer(''), ''],
      ['of 204', 'GET', 'HTTP/1.1 204 X\r\n\r\n', ''],
      ['of 304', 'GET', 'HTTP/1.1 304 X\r\n\r\n', ''],
    ])(
      '%s are not the next answer, and its socket is closed',
      async (_, method, bytes, content) => {
        for (const surplus of ['H', FORGED, FORGED + FORGED]) {
          const server = await serveOnce((socket) => say(socket, bytes + surplus));
          const transport = await given(open, server.origin, { maxSockets: 1 });
          const [first, second] = [transport.ask({ method }), transport.ask()];
          expect([text(await first), text(await second)]).toEqual([content, 'right']);
          expect(text(await transport.ask())).toBe('right');
          expect(server.sockets).toHaveLength(2);
        }
      },
    );

    it.each(['H', FORGED])('that come while nobody asks (%j) close the socket', async (bytes) => {
      const server = await serveOnce((socket) => say(socket, answer('hello')));
      const transport = await given(open, server.origin);
      await transport.ask();
      say(server.sockets[0] as Socket, bytes);
      await until(() => server.open() === 0, { what: 'the end of the socket' });
      expect(text(await transport.ask())).toBe('right');
    });

    it('that came while nobody asked are not the answer to the next request', async () => {
      for (let turns = 1; turns < 6; turns += 1) {
        const server = await serveOnce((socket) => say(socket, answer('hello')));
        const transport = await given(open, server.origin);
        await transport.ask();
        say(server.sockets[0] as Socket, FORGED);
        for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
        expect(text(await transport.ask())).toBe('right');
      }
    });

    it('to HEAD that are its content after all are not the next answer', async () => {
      const server = await serveOnce((socket) => say(socket, answer(FORGED)));
      const transport = await given(open, server.origin, { maxSockets: 1 });
      const [first, second] = [transport.ask({ method: 'HEAD' }), transport.ask()];
      expect([text(await first), text(await second)]).toEqual(['', 'right']);
    });
  });
}
