import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openArchive } from '../../src/archive/unzip.ts';
import { nameEntries, safeName } from '../../src/archive/zip-name.ts';
import { zipLayout, zipStream } from '../../src/archive/zip.ts';
import type { ZipEntry, ZipEntryFacts } from '../../src/archive/zip.ts';
import { isFileServiceError } from '../../src/core/errors.ts';
import { sourceOf } from '../support/crafted-zip.ts';
import { installed } from '../support/programs.ts';

const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;
const modified = new Date('2026-02-10T14:30:01Z');

describe('zipStream', () => {
  it('makes an archive of files and folders that reads back the same', async () => {
    const entries = [
      file('a.txt', 'hello'),
      folder('sub/'),
      file('sub/\u4e2d \ud83d\ude00.txt', 'x'.repeat(200_000)),
      file('empty', ''),
    ];
    const archive = await openArchive(sourceOf(await bytesOf(entries)));
    const read = await Promise.all(
      archive.entries.map(async ({ open, ...entry }) => ({
        ...entry,
        text: String(await buffer(await open())),
      })),
    );
    expect(read).toEqual([
      { name: 'a.txt', isFolder: false, size: 5, modified, text: 'hello' },
      { name: 'sub/', isFolder: true, size: 0, modified, text: '' },
      {
        name: 'sub/\u4e2d \ud83d\ude00.txt',
        isFolder: false,
        size: 200_000,
        modified,
        text: 'x'.repeat(200_000),
      },
      { name: 'empty', isFolder: false, size: 0, modified, text: '' },
    ]);
  });

  it('gives the same bytes for the same entries, in any zone', async () => {
    const entries = () => [
      file('a.txt', 'hello'),
      folder('sub/'),
      { ...file('b', 'x'), modified: null },
    ];
    const expected = await bytesOf(entries());
    const zone = process.env.TZ;
    try {
      process.env.TZ = 'Pacific/Auckland';
      expect(new Date(0).getHours()).not.toBe(0);
      expect(await bytesOf(entries())).toEqual(expected);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it('makes an archive of nothing', async () => {
    expect((await openArchive(sourceOf(await bytesOf([])))).entries).toEqual([]);
  });

  it('gives the same bytes however the bytes of a file arrive', async () => {
    const text = 'x'.repeat(200_000);
    const inPieces = (size: number): ZipEntry => ({
      ...file('a', text),
      open: async () =>
        Readable.from(
          Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
            Buffer.from(text.slice(index * size, (index + 1) * size)),
          ),
        ),
    });
    const expected = await bytesOf([inPieces(text.length)]);
    for (const size of [999, 65_535, 65_536, 131_070])
      expect((await bytesOf([inPieces(size)])).equals(expected)).toBe(true);
    const atOnce = { ...file('a', text), open: async () => Buffer.from(text) };
    expect((await bytesOf([atOnce])).equals(expected)).toBe(true);
  });

  it.each([4, 6])('fails when a file of 5 bytes comes as %i at once', async (length) => {
    const changed = { ...file('a', 'hello'), open: async () => Buffer.alloc(length) };
    await expect(bytesOf([changed])).rejects.toMatchObject({ reason: 'storage_failed' });
  });

  it.each([1, 65_534, 65_535, 65_536, 131_070, 131_071])(
    'packs a file of %i bytes so that it reads back the same',
    async (size) => {
      const archive = await openArchive(sourceOf(await bytesOf([file('a', 'x'.repeat(size))])));
      const [entry] = archive.entries;
      expect(String(await buffer(await (entry ?? never()).open()))).toBe('x'.repeat(size));
    },
  );

  it('makes any part of an archive, and opens only what the part needs', async () => {
    const opened: string[] = [];
    const entries = ['a', 'b', 'c'].map((name) => ({
      ...file(name, name.repeat(70_000)),
      open: async () => {
        opened.push(name);
        return pieces(name.repeat(70_000));
      },
    }));
    const whole = await bytesOf(entries);
    const { length, directoryOffset } = zipLayout(entries);
    const lengthOfOne = directoryOffset / 3;
    const parts: readonly (readonly [number, number, string])[] = [
      [0, 0, ''],
      [0, length - 1, 'abc'],
      [lengthOfOne, 2 * lengthOfOne - 1, 'b'],
      [lengthOfOne - 1, lengthOfOne, 'a'],
      [directoryOffset - 1, directoryOffset - 1, 'c'],
      [directoryOffset - 1, directoryOffset, 'abc'],
      [length - 1, length - 1, 'abc'],
      [100_000, 150_000, 'bc'],
    ];
    for (const [start, end, needed] of parts) {
      opened.length = 0;
      const part = await buffer(
        zipStream(entries, { part: { start, end, directoryOffset } }).stream,
      );
      expect(part.equals(whole.subarray(start, end + 1))).toBe(true);
      expect(opened.join('')).toBe(needed);
    }
  });

  it('opens one source at a time, each when the former has ended', async () => {
    const log: string[] = [];
    const entries = ['a', 'b', 'c'].map((name) => ({
      ...file(name, name.repeat(100_000)),
      open: async () => {
        log.push(`open ${name}`);
        const source = pieces(name.repeat(100_000));
        source.on('close', () => log.push(`close ${name}`));
        return source;
      },
    }));
    await bytesOf(entries);
    expect(log).toEqual(['open a', 'close a', 'open b', 'close b', 'open c', 'close c']);
  });

  it('pulls no entry and opens no source before somebody reads, and few while nobody does', async () => {
    let pulled = 0;
    async function* endless(): AsyncGenerator<ZipEntry> {
      for (;;) {
        pulled += 1;
        yield file(`${pulled}`, 'x'.repeat(1000));
      }
    }
    const { stream } = zipStream(endless());
    expect(pulled).toBe(0);
    await firstBytes(stream);
    const held = pulled;
    expect(held).toBeLessThan(300);
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    expect(pulled).toBe(held);
    stream.destroy();
  });

  it.each([
    ['fewer', 'hell'],
    ['more', 'hello world'],
  ])('fails with storage_failed when a source has %s bytes than announced', async (_, text) => {
    const entries = [file('a', 'hello'), { ...file('b', 'hello'), open: async () => pieces(text) }];
    const error: unknown = await bytesOf(entries).catch((caught: unknown) => caught);
    expect(isFileServiceError(error) && [error.reason, error.context]).toEqual([
      'storage_failed',
      { name: 'b' },
    ]);
  });

  it('fails with the error of a source, and pulls no further entry', async () => {
    const opened: string[] = [];
    const entries = ['a', 'b', 'c'].map((name) => ({
      ...file(name, 'x'.repeat(10)),
      open: async () => {
        opened.push(name);
        return name === 'b' ? failing('connection reset') : pieces('x'.repeat(10));
      },
    }));
    await expect(bytesOf(entries)).rejects.toThrow('connection reset');
    expect(opened).toEqual(['a', 'b']);
  });

  it('fails with the error of a source that cannot be opened, and of the entries themselves', async () => {
    const refused = { ...file('a', 'x'), open: () => Promise.reject(new Error('refused')) };
    await expect(bytesOf([refused])).rejects.toThrow('refused');
    async function* broken(): AsyncGenerator<ZipEntry> {
      yield file('a', 'x');
      throw new Error('the listing failed');
    }
    await expect(buffer(zipStream(broken()).stream)).rejects.toThrow('the listing failed');
  });

  it('never ends with a failed source in a way that opens as an archive', async () => {
    const entries = [
      file('a', 'x'.repeat(70_000)),
      { ...file('b', 'hello'), open: async () => failing('reset') },
    ];
    const got: Buffer[] = [];
    const reading = (async () => {
      for await (const chunk of zipStream(entries).stream) got.push(chunk as Buffer);
    })();
    await expect(reading).rejects.toThrow('reset');
    expect(Buffer.concat(got).length).toBeGreaterThan(0);
    await expect(openArchive(sourceOf(Buffer.concat(got)))).rejects.toThrow('not a zip file');
  });

  it('closes the open source and the entries when it is destroyed', async () => {
    const source = new PassThrough();
    let ended = false;
    async function* listing(): AsyncGenerator<ZipEntry> {
      try {
        yield file('first', 'x'.repeat(100_000));
        yield { ...file('b', 'hello'), open: async () => source };
        yield file('never', 'x');
      } finally {
        ended = true;
      }
    }
    const { stream } = zipStream(listing());
    await firstBytes(stream);
    stream.resume();
    await vi.waitFor(() => expect(source.listenerCount('readable')).toBe(1));
    stream.destroy();
    await vi.waitFor(() => expect([source.destroyed, ended]).toEqual([true, true]));
  });

  it('closes a source that was being opened when it was destroyed', async () => {
    const source = new PassThrough();
    const opening: ((opened: Readable) => void)[] = [];
    const open = () => new Promise<Readable>((resolve) => opening.push(resolve));
    const { stream } = zipStream([{ ...file('a', 'hello'), open }]);
    stream.resume();
    await vi.waitFor(() => expect(opening).toHaveLength(1));
    stream.destroy();
    opening[0]?.(source);
    await vi.waitFor(() => expect(source.destroyed).toBe(true));
  });

  it('is destroyed by its signal', async () => {
    const aborting = new AbortController();
    const { stream } = zipStream([{ ...file('a', 'hello'), open: async () => new PassThrough() }], {
      signal: aborting.signal,
    });
    stream.resume();
    aborting.abort();
    await expect(finished(stream)).rejects.toThrow('aborted');
  });

  it('takes no more memory for a gibibyte than for a little', async () => {
    const size = 8 * MEBIBYTE;
    const entries = Array.from({ length: 128 }, (_, index) => ({
      ...file(`${index}`, ''),
      size,
      open: async () => zeros(size),
    }));
    // What any archive takes the first time is no growth.
    await lengthOf(zipStream(entries.slice(0, 16)).stream);
    const before = process.memoryUsage().rss;
    expect(await lengthOf(zipStream(entries).stream)).toBe(lengthFor(entries));
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MEBIBYTE);
  });
});

describe('zipLayout', () => {
  const name = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.constantFrom('a\\b', 'a%5Cb', '../x', 'd/'),
  );
  const date = fc.option(fc.date({ noInvalidDate: false }));
  const facts = fc.record({ name, text: fc.string({ maxLength: 40 }), date });

  it('is the exact length of the archive', async () => {
    const property = fc.asyncProperty(fc.array(facts, { maxLength: 20 }), async (list) => {
      const entries = list.map((one) => ({ ...file(one.name, one.text), modified: one.date }));
      expect(lengthFor(entries)).toBe((await bytesOf(entries)).length);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it.each([
    [65_534, 22],
    [65_535, 98],
  ])('counts the ZIP64 records of %i entries, %i bytes at the end', (count, end) => {
    const one = lengthFor(manyFacts(1)) - 22;
    expect(lengthFor(manyFacts(count))).toBe(count * one + end);
  });

  // 65,532 whole blocks and what still fits below 4 GiB - 1 with the block headers.
  const LAST_SMALL = 65_532 * 65_535 + 4 * GIBIBYTE - 2 - 65_532 * 65_540 - 5;

  it.each([
    // Headers, timestamps and descriptor; once the packed size is 4 GiB - 1 with ZIP64 in each and at the end.
    ['the last size without', LAST_SMALL, 31 + 9 + 16 + 47 + 9 + 98],
    ['the first size with', LAST_SMALL + 1, 31 + 9 + 20 + 24 + 47 + 9 + 20 + 98],
    ['4 GiB - 1', 4 * GIBIBYTE - 1, 31 + 9 + 20 + 24 + 47 + 9 + 20 + 98],
    ['5 TiB', 5 * 1024 * GIBIBYTE, 31 + 9 + 20 + 24 + 47 + 9 + 20 + 98],
  ])('counts ZIP64 fields and block headers of a file of %s', (_, size, overhead) => {
    const blocks = 5 * Math.ceil(size / 65_535);
    expect(lengthFor([{ name: 'a', size, modified }])).toBe(size + blocks + overhead);
  });
});

describe('safeName', () => {
  it.each([
    ['../x', '%2E%2E/x'],
    ['a/../b', 'a/%2E%2E/b'],
    ['a/..', 'a/%2E%2E'],
    ['./a', '%2E/a'],
    ['a/. /b', 'a/%2E%20/b'],
    ['../../x', '%2E%2E/%2E%2E/x'],
    ['/lead', '%2Flead'],
    ['//lead', '%2F%2Flead'],
    ['a//b', 'a/%2Fb'],
    ['a//', 'a/%2F'],
    ['/', '%2F'],
    ['x\\y', 'x%5Cy'],
    ['..\\..\\x', '..%5C..%5Cx'],
    ['C:x', 'C%3Ax'],
    ['c:/x', 'c%3A/x'],
    ['n\0l', 'n%00l'],
    ['a\r\nb', 'a%0D%0Ab'],
    ['a\u202egpj', 'a%E2%80%AEgpj'],
    ['a:b*?', 'a%3Ab%2A%3F'],
    ['<"|>', '%3C%22%7C%3E'],
    ['end.', 'end%2E'],
    ['end /x ', 'end%20/x%20'],
    ['...', '..%2E'],
    [' ', '%20'],
    ['CON', 'CON_'],
    ['a/con.tar.gz', 'a/con_.tar.gz'],
    ['lpt\u00b9/x', 'lpt\u00b9_/x'],
    ['NUL .txt', 'NUL_ .txt'],
  ])('escapes %j as %j', (name, safe) => {
    expect(safeName(name)).toBe(safe);
  });

  it.each([
    'a..b',
    '.env',
    'console',
    'com10.txt',
    'a.con',
    '%252e',
    '%2e%2e/z',
    'a b+c',
    'true',
    '123',
    'a b',
    "&'`",
    'sub/',
    '\u00e9',
  ])('keeps %j', (name) => expect(safeName(name)).toBe(name));

  it('gives a name that unpacks, whatever it was given', async () => {
    const alphabet = fc.constantFrom(
      '.',
      '/',
      '\\',
      ' ',
      ':',
      'C',
      '\0',
      '%',
      '2',
      'E',
      '\u202e',
      '\u00e9',
    );
    const names = fc.uniqueArray(fc.string({ unit: alphabet, minLength: 1, maxLength: 8 }), {
      maxLength: 8,
    });
    const property = fc.asyncProperty(names, async (list) => {
      const sorted = list.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const archive = await openArchive(
        sourceOf(await bytesOf(sorted.map((name) => file(name, 'x')))),
      );
      expect(archive.entries).toHaveLength(list.length);
      const folded = archive.entries.map(({ name }) => name.replace(/\/$/, '').toLowerCase());
      expect(new Set(folded).size).toBe(list.length);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it.each([
    ['names that escaping would join', ['a%5Cb', 'a\\b'], ['a%5Cb', 'a%5Cb (2)']],
    [
      'names that differ in case',
      ['A', 'README.md', 'a', 'readme.md'],
      ['A', 'README.md', 'a (2)', 'readme (2).md'],
    ],
    ['names that differ in Unicode form', ['e\u0301', '\u00e9'], ['e\u0301', '\u00e9 (2)']],
    [
      'a file and a folder of one name',
      ['a', 'a.b', 'a/', 'a/x', 'a/x/y'],
      ['a', 'a.b', 'a (2)/', 'a (2)/x', 'a (2)/x (2)/y'],
    ],
    ['folders that differ in case', ['D/x', 'd/x', 'd/z'], ['D/x', 'd (2)/x', 'd (2)/z']],
    ['a name and what a suffix made', ['A', 'a', 'a (2)'], ['A', 'a (2)', 'a (2) (2)']],
    [
      'two rows of names whose numbers meet',
      ['A', 'A (2)', 'a', 'a (2)', 'a (3)'],
      ['A', 'A (2)', 'a (3)', 'a (2) (2)', 'a (3) (2)'],
    ],
    ['names behind a dot', ['.Env', '.env'], ['.Env', '.env (2)']],
    ['a device and its replacement', ['CON', 'con', 'con_'], ['CON_', 'con_ (2)', 'con_ (3)']],
  ])('keeps apart %s', async (_, names, shown) => {
    const archive = await openArchive(
      sourceOf(await bytesOf(names.map((name) => file(name, 'x')))),
    );
    expect(archive.entries.map((entry) => entry.name)).toEqual(shown);
  });
});

describe('nameEntries', () => {
  it('is as fast with any number of names that a disk takes for one', () => {
    const nameOf = nameEntries();
    const shown = new Set<string>();
    for (let index = 0; index < 20_000; index += 1) {
      const cases = index.toString(2).padStart(16, '0');
      shown.add(
        nameOf(
          cases
            .split('')
            .map((digit) => (digit === '1' ? 'A' : 'a'))
            .join(''),
        ),
      );
    }
    expect(shown.size).toBe(20_000);
    expect(shown).toContain('aAaaAAAaaaaAAAAA (20000)');
  });
});

describe('other programs', () => {
  const BOTH = installed('python3', 'unzip');
  let folderPath = '';
  beforeAll(() => {
    folderPath = mkdtempSync(join(tmpdir(), 'zip-'));
  });
  afterAll(() => rmSync(folderPath, { recursive: true }));

  it.runIf(BOTH).each([0, 1, 2500, 10_001])('find an archive of %i files whole', async (count) => {
    const path = join(folderPath, `${count}.zip`);
    await pipeline(zipStream(manyEntries(count)).stream, createWriteStream(path));
    expect(readFileSync(path).length).toBe(lengthFor(manyFacts(count)));
    // Info-ZIP calls an archive of nothing a warning.
    if (count > 0) expect(run('unzip', '-tqq', path)).toBe('');
    expect(run('python3', '-m', 'zipfile', '-t', path)).toBe('Done testing\n');
  });

  it.runIf(BOTH)('unpack it with its names, its dates and its modes', async () => {
    const path = join(folderPath, 'modes.zip');
    const entries = [
      folder('sub/'),
      file('sub/h\u00e9llo', 'hello'),
      { ...file('../evil', 'x'), modified: null },
    ];
    writeFileSync(path, await bytesOf(entries));
    const program = `import sys, zipfile
for i in zipfile.ZipFile(sys.argv[1]).infolist():
    print(ascii(i.filename), i.date_time, oct(i.external_attr >> 16), i.is_dir(), i.compress_type)`;
    expect(run('python3', '-c', program, path).trim().split('\n')).toEqual([
      "'sub/' (2026, 2, 10, 14, 30, 0) 0o40755 True 0",
      "'sub/h\\xe9llo' (2026, 2, 10, 14, 30, 0) 0o100644 False 8",
      "'%2E%2E/evil' (1980, 1, 1, 0, 0, 0) 0o100644 False 8",
    ]);
    run('unzip', '-q', path, '-d', join(folderPath, 'out'));
    expect(readFileSync(join(folderPath, 'out/%2E%2E/evil'), 'utf8')).toBe('x');
  });

  it('find an entry beyond 4 GiB, and one behind it, by their ZIP64 records', async () => {
    const size = 4 * GIBIBYTE + 1;
    const entries = [
      { ...file('large', ''), size, open: async () => zeros(size) },
      file('behind', 'hello'),
    ];
    const tail = await tailOf(zipStream(entries).stream, 2 * MEBIBYTE);
    expect(tail.total).toBe(lengthFor(entries));
    const archive = await openArchive(virtual(tail), { maxBytes: 8 * GIBIBYTE });
    expect(archive.entries.map((entry) => [entry.name, entry.size])).toEqual([
      ['large', size],
      ['behind', 5],
    ]);
    expect(String(await buffer((await archive.entries[1]?.open()) ?? never()))).toBe('hello');
  }, 240_000);
});

function lengthFor(entries: Iterable<ZipEntryFacts>): number {
  return zipLayout(entries).length;
}

function file(name: string, text: string): ZipEntry {
  return { name, size: Buffer.byteLength(text), modified, open: async () => pieces(text) };
}

function folder(name: string): ZipEntry {
  return { name, size: 0, modified, open: () => Promise.reject(new Error('a folder was opened')) };
}

function manyFacts(count: number): ZipEntry[] {
  return Array.from({ length: count }, (_, index) =>
    file(`folder/${String(index).padStart(6, '0')}.txt`, 'hello'),
  );
}

async function* manyEntries(count: number): AsyncGenerator<ZipEntry> {
  yield* manyFacts(count);
}

function pieces(text: string): Readable {
  const bytes = Buffer.from(text);
  const at = Array.from({ length: Math.ceil(bytes.length / 16_384) }, (_, index) => index * 16_384);
  return Readable.from(
    at.map((start) => bytes.subarray(start, start + 16_384)),
    { objectMode: false },
  );
}

function failing(message: string): Readable {
  return new Readable({
    read() {
      this.push('hel');
      this.destroy(new Error(message));
    },
  });
}

function zeros(size: number): Readable {
  const block = Buffer.alloc(MEBIBYTE);
  let left = size;
  return new Readable({
    read() {
      const piece = block.subarray(0, Math.min(left, block.length));
      left -= piece.length;
      this.push(piece.length > 0 ? piece : null);
    },
  });
}

function bytesOf(entries: ZipEntry[]): Promise<Buffer> {
  return buffer(zipStream(entries).stream);
}

async function firstBytes(stream: Readable): Promise<void> {
  await new Promise((resolve) => stream.once('readable', resolve));
}

async function lengthOf(stream: Readable): Promise<number> {
  let length = 0;
  for await (const chunk of stream) length += (chunk as Buffer).length;
  return length;
}

interface Tail {
  readonly total: number;
  readonly bytes: Buffer;
}

async function tailOf(stream: Readable, length: number): Promise<Tail> {
  let kept: Buffer[] = [];
  let held = 0;
  let total = 0;
  const tail = (): Buffer => Buffer.concat(kept).subarray(-length);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    total += chunk.length;
    held += chunk.length;
    kept.push(chunk);
    // Seldom, for it copies all that is kept.
    if (held > 32 * length) {
      kept = [tail()];
      held = length;
    }
  }
  return { total, bytes: tail() };
}

/** An archive of which only the end is kept. */
function virtual({ total, bytes }: Tail) {
  const start = total - bytes.length;
  return {
    size: total,
    read: async (from: number, endInclusive: number) =>
      Readable.from([bytes.subarray(from - start, endInclusive + 1 - start)]),
  };
}

function run(command: string, ...parameters: string[]): string {
  return execFileSync(command, parameters, { encoding: 'utf8' });
}

function never(): never {
  throw new Error('there is an entry');
}
