// What an answer costs, beside what the SDK by hand costs in the same minute: a guard against the whole being slow
// without anything being wrong. The bench has the figures; this bound is wide, and no time is absolute.
import { Agent, request } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inParallel, startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { MOUNT } from '../support/mount.ts';
import { doubleStore, type Store } from '../support/stores.ts';
import { cpuSeconds } from '../support/watch.ts';

const CONTENT = Buffer.alloc(1024, 'x');
const WARMING = 1500;
const COUNTED = 1500;
const AT_ONCE = 16;

describe('a download of 1 KB', () => {
  let store: Store;
  const children: ServiceChild[] = [];
  const agent = new Agent({ keepAlive: true });

  beforeAll(async () => {
    store = await doubleStore();
    for (const BY_HAND of ['false', 'true'])
      children.push(
        await startServiceChild(store, {}, { entry: 'cpu-of-downloads', environment: { BY_HAND } }),
      );
    const put = { path: '/small', method: 'PUT', body: CONTENT };
    expect(await children[0]?.ask(put)).toMatchObject({ status: 201 });
  });
  afterAll(async () => {
    agent.destroy();
    await Promise.all(children.map(({ child }) => child.kill()));
    await store.close();
  });

  const download = async (port: number): Promise<number> => {
    const sent = request({ host: '127.0.0.1', port, path: `${MOUNT}/small`, agent }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    let bytes = 0;
    for await (const chunk of answer) bytes += (chunk as Buffer).length;
    return bytes;
  };

  const cpuOf = async ({ child }: ServiceChild): Promise<number> => {
    await inParallel(WARMING, AT_ONCE, () => download(child.port));
    const before = cpuSeconds(child.pid);
    const sizes = await inParallel(COUNTED, AT_ONCE, () => download(child.port));
    expect(new Set(sizes)).toEqual(new Set([CONTENT.length]));
    return cpuSeconds(child.pid) - before;
  };

  it('costs at most two fifths of the CPU that it costs by hand with the SDK', async () => {
    const costs: number[] = [];
    for (const child of children) costs.push(await cpuOf(child));
    const [ours = Number.NaN, byHand = Number.NaN] = costs;
    expect(byHand / ours).toBeGreaterThan(2.5);
  });
});
