import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange, resolveRanges, type ResolvedRanges } from '../../src/http/range.ts';

const serve = (header: string, size: number): ResolvedRanges => {
  const asked = parseRange(header);
  if (asked.kind === 'none') return { kind: 'whole' };
  return resolveRanges(asked.kind === 'single' ? [asked.range] : asked.ranges, size);
};

const spans = (...pairs: [number, number][]): ResolvedRanges => ({
  kind: 'ranges',
  ranges: pairs.map(([start, end]) => ({ start, end })),
});

describe('parseRange', () => {
  it.each([
    ['bytes=0-4', { kind: 'from', start: 0, end: 4 }],
    ['Bytes=0-1', { kind: 'from', start: 0, end: 1 }],
    ['BYTES=2-', { kind: 'from', start: 2 }],
    ['bytes=-5', { kind: 'suffix', length: 5 }],
    ['bytes=-0', { kind: 'suffix', length: 0 }],
    ['bytes=007-0009', { kind: 'from', start: 7, end: 9 }],
    // RFC 9110 §5.6.1.2: empty elements of a list are ignored.
    ['bytes=,0-4, ,', { kind: 'from', start: 0, end: 4 }],
    ['bytes=4294967296-4294967297', { kind: 'from', start: 2 ** 32, end: 2 ** 32 + 1 }],
    ['bytes=2147483648-', { kind: 'from', start: 2 ** 31 }],
    ['bytes=99999999999999999999-', { kind: 'from', start: Number.MAX_SAFE_INTEGER }],
    [`bytes=${'9'.repeat(400)}-`, { kind: 'from', start: Number.MAX_SAFE_INTEGER }],
    ['bytes=5-99999999999999999999', { kind: 'from', start: 5 }],
    ['bytes=-99999999999999999999', { kind: 'suffix', length: Number.MAX_SAFE_INTEGER }],
  ])('reads one range: %s', (header, range) => {
    expect(parseRange(header)).toEqual({ kind: 'single', range });
  });

  it('reads several ranges in the order in which they were asked', () => {
    expect(parseRange('bytes=5-8 ,\t0-1,-2')).toEqual({
      kind: 'several',
      ranges: [
        { kind: 'from', start: 5, end: 8 },
        { kind: 'from', start: 0, end: 1 },
        { kind: 'suffix', length: 2 },
      ],
    });
  });

  it.each([
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-2',
    'bytes=99999999999999999999-99999999999999999998',
    'bytes=0-1x',
    'bytes=0-1,x',
    'bytes=0-1,5-2',
    'bytes=--1',
    'bytes=1--2',
    'bytes=+1-2',
    'bytes=1.5-2',
    'bytes=1e1-20',
    'bytes=0x1-2',
    'bytes=1 - 2',
    'bytes =0-1',
    'bytes:0-1',
    'items=0-1',
    `bytes=${'x'.repeat(10_000)}`,
    `bytes=${'\u0661'}-2`,
  ])('asks for nothing when it is malformed or of another unit: %s', (header) => {
    expect(parseRange(header)).toEqual({ kind: 'none' });
  });
});

describe('resolveRanges', () => {
  // The range table of Go's net/http (fs_test.go, ServeFileRangeTests): a file of 11 bytes.
  it.each([
    ['bytes=0-4', spans([0, 4])],
    ['bytes=2-', spans([2, 10])],
    ['bytes=-5', spans([6, 10])],
    ['bytes=3-7', spans([3, 7])],
    ['bytes=0-0,-2', spans([0, 0], [9, 10])],
    ['bytes=0-1,5-8', spans([0, 1], [5, 8])],
    ['bytes=0-1,5-', spans([0, 1], [5, 10])],
    ['bytes=5-1000', spans([5, 10])],
    ['bytes=0-,1-,2-,3-,4-', { kind: 'whole' }],
    ['bytes=0-9', spans([0, 9])],
    ['bytes=0-10', spans([0, 10])],
    ['bytes=0-11', spans([0, 10])],
    ['bytes=10-11', spans([10, 10])],
    ['bytes=10-', spans([10, 10])],
    ['bytes=11-', { kind: 'unsatisfiable' }],
    ['bytes=11-12', { kind: 'unsatisfiable' }],
    ['bytes=12-12', { kind: 'unsatisfiable' }],
    ['bytes=11-100', { kind: 'unsatisfiable' }],
    ['bytes=12-100', { kind: 'unsatisfiable' }],
    ['bytes=100-', { kind: 'unsatisfiable' }],
    ['bytes=100-1000', { kind: 'unsatisfiable' }],
    ['bytes=-0', { kind: 'unsatisfiable' }],
  ])('serves %s of 11 bytes', (header, expected) => {
    expect(serve(header, 11)).toEqual(expected);
  });

  it.each([
    ['a suffix longer than the file', 'bytes=-500', 100, spans([0, 99])],
    ['the satisfiable ones of several', 'bytes=0-1,900-', 100, spans([0, 1])],
    ['none of several unsatisfiable ones', 'bytes=100-,-0', 100, { kind: 'unsatisfiable' }],
    ['overlapping ones as one', 'bytes=0-4,3-7', 100, spans([0, 7])],
    ['adjacent ones as one', 'bytes=0-4,5-7', 100, spans([0, 7])],
    ['the order in which they were asked', 'bytes=50-59,0-9,55-64', 100, spans([50, 64], [0, 9])],
    ['a range inside another', 'bytes=0-9,2-3', 100, spans([0, 9])],
    ['an empty file whole', 'bytes=0-', 0, { kind: 'whole' }],
    ['an empty file whole for a suffix', 'bytes=-1', 0, { kind: 'whole' }],
    ['5 GiB', 'bytes=4294967296-', 5 * 2 ** 30, spans([2 ** 32, 5 * 2 ** 30 - 1])],
    ['a position beyond 2^53', 'bytes=99999999999999999999-', 2 ** 50, { kind: 'unsatisfiable' }],
  ])('serves %s', (_, header, size, expected) => {
    expect(serve(header, size)).toEqual(expected);
  });

  const everySecond = (count: number): string =>
    `bytes=${Array.from({ length: count }, (_, i) => `${i * 2}-${i * 2}`).join(',')}`;

  it('serves 16 ranges and, for more, the whole file', () => {
    const [sixteen, seventeen] = [serve(everySecond(16), 1000), serve(everySecond(17), 1000)];
    expect(sixteen.kind === 'ranges' && sixteen.ranges.length).toBe(16);
    expect(seventeen).toEqual({ kind: 'whole' });
  });

  it('never serves more bytes than the file has, nor a byte twice', () => {
    const position = fc.oneof(fc.nat(30), fc.constant(''), fc.bigInt({ min: 0n }).map(String));
    const list = fc.array(fc.tuple(position, position), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(list, fc.nat(25), (pairs, size) => {
        const served = serve(`bytes=${pairs.map(([a, b]) => `${a}-${b}`).join(',')}`, size);
        if (served.kind !== 'ranges') return;
        const bytes = served.ranges.flatMap(({ start, end }) =>
          Array.from({ length: end - start + 1 }, (_, i) => start + i),
        );
        expect(new Set(bytes).size).toBe(bytes.length);
        expect(bytes.every((byte) => byte >= 0 && byte < size)).toBe(true);
        expect(served.ranges.length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads any text without throwing, and only whole positions come out', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^bytes=[0-9, -]*$/));
    fc.assert(
      fc.property(text, (header) => {
        const asked = parseRange(header);
        const ranges =
          asked.kind === 'none' ? [] : asked.kind === 'single' ? [asked.range] : asked.ranges;
        const numbers = ranges.flatMap((range) =>
          range.kind === 'suffix' ? [range.length] : [range.start, range.end ?? 0],
        );
        expect(numbers.every((number) => Number.isSafeInteger(number) && number >= 0)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
