// How a process ends: what is under way is finished, and nothing keeps it alive after that.
import { createServer, get, Agent } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { allowAll, closeGracefully, createFileService } from '../../src/index.ts';
import { bypass } from '../support/fixture.ts';
import { startService, storeConfig } from '../support/service.ts';
import { availableStores, doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

const agent = new Agent({ keepAlive: true });
afterEach(() => agent.destroy());

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};
const textOf = (port: number, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ port, path, agent }, (res) => {
      let text = '';
      res.on('data', (chunk: Buffer) => (text += String(chunk)));
      res.on('end', () => resolve(`${res.statusCode} ${text}`));
      res.on('error', reject);
    }).on('error', reject);
  });

describe('closeGracefully', () => {
  it('lets other routes of the host finish, then ends idle connections too', async () => {
    const store = await doubleStore();
    const files = createFileService({ ...storeConfig(store), authorize: allowAll });
    const waiting: ServerResponse[] = [];
    const server = createServer((req, res) => {
      if (req.url === '/slow') waiting.push(res);
      else files(req, res);
    });
    const port = await listening(server);
    expect(await textOf(port, '/')).toBe('200 {"resource":[]}');
    const slow = textOf(port, '/slow');
    await until(() => waiting.length === 1, { what: 'the slow request' });
    const closed = closeGracefully(server, files, { graceMs: 5000 });
    waiting[0]?.end('done');
    expect(await slow).toBe('200 done');
    agent.destroy();
    await closed;
    expect(server.listening).toBe(false);
    await store.close();
  });

  it('cuts what outlasts the grace', async () => {
    const store = await doubleStore();
    const files = createFileService({ ...storeConfig(store), authorize: allowAll });
    const waiting: ServerResponse[] = [];
    const server = createServer((_, res) => void waiting.push(res));
    const port = await listening(server);
    const cut = textOf(port, '/slow').catch((error: Error) => error);
    await until(() => waiting.length === 1, { what: 'the slow request' });
    await closeGracefully(server, files, { graceMs: 20 });
    expect(await cut).toBeInstanceOf(Error);
    await store.close();
  });

  it('fulfils for a server that does not listen', async () => {
    const store = await doubleStore();
    const files = createFileService({ ...storeConfig(store), authorize: allowAll });
    await closeGracefully(createServer(), files);
    await store.close();
  });
});

describe.each(availableStores())('files.ready over $name', ({ open }) => {
  it('is true while storage answers, without a listing, and false once it closes', async () => {
    const store = await open();
    const around = bypass(store);
    const { files, close } = await startService(store);
    expect(await files.ready()).toBe(true);
    await close();
    expect(await files.ready()).toBe(false);
    around.close();
    await store.close();
  });
});

describe('files.ready', () => {
  it('asks storage once for all who ask within five seconds', async () => {
    const store = await doubleStore();
    const { files, close } = await startService(store);
    store.double.clearCalls();
    const answers = await Promise.all(Array.from({ length: 20 }, () => files.ready()));
    answers.push(await files.ready());
    expect(new Set(answers)).toEqual(new Set([true]));
    // The second call tells a missing file from a missing bucket.
    const calls = store.double.calls.map(({ operation }) => operation);
    expect(calls).toEqual(['HeadObject', 'HeadBucket']);
    await close();
    await store.close();
  });

  it('is false when storage cannot be reached', async () => {
    const store = await doubleStore();
    const { files, close } = await startService(store);
    await store.close();
    expect(await files.ready()).toBe(false);
    await close();
  });
});
