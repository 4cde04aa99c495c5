// How a transport sends bodies: whole, once, and no faster than storage takes them.
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { answer, requests, say, serve } from '../../../../../support/scripted-server.ts';
import { until } from '../../../../../support/until.ts';
import { failure, given, text, type OpenTransport } from './asking.ts';

const MEGABYTE = 2 ** 20;
const LONG = 16 * MEGABYTE;

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A stream of as many bytes, in pieces of 64 KiB; `onPiece` is called before each. */
const streamOf = (bytes: Buffer, onPiece = () => {}): Readable => {
  let at = 0;
  return new Readable({
    read() {
      onPiece();
      this.push(at < bytes.length ? bytes.subarray(at, (at += 65_536)) : null);
    },
  });
};

const KINDS: readonly [string, (bytes: Buffer) => Uint8Array | Readable][] = [
  ['bytes', (bytes) => bytes],
  ['bytes that are no Buffer', (bytes) => new Uint8Array(bytes)],
  ['a stream', (bytes) => streamOf(bytes)],
  ['a stream of one piece', (bytes) => Readable.from(bytes.length === 0 ? [] : [bytes])],
];

const digests = () =>
  serve(requests(({ body, socket }) => say(socket, answer(`${body.length} ${sha(body)}`))));

/** Bodies that arrive, and answers that come before they have. */
export function bodies(open: OpenTransport): void {
  describe('a body', () => {
    it.each(KINDS)('of %s arrives whole, and leaves its socket to the next', async (_, bodyOf) => {
      const server = await digests();
      const transport = await given(open, server.origin);
      for (const length of [0, 1, 1000, 3 * MEGABYTE]) {
        const bytes = randomBytes(length);
        const whole = await transport.ask({ body: bodyOf(bytes), length });
        expect(text(whole)).toBe(`${length} ${sha(bytes)}`);
      }
      expect(server.sockets).toHaveLength(1);
    });

    it('goes with the headers as they were given, and its length', async () => {
      const heads: string[] = [];
      const server = await serve(
        requests(({ head, socket }) => {
          heads.push(head);
          say(socket, answer(''));
        }),
      );
      const transport = await given(open, server.origin);
      const headers = [
        ['host', 'bucket.test:8000'],
        ['x-amz-meta-a', 'caf\xe9 "b"; c'],
        ['content-length', '2'],
      ] as const;
      await transport.ask({ target: '/a%20b?x=1&y=%2F', headers, body: Buffer.from('hi') });
      const [line = '', ...fields] = (heads[0] ?? '').split('\r\n');
      expect(line).toBe('PUT /a%20b?x=1&y=%2F HTTP/1.1');
      for (const [name, value] of headers)
        expect(fields.filter((field) => field.startsWith(`${name}: `))).toEqual([
          `${name}: ${value}`,
        ]);
    });

    it('is asked for no faster than storage takes it', async () => {
      const bytes = randomBytes(LONG);
      const answered = requests(({ body, socket }) => say(socket, answer(sha(body))));
      const server = await serve((socket) => {
        socket.pause();
        answered(socket);
      });
      const transport = await given(open, server.origin);
      let asked = 0;
      const body = streamOf(bytes, () => (asked += 1));
      const whole = transport.ask({ body, length: LONG });
      await until(() => body.isPaused(), { what: 'a body that waits for storage' });
      expect(asked * 65_536).toBeLessThan(LONG);
      server.sockets[0]?.resume();
      expect(text(await whole)).toBe(sha(bytes));
    });

    it.each(KINDS.slice(0, 3))(
      'of %s that storage answers before it was sent ends with its socket',
      async (_, bodyOf) => {
        const server = await serve((socket) => {
          socket.once('data', () => {
            socket.pause();
            say(socket, answer('no', 412));
          });
        });
        const transport = await given(open, server.origin);
        const { status } = await transport.ask({ body: bodyOf(Buffer.alloc(LONG)), length: LONG });
        expect(status).toBe(412);
        await until(() => transport.busySockets() === 0, { what: 'the end of the exchange' });
        server.sockets[0]?.resume();
        await until(() => server.open() === 0, { what: 'the end of the socket' });
      },
    );

    it('that stands still when storage answers ends with its socket', async () => {
      const server = await serve((socket) => {
        socket.on('data', (bytes: Buffer) => {
          if (bytes.includes('first')) say(socket, answer('no', 412));
        });
      });
      const transport = await given(open, server.origin);
      const body = new Readable({ read() {} });
      body.push('first');
      expect((await transport.ask({ body, length: 100 })).status).toBe(412);
      await until(() => server.open() === 0, { what: 'the end of the socket' });
    });

    it.each([
      ['shorter', 'hell'],
      ['longer', 'hello!'],
    ])('that is %s than announced is never taken for whole', async (_, content) => {
      let isWhole = false;
      const server = await serve(requests(() => (isWhole = true)));
      const transport = await given(open, server.origin);
      const body = new Readable({ read() {} });
      body.on('error', () => {});
      body.push(content);
      body.push(null);
      const begun = transport.begin({ body, length: 5 });
      if (content.length < 5) {
        // Its owner notices, and aborts.
        setImmediate(() => begun.abort(new Error('too short')));
        await expect(begun.answer).rejects.toThrow();
        expect(isWhole).toBe(false);
      } else expect(await failure(begun)).toMatchObject({ code: expect.any(String) });
      await until(() => server.open() === 0, { what: 'the end of the socket' });
      expect(transport.busySockets()).toBe(0);
    });

    it.each(['end', 'resetAndDestroy'] as const)(
      'is sent once, whatever breaks the connection (%s)',
      async (end) => {
        let asked = 0;
        const server = await serve(
          requests(({ socket }) => {
            asked += 1;
            socket[end]();
          }),
        );
        const transport = await given(open, server.origin);
        for (const [, bodyOf] of KINDS) {
          const begun = transport.begin({ body: bodyOf(Buffer.from('hello')), length: 5 });
          expect(await failure(begun)).toEqual({ code: 'ECONNRESET', isSent: true });
        }
        expect(asked).toBe(KINDS.length);
      },
    );
  });
}
