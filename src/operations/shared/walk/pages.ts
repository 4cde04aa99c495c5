// The pages of a folder, one storage call each: one after the other while there are few, then several ranges at once.
import { isInternal } from '../../../core/key.js';
import type { Bucket, ListRequest, Page } from '../../../storage/bucket.js';
import { notFound } from '../missing.js';
import { keySpace } from './cuts.js';
import { evenPages, isInOrder, namesOf } from './page-keys.js';
import { rangedPages, type Walk } from './ranges.js';

// One call for each thousand keys, not one more: what ranges cost beyond that, half a call for each place where two of
// them meet, has to be little beside what was read already.
const PAGES_IN_TURN = 32;
/** AWS "ListObjectsV2": a page has at most so many keys and folders. */
const KEYS_OF_A_PAGE = 1000;

type Lister = Pick<Bucket, 'list'>;

/** Where a walk can begin again. */
export type Resume = Pick<ListRequest, 'after' | 'afterKey'>;

/** A page of a walk. */
export interface WalkedPage extends Page {
  /** What comes behind it; its `next` is storage's own, and only while pages are read in turn. */
  readonly rest: Resume;
}

/** One page of storage, one call, without what the service itself keeps at the root. */
export async function pageOf(bucket: Lister, request: ListRequest): Promise<Page> {
  return withoutOwn(await bucket.list(request), request);
}

function withoutOwn<P extends Page>(page: P, { prefix }: Pick<Walk, 'prefix'>): P {
  if (prefix !== '') return page;
  const files = page.files.filter(({ key }) => !isInternal(key));
  const folders = page.folders.filter((key) => !isInternal(key));
  const isWhole = files.length === page.files.length && folders.length === page.folders.length;
  return isWhole ? page : { ...page, files, folders };
}

/**
 * The first page of a folder that must exist.
 *
 * @throws FileServiceError `not_found` when nothing is there, not even a placeholder
 */
export async function firstPage(
  bucket: Lister,
  request: Walk & { readonly limit?: number },
): Promise<Page> {
  const page = await pageOf(bucket, request);
  const nothing = page.files.length === 0 && page.folders.length === 0 && page.next === undefined;
  if (nothing && request.prefix !== '') throw notFound(request.prefix);
  return page;
}

/** The pages of a folder in order; `first` was fetched before. */
export async function* pagesFrom(
  bucket: Lister,
  first: Page,
  walk: Walk,
): AsyncGenerator<WalkedPage> {
  const space = keySpace(walk.prefix, !walk.recursive);
  let page = first;
  let isOrdered = true;
  let firstName: string | undefined;
  let last = '';
  for (let count = 1; ; count += 1) {
    const { next } = page;
    yield { ...page, rest: next === undefined ? {} : { after: next } };
    if (next === undefined) return;
    const names = namesOf(page);
    isOrdered &&= isInOrder(page, last);
    space.learn(names);
    firstName ??= names[0];
    last = names.at(-1) ?? last;
    if (count >= PAGES_IN_TURN && isOrdered && firstName !== undefined) {
      const ranged = rangedPages(bucket, walk, { next, first: firstName, last, space });
      for await (const even of evenPages(ranged, KEYS_OF_A_PAGE))
        yield withoutOwn({ ...even, rest: { afterKey: namesOf(even).at(-1) ?? last } }, walk);
      return;
    }
    page = await pageOf(bucket, { ...walk, after: next });
  }
}

/** Pages of everything below a folder, there or not. */
export async function* wholeTree(
  bucket: Lister,
  folder: string,
  from: Resume,
): AsyncGenerator<WalkedPage> {
  const walk = { prefix: folder, recursive: true };
  yield* pagesFrom(bucket, await pageOf(bucket, { ...walk, ...from }), walk);
}
