// Everything below a folder, for operations that touch all of it: all of it is authorized before any of it is touched.
import type { Access } from '../../core/hooks.js';
import type { Bucket, Entry, Page } from '../../storage/bucket.js';
import { pageOf } from './listing.js';
import type { RunContext } from '../operation.js';

/** Keys that are remembered between authorizing and acting: about 20 MB; beyond them storage is asked again. */
const MAX_REMEMBERED = 100_000;

/** A tree after its first look: what was remembered, and where a second look starts. */
export interface AuthorizedTree {
  /** The whole tree again, in pages, every key of it authorized. */
  readonly pages: () => AsyncIterable<readonly Entry[]>;
  readonly isEmpty: boolean;
  /** Whether the folder has a placeholder of its own. */
  readonly hasPlaceholder: boolean;
  /** Whether anything but the placeholder is there. */
  readonly hasContent: boolean;
}

/**
 * Lists everything below `folder` and asks for each key before anything is touched: one storage call
 * per 1000 keys, memory bounded. `onCount` is told how many each page holds, and ends the look by throwing.
 *
 * @throws FileServiceError the refusal of the first refused descendant
 */
export async function authorizeTree(
  context: RunContext,
  folder: string,
  accessOf: (key: string) => readonly Access[],
  onCount: (keys: number) => void = () => {},
): Promise<AuthorizedTree> {
  const remembered: Page[] = [];
  let count = 0;
  let forgotten: string | undefined;
  let hasPlaceholder = false;
  for await (const page of wholeTree(context.bucket, folder, undefined)) {
    if (!context.allowsEverything)
      for (const { key } of page.files)
        for (const one of accessOf(key)) await context.authorize(one);
    hasPlaceholder ||= page.files.some(({ key }) => key === folder);
    if (count < MAX_REMEMBERED) {
      remembered.push(page);
      forgotten = count + page.files.length >= MAX_REMEMBERED ? page.next : undefined;
    }
    count += page.files.length;
    onCount(page.files.length);
  }
  return {
    isEmpty: count === 0,
    hasPlaceholder,
    hasContent: count > (hasPlaceholder ? 1 : 0),
    pages: () => again(context, folder, remembered, forgotten, accessOf),
  };
}

// What is listed a second time may have changed since, so it is asked for a second time.
async function* again(
  context: RunContext,
  folder: string,
  remembered: readonly Page[],
  forgotten: string | undefined,
  accessOf: (key: string) => readonly Access[],
): AsyncGenerator<readonly Entry[]> {
  for (const page of remembered) yield page.files;
  if (forgotten === undefined) return;
  for await (const page of wholeTree(context.bucket, folder, forgotten)) {
    for (const { key } of page.files) for (const one of accessOf(key)) await context.authorize(one);
    yield page.files;
  }
}

/** Pages of everything below a folder. */
export async function* wholeTree(
  bucket: Bucket,
  folder: string,
  after: string | undefined,
): AsyncGenerator<Page> {
  let next = after;
  do {
    const page: Page = await pageOf(bucket, {
      prefix: folder,
      recursive: true,
      ...(next === undefined ? {} : { after: next }),
    });
    yield page;
    next = page.next;
  } while (next !== undefined);
}
