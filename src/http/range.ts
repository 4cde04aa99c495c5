// What a Range header asks for, as values (RFC 9110 section 14). Knows no storage and no reply.

/** A part of a file. Ends are inclusive, offsets in bytes; `suffix` counts from the end. */
export type ByteRange =
  | { readonly kind: 'from'; readonly start: number; readonly end?: number }
  | { readonly kind: 'suffix'; readonly length: number };

/** What a request asks for; `none` is the whole file. */
export type RangeRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'single'; readonly range: ByteRange }
  | { readonly kind: 'several'; readonly ranges: readonly ByteRange[] };

/** A range of a file of known size, ends inclusive, in bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What to serve of a file of known size. */
export type ResolvedRanges =
  | { readonly kind: 'whole' }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'ranges'; readonly ranges: readonly Span[] };

// RFC 9110 section 17.15: many ranges are a denial of service; the contract serves up to 16.
const MAX_RANGES = 16;

const NONE: RangeRequest = { kind: 'none' };

// RFC 9110 section 14.1: range units are compared without regard to case.
const UNIT = /^bytes=/i;
const SPEC = /^(\d*)-(\d*)$/;

/**
 * Reads a Range header. Another unit or a malformed header asks for nothing (`none`): RFC 9110
 * section 14.2 lets a server ignore it. Positions beyond 2^53 are kept at 2^53 - 1, where no file is.
 */
export function parseRange(header: string): RangeRequest {
  if (!UNIT.test(header)) return NONE;
  const ranges: ByteRange[] = [];
  for (const element of header.slice('bytes='.length).split(',')) {
    const text = element.trim();
    // RFC 9110 section 5.6.1.2: empty list elements are parsed and ignored.
    if (text === '') continue;
    const range = parseSpec(text);
    if (range === null) return NONE;
    ranges.push(range);
  }
  const [first] = ranges;
  if (first === undefined) return NONE;
  return ranges.length === 1 ? { kind: 'single', range: first } : { kind: 'several', ranges };
}

function parseSpec(text: string): ByteRange | null {
  const [, first, last] = SPEC.exec(text) ?? [];
  if (first === undefined || last === undefined) return null;
  if (first === '') return last === '' ? null : { kind: 'suffix', length: position(last) };
  if (last === '') return { kind: 'from', start: position(first) };
  // RFC 9110 section 14.1.1: a range whose last position is less than its first is invalid.
  if (isLess(last, first)) return null;
  const end = position(last);
  // An end that was cut down to what a number can hold means "to the end of the file".
  return end === Number.MAX_SAFE_INTEGER
    ? { kind: 'from', start: position(first) }
    : { kind: 'from', start: position(first), end };
}

function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

// Compares digits, not numbers: beyond 2^53 two of them can be equal as numbers.
function isLess(left: string, right: string): boolean {
  const [a, b] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
  return a.length === b.length ? a < b : a.length < b.length;
}

/**
 * Fits ranges to a file of `size` bytes: unsatisfiable ones are left out, overlapping and adjacent
 * ones become one, in the order in which they were asked. More than 16, or more bytes in sum than
 * the file has, are not worth it: `whole`. An empty file has no ranges: `whole`.
 */
export function resolveRanges(ranges: readonly ByteRange[], size: number): ResolvedRanges {
  if (size === 0) return { kind: 'whole' };
  const spans = ranges.map((range) => spanOf(range, size)).filter((span) => span !== null);
  if (spans.length === 0) return { kind: 'unsatisfiable' };
  const asked = spans.reduce((sum, span) => sum + span.end - span.start + 1, 0);
  if (asked > size) return { kind: 'whole' };
  const merged = coalesce(spans);
  return merged.length > MAX_RANGES ? { kind: 'whole' } : { kind: 'ranges', ranges: merged };
}

function spanOf(range: ByteRange, size: number): Span | null {
  if (range.kind === 'suffix') {
    if (range.length === 0) return null;
    // RFC 9110 section 14.1.2: a suffix longer than the file is the whole file.
    return { start: Math.max(0, size - range.length), end: size - 1 };
  }
  if (range.start >= size) return null;
  return { start: range.start, end: Math.min(range.end ?? size - 1, size - 1) };
}

// RFC 9110 section 15.3.7.2: ranges that overlap may be coalesced; the rest keeps the order of the request.
function coalesce(spans: readonly Span[]): Span[] {
  const merged: { start: number; end: number; asked: number }[] = [];
  const byStart = spans.map((span, asked) => ({ ...span, asked }));
  byStart.sort((a, b) => a.start - b.start);
  for (const span of byStart) {
    const last = merged.at(-1);
    if (last === undefined || span.start > last.end + 1) {
      merged.push(span);
      continue;
    }
    last.end = Math.max(last.end, span.end);
    last.asked = Math.min(last.asked, span.asked);
  }
  return merged.sort((a, b) => a.asked - b.asked).map(({ start, end }) => ({ start, end }));
}
