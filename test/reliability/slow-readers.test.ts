// Readers that take their time: they hold no storage socket that somebody else waits for, and lose no byte.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTrial, type Trial } from '../support/oracles.ts';
import { MOUNT } from '../support/service.ts';
import { availableStores } from '../support/stores.ts';
import { until } from '../support/until.ts';

const MIB = 2 ** 20;
const SOCKETS = 4;
const READERS = 10;
// More than the kernel holds for a reader that reads nothing.
const SIZE = 16 * MIB;

const open = async (trial: Trial, path: string): Promise<IncomingMessage> => {
  const sent = request({
    host: '127.0.0.1',
    port: trial.service.port,
    path: MOUNT + path,
    agent: false,
  });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return answer.pause();
};

describe.each(availableStores())('slow readers of $name', ({ open: openStore }) => {
  let trial: Trial;
  const content = Buffer.alloc(SIZE, 'slow readers lose no byte\n');
  const digest = createHash('sha256').update(content).digest('hex');

  beforeAll(async () => {
    trial = await startTrial(await openStore(), {
      maxSockets: SOCKETS,
      timeouts: { connectMs: 1000, requestMs: 20_000, idleMs: 20_000, hookMs: 1000 },
    });
    await trial.put('large', content);
    await trial.put('small', 'small');
  });
  afterAll(() => trial.close());

  it('let others at storage, and get their whole file in the end', async () => {
    const readers = await Promise.all(Array.from({ length: READERS }, () => open(trial, '/large')));
    for (let round = 0; round < 5; round += 1) {
      const began = performance.now();
      expect((await trial.ask({ path: '/small' })).text).toBe('small');
      expect((await trial.ask({ path: '/?as_list=true' })).status).toBe(200);
      expect(performance.now() - began).toBeLessThan(5000);
    }
    const digests = await Promise.all(
      readers.map(async (reader) => {
        const hash = createHash('sha256');
        for await (const chunk of reader) hash.update(chunk as Buffer);
        return hash.digest('hex');
      }),
    );
    expect(digests).toEqual(Array.from({ length: READERS }, () => digest));
    await trial.verify();
  }, 60_000);

  it('that leave while they are parked hold nothing', async () => {
    const readers = await Promise.all(Array.from({ length: READERS }, () => open(trial, '/large')));
    for (const reader of readers) reader.destroy();
    await until(() => trial.proxy.open() === 0, { what: 'calls to storage to end' });
    await trial.verify();
  }, 60_000);
});
