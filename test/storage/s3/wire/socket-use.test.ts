// What a wire does with its socket: bodies that go out, pauses, idleness and ends.
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  answer,
  chunked,
  gone,
  putting,
  request,
  requests,
  say,
  serve,
  serveText,
  wireTo,
} from '../../../support/scripted-server.ts';
import { until } from '../../../support/until.ts';

const MEGABYTE = 2 ** 20;
// Many times what the sockets of both sides hold.
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

describe('a body', () => {
  const digests = () =>
    serve(requests(({ body, socket }) => say(socket, answer(`${body.length} ${sha(body)}`))));

  it.each([
    ['bytes', (bytes: Buffer) => bytes],
    ['a stream', (bytes: Buffer) => streamOf(bytes)],
    ['a stream of one piece', (bytes: Buffer) => Readable.from([bytes])],
  ])('of %s arrives whole, and the wire is free afterwards', async (_, bodyOf) => {
    const server = await digests();
    const seen = wireTo(server);
    for (const length of [1, 1000, 3 * MEGABYTE]) {
      const bytes = randomBytes(length);
      const { content } = await seen.ask(putting(bodyOf(bytes), length));
      expect(content.toString()).toBe(`${length} ${sha(bytes)}`);
    }
    expect(seen.events).toEqual(['free', 'free', 'free']);
  });

  it('without bytes arrives', async () => {
    const seen = wireTo(await digests());
    for (const body of [new Uint8Array(), Readable.from([])])
      expect((await seen.ask(putting(body, 0))).content.toString()).toMatch(/^0 /);
    expect(seen.events).toEqual(['free', 'free']);
  });

  it('is asked for no faster than storage takes it', async () => {
    const bytes = randomBytes(LONG);
    const answered = requests(({ body, socket }) => say(socket, answer(sha(body))));
    const server = await serve((socket) => {
      socket.pause();
      answered(socket);
    });
    const seen = wireTo(server);
    let asked = 0;
    let ahead = 0;
    const body = streamOf(bytes, () => {
      asked += 1;
      ahead = Math.max(ahead, seen.socket.writableLength);
    });
    const heard = seen.ask(putting(body, LONG));
    await until(() => body.isPaused(), { what: 'a body that waits for storage' });
    expect(asked * 65_536).toBeLessThan(LONG);
    server.sockets[0]?.resume();
    expect((await heard).content.toString()).toBe(sha(bytes));
    expect(ahead).toBeLessThan(256 * 1024);
  });

  it.each([
    ['bytes', (bytes: Buffer) => bytes],
    ['a stream', (bytes: Buffer) => streamOf(bytes)],
  ])('of %s that storage answers before it was sent ends with its socket', async (_, bodyOf) => {
    const server = await serve((socket) => {
      socket.once('data', () => {
        socket.pause();
        say(socket, answer('no', 412));
      });
    });
    const seen = wireTo(server);
    expect((await seen.ask(putting(bodyOf(Buffer.alloc(LONG)), LONG))).head.status).toBe(412);
    await gone(seen);
    expect(seen.events).toEqual(['gone']);
  });
});

describe('a body that stands still', () => {
  it('ends with its socket when storage answers before it was sent', async () => {
    const server = await serve((socket) => {
      socket.on('data', (bytes: Buffer) => {
        if (bytes.includes('first')) say(socket, answer('no', 412));
      });
    });
    const seen = wireTo(server);
    const body = new Readable({ read() {} });
    body.push('first');
    expect((await seen.ask(putting(body, 100))).head.status).toBe(412);
    await gone(seen);
    expect(seen.events).toEqual(['gone']);
  });
});

describe('a wire that is paused', () => {
  it('reads nothing until it goes on, and then everything', async () => {
    const content = randomBytes(LONG).toString('latin1');
    const server = await serveText(answer(content));
    const seen = wireTo(server);
    const heard = seen.send(request(), { onHead: () => seen.wire.pause() });
    await until(() => seen.read() > 0, { what: 'the head' });
    const read = seen.read();
    expect(read).toBeLessThanOrEqual(64 * 1024);
    // Whatever was to be read by mistake would be read meanwhile.
    for (let n = 0; n < 3; n += 1) await wireTo(server).ask(request('GET', '/other'));
    expect(seen.read()).toBe(read);
    seen.wire.resume();
    expect((await heard.heard).content.toString('latin1') === content).toBe(true);
  });

  const pausedAtEnd = async (text: string) => {
    const server = await serveText(text);
    const seen = wireTo(server);
    await seen.ask(request(), { onData: () => seen.wire.pause() });
    const [socket] = server.sockets;
    if (socket === undefined) throw new Error('no socket');
    return { seen, socket };
  };

  it.each([
    ['of known length', answer('hello')],
    ['in chunks', chunked(['hello'])],
  ])('at the end of an answer %s takes another request', async (_, text) => {
    const { seen } = await pausedAtEnd(text);
    expect((await seen.ask()).content.toString()).toBe('hello');
    expect(seen.events).toEqual(['free', 'free']);
  });

  it('at the end of an answer sees that storage closes', async () => {
    const { seen, socket } = await pausedAtEnd(answer('hello'));
    socket.end();
    await gone(seen);
  });

  // Unread, they would be taken for the answer to the next request.
  it('at the end of an answer closes when bytes come', async () => {
    const { seen, socket } = await pausedAtEnd(answer('hello'));
    say(socket, answer('forged'));
    await gone(seen);
  });
});

describe('a wire without a request', () => {
  it('closes when bytes come', async () => {
    const server = await serveText(answer('hello'));
    const seen = wireTo(server);
    await seen.ask();
    expect(seen.wire.isOpen()).toBe(true);
    server.sockets[0]?.write('H');
    await gone(seen);
    expect(seen.wire.isOpen()).toBe(false);
  });

  it.each(['end', 'resetAndDestroy'] as const)('closes when storage does (%s)', async (how) => {
    const server = await serveText(answer('hello'));
    const seen = wireTo(server);
    await seen.ask();
    server.sockets[0]?.[how]();
    await gone(seen);
    expect(seen.wire.isOpen()).toBe(false);
  });

  const IDLE_MS = 300;

  it('closes after its time, counted from the last answer', async () => {
    const server = await serveText(answer('hello'));
    const seen = wireTo(server, { idleMs: IDLE_MS });
    const start = performance.now();
    for (let n = 0; n < 3; n += 1) {
      await seen.ask();
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS / 2));
    }
    const last = performance.now();
    expect(seen.events).toEqual(['free', 'free', 'free']);
    await gone(seen);
    expect(performance.now() - start).toBeGreaterThan(IDLE_MS * 1.5);
    expect(performance.now() - last).toBeLessThan(IDLE_MS * 4);
  });

  it('closes after its time also when an answer took longer than that', async () => {
    const sockets = await serve(
      requests(({ socket }) => void setTimeout(() => say(socket, answer('late')), IDLE_MS * 2)),
    );
    const seen = wireTo(sockets, { idleMs: IDLE_MS });
    expect((await seen.ask()).content.toString()).toBe('late');
    expect(seen.events).toEqual(['free']);
    await gone(seen);
  });
});

describe('a wire that is closed', () => {
  it('says so only when there is an error to hear', async () => {
    const server = await serve(() => {});
    const [silent, failing] = [wireTo(server), wireTo(server)];
    const [unheard, heard] = [silent.send(), failing.send()];
    const error = new Error('closing');
    silent.wire.close();
    failing.wire.close(error);
    await expect(heard.heard).rejects.toBe(error);
    await gone(silent);
    expect([unheard.calls, heard.calls]).toEqual([[], ['fail']]);
    await until(() => server.open() === 0, { what: 'the end of both sockets' });
  });

  it.each([
    ['head', answer('hello'), ['head']],
    ['data', answer('hello'), ['head', 'data']],
    ['data', chunked(['hello', 'world']), ['head', 'data']],
  ] as const)('by its receiver at the %s says nothing more', async (where, text, calls) => {
    const server = await serveText(text);
    const seen = wireTo(server);
    const close = (): void => seen.wire.close();
    const heard = seen.send(request(), where === 'head' ? { onHead: close } : { onData: close });
    await gone(seen);
    expect(heard.calls).toEqual(calls);
    expect(heard.pieces.map(String)).toEqual(where === 'head' ? [] : ['hello']);
    expect(seen.events).toEqual(['gone']);
  });
});
