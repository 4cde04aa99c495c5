// Keys of five hundred segments: a few files imply half a million folders, and nobody else may notice.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startService, type RunningService } from '../support/service.ts';
import { startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { doubleStore } from '../support/stores.ts';

const MIB = 2 ** 20;
const DEPTH = 500;
const FILES = 1000;
const HEAP_MIB = 256;
/** A key whose every segment is one letter; no two share a folder. */
const deepKey = (index: number, depth = DEPTH): string => `tenant1/${index}/${'a/'.repeat(depth)}f`;

type Double = Awaited<ReturnType<typeof doubleStore>>;

describe(`${FILES} files of ${DEPTH} segments, in a process of ${HEAP_MIB} MB`, () => {
  let store: Double;
  let service: ServiceChild;

  beforeAll(async () => {
    store = await doubleStore();
    for (let index = 0; index < FILES; index += 1)
      store.double.seed(store.bucket, deepKey(index), '');
    service = await startServiceChild(
      store,
      {},
      {
        execArgv: [`--max-old-space-size=${HEAP_MIB}`],
      },
    );
    await service.ask({ path: '/?limit=1' });
  });
  afterAll(async () => {
    await service.child.kill();
    await store.close();
  });

  /** Grown memory while `work` runs, and the requests that were answered meanwhile, one after the other. */
  const beside = async (work: () => Promise<void>) => {
    const { child } = service;
    await child.collectGarbage();
    const before = child.rss();
    child.resetPeakRss();
    let running = true;
    const done = work().finally(() => (running = false));
    let answered = 0;
    while (running) {
      expect((await service.ask({ path: '/?limit=1' })).status).toBe(200);
      answered += 1;
    }
    await done;
    return { answered, grown: child.peakRss() - before };
  };

  /** Reads a listing to its end; the number of its entries. */
  const entriesOf = async (path: string): Promise<number> => {
    const answer = await service.open(path);
    expect(answer.statusCode).toBe(200);
    const pattern = '"path":';
    let entries = 0;
    let rest = '';
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const text = rest + chunk.toString('latin1');
      entries += text.split(pattern).length - 1;
      rest = text.endsWith(pattern) ? '' : text.slice(-pattern.length + 1);
    }
    expect(answer.complete).toBe(true);
    return entries;
  };

  it.each([
    ['listed as a tree', '/?full_tree=true', FILES * (DEPTH + 2)],
    ['listed as a tree of files', '/?full_tree=true&include_folders=false', FILES],
    ['searched', '/?full_tree=true&search=nothing', 0],
  ])(
    'are %s in flat memory, while others are answered',
    { timeout: 180_000 },
    async (_, path, expected) => {
      let entries = -1;
      const { answered, grown } = await beside(async () => {
        entries = await entriesOf(path);
      });
      expect(entries).toBe(expected);
      expect(answered).toBeGreaterThan(expected > FILES ? 50 : 1);
      expect(grown).toBeLessThan(100 * MIB);
      expect(service.child.unhandled).toEqual([]);
    },
  );

  it('are paged, a page at a time, in flat memory', { timeout: 60_000 }, async () => {
    const paths: string[] = [];
    const { grown } = await beside(async () => {
      let cursor = '';
      for (let page = 0; page < 3; page += 1) {
        const answer = await service.ask({ path: `/?full_tree=true&limit=1000${cursor}` });
        const body = answer.json() as { resource: { path: string }[]; next_cursor: string };
        paths.push(...body.resource.map((entry) => entry.path));
        cursor = `&cursor=${body.next_cursor}`;
      }
    });
    expect([paths.length, new Set(paths).size]).toEqual([3000, 3000]);
    expect(grown).toBeLessThan(100 * MIB);
  });
});

describe('a tree that is listed in batches', () => {
  let store: Double;
  let service: RunningService;
  beforeAll(async () => {
    store = await doubleStore();
    for (let index = 0; index < 5; index += 1)
      for (const name of ['f', 'g'])
        store.double.seed(store.bucket, deepKey(index).replace(/f$/, name), '');
    service = await startService(store, { container: 'tenant1' });
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  const listed = async (query: string): Promise<string[]> => {
    const paths: string[] = [];
    let cursor = '';
    do {
      const answer = await service.ask({ path: `/?full_tree=true${query}${cursor}` });
      expect(answer.status).toBe(200);
      const body = answer.json() as { resource: { path: string }[]; next_cursor?: string };
      paths.push(...body.resource.map(({ path }) => path));
      cursor = body.next_cursor === undefined ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    return paths;
  };
  const expected = (() => {
    const folders: string[] = [];
    const files: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      for (let depth = 0; depth <= DEPTH; depth += 1)
        folders.push(`${index}/${'a/'.repeat(depth)}`);
      files.push(deepKey(index).slice(8), deepKey(index).slice(8).replace(/f$/, 'g'));
    }
    return { folders, files };
  })();

  it('names every folder once, before the files', async () => {
    expect(await listed('')).toEqual([...expected.folders, ...expected.files]);
  });

  it.each([1, 7, 700, 2000, 2001])('names each once in pages of %i', async (limit) => {
    if (limit === 1) {
      expect(await listed('&limit=1&search=f')).toEqual(
        expected.files.filter((key) => key.endsWith('f')),
      );
      return;
    }
    const paths = await listed(`&limit=${limit}`);
    expect(paths.toSorted()).toEqual([...expected.folders, ...expected.files].toSorted());
  });
});
