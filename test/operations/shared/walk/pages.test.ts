// A large folder is read in ranges: the same pages as in turn, in few rounds of calls and few calls more.
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../../../src/operations/shared/walk/key-order.ts';
import { namesOf } from '../../../../src/operations/shared/walk/page-keys.ts';
import { pageOf, pagesFrom, wholeTree } from '../../../../src/operations/shared/walk/pages.ts';
import type { Bucket, ListRequest, Page } from '../../../../src/storage/bucket.ts';

const PAGE = 1000;

interface Store {
  readonly list: Bucket['list'];
  readonly asked: ListRequest[];
  /** How often somebody waited for storage: calls that are made at once are answered at once. */
  rounds(): number;
}

interface Habits {
  /** Begins anew where a place is named by a key. */
  readonly ignoresStartAfter?: boolean;
}

/** A bucket of keys that are in order. */
function storeOf(keys: readonly string[], { ignoresStartAfter = false }: Habits = {}): Store {
  const asked: ListRequest[] = [];
  let rounds = 0;
  let round: Promise<void> | undefined;
  const after = (place: string): number => {
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(keys[middle] ?? '', place) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const list = async (request: ListRequest): Promise<Page> => {
    asked.push(request);
    round ??= setImmediate().then(() => {
      round = undefined;
      rounds += 1;
    });
    await round;
    const { prefix, recursive, limit = PAGE, after: token, afterKey } = request;
    const begin = ignoresStartAfter ? '' : (afterKey ?? '');
    let index = token === undefined ? after(begin) : Number(token);
    if (token === undefined && begin < prefix) index = Math.max(index, after(prefix));
    const files: Page['files'][number][] = [];
    const folders: string[] = [];
    while (index < keys.length && files.length + folders.length < limit) {
      const key = keys[index] ?? '';
      if (!key.startsWith(prefix)) break;
      const slash = recursive ? -1 : key.indexOf('/', prefix.length);
      if (slash === -1) {
        files.push({ key, size: 1, lastModified: null, etag: '"e"' });
        index += 1;
      } else {
        const folder = key.slice(0, slash + 1);
        folders.push(folder);
        while (keys[index]?.startsWith(folder) === true) index += 1;
      }
    }
    const isOver = keys[index]?.startsWith(prefix) !== true;
    return { files, folders, next: isOver ? undefined : String(index) };
  };
  return { list, asked, rounds: () => rounds };
}

const many = (count: number, name: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => name(index)).sort(compareKeys);
const hash = (index: number): string => createHash('md5').update(`${index}`).digest('hex');

const SHAPES: Readonly<Record<string, readonly string[]>> = {
  'numbered files': many(60_000, (index) => `big/report-${String(index).padStart(7, '0')}.pdf`),
  'names without an order': many(60_000, (index) => `big/${hash(index)}`),
  'numbers without zeros': many(60_000, (index) => `big/${index}.txt`),
  'folders of days': many(60_000, (index) => {
    const day = new Date(Date.UTC(2020, 0, 1) + index * 3_600_000).toISOString();
    return `big/${day.slice(0, 10).replaceAll('-', '/')}/${hash(index).slice(0, 6)}.log`;
  }),
  'one full folder among small ones': many(60_000, (index) =>
    index < 50_000 ? `big/m/${index}` : `big/${hash(index).slice(0, 2)}/${index}`,
  ),
  'names of other scripts': many(60_000, (index) => {
    const letters = hash(index)
      .slice(0, 5)
      .replace(/./g, (digit) => String.fromCodePoint(0x430 + Number.parseInt(digit, 16)));
    return `big/${letters}-${index % 3 === 0 ? '\u{1f98a}' : '\uff21'}${index}`;
  }),
  'deep names that begin alike': many(
    60_000,
    (index) => `big/${'long/'.repeat(40)}${hash(index)}/${'x'.repeat(200)}`,
  ),
};

const collect = async <T>(pages: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const page of pages) all.push(page);
  return all;
};

/** The pages as one call after the other brings them. */
async function inTurn(keys: readonly string[], recursive: boolean): Promise<Page[]> {
  const { list } = storeOf(keys);
  const pages = [await list({ prefix: 'big/', recursive })];
  for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next)
    pages.push(await list({ prefix: 'big/', recursive, after: next }));
  return pages;
}

const content = ({ files, folders }: Page): unknown => [files.map(({ key }) => key), folders];

describe.each(Object.entries(SHAPES))('%s', (_name, keys) => {
  it.each([
    ['a tree', true],
    ['a folder', false],
  ])('are the same pages as in turn: %s', async (_what, recursive) => {
    const store = storeOf(keys);
    const walk = { prefix: 'big/', recursive };
    const pages = await collect(pagesFrom(store, await pageOf(store, walk), walk));
    const expected = await inTurn(keys, recursive);
    expect(pages.map(content)).toEqual(expected.map(content));
    // Half a call for each place where two ranges meet, and what finds nothing.
    expect(store.asked.length).toBeLessThanOrEqual(expected.length * 1.5 + 24);
    expect(store.rounds()).toBeLessThanOrEqual(expected.length);
  });

  it('are asked for alike each time, so that a cache has what it was asked for', async () => {
    const [once, twice] = [storeOf(keys), storeOf(keys)];
    await collect(wholeTree(once, 'big/', {}));
    await collect(wholeTree(twice, 'big/', {}));
    expect(twice.asked).toEqual(once.asked);
  });

  it('begin again behind any page', async () => {
    const pages = await collect(wholeTree(storeOf(keys), 'big/', {}));
    for (const at of [0, 31, 40, pages.length - 2]) {
      const rest = await collect(wholeTree(storeOf(keys), 'big/', pages[at]?.rest ?? {}));
      const names = rest.flatMap((page) => namesOf(page));
      expect(names).toEqual(pages.slice(at + 1).flatMap((page) => namesOf(page)));
    }
  });
});

describe('a million files', () => {
  it('are read in a sixth of the time, by few calls more', async () => {
    const keys = many(1_000_000, (index) => `big/report-${String(index).padStart(7, '0')}.pdf`);
    const store = storeOf(keys);
    let files = 0;
    for await (const page of wholeTree(store, 'big/', {})) {
      expect(page.files[0]?.key).toBe(keys[files]);
      files += page.files.length;
    }
    expect(files).toBe(1_000_000);
    expect(store.rounds()).toBeLessThanOrEqual(1000 / 6);
    expect(store.asked.length).toBeLessThanOrEqual(1200);
  });
});

describe('what costs not one call more', () => {
  it.each([
    [0, 1],
    [1, 1],
    [1000, 1],
    [1001, 2],
    [10_000, 10],
    [25_001, 26],
    [32_000, 32],
  ])('%i files by %i calls', async (count, calls) => {
    const store = storeOf(many(count, (index) => `big/${hash(index)}`));
    const pages = await collect(wholeTree(store, 'big/', {}));
    expect([pages.flatMap(({ files }) => files).length, store.asked.length]).toEqual([
      count,
      calls,
    ]);
  });
});

describe('stores with habits of their own', () => {
  const keys = many(60_000, (index) => `big/${hash(index)}`);

  it('that begin anew are read in turn', async () => {
    const store = storeOf(keys, { ignoresStartAfter: true });
    const pages = await collect(wholeTree(store, 'big/', {}));
    expect(pages.flatMap((page) => namesOf(page))).toEqual(keys);
    expect(store.asked.length).toBeLessThan(60 + 64);
  });

  it('that list in no order are read in turn', async () => {
    const odd = [...keys.slice(30_000), ...keys.slice(0, 30_000)];
    const asked: ListRequest[] = [];
    const list = async (request: ListRequest): Promise<Page> => {
      asked.push(request);
      const from = Number(request.after ?? 0);
      const files = odd
        .slice(from, from + PAGE)
        .map((key) => ({ key, size: 1, lastModified: null, etag: '"e"' }));
      const end = from + files.length;
      return { files, folders: [], next: end < odd.length ? String(end) : undefined };
    };
    const pages = await collect(wholeTree({ list }, 'big/', {}));
    expect(pages.flatMap((page) => namesOf(page))).toEqual(odd);
    expect(asked.every(({ afterKey }) => afterKey === undefined)).toBe(true);
  });

  it('that fail in the midst end the walk with their error, and no call is made after it', async () => {
    const store = storeOf(keys);
    let calls = 0;
    const list = (request: ListRequest): Promise<Page> => {
      calls += 1;
      return calls === 50 ? Promise.reject(new Error('out')) : store.list(request);
    };
    await expect(collect(wholeTree({ list }, 'big/', {}))).rejects.toThrow('out');
    const made = calls;
    await setImmediate();
    expect([calls, made < 70]).toEqual([made, true]);
  });

  it('are asked no more once nobody reads on', async () => {
    const store = storeOf(keys);
    let pages = 0;
    for await (const _page of wholeTree(store, 'big/', {})) {
      pages += 1;
      if (pages === 40) break;
    }
    const made = store.asked.length;
    await setImmediate();
    await setImmediate();
    expect([store.asked.length, made <= 32 + 3 * 16]).toEqual([made, true]);
  });
});
