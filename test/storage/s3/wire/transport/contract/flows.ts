// Answers that flow: kept back until somebody wants them, and left when nobody does.
import { describe, expect, it } from 'vitest';
import {
  answer,
  deferred,
  requests,
  say,
  serve,
  type Asked,
} from '../../../../../support/scripted-server.ts';
import { until } from '../../../../../support/until.ts';
import { LONG, flowOf, given, hear, text, type Given, type OpenTransport } from './asking.ts';

const GONE = new Error('the client has gone');

/** A server of one long file; whoever asks for `/other` gets a word. */
const serveFile = (send = ({ socket }: Asked) => say(socket, answer(LONG))) =>
  serve(
    requests((asked) => {
      if (asked.head.includes('/other')) say(asked.socket, answer('other'));
      else send(asked);
    }),
  );

const flowing = async (transport: Given, answerMs = 5000) => {
  const begun = transport.begin({ streamed: true, answerMs });
  const found = await begun.answer;
  return { ...found, flow: flowOf(found), abort: begun.abort };
};

const lengthOf = (pieces: readonly Buffer[]): number => Buffer.concat(pieces).length;

/** Lets sockets be read by mistake: other answers come meanwhile. */
const meanwhile = async (transport: Given): Promise<void> => {
  for (let n = 0; n < 5; n += 1) await transport.ask({ target: '/other' });
};

/** Flows that are wanted. */
export function flows(open: OpenTransport): void {
  describe('a flow', () => {
    it('gives every byte, and leaves its socket to the next', async () => {
      const server = await serveFile();
      const transport = await given(open, server.origin);
      const kept: Buffer[][] = [];
      for (let n = 0; n < 2; n += 1) {
        const { status, headers, flow } = await flowing(transport);
        expect([status, headers['content-length']]).toEqual([200, `${LONG.length}`]);
        const { heard, pieces } = hear(flow);
        expect((await heard) === LONG).toBe(true);
        expect(transport.busySockets()).toBe(0);
        kept.push(pieces);
      }
      // Bytes handed over are the receiver's: the second answer has not written over the first.
      for (const pieces of kept)
        expect(Buffer.concat(pieces).toString('latin1') === LONG).toBe(true);
      expect(server.sockets).toHaveLength(1);
    });

    it('gives what had come before anybody wanted it, its end too', async () => {
      const server = await serveFile(({ socket }) => say(socket, answer(LONG.slice(0, 101))));
      const transport = await given(open, server.origin);
      const { flow } = await flowing(transport);
      await meanwhile(transport);
      expect(await hear(flow).heard).toBe(LONG.slice(0, 101));
      await until(() => transport.busySockets() === 0, { what: 'the end of the exchange' });
    });

    it('is kept back until somebody wants it', async () => {
      const transport = await given(open, (await serveFile()).origin);
      const { flow } = await flowing(transport);
      await meanwhile(transport);
      const { pieces, heard } = hear(flow);
      expect(lengthOf(pieces)).toBeLessThanOrEqual(128 * 1024);
      expect((await heard) === LONG).toBe(true);
    });

    it('stands still while it is paused, from within and from without', async () => {
      const transport = await given(open, (await serveFile()).origin);
      const { flow } = await flowing(transport);
      let pauses = 0;
      const { pieces, heard } = hear(flow, () => {
        pauses += 1;
        flow.pause();
      });
      for (let n = 1; n < 4; n += 1) {
        await until(() => pauses >= n, { what: `piece ${n}` });
        await meanwhile(transport);
        expect(pieces).toHaveLength(n);
        flow.resume();
        flow.pause();
        flow.resume();
      }
      const resuming = setInterval(() => flow.resume(), 1);
      expect((await heard) === LONG).toBe(true);
      clearInterval(resuming);
    });

    it('may go on while another one speaks', async () => {
      const transport = await given(open, (await serveFile()).origin);
      const [one, two] = [await flowing(transport), await flowing(transport)];
      const first = hear(one.flow, () => {
        one.flow.pause();
        two.flow.resume();
      });
      const second = hear(two.flow, () => {
        two.flow.pause();
        one.flow.resume();
      });
      // Whoever ends first leaves the other without somebody to wake it.
      void first.heard.then(() => setInterval(() => two.flow.resume(), 1).unref());
      void second.heard.then(() => setInterval(() => one.flow.resume(), 1).unref());
      one.flow.resume();
      for (const { heard } of [first, second]) expect((await heard) === LONG).toBe(true);
    });

    it('may last longer than an answer may take to begin', async () => {
      const server = await serveFile(({ socket }) => {
        say(socket, answer(LONG).slice(0, 1000));
        setTimeout(() => say(socket, answer(LONG).slice(1000)), 1500);
      });
      const { flow } = await flowing(await given(open, server.origin), 1000);
      expect((await hear(flow).heard) === LONG).toBe(true);
    });

    it.each([
      ['before', true],
      ['after', false],
    ])('that breaks off fails, %s it is wanted', async (_, isEarly) => {
      const cut = deferred();
      const server = await serveFile(({ socket }) => {
        say(socket, answer(LONG).slice(0, 100_000));
        void cut.promise.then(() => socket.end());
      });
      const transport = await given(open, server.origin);
      const { flow } = await flowing(transport);
      if (isEarly) cut.resolve();
      await meanwhile(transport);
      const { heard, pieces } = hear(flow);
      cut.resolve();
      await expect(heard).rejects.toMatchObject({ code: 'ECONNRESET', isSent: true });
      const head = answer(LONG).indexOf('\r\n\r\n') + 4;
      expect(Buffer.concat(pieces).toString('latin1') === LONG.slice(0, 100_000 - head)).toBe(true);
      expect(transport.busySockets()).toBe(0);
    });
  });
}

/** Flows that nobody wants any more. */
export function leftFlows(open: OpenTransport): void {
  describe('a flow that nobody wants any more', () => {
    it('frees its socket before it was wanted', async () => {
      const server = await serveFile();
      const transport = await given(open, server.origin);
      const { flow } = await flowing(transport);
      flow.destroy();
      await until(() => server.open() === 0, { what: 'the end of the socket' });
      expect(transport.busySockets()).toBe(0);
    });

    it('frees its socket in the middle, and is heard no more', async () => {
      const server = await serveFile();
      const transport = await given(open, server.origin, { maxSockets: 1 });
      const { flow } = await flowing(transport);
      const { pieces, isOver } = hear(flow, () => flow.destroy());
      expect(text(await transport.ask({ target: '/other' }))).toBe('other');
      await meanwhile(transport);
      expect([pieces.length, isOver(), server.sockets.length]).toEqual([1, false, 2]);
    });

    it('leaves its socket to others once it has ended', async () => {
      const server = await serveFile();
      const transport = await given(open, server.origin);
      const { flow, abort } = await flowing(transport);
      await hear(flow).heard;
      const next = transport.ask({ target: '/other' });
      flow.pause();
      flow.destroy();
      abort(GONE);
      expect(text(await next)).toBe('other');
      expect(server.sockets).toHaveLength(1);
    });

    it.each([
      ['before it is wanted', true],
      ['in the middle', false],
    ])('by an abort %s fails with its reason', async (_, isEarly) => {
      const server = await serveFile();
      const transport = await given(open, server.origin);
      const { flow, abort } = await flowing(transport);
      if (isEarly) abort(GONE);
      const { heard } = hear(flow, () => abort(GONE));
      await expect(heard).rejects.toBe(GONE);
      await until(() => server.open() === 0, { what: 'the end of the socket' });
      expect(transport.busySockets()).toBe(0);
    });

    it('by an abort while it is paused hears it at once', async () => {
      const transport = await given(open, (await serveFile()).origin);
      const { flow, abort } = await flowing(transport);
      const { heard, pieces } = hear(flow, () => flow.pause());
      await until(() => pieces.length > 0, { what: 'its first bytes' });
      abort(GONE);
      await expect(heard).rejects.toBe(GONE);
    });

    it('by an abort for no error fails with one', async () => {
      const { flow, abort } = await flowing(await given(open, (await serveFile()).origin));
      const { heard } = hear(flow);
      abort('enough');
      await expect(heard).rejects.toMatchObject({ message: 'aborted', cause: 'enough' });
    });
  });
}
