// Taking a deletion back gives what that deletion took, and nothing that lay in the trash before; without a browser.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fileClient } from '../../src/client/file-client.ts';
import type { FileClient } from '../../src/client/file-client.ts';
import { bypass } from '../support/fixture.ts';
import { startService } from '../support/service.ts';
import { availableStores, type AvailableStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { enableVersions, keptVersions } from '../support/versioned.ts';
import { stillDeleted, trashPages, undoDelete } from '../../web/model/trash.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0)) await close();
});

interface Given {
  readonly client: FileClient;
  readonly store: Store;
  /** Lets so much time pass that storage, which dates by the second, tells before from after. */
  readonly pass: () => Promise<unknown>;
}

const start = async (given: AvailableStore, keys: readonly string[]): Promise<Given> => {
  const isHere = given.name === 'double';
  // Storage and service are in this process, so that their clock is ours.
  if (isHere) vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  const store = await enableVersions(await given.open());
  closers.push(() => store.close());
  const around = bypass(store);
  await around.plant(Object.fromEntries(keys.map((key) => [key, { ...TEXT, body: bodyOf(key) }])));
  around.close();
  const service = await startService(store, { versions: true, trash: true });
  closers.unshift(service.close);
  return {
    client: fileClient({ baseUrl: `http://127.0.0.1:${service.port}${service.mount}/` }),
    store,
    pass: async () => {
      if (isHere) return vi.setSystemTime(Date.now() + PAUSE_MS);
      const then = performance.now() + PAUSE_MS;
      return until(() => performance.now() > then, { what: 'the clock' });
    },
  };
};
const PAUSE_MS = 3000;
const TEXT = { contentType: 'text/plain' };
const bodyOf = (key: string) => (key.endsWith('/') ? '' : key);
const signal = new AbortController().signal;
const pathsIn = async (client: FileClient, folder: string) => {
  const paths: string[] = [];
  for await (const { path } of client.list(folder, { recursive: true })) paths.push(path);
  return paths.toSorted();
};

describe.each(availableStores())('undo on $name', (given) => {
  it('of a folder leaves in the trash what was deleted before', async () => {
    const { client, pass } = await start(given, ['f/a.txt', 'f/g/b.txt', 'f/g/c.txt', 'x.txt']);
    await client.remove('f/a.txt');
    await pass();
    await client.remove('f/', { force: true });
    await undoDelete(client, { path: 'f/', type: 'folder' }, 800, signal);
    expect(await pathsIn(client, '')).toEqual(['f/', 'f/g/', 'f/g/b.txt', 'f/g/c.txt', 'x.txt']);
  });

  it('of a file does not replace one that was stored meanwhile', async () => {
    const { client } = await start(given, ['a.txt']);
    await client.remove('a.txt');
    await client.upload('a.txt', 'new');
    const undone = undoDelete(client, { path: 'a.txt', type: 'file' }, 0, signal);
    await expect(undone).rejects.toMatchObject({ reason: 'already_exists' });
    expect(await client.text('a.txt')).toBe('new');
  });
});

describe.each(availableStores())('the trash as a list on $name', (given) => {
  it('shows files and folders with the date of their deletion', async () => {
    const { client, store } = await start(given, ['f/', 'f/a.txt']);
    await client.remove('f/', { force: true });
    const [folder, file] = (await keptVersions(store)).filter(({ isDeletion }) => isDeletion);
    const pages = [];
    for await (const page of trashPages(client, '', signal)) pages.push(page);
    expect(pages).toEqual([
      {
        cursor: undefined,
        entries: [
          { path: 'f/', type: 'folder', name: 'f', last_modified: folder?.lastModified },
          {
            path: 'f/a.txt',
            type: 'file',
            name: 'f/a.txt',
            content_type: 'text/plain',
            content_length: 7,
            last_modified: file?.lastModified,
          },
        ],
      },
    ]);
  });

  it('tells what still lies in it as it was shown', async () => {
    const { client, pass } = await start(given, ['a.txt', 'b.txt', 'c.txt']);
    for (const path of ['a.txt', 'b.txt', 'c.txt']) await client.remove(path);
    const shown = [];
    for await (const { entries } of trashPages(client, '', signal)) shown.push(...entries);
    await client.restore('a.txt');
    await pass();
    await client.restore('b.txt');
    await client.remove('b.txt');
    const left = await stillDeleted(client, '', shown, signal);
    expect(left.map(({ path }) => path)).toEqual(['c.txt']);
  });
});
