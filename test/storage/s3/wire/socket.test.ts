// One socket to storage, against servers that write every byte by script.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  answer,
  chunked,
  gone,
  request,
  requests,
  say,
  serve,
  serveText,
  wireTo,
} from '../../../support/scripted-server.ts';

const MEGABYTE = 2 ** 20;
const CLOSED = { code: 'ECONNRESET' };
const NOT_PLAIN = { code: 'EPROTO' };

/** A server that writes a piece for each request, and the next one whenever `onRead` is called. */
const serveInPieces = async () => {
  let pieces: string[] = [];
  let socket: Socket | undefined;
  const onRead = (): void => {
    const piece = pieces.shift();
    if (piece !== undefined && socket !== undefined) say(socket, piece);
  };
  const server = await serve(
    requests((asked) => {
      socket = asked.socket;
      onRead();
    }),
  );
  return { server, onRead, script: (next: readonly string[]) => void (pieces = [...next]) };
};

describe('an answer', () => {
  const content = 'hello\r\n\r\nworld\r\n';
  const ANSWERS = [
    ['of known length', answer(content)],
    ['in chunks', chunked([content, 'a'.repeat(20), '\0'])],
    ['without content', answer('')],
    ['in no chunks', chunked([])],
  ] as const;

  it.each(ANSWERS)('%s is the same however it is split', async (_, text) => {
    const { server, onRead, script } = await serveInPieces();
    const seen = wireTo(server, { onRead });
    const ask = async (pieces: readonly string[], keeps: boolean): Promise<string> => {
      script(pieces);
      const heard = await seen.ask(request(), { keeps });
      return JSON.stringify([heard.head, heard.content.toString('latin1')]);
    };
    const whole = await ask([text], false);
    for (let cut = 1; cut < text.length; cut += 1)
      for (const keeps of [true, false])
        expect(await ask([text.slice(0, cut), text.slice(cut)], keeps), `cut at ${cut}`).toBe(
          whole,
        );
    expect(await ask(Array.from(text), true)).toBe(whole);
    expect(new Set(seen.events)).toEqual(new Set(['free']));
    expect(server.sockets).toHaveLength(1);
  });

  it('gives status, headers and content', async () => {
    const seen = wireTo(await serveText(answer('caf\xe9', 404, 'X-A: 1\r\n')));
    const { head, content: bytes } = await seen.ask();
    expect([head.status, head.headers['x-a'], bytes.toString('latin1')]).toEqual([
      404,
      '1',
      'caf\xe9',
    ]);
  });

  it.each([
    ['HEAD', request('HEAD'), 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'],
    ['204', request('DELETE'), 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['304', request(), 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n'],
  ])('without content (%s) leaves the wire free', async (_, message, text) => {
    const seen = wireTo(await serveText(text));
    for (let n = 0; n < 3; n += 1) expect((await seen.ask(message)).content).toHaveLength(0);
    expect(seen.events).toEqual(['free', 'free', 'free']);
  });

  it.each([
    ['a known length', request(), answer('hello')],
    ['chunks', request(), chunked(['hello'])],
    ['HEAD', request('HEAD'), answer('')],
    ['204', request(), 'HTTP/1.1 204 X\r\n\r\n'],
  ])(
    'with bytes beyond its end (%s) is whole, and its socket is closed',
    async (_, message, text) => {
      const plain = await wireTo(await serveText(text)).ask(message);
      const seen = wireTo(await serveText(`${text}H`));
      expect(await seen.ask(message)).toEqual(plain);
      await gone(seen);
      expect(seen.events).toEqual(['gone']);
    },
  );

  it('that says close is whole, and its socket is closed', async () => {
    const seen = wireTo(await serveText(answer('hello', 200, 'Connection: close\r\n')));
    expect((await seen.ask()).content.toString()).toBe('hello');
    await gone(seen);
    expect(seen.events).toEqual(['gone']);
  });

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
    ['100 Continue', `HTTP/1.1 100 Continue\r\n\r\n${answer('hello')}`],
    ['no framing', 'HTTP/1.1 200 OK\r\n\r\nhello'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello'],
    ['chunks that are none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello'],
    ['a trailer', `${chunked(['hello']).slice(0, -2)}X: a\r\n\r\n`],
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(17_000)}`],
  ])('that is not plain (%s) fails', async (_, text) => {
    const { server, onRead, script } = await serveInPieces();
    for (const pieces of [[text], text.match(/[^]{1,6000}/g) ?? []]) {
      const seen = wireTo(server, { onRead });
      script(pieces);
      const heard = seen.send();
      await expect(heard.heard).rejects.toMatchObject(NOT_PLAIN);
      expect(heard.calls).not.toContain('end');
      expect(seen.events).toEqual(['gone']);
    }
  });

  it('with a head of more than 16 KiB fails however it is split', async () => {
    const text = answer('', 200, `X: ${'a'.repeat(20 * 1024)}\r\n`);
    const { server, onRead, script } = await serveInPieces();
    const outcomes: unknown[] = [];
    for (const length of [text.length, 1000]) {
      script(text.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? []);
      const { heard } = wireTo(server, { onRead }).send();
      await heard.then(
        () => outcomes.push('answered'),
        (error: unknown) => outcomes.push(error),
      );
    }
    expect(outcomes).toEqual([
      expect.objectContaining(NOT_PLAIN),
      expect.objectContaining(NOT_PLAIN),
    ]);
  });

  it.each([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['a head', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
    ['all bytes but one', answer('hello').slice(0, -1)],
    ['half a chunk', chunked(['hello']).slice(0, -9)],
    ['all chunks but the last', chunked(['hello']).slice(0, -5)],
    ['all but the last LF', chunked(['hello']).slice(0, -1)],
  ])('that breaks off after %s fails', async (_, text) => {
    for (const end of ['end', 'resetAndDestroy'] as const) {
      const server = await serve(
        requests(({ socket }) => void socket.write(text, 'latin1', () => socket[end]())),
      );
      const seen = wireTo(server);
      const heard = seen.send();
      await expect(heard.heard).rejects.toMatchObject(CLOSED);
      expect(heard.calls).not.toContain('end');
      expect(seen.events).toEqual(['gone']);
    }
  });
});

describe('the memory of a wire', () => {
  const LENGTH = 3 * MEGABYTE;
  const serveNoise = (contents: readonly string[]) => {
    const left = [...contents];
    return serve(requests(({ socket }) => say(socket, left.shift() ?? '')));
  };
  const noise = (): string => randomBytes(LENGTH).toString('latin1');

  it.each([
    ['of known length', (text: string) => answer(text)],
    ['in chunks', (text: string) => chunked([text.slice(0, 100_000), text.slice(100_000)])],
  ])('stays as it is where bytes %s were given away', async (_, framed) => {
    const contents = [noise(), noise()];
    const seen = wireTo(await serveNoise(contents.map(framed)));
    const heard = [];
    for (const _content of contents) {
      const one = seen.send(request(), { keeps: true });
      await one.heard;
      heard.push(one.pieces);
    }
    const kept = heard.map((pieces) => Buffer.concat(pieces).toString('latin1'));
    expect(kept.map((text, at) => text === contents[at])).toEqual([true, true]);
  });

  it('is one and the same as long as bytes are only lent', async () => {
    const contents = [noise(), noise()];
    const memories = new Set<unknown>();
    const seen = wireTo(await serveNoise(contents.map((text) => answer(text))));
    const onData = (bytes: Buffer): void => void memories.add(bytes.buffer);
    for (const content of contents)
      expect((await seen.ask(request(), { onData })).content.toString('latin1') === content).toBe(
        true,
      );
    expect(memories.size).toBe(1);
  });

  it('is not held by few bytes that were given away', async () => {
    const seen = wireTo(await serveText(answer('a'.repeat(200))));
    const heard = seen.send(request(), { keeps: true });
    await heard.heard;
    expect(heard.pieces[0]?.buffer.byteLength).toBeLessThan(64 * 1024);
  });
});
