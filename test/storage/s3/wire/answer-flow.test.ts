// Answers of storage that flow: kept back until somebody wants them, and left when nobody does.
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../../src/storage/streams/flow.ts';
import type { WirePool } from '../../../../src/storage/s3/wire/socket-pool.ts';
import {
  answer,
  ask,
  begin,
  deferred,
  poolFor,
  request,
  requests,
  say,
  serve,
  type Asked,
} from '../../../support/scripted-server.ts';
import { until } from '../../../support/until.ts';

const GONE = new Error('the client has gone');
// Many times what the sockets of both sides hold.
const LONG = Array.from({ length: 2_500_000 }, (_, n) => n.toString(36))
  .join('')
  .slice(0, 2 ** 23);

/** A server of one long file; whoever asks for `/other` gets a word. */
const serveFile = (send = ({ socket }: Asked) => say(socket, answer(LONG))) =>
  serve(
    requests((asked) => {
      if (asked.head.includes('/other')) say(asked.socket, answer('other'));
      else send(asked);
    }),
  );

const flowing = async (pool: WirePool, requestMs = 5000) => {
  const { answer: given, leaving, counts } = begin(pool, { streamed: true, requestMs });
  const found = await given;
  if (typeof found === 'string' || found.body instanceof Uint8Array) throw new Error('no flow');
  return { ...found, flow: found.body, leaving, counts };
};

/** Starts a flow, and writes down what it hears. */
const hear = (flow: Flow, onData = () => {}) => {
  const pieces: Buffer[] = [];
  const { promise, resolve, reject } = deferred<string>();
  promise.catch(() => {});
  flow.start({
    data(bytes) {
      pieces.push(bytes);
      onData();
    },
    end: () => resolve(Buffer.concat(pieces).toString('latin1')),
    fail: reject,
  });
  return { pieces, heard: promise };
};

const lengthOf = (pieces: readonly Buffer[]): number => Buffer.concat(pieces).length;

/** Lets sockets be read by mistake: other answers come meanwhile. */
const meanwhile = async (pool: WirePool): Promise<void> => {
  for (let n = 0; n < 5; n += 1) await ask(pool, request('GET', '/other'));
};

describe('a flow', () => {
  it('gives every byte, and keeps its socket', async () => {
    const server = await serveFile();
    const pool = poolFor(server.origin);
    for (let n = 0; n < 2; n += 1) {
      const { status, headers, flow, counts } = await flowing(pool);
      expect([status, headers['content-length']]).toEqual([200, `${LONG.length}`]);
      expect((await hear(flow).heard) === LONG).toBe(true);
      expect([counts.outages, pool.busy()]).toEqual([0, 0]);
    }
    expect(server.sockets).toHaveLength(1);
  });

  it('gives what had come before anybody wanted it, its end too', async () => {
    const server = await serveFile(({ socket }) => say(socket, answer(LONG.slice(0, 101))));
    const pool = poolFor(server.origin);
    const { flow } = await flowing(pool);
    await meanwhile(pool);
    expect(pool.busy()).toBe(0);
    expect(await hear(flow).heard).toBe(LONG.slice(0, 101));
  });

  it('is kept back until somebody wants it', async () => {
    const pool = poolFor((await serveFile()).origin);
    const { flow } = await flowing(pool);
    await meanwhile(pool);
    const { pieces, heard } = hear(flow);
    expect(lengthOf(pieces)).toBeLessThanOrEqual(64 * 1024);
    expect((await heard) === LONG).toBe(true);
  });

  it('stands still while it is paused', async () => {
    const pool = poolFor((await serveFile()).origin);
    const { flow } = await flowing(pool);
    let pauses = 0;
    const { pieces, heard } = hear(flow, () => {
      pauses += 1;
      flow.pause();
    });
    for (let n = 1; n < 4; n += 1) {
      await until(() => pauses >= n, { what: `piece ${n}` });
      await meanwhile(pool);
      expect(pieces).toHaveLength(n);
      flow.resume();
    }
    const resuming = setInterval(() => flow.resume(), 1);
    expect((await heard) === LONG).toBe(true);
    clearInterval(resuming);
  });

  it('may last longer than a request', async () => {
    const server = await serveFile(({ socket }) => {
      say(socket, answer(LONG).slice(0, 1000));
      setTimeout(() => say(socket, answer(LONG).slice(1000)), 400);
    });
    const { flow, counts } = await flowing(poolFor(server.origin), 150);
    expect((await hear(flow).heard) === LONG).toBe(true);
    expect(counts.outages).toBe(0);
  });

  it.each([
    ['before', () => {}],
    ['after', undefined],
  ])('that breaks off fails, %s it is wanted', async (_, early) => {
    const cut = deferred();
    const server = await serveFile(({ socket }) => {
      say(socket, answer(LONG).slice(0, 100_000));
      void cut.promise.then(() => socket.end());
    });
    const pool = poolFor(server.origin);
    const { flow, counts } = await flowing(pool);
    if (early !== undefined) cut.resolve();
    await meanwhile(pool);
    const { heard, pieces } = hear(flow);
    cut.resolve();
    await expect(heard).rejects.toMatchObject({ code: 'ECONNRESET' });
    const head = answer(LONG).indexOf('\r\n\r\n') + 4;
    expect(Buffer.concat(pieces).toString('latin1') === LONG.slice(0, 100_000 - head)).toBe(true);
    expect([counts.outages, pool.busy()]).toEqual([0, 0]);
  });
});

describe('a flow that nobody wants any more', () => {
  it('frees its socket before it was wanted', async () => {
    const server = await serveFile();
    const pool = poolFor(server.origin);
    const { flow } = await flowing(pool);
    flow.destroy();
    await until(() => server.open() === 0, { what: 'the end of the socket' });
    expect(pool.busy()).toBe(0);
  });

  it('frees its socket in the middle, and is heard no more', async () => {
    const server = await serveFile();
    const pool = poolFor(server.origin, { maxSockets: 1 });
    const { flow } = await flowing(pool);
    let isOver = false;
    const { pieces, heard } = hear(flow, () => flow.destroy());
    void heard.finally(() => (isOver = true)).catch(() => {});
    expect((await ask(pool, request('GET', '/other'))).content.toString()).toBe('other');
    await meanwhile(pool);
    expect([pieces.length, isOver, server.sockets.length]).toEqual([1, false, 2]);
  });

  it('is not told of an end that came before', async () => {
    const server = await serveFile(({ socket }) => say(socket, answer(LONG.slice(0, 101))));
    const pool = poolFor(server.origin);
    const { flow } = await flowing(pool);
    await meanwhile(pool);
    let isOver = false;
    const { pieces, heard } = hear(flow, () => flow.destroy());
    void heard.finally(() => (isOver = true)).catch(() => {});
    await meanwhile(pool);
    expect([lengthOf(pieces), isOver, server.sockets.length]).toEqual([101, false, 1]);
  });

  it('leaves its socket to others once it has ended', async () => {
    const server = await serveFile();
    const pool = poolFor(server.origin);
    const { flow, leaving } = await flowing(pool);
    await hear(flow).heard;
    const next = ask(pool, request('GET', '/other'));
    flow.pause();
    flow.destroy();
    leaving.abort(GONE);
    expect((await next).content.toString()).toBe('other');
    expect(server.sockets).toHaveLength(1);
  });

  it.each([
    ['before it is wanted', true],
    ['in the middle', false],
  ])('by an abort %s fails with its reason', async (_, isEarly) => {
    const server = await serveFile();
    const pool = poolFor(server.origin);
    const { flow, leaving, counts } = await flowing(pool);
    if (isEarly) leaving.abort(GONE);
    const { heard } = hear(flow, () => leaving.abort(GONE));
    await expect(heard).rejects.toBe(GONE);
    await until(() => server.open() === 0, { what: 'the end of the socket' });
    expect([counts.outages, pool.busy()]).toEqual([0, 0]);
  });

  it('by an abort for no error fails with one', async () => {
    const { flow, leaving } = await flowing(poolFor((await serveFile()).origin));
    const { heard } = hear(flow);
    leaving.abort('enough');
    await expect(heard).rejects.toMatchObject({ message: 'aborted', cause: 'enough' });
  });
});
