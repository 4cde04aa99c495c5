// A listing that is held whole, to be sorted or counted: bounded, since everything else is streamed.
import { FileServiceError } from '../../core/errors.js';
import type { RunContext } from '../operation.js';
import { entryReader } from './listing.js';
import { firstPage, pagesFrom } from './walk/pages.js';
import type { ListingEntry, Selection } from './listing.js';

/** Entries that are held at once; contract: `sort`. */
const MAX_ENTRIES = 10_000;

/** Orders entries. */
export type Order = (left: ListingEntry, right: ListingEntry) => number;

// Numbers in names by their value, so that `2` comes before `10`.
const NAMES = new Intl.Collator('en', { numeric: true });

const FIELDS = {
  name: () => 0,
  size: (left, right) => sizeOf(left) - sizeOf(right),
  // Dates in this form are in order as texts; an unknown one comes before all.
  last_modified: (left, right) => compare(left.last_modified ?? '', right.last_modified ?? ''),
  type: (left, right) => compare(typeOf(left), typeOf(right)),
} as const satisfies Readonly<Record<string, Order>>;

/** What a `sort` parameter takes. */
export const ORDERS = Object.keys(FIELDS).flatMap((name) => [name, `-${name}`]);

/**
 * The order that a `sort` parameter names: folders before files, equal ones by name.
 *
 * @throws FileServiceError `invalid_parameter`
 */
export function orderOf(sort: string): Order {
  const isFalling = sort.startsWith('-');
  const field = isFalling ? sort.slice(1) : sort;
  const known = Object.entries(FIELDS).find(([name]) => name === field);
  if (known === undefined)
    throw new FileServiceError(
      'invalid_parameter',
      `The parameter "sort" takes ${Object.keys(FIELDS).join(', ')}, or one of them behind a "-".`,
    );
  const [, byField] = known;
  const direction = isFalling ? -1 : 1;
  return (left, right) =>
    compare(right.type, left.type) ||
    direction *
      (byField(left, right) ||
        NAMES.compare(left.name, right.name) ||
        compare(left.name, right.name));
}

/**
 * Every entry that a listing selects and the caller may see. `parameter` is what needs them all.
 *
 * @throws FileServiceError `not_found`; `invalid_parameter` for a folder of more than 10,000 entries
 */
export async function collectAll(
  context: RunContext,
  selection: Selection,
  parameter: string,
): Promise<readonly ListingEntry[]> {
  const request = { prefix: selection.folder, recursive: selection.recursive };
  const first = await firstPage(context.bucket, request);
  const { read } = entryReader(selection, context);
  const entries: ListingEntry[] = [];
  let keys = 0;
  for await (const page of pagesFrom(context.bucket, first, request)) {
    keys += page.folders.length;
    for (const { key } of page.files) keys += key === selection.folder ? 0 : 1;
    if (keys > MAX_ENTRIES) throw tooMany(parameter);
    for await (const batch of read(page)) {
      if (entries.length + batch.length > MAX_ENTRIES) throw tooMany(parameter);
      entries.push(...batch);
    }
  }
  return entries;
}

function tooMany(parameter: string): FileServiceError {
  return new FileServiceError(
    'invalid_parameter',
    `The parameter "${parameter}" takes folders of up to ${MAX_ENTRIES} entries; this one has more.`,
  );
}

function sizeOf(entry: ListingEntry): number {
  return entry.type === 'file' ? entry.content_length : 0;
}

function typeOf(entry: ListingEntry): string {
  return entry.type === 'file' ? entry.content_type : '';
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
