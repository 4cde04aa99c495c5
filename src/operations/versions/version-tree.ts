// The versions of files, key by key: what is in the trash, what goes when a key is purged.
import { isInternal } from '../../core/key.js';
import type { Access } from '../../core/hooks.js';
import type { Bucket, Version, VersionRemoval } from '../../storage/bucket.js';
import type { RunContext } from '../operation.js';

/** Every version of one key, the newest first; never empty. */
export type Versions = readonly Version[];

/** What one page of storage holds. */
export interface VersionsPage {
  readonly files: readonly Versions[];
  /** Whether storage has no other page. */
  readonly isLast: boolean;
}

/** The versions of all keys below a prefix, a page of storage at a time; a key's versions are never parted. */
export async function* versionsBelow(
  bucket: Bucket,
  prefix: string,
  afterKey?: string,
): AsyncGenerator<VersionsPage> {
  let open: Version[] = [];
  let next: string | undefined;
  do {
    const page = await bucket.listVersions({
      prefix,
      ...(next === undefined ? { afterKey } : { after: next }),
    });
    const whole: Versions[] = [];
    for (const version of page.versions) {
      if (open[0] !== undefined && open[0].key !== version.key) {
        whole.push(open);
        open = [];
      }
      open.push(version);
    }
    next = page.next;
    if (next === undefined && open.length > 0) whole.push(open);
    const files = whole.filter(([newest]) => newest !== undefined && !isInternal(newest.key));
    yield { files, isLast: next === undefined };
  } while (next !== undefined);
}

/** Every version of one file; empty when it never was. */
export async function versionsOfFile(bucket: Bucket, key: string): Promise<Versions> {
  for await (const { files } of versionsBelow(bucket, key)) {
    // The key itself comes before all that it begins.
    const own = files.find(([newest]) => newest?.key === key);
    if (own !== undefined) return own;
    if (files.length > 0) break;
  }
  return [];
}

/** A deleted file: its deletion, and the version that a restore brings back. */
export interface Deleted {
  readonly deletion: Version;
  readonly kept: Version;
}

/** What was deleted, as far as it can be restored; undefined for a file that is there. */
export function deletedOf(versions: Versions): Deleted | undefined {
  const [deletion] = versions;
  const kept = versions.find(({ isDeletion }) => !isDeletion);
  if (deletion === undefined || !deletion.isDeletion || kept === undefined) return undefined;
  return { deletion, kept };
}

/** The deletions that hide a deleted file: without them it is there again. */
export function hidingDeletions(versions: Versions, { kept }: Deleted): readonly VersionRemoval[] {
  const since = kept.lastModified?.getTime() ?? 0;
  const first = versions.indexOf(kept);
  // Of deletions as old as the version nobody knows the order; an older one hides nothing.
  const hiding = versions.filter(
    ({ isDeletion, lastModified }, index) =>
      isDeletion && (index < first || (lastModified?.getTime() ?? 0) >= since),
  );
  return hiding.map(({ key, versionId }, index) => ({
    key,
    versionId,
    // Once, however many deletions hid it.
    ...(index === 0 ? { bytes: kept.size, files: 1 } : {}),
  }));
}

/** Every version, the oldest first. */
export function allOf(versions: Versions): readonly VersionRemoval[] {
  return versions.toReversed().map(({ key, versionId, isLatest, isDeletion, size }) => ({
    key,
    versionId,
    isLatest,
    ...(isLatest && !isDeletion ? { bytes: -size, files: -1 } : {}),
  }));
}

/** Versions that are remembered between authorizing and acting; beyond them storage is asked again. */
const MAX_REMEMBERED = 100_000;
const MOST_AT_ONCE = 1000;

/** What of each key goes, after every key was authorized. */
export interface AuthorizedVersions {
  /** Keys of which something goes. */
  readonly keys: number;
  /** Whether any version of any key was seen at all. */
  readonly isEmpty: boolean;
  /** What goes, in batches of up to 1000. */
  readonly batches: () => AsyncIterable<readonly VersionRemoval[]>;
}

/** What to do with the versions below a folder. */
export interface VersionWork {
  readonly folder: string;
  /** What goes of one key; nothing leaves it alone, unasked. */
  readonly select: (versions: Versions) => readonly VersionRemoval[];
  readonly accessOf: (key: string) => Access;
}

/**
 * Lists the versions below a folder and asks for every key of which some go, before any goes: one storage call per
 * 1000 versions.
 *
 * @throws FileServiceError the refusal of the first refused key
 */
export async function authorizeVersions(
  context: RunContext,
  work: VersionWork,
): Promise<AuthorizedVersions> {
  const remembered: VersionRemoval[] = [];
  let lastKey: string | undefined;
  let isWhole = true;
  let keys = 0;
  let isEmpty = true;
  for await (const { files } of versionsBelow(context.bucket, work.folder)) {
    for (const versions of files) {
      isEmpty = false;
      const going = work.select(versions);
      const [first] = going;
      if (first === undefined) continue;
      if (!context.allowsEverything) await context.authorize(work.accessOf(first.key));
      keys += 1;
      if (isWhole && remembered.length < MAX_REMEMBERED) {
        remembered.push(...going);
        lastKey = first.key;
      } else isWhole = false;
    }
  }
  return {
    keys,
    isEmpty,
    batches: () => inBatches(again(context, work, remembered, isWhole ? undefined : lastKey)),
  };
}

// What is listed a second time may have changed since, so it is asked for a second time.
async function* again(
  context: RunContext,
  work: VersionWork,
  remembered: readonly VersionRemoval[],
  forgotten: string | undefined,
): AsyncGenerator<readonly VersionRemoval[]> {
  yield remembered;
  if (forgotten === undefined) return;
  for await (const { files } of versionsBelow(context.bucket, work.folder, forgotten))
    for (const versions of files) {
      const going = work.select(versions);
      const [first] = going;
      if (first === undefined) continue;
      await context.authorize(work.accessOf(first.key));
      yield going;
    }
}

async function* inBatches(
  groups: AsyncIterable<readonly VersionRemoval[]>,
): AsyncGenerator<readonly VersionRemoval[]> {
  let batch: VersionRemoval[] = [];
  for await (const group of groups)
    for (const removal of group) {
      batch.push(removal);
      if (batch.length < MOST_AT_ONCE) continue;
      yield batch;
      batch = [];
    }
  if (batch.length > 0) yield batch;
}
