// Everything below a folder, for operations that touch all of it: all of it is authorized before any of it is touched.
import type { Access } from '../../core/hooks.js';
import type { Entry } from '../../storage/bucket.js';
import { wholeTree, type Resume, type WalkedPage } from './walk/pages.js';
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
  const remembered: WalkedPage[] = [];
  let count = 0;
  let forgotten: Resume | undefined;
  let hasPlaceholder = false;
  for await (const page of wholeTree(context.bucket, folder, {})) {
    if (!context.allowsEverything)
      for (const { key } of page.files)
        for (const one of accessOf(key)) await context.authorize(one);
    hasPlaceholder ||= page.files.some(({ key }) => key === folder);
    if (count < MAX_REMEMBERED) remembered.push(page);
    else forgotten ??= remembered.at(-1)?.rest;
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
  remembered: readonly WalkedPage[],
  forgotten: Resume | undefined,
  accessOf: (key: string) => readonly Access[],
): AsyncGenerator<readonly Entry[]> {
  for (const page of remembered) yield page.files;
  if (forgotten === undefined) return;
  for await (const page of wholeTree(context.bucket, folder, forgotten)) {
    for (const { key } of page.files) for (const one of accessOf(key)) await context.authorize(one);
    yield page.files;
  }
}
