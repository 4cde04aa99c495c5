// Taking a deletion back gives what that deletion took, and nothing that lay in the trash before; without a browser.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileClient } from '../../src/client/file-client.ts';
import type { FileClient } from '../../src/client/file-client.ts';
import { startService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { enableVersions } from '../support/versioned.ts';
import { stillDeleted, trashPages, undoDelete } from '../../web/model/trash.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const closers: (() => Promise<void>)[] = [];
// Storage and service are in this process, so that their clock is ours.
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: NOW }));
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0)) await close();
});

const start = async (keys: readonly string[]): Promise<FileClient> => {
  const store = await enableVersions(await doubleStore());
  for (const key of keys) store.double.seed(store.bucket, key, key);
  const service = await startService(store, { versions: true, trash: true });
  closers.push(service.close, store.close);
  return fileClient({ baseUrl: `http://127.0.0.1:${service.port}${service.mount}/` });
};
const signal = new AbortController().signal;
const pathsIn = async (client: FileClient, folder: string) => {
  const paths: string[] = [];
  for await (const { path } of client.list(folder, { recursive: true })) paths.push(path);
  return paths.toSorted();
};

describe('undo', () => {
  it('of a folder leaves in the trash what was deleted before', async () => {
    const client = await start(['f/a.txt', 'f/g/b.txt', 'f/g/c.txt', 'x.txt']);
    await client.remove('f/a.txt');
    vi.setSystemTime(NOW + 60_000);
    await client.remove('f/', { force: true });
    await undoDelete(client, { path: 'f/', type: 'folder' }, 800, signal);
    expect(await pathsIn(client, '')).toEqual(['f/', 'f/g/', 'f/g/b.txt', 'f/g/c.txt', 'x.txt']);
  });

  it('of a file does not replace one that was stored meanwhile', async () => {
    const client = await start(['a.txt']);
    await client.remove('a.txt');
    await client.upload('a.txt', 'new');
    const undone = undoDelete(client, { path: 'a.txt', type: 'file' }, 0, signal);
    await expect(undone).rejects.toMatchObject({ reason: 'already_exists' });
    expect(await client.text('a.txt')).toBe('new');
  });
});

describe('the trash as a list', () => {
  it('shows files and folders with the date of their deletion', async () => {
    const client = await start(['f/', 'f/a.txt']);
    await client.remove('f/', { force: true });
    const pages = [];
    for await (const page of trashPages(client, '', signal)) pages.push(page);
    expect(pages).toEqual([
      {
        cursor: undefined,
        entries: [
          { path: 'f/', type: 'folder', name: 'f', last_modified: '2026-11-25T12:00:00Z' },
          {
            path: 'f/a.txt',
            type: 'file',
            name: 'f/a.txt',
            content_type: 'text/plain',
            content_length: 7,
            last_modified: '2026-11-25T12:00:00Z',
          },
        ],
      },
    ]);
  });

  it('tells what still lies in it as it was shown', async () => {
    const client = await start(['a.txt', 'b.txt', 'c.txt']);
    for (const path of ['a.txt', 'b.txt', 'c.txt']) await client.remove(path);
    const shown = [];
    for await (const { entries } of trashPages(client, '', signal)) shown.push(...entries);
    await client.restore('a.txt');
    vi.setSystemTime(NOW + 60_000);
    await client.restore('b.txt');
    await client.remove('b.txt');
    const left = await stillDeleted(client, '', shown, signal);
    expect(left.map(({ path }) => path)).toEqual(['c.txt']);
  });
});
