import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { openArchive } from '../../src/archive/unzip.ts';
import type { ArchiveEntry, ArchiveLimits } from '../../src/archive/unzip.ts';
import { isFileServiceError } from '../../src/core/errors.ts';
import { craftZip, extraField, sourceOf, unicodePath } from '../support/crafted-zip.ts';
import type { CraftedEntry } from '../support/crafted-zip.ts';
import { installed } from '../support/programs.ts';

const MEBIBYTE = 2 ** 20;
// APPNOTE.TXT 4.4.5.
const BZIP2 = 12;

describe('openArchive', () => {
  it('lists files and folders with their sizes and dates, in the order of the directory', async () => {
    const bytes = craftZip([
      { name: 'b/', mode: 0o40755 },
      { name: 'b/hello.txt', data: 'hello', mode: 0o100644 },
      { name: 'a.bin', data: Buffer.alloc(3), method: 0 },
      { name: 'no date', dosDate: 0 },
    ]);
    const modified = new Date('2025-02-10T00:00:00Z');
    expect((await openArchive(sourceOf(bytes))).entries.map(withoutOpen)).toEqual([
      { name: 'b/', isFolder: true, size: 0, modified },
      { name: 'b/hello.txt', isFolder: false, size: 5, modified },
      { name: 'a.bin', isFolder: false, size: 3, modified },
      { name: 'no date', isFolder: false, size: 0, modified: new Date('1979-11-30T00:00:00Z') },
    ]);
  });

  it('gives the bytes of deflated, stored and empty entries', async () => {
    const large = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index) % 251));
    const bytes = craftZip([
      { name: 'deflated', data: large },
      { name: 'stored', data: large, method: 0 },
      { name: 'empty' },
      { name: 'empty but deflated', method: 8 },
      { name: 'folder/' },
    ]);
    expect(await contentsOf(bytes)).toEqual({
      deflated: large,
      stored: large,
      empty: Buffer.alloc(0),
      'empty but deflated': Buffer.alloc(0),
      'folder/': Buffer.alloc(0),
    });
  });

  it('gives the same bytes when the source comes one byte at a time', async () => {
    const bytes = craftZip([
      {
        name: 'deflated',
        data: 'hello '.repeat(50),
        localExtra: extraField(0x5455, Buffer.alloc(9)),
      },
      { name: 'stored', data: 'world', method: 0 },
    ]);
    const archive = await openArchive(sourceOf(bytes, 1));
    const contents = await Promise.all(
      archive.entries.map(async (entry) => buffer(await entry.open())),
    );
    expect(contents.map(String)).toEqual(['hello '.repeat(50), 'world']);
  });

  it('reads the end once and then one range for each entry that has bytes', async () => {
    const bytes = craftZip([
      { name: 'first', data: 'x'.repeat(100_000), method: 0 },
      { name: 'folder/' },
      { name: 'second', data: 'hello' },
    ]);
    const source = sourceOf(bytes);
    const archive = await openArchive(source);
    expect(source.reads).toEqual([[bytes.length - 65_633, bytes.length - 1]]);
    for (const entry of archive.entries) await buffer(await entry.open());
    const first = 30 + 5 + 100_000;
    const folder = 30 + 7;
    expect(source.reads.slice(1)).toEqual([
      [0, first - 1],
      [first + folder, first + folder + 30 + 6 + deflateRawSync('hello').length - 1],
    ]);
  });

  it('reads a directory that is longer than the end of the archive by a second range', async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `${'n'.repeat(60)}${index}`);
    const source = sourceOf(craftZip(names.map((name) => ({ name }))));
    const archive = await openArchive(source);
    expect(archive.entries.map((entry) => entry.name)).toEqual(names);
    expect(source.reads).toHaveLength(2);
  });

  it('takes an archive that holds nothing', async () => {
    expect((await openArchive(sourceOf(craftZip([])))).entries).toEqual([]);
  });

  it('gives a nested archive as bytes', async () => {
    const nested = Array.from({ length: 100 }).reduce<Buffer>(
      (inner) => craftZip([{ name: 'nested.zip', data: inner, method: 0 }]),
      craftZip([]),
    );
    expect(await contentsOf(craftZip([{ name: 'n.zip', data: nested }]))).toEqual({
      'n.zip': nested,
    });
  });
});

describe('archives of other programs', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'unzip-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.runIf(installed('zip'))('are read when Info-ZIP made them', async () => {
    writeFileSync(join(folder, 'h\u00e9llo \u4e2d.txt'), 'hello '.repeat(1000));
    writeFileSync(join(folder, 'empty'), '');
    execFileSync('zip', ['-q', '-r', 'made.zip', '.'], { cwd: folder });
    const archive = await openArchive(sourceOf(readFileSync(join(folder, 'made.zip'))));
    const contents = await Promise.all(
      archive.entries.map(async (entry) => [entry.name, String(await buffer(await entry.open()))]),
    );
    expect(Object.fromEntries(contents)).toEqual({
      'h\u00e9llo \u4e2d.txt': 'hello '.repeat(1000),
      empty: '',
    });
  });

  it('are read when yazl made them, with ZIP64 records and descriptors', async () => {
    const zip = new ZipFile();
    zip.addReadStream(Readable.from(['streamed']), 'a.txt', { forceZip64Format: true });
    zip.addBuffer(Buffer.from('buffered'), 'b.txt');
    zip.addEmptyDirectory('c');
    zip.end({ forceZip64Format: true, comment: 'PK and a comment' });
    expect(await contentsOf(await buffer(zip.outputStream))).toEqual({
      'a.txt': Buffer.from('streamed'),
      'b.txt': Buffer.from('buffered'),
      'c/': Buffer.alloc(0),
    });
  });

  it('may spell names in UTF-8 without saying so, as macOS does', async () => {
    const bytes = craftZip([{ name: 're\u0301sume\u0301.txt', data: 'x', flags: 0 }]);
    expect(Object.keys(await contentsOf(bytes))).toEqual(['re\u0301sume\u0301.txt']);
  });

  it('may spell names in a Unicode path field beside a name of their own encoding', async () => {
    const stored = Buffer.from([0x82, 0x2e, 0x74]);
    const entry = { name: stored, flags: 0, extra: unicodePath(stored, '\u00e9.t'), data: 'x' };
    expect(Object.keys(await contentsOf(craftZip([entry])))).toEqual(['\u00e9.t']);
  });
});

describe('names', () => {
  const hostile: [what: string, name: string][] = [
    ['leaves its folder', '../x'],
    ['leaves its folder deeper', 'a/../../x'],
    ['ends in two dots', 'a/..'],
    ['is absolute', '/abs'],
    ['is absolute twice', '//host/share'],
    ['has a drive', 'C:\\x'],
    ['has a drive and slashes', 'c:/x'],
    ['is relative to a drive', 'C:x'],
    ['has backslashes', 'a\\..\\..\\x'],
    ['has one backslash', 'a\\b'],
    ['has a dot segment', 'a/./b'],
    ['begins with a dot segment', './a'],
    ['has an empty segment', 'a//b'],
    ['ends in two slashes', 'a//'],
    ['is one slash', '/'],
    ['is empty', ''],
    ['has NUL', 'n\0l'],
    ['has a control character', 'a\nb'],
    ['has DEL', 'a\x7fb'],
    ['has a bidirectional override', 'a\u202egpj.exe'],
    ['has dots among spaces', 'a/.. /b'],
    ['is longer than a key', 'k'.repeat(1025)],
  ];
  it.each(hostile)('answers invalid_archive when a name %s', async (_, name) => {
    await refuses([{ name: 'good' }, { name, data: 'x' }], 'invalid_archive');
  });

  const ambiguous: [what: string, entry: CraftedEntry][] = [
    ['is CP437 under the UTF-8 flag', { name: Buffer.from([0x82, 0x61]) }],
    ['is of an unnamed code page', { name: Buffer.from([0x82, 0x61]), flags: 0 }],
    ['is overlong UTF-8', { name: Buffer.from([0x2e, 0xc0, 0xaf]) }],
    ['has a Unicode path of another name', { name: 'a', extra: unicodePath('b', 'c') }],
    [
      'has a Unicode path that contradicts it',
      { name: 'a', flags: 0, extra: unicodePath('a', 'c') },
    ],
    [
      'has a Unicode path that contradicts its UTF-8',
      { name: '\u00e9', extra: unicodePath('\u00e9', 'e') },
    ],
    ['has an unsafe Unicode path', { name: 'a', flags: 0, extra: unicodePath('a', '../a') }],
    ['has a Unicode path of an unknown version', { name: 'a', extra: unicodePath('a', 'a', 2) }],
    ['has a cut Unicode path', { name: 'a', extra: extraField(0x7075, Buffer.from([1])) }],
    [
      'has two Unicode paths',
      { name: 'a', extra: Buffer.concat([unicodePath('a', 'a'), unicodePath('a', 'a')]) },
    ],
    [
      'is unsafe where its Unicode path is not',
      {
        name: Buffer.from('../\x82', 'latin1'),
        flags: 0,
        extra: unicodePath(Buffer.from('../\x82', 'latin1'), 'aa/\u00e9'),
      },
    ],
  ];
  it.each(ambiguous)('answers invalid_archive when a name %s', async (_, entry) => {
    await refuses([{ name: 'good' }, entry], 'invalid_archive');
  });

  const colliding: [what: string, names: string[]][] = [
    ['a file twice', ['a', 'a']],
    ['a folder twice', ['a/', 'a/']],
    ['a file and a folder of one name', ['a', 'a/']],
    ['a folder and a file of one name', ['a/', 'a']],
    ['a file inside a file', ['a/b', 'a']],
    ['a file inside a file, deep', ['a', 'a/b/c/d']],
    ['a file inside a file, among names that sort between them', ['a', 'a!', 'a.b', 'a b', 'a/c']],
    ['a name twice but for its Unicode form', ['\u00e9', 'e\u0301']],
  ];
  it.each(colliding)('answers invalid_archive for %s', async (_, names) => {
    await refuses(
      names.map((name) => ({ name })),
      'invalid_archive',
    );
  });

  it('are kept apart by case, and by dots that are no segments', async () => {
    const names = ['a', 'A', 'a..b', '...', '.env', '%2e%2e', ' ', 'x y/', 'x y/c:d'];
    const archive = await openArchive(sourceOf(craftZip(names.map((name) => ({ name })))));
    expect(archive.entries.map((entry) => entry.name)).toEqual(names);
  });
});

describe('kinds of entries', () => {
  const kinds: [what: string, entry: CraftedEntry, reason: string][] = [
    ['a symbolic link', { name: 'a', data: '/etc', mode: 0o120777 }, 'invalid_archive'],
    ['a character device', { name: 'a', mode: 0o020644 }, 'invalid_archive'],
    ['a block device', { name: 'a', mode: 0o060644 }, 'invalid_archive'],
    ['a pipe', { name: 'a', mode: 0o010644 }, 'invalid_archive'],
    ['a socket', { name: 'a', mode: 0o140644 }, 'invalid_archive'],
    ['a setuid file', { name: 'a', mode: 0o104755 }, 'invalid_archive'],
    ['a setgid file', { name: 'a', mode: 0o102755 }, 'invalid_archive'],
    ['a folder that is named as a file', { name: 'a', mode: 0o40755 }, 'invalid_archive'],
    ['a file that is named as a folder', { name: 'a/', mode: 0o100644 }, 'invalid_archive'],
    ['a folder with bytes', { name: 'a/', data: 'x' }, 'invalid_archive'],
    ['an encrypted entry', { name: 'a', data: 'x', flags: 0x0801 }, 'invalid_archive'],
    ['a strongly encrypted entry', { name: 'a', data: 'x', flags: 0x0841 }, 'invalid_archive'],
    ['an encrypted directory', { name: 'a', data: 'x', flags: 0x2800 }, 'invalid_archive'],
    ['patch data', { name: 'a', data: 'x', flags: 0x0820 }, 'invalid_archive'],
    [
      'bytes out of nothing',
      { name: 'a', method: 8, packed: Buffer.alloc(0), size: 5 },
      'invalid_archive',
    ],
    [
      'a stored entry of two sizes',
      { name: 'a', data: 'abc', method: 0, size: 2 },
      'invalid_archive',
    ],
    ['another compression', { name: 'a', data: 'x', method: BZIP2 }, 'unsupported_type'],
  ];
  it.each(kinds)('answers for %s', async (_, entry, reason) => {
    await refuses([{ name: 'good' }, entry], reason);
  });

  it('lets sticky and setgid folders pass, which shared disks have', async () => {
    const entries = [{ name: 'a/', mode: 0o43775 }];
    expect(await namesOf(craftZip(entries))).toEqual(['a/']);
  });
});

describe('bytes of the archive', () => {
  const good = [
    { name: 'a', data: 'hello' },
    { name: 'b', data: 'world' },
  ];
  const whole = craftZip(good);
  const damaged: [what: string, bytes: Buffer][] = [
    ['has none', Buffer.alloc(0)],
    ['is text', Buffer.from('this is not an archive at all')],
    ['is one end signature', Buffer.from('PK\x05\x06')],
    ['has junk in front', craftZip(good, { front: Buffer.from('MZ junk') })],
    [
      'has junk in front and says so',
      craftZip(good, { front: Buffer.from('MZ junk'), shiftOffsets: true }),
    ],
    ['has junk behind', craftZip(good, { back: Buffer.from('junk') })],
    ['is a later disk', craftZip(good, { disk: 1 })],
    ['has its directory on another disk', craftZip(good, { directoryDisk: 1 })],
    ['has entries on another disk', craftZip(good, { countHere: 1 })],
    ['counts too few entries', craftZip(good, { count: 1 })],
    ['counts too many entries', craftZip(good, { count: 3 })],
    ['has a longer directory than it says', craftZip(good, { directorySize: 60 })],
    ['holds only junk and an end', craftZip([], { front: Buffer.alloc(10), shiftOffsets: true })],
    ['has an extra field that is cut', craftZip([{ name: 'a', extra: Buffer.from([1, 0, 9, 0]) }])],
  ];
  it.each(damaged)('answers invalid_archive when it %s', async (_, bytes) => {
    expect(await reasonOf(openArchive(sourceOf(bytes)))).toBe('invalid_archive');
  });

  it('answers invalid_archive wherever it is cut', async () => {
    for (let length = 0; length < whole.length; length += 1) {
      expect(await reasonOf(openArchive(sourceOf(whole.subarray(0, length))))).toBe(
        'invalid_archive',
      );
    }
  });

  it('answers invalid_archive when the ZIP64 record contradicts the plain one', async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from('buffered'), 'b.txt');
    zip.end({ forceZip64Format: true, comment: '' });
    const bytes = await buffer(zip.outputStream);
    const lying = Buffer.from(bytes);
    lying.writeUInt16LE(2, bytes.length - 12);
    expect(await reasonOf(openArchive(sourceOf(bytes)))).toBeUndefined();
    expect(await reasonOf(openArchive(sourceOf(lying)))).toBe('invalid_archive');
  });

  it('answers invalid_archive for entries that overlap', async () => {
    const data = Buffer.alloc(500_000);
    const first: CraftedEntry = { name: 'a', data };
    const packed = deflateRawSync(data);
    const overlapping = Array.from({ length: 50 }, (_, index) => ({
      name: String.fromCharCode(98 + (index % 25)) + index,
      crc: 0,
      size: data.length,
      packed: Buffer.alloc(0),
      packedSize: packed.length,
      method: 8,
      offset: 0,
    }));
    await refuses([first, ...overlapping], 'invalid_archive');
    await refuses([first, { name: 'b', offset: 20 }], 'invalid_archive');
  });

  it('answers invalid_archive for an entry that reaches into the directory', async () => {
    await refuses(
      [{ name: 'a', data: 'x', method: 0, size: 30, packedSize: 30 }],
      'invalid_archive',
    );
  });

  it('refuses or reads any change of any byte, and never fails otherwise', async () => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    const property = fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      async (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes.writeUInt8(value, at);
        const reason = await reasonOf(contentsOf(bytes));
        expect([undefined, 'invalid_archive', 'unsupported_type', 'too_large']).toContain(reason);
      },
    );
    await fc.assert(property, { numRuns: 500 });
  });
});

describe('limits', () => {
  it('answers too_large by the count, before the directory is read', async () => {
    const bytes = craftZip([{ name: 'a' }], { count: 10_001 });
    const source = sourceOf(bytes);
    expect(await reasonOf(openArchive(source))).toBe('too_large');
    expect(source.reads).toHaveLength(1);
  });

  it('answers too_large for a million entries in under two seconds and 64 MiB', async () => {
    const source = millionEntries();
    const started = performance.now();
    const before = process.memoryUsage().rss;
    expect(await reasonOf(openArchive(source))).toBe('too_large');
    expect(performance.now() - started).toBeLessThan(2000);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MEBIBYTE);
    expect(source.bytesRead()).toBeLessThan(MEBIBYTE);
  });

  it('takes as many entries as allowed, and not one more', async () => {
    const names = ['a', 'b', 'c'].map((name) => ({ name }));
    expect(
      await reasonOf(openArchive(sourceOf(craftZip(names)), { maxEntries: 3 })),
    ).toBeUndefined();
    await refuses(names, 'too_large', { maxEntries: 2 });
  });

  it('checks 10,000 names of 500 segments in under two seconds', async () => {
    const path = 'a/'.repeat(500);
    const entries = Array.from({ length: 10_000 }, (_, index) => ({ name: `${path}${index}` }));
    const source = sourceOf(craftZip(entries));
    const started = performance.now();
    expect((await openArchive(source)).entries).toHaveLength(10_000);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('answers too_large for a directory beyond 16 MiB', async () => {
    const extra = extraField(0xcafe, Buffer.alloc(65_000));
    const entries = Array.from({ length: 260 }, (_, index) => ({ name: `${index}`, extra }));
    await refuses(entries, 'too_large');
  });

  it('answers too_large when all entries together declare more than allowed', async () => {
    const entries = [
      { name: 'a', data: 'x'.repeat(600) },
      { name: 'b', data: 'x'.repeat(600) },
    ];
    await refuses(entries, 'too_large', { maxBytes: 1199 });
    expect(
      await reasonOf(openArchive(sourceOf(craftZip(entries)), { maxBytes: 1200 })),
    ).toBeUndefined();
  });

  it('answers too_large for an entry that is packed tighter than allowed, but not for a small one', async () => {
    await refuses([{ name: 'a', data: Buffer.alloc(2 * MEBIBYTE) }], 'too_large');
    expect(await namesOf(craftZip([{ name: 'a', data: Buffer.alloc(MEBIBYTE) }]))).toEqual(['a']);
  });

  it('counts real bytes of all entries, also when one is opened again', async () => {
    const bytes = craftZip([{ name: 'a', data: 'x'.repeat(600), method: 0 }]);
    const { entries } = await openArchive(sourceOf(bytes), { maxBytes: 1000 });
    const open = async () => buffer((await entries[0]?.open()) ?? Readable.from([]));
    expect((await open()).length).toBe(600);
    expect(await reasonOf(open())).toBe('too_large');
  });

  it('names the limit in the context', async () => {
    const error: unknown = await openArchive(sourceOf(craftZip([{ name: 'a' }])), {
      maxEntries: 0,
    }).catch((caught: unknown) => caught);
    expect(isFileServiceError(error) && [error.status, error.message, error.context]).toEqual([
      413,
      'Payload Too Large: The archive holds more than 0 entries.',
      { limit: 0 },
    ]);
  });
});

describe('open', () => {
  const text = 'hello '.repeat(20_000);
  const packed = deflateRawSync(text);
  const lying: [what: string, entry: CraftedEntry][] = [
    ['has more bytes than declared', { name: 'a', data: text, size: 1000 }],
    ['has fewer bytes than declared', { name: 'a', data: text, size: text.length + 1 }],
    ['has another checksum', { name: 'a', data: text, crc: 1 }],
    ['has another checksum, stored', { name: 'a', data: text, crc: 1, method: 0 }],
    ['is not deflate', { name: 'a', data: text, packed: Buffer.alloc(100, 0xff) }],
    ['is cut deflate', { name: 'a', data: text, packed: packed.subarray(0, 60) }],
    [
      'has bytes behind its deflate',
      { name: 'a', data: text, packed: Buffer.concat([packed, Buffer.alloc(9)]) },
    ],
    ['has another name in its header', { name: 'a', data: text, localName: 'b' }],
    ['has a longer name in its header', { name: 'a', data: text, localName: '../../b' }],
    ['has no header', { name: 'a', data: text, localSignature: 1 }],
  ];
  it.each(lying)('fails with invalid_archive when an entry %s', async (_, entry) => {
    const { entries } = await openArchive(sourceOf(craftZip([entry])));
    expect(await reasonOf(buffer((await entries[0]?.open()) ?? Readable.from([])))).toBe(
      'invalid_archive',
    );
  });

  it('fails with invalid_archive when the header of an entry moves its bytes into the next one', async () => {
    const bytes = craftZip([
      { name: 'a', data: 'abc', method: 0 },
      { name: 'b', data: 'x', method: 0 },
    ]);
    bytes.writeUInt16LE(2, 28);
    const { entries } = await openArchive(sourceOf(bytes));
    expect(await reasonOf(buffer((await entries[0]?.open()) ?? Readable.from([])))).toBe(
      'invalid_archive',
    );
  });

  it('fails with invalid_archive for an empty entry with a checksum', async () => {
    const { entries } = await openArchive(sourceOf(craftZip([{ name: 'a', crc: 7 }])));
    expect(await reasonOf(entries[0]?.open())).toBe('invalid_archive');
  });

  it('gives no byte beyond the declared size of a bomb', async () => {
    const data = Buffer.alloc(20 * MEBIBYTE);
    const bytes = craftZip([{ name: 'a', data, size: 1000 }]);
    const { entries } = await openArchive(sourceOf(bytes));
    expect(await bytesUntilFailure(entries[0]?.open())).toBe(0);
  });

  it('keeps the last bytes back when the checksum is wrong', async () => {
    const data = Buffer.alloc(200_000, 'x');
    const bytes = craftZip([{ name: 'a', data, crc: 1, method: 0 }]);
    const { entries } = await openArchive(sourceOf(bytes));
    expect(await bytesUntilFailure(entries[0]?.open())).toBeLessThan(data.length);
  });

  it('closes the source when it is destroyed', async () => {
    const data = randomBytes(MEBIBYTE);
    const source = sourceOf(craftZip([{ name: 'a', data, method: 0 }]));
    const { entries } = await openArchive(source);
    const stream = (await entries[0]?.open()) ?? Readable.from([]);
    for await (const chunk of stream) {
      expect(chunk).toBeInstanceOf(Buffer);
      break;
    }
    await expect(finished(source.streams[1] ?? stream)).rejects.toThrow(
      'The operation was aborted',
    );
  });

  it('passes the failure of the source on', async () => {
    const bytes = craftZip([{ name: 'a', data: randomBytes(MEBIBYTE), method: 0 }]);
    const source = sourceOf(bytes);
    const { entries } = await openArchive(source);
    const stream = (await entries[0]?.open()) ?? Readable.from([]);
    source.streams[1]?.destroy(new Error('connection reset'));
    await expect(buffer(stream)).rejects.toThrow('connection reset');
  });

  it('fails with storage_failed when the source ends early', async () => {
    const bytes = craftZip([{ name: 'a', data: 'x'.repeat(100), method: 0 }]);
    const whole = sourceOf(bytes);
    const short = {
      size: bytes.length,
      read: async (start: number, end: number) =>
        end - start < 140
          ? Readable.from([bytes.subarray(start, end - 3)])
          : whole.read(start, end, none()),
    };
    const { entries } = await openArchive(short);
    expect(await reasonOf(buffer((await entries[0]?.open()) ?? Readable.from([])))).toBe(
      'storage_failed',
    );
  });

  it('hands the signal to the source', async () => {
    const aborting = new AbortController();
    const signals: AbortSignal[] = [];
    const whole = sourceOf(craftZip([{ name: 'a', data: 'x' }]));
    const source = {
      size: whole.size,
      read: (start: number, end: number, signal: AbortSignal) => {
        signals.push(signal);
        return whole.read(start, end, signal);
      },
    };
    const { entries } = await openArchive(source, { signal: aborting.signal });
    await buffer((await entries[0]?.open()) ?? Readable.from([]));
    expect(signals).toEqual([aborting.signal, aborting.signal]);
  });
});

function none(): AbortSignal {
  return new AbortController().signal;
}

function randomBytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7919) % 253));
}

function withoutOpen({ name, isFolder, size, modified }: ArchiveEntry): Omit<ArchiveEntry, 'open'> {
  return { name, isFolder, size, modified };
}

async function refuses(
  entries: readonly CraftedEntry[],
  reason: string,
  limits: ArchiveLimits = {},
) {
  expect(await reasonOf(openArchive(sourceOf(craftZip(entries)), limits))).toBe(reason);
}

async function reasonOf(promise: Promise<unknown> | undefined): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (!isFileServiceError(error)) throw error;
    return error.reason;
  }
}

async function namesOf(bytes: Buffer): Promise<string[]> {
  return (await openArchive(sourceOf(bytes))).entries.map((entry) => entry.name);
}

async function contentsOf(bytes: Buffer): Promise<Record<string, Buffer>> {
  const { entries } = await openArchive(sourceOf(bytes));
  const contents: Record<string, Buffer> = {};
  for (const entry of entries) contents[entry.name] = await buffer(await entry.open());
  return contents;
}

async function bytesUntilFailure(opening: Promise<Readable> | undefined): Promise<number> {
  let length = 0;
  const reading = (async () => {
    for await (const chunk of (await opening) ?? []) length += (chunk as Buffer).length;
  })();
  expect(await reasonOf(reading)).toBe('invalid_archive');
  return length;
}

/** The archive of a million empty entries: 46 MB of directory that are made as they are read. */
function millionEntries() {
  const count = 1_000_000;
  const record = craftZip([{ name: 'a' }]).subarray(31, 31 + 47);
  const end = new ZipFile();
  end.end({ forceZip64Format: true, comment: '' });
  let read = 0;
  const directorySize = count * record.length;
  const offset = count * 31;
  return {
    size: offset + directorySize + 98,
    bytesRead: () => read,
    async read(start: number, endInclusive: number): Promise<Readable> {
      const tail = await buffer(end.outputStream.readable ? end.outputStream : Readable.from([]));
      tail.writeBigUInt64LE(BigInt(count), 24);
      tail.writeBigUInt64LE(BigInt(count), 32);
      tail.writeBigUInt64LE(BigInt(directorySize), 40);
      tail.writeBigUInt64LE(BigInt(offset), 48);
      tail.writeBigUInt64LE(BigInt(offset + directorySize), 56 + 8);
      const length = endInclusive - start + 1;
      read += length;
      return Readable.from([Buffer.alloc(length - tail.length, record), tail]);
    },
  };
}
