// A large folder, read in several ranges of its keys at once, its pages in order. What is read at once lies close
// together, so that little has to wait for its turn.
import type { Bucket, Page } from '../../../storage/bucket.js';
import type { KeySpace } from './cuts.js';
import { compareKeys } from './key-order.js';
import { clipped, namesOf } from './page-keys.js';

/** What is walked: a folder, with what is below its folders or without. */
export interface Walk {
  readonly prefix: string;
  readonly recursive: boolean;
}

/** Calls that are under way at once. */
const AT_ONCE = 16;
/** Pages of a range that is not worth another cut: each cut costs half a call, because pages overlap there. */
const PAGES_OF_A_RANGE = 4;
/** A range that has gone on for so many since it was cut has more than was guessed. */
const PAGES_BEYOND_GUESS = 6;
/** Pages that wait for their turn; beyond them only the first range goes on. */
const MOST_WAITING = 64;
/** Calls that may find nothing before no more cuts are tried, and the share of all calls that may. */
const MOST_WASTED = 32;
const MOST_WASTED_SHARE = 0.25;

interface Range {
  /** How its next call begins: storage's own continuation, or none once all of it was read. */
  next: string | undefined;
  first: string;
  last: string;
  /** Its last key; undefined where nothing is known of its end. */
  end: string | undefined;
  /** Read, and not given out yet. */
  waiting: Page[];
  /** Pages since it was cut last. */
  uncut: number;
}

/** Where a walk has come to, after pages that storage gave in order. */
export interface Reached {
  /** Storage's own continuation. */
  readonly next: string;
  /** The first and the last key that were read. */
  readonly first: string;
  readonly last: string;
  /** What was learnt of the keys. */
  readonly space: KeySpace;
}

/** The pages behind what was reached; the keys of each are behind those of the one before. */
export async function* rangedPages(
  bucket: Pick<Bucket, 'list'>,
  walk: Walk,
  { space, ...reached }: Reached,
): AsyncGenerator<Page> {
  const ranges: Range[] = [{ ...reached, end: undefined, waiting: [], uncut: 0 }];
  const reading = { bucket, walk, space, ranges, calls: 0, wasted: 0 };
  let round = readMore(reading);
  while (ranges.length > 0) {
    await round;
    const ready = takeReady(reading);
    // While these are looked at, the next ones come.
    round = readMore(reading);
    round.catch(() => undefined);
    yield* ready;
  }
}

interface Reading {
  readonly bucket: Pick<Bucket, 'list'>;
  readonly walk: Walk;
  readonly space: KeySpace;
  /** In order, the first is the one that is given out. */
  readonly ranges: Range[];
  calls: number;
  wasted: number;
}

interface Planned {
  readonly range: Range;
  /** Undefined: the range goes on where it is. */
  readonly cut: string | undefined;
}

/** One round of calls; those near the front first. */
async function readMore(reading: Reading): Promise<void> {
  const planned = plan(reading);
  reading.calls += planned.length;
  const pages = await Promise.all(planned.map((call) => pageOf(reading, call)));
  // From behind, so that what a cut leaves of its range is known when the range itself is clipped.
  for (let index = planned.length - 1; index >= 0; index -= 1) {
    const [call, page] = [planned[index], pages[index]];
    if (call === undefined || page === undefined) continue;
    reading.space.learn(namesOf(page));
    if (call.cut === undefined) goOn(call.range, page);
    else if (!cutAt(reading, { ...call, cut: call.cut }, page)) reading.wasted += 1;
  }
}

function plan({ ranges, space, calls, wasted }: Reading): Planned[] {
  const planned: Planned[] = [];
  const waiting = ranges.reduce((sum, range) => sum + range.waiting.length, 0);
  const mayCut = wasted < MOST_WASTED || wasted < calls * MOST_WASTED_SHARE;
  for (const range of ranges) {
    const free = AT_ONCE - planned.length;
    if (free === 0 || (planned.length > 0 && waiting + planned.length > MOST_WAITING)) break;
    if (range.next === undefined) continue;
    planned.push({ range, cut: undefined });
    const count = mayCut ? Math.min(free, partsOf(range, space)) - 1 : 0;
    if (count <= 0) continue;
    range.uncut = 0;
    for (const cut of space.cuts(range, count)) planned.push({ range, cut });
  }
  return planned;
}

// Guesses err; what turns out to be long is halved.
function partsOf(range: Range, space: KeySpace): number {
  const parts = Math.floor(space.pagesLeft(range) / PAGES_OF_A_RANGE);
  return Math.max(parts, range.uncut >= PAGES_BEYOND_GUESS ? 2 : 1);
}

function pageOf({ bucket, walk }: Reading, { range, cut }: Planned): Promise<Page> {
  if (cut !== undefined) return bucket.list({ ...walk, afterKey: cut });
  return bucket.list({ ...walk, ...(range.next === undefined ? {} : { after: range.next }) });
}

function goOn(range: Range, page: Page): void {
  const kept = clipped(page, range.end);
  // What lies behind its end is another range's.
  range.next = kept === page ? page.next : undefined;
  range.uncut += 1;
  const names = namesOf(kept);
  range.first = names[0] ?? range.last;
  range.last = names.at(-1) ?? range.last;
  if (names.length > 0) range.waiting.push(kept);
}

/** False when nothing was found between the cut and the end of its range. */
function cutAt(
  { ranges }: Reading,
  { range, cut }: { readonly range: Range; readonly cut: string },
  page: Page,
): boolean {
  const names = namesOf(page);
  const { end } = range;
  range.end = cut;
  const [first] = names;
  // A store that knows no StartAfter begins anew; what it gives is no range of its own, and nothing is lost without it.
  if (first === undefined || compareKeys(first, cut) <= 0) {
    if (first !== undefined) range.end = end;
    return false;
  }
  if (end !== undefined && compareKeys(first, end) > 0) return false;
  const found: Range = { next: undefined, first, last: first, end, waiting: [], uncut: 0 };
  goOn(found, page);
  ranges.splice(ranges.indexOf(range) + 1, 0, found);
  return true;
}

/** What can be given out: all that the first range has, and those behind it once it is over. */
function takeReady({ ranges }: Reading): Page[] {
  const ready: Page[] = [];
  for (let range = ranges[0]; range !== undefined; range = ranges[0]) {
    ready.push(...range.waiting);
    range.waiting = [];
    if (range.next !== undefined) break;
    ranges.shift();
  }
  return ready;
}
