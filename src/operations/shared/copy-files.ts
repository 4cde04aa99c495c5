// Copies and moves inside storage: every key is authorized at both ends, and a source goes only after its copy is whole.
import { access } from '../../core/hooks.js';
import { FileServiceError } from '../../core/errors.js';
import type { CopyRequest, Entry } from '../../storage/bucket.js';
import { alreadyExists, explainMissing, notFound } from './missing.js';
import type { RunContext } from '../operation.js';
import { startRemoval, stoppedAt } from './partial.js';
import type { RequestWrites } from './request-writes.js';
import { statFile } from './file-properties.js';
import { authorizeTree } from './tree.js';
import { eachOf } from './walk/each-of.js';
import { wholeTree } from './walk/pages.js';

/** Keys of a tree that are copied at the same time. */
const PARALLEL_COPIES = 8;

/** Keys that a move copies before it removes them: about 20 MB. Larger trees move in steps of this. */
const MOST_MOVED_AT_ONCE = 100_000;

/** What to copy. Keys of folders end in `/`. */
export interface Copy {
  readonly from: string;
  readonly to: string;
  readonly move: boolean;
  readonly createOnly: boolean;
  readonly operation: string;
  /** The verb whose right the target needs. */
  readonly verb: string;
  /** What the request has written before. */
  readonly writes: RequestWrites;
}

/**
 * Copies or moves one file.
 *
 * @throws FileServiceError `not_found`, `already_exists`, `conflict` when a source changes while it is
 * moved, the refusal, or storage's trouble
 */
export async function copyFile(context: RunContext, copy: Copy): Promise<void> {
  const { from, to, createOnly } = copy;
  for (const one of accesses(copy, from, to)) await context.authorize(one);
  if (from === to) throw alreadyExists(to);
  copy.writes.refuseTwice(to);
  copy.writes.refuseAsSource(from);
  copy.writes.countCopies(1);
  if (!copy.move) return copyKey(context, copy.writes, { from, to, createOnly });
  const { etag } = await statFile(context, from);
  const ifSourceMatch = etag === '' ? undefined : etag;
  await copyKey(context, copy.writes, { from, to, createOnly, ifSourceMatch });
  // Only now, when the copy is whole; and only what was copied.
  const { kind } = await context.bucket.remove(from, ifSourceMatch);
  if (kind !== 'removed') throw changed(from);
}

/**
 * Copies or moves everything below a folder. Nothing is written when `authorize` refuses any key.
 *
 * @throws FileServiceError `not_found`, `already_exists`, `invalid_body`, the refusal; storage's trouble
 * with the number of files copied so far in `context.copied`; or `partial_failure` with the paths that a
 * move could not remove in `context.failed`
 */
export async function copyTree(context: RunContext, copy: Copy): Promise<void> {
  const { from, to, createOnly } = copy;
  const targetOf = (key: string): string => to + key.slice(from.length);
  for (const one of accesses(copy, from, to)) await context.authorize(one);
  // In either direction files would land on others before those were read.
  if (to.startsWith(from) || from.startsWith(to))
    throw new FileServiceError(
      'invalid_body',
      'A folder cannot be copied into itself, nor over one that holds it.',
    );
  const tree = await authorizeTree(
    context,
    from,
    (key) => accesses(copy, key, targetOf(key)),
    copy.writes.countCopies,
  );
  if (tree.isEmpty) throw notFound(from);
  const existing = await context.bucket.list({ prefix: to, recursive: true, limit: 1 });
  if (createOnly && existing.files.length > 0) throw alreadyExists(to);

  for await (const page of tree.pages())
    for (const { key } of page) {
      copy.writes.refuseAsSource(key);
      copy.writes.refuseTwice(targetOf(key));
    }

  let copied = 0;
  let failed: string | undefined;
  const copyOne = async ({ key, size }: Entry): Promise<void> => {
    try {
      const one = { from: key, to: targetOf(key), createOnly, size };
      await copyKey(context, copy.writes, { ...one, seenFree: createOnly });
      copied += 1;
    } catch (error) {
      failed ??= key;
      throw error;
    }
  };
  const toRemove = new Map<string, string>();
  for await (const page of tree.pages()) {
    await eachOf(page, { atOnce: PARALLEL_COPIES }, copyOne).catch((error: unknown) => {
      throw stoppedAt(context, error, { copied, failed });
    });
    if (!copy.move) continue;
    for (const { key, etag } of page) toRemove.set(key, etag);
    if (toRemove.size >= MOST_MOVED_AT_ONCE) await removeCopied(context, from, toRemove);
  }
  // Only now, when every copy is whole.
  if (copy.move) await removeCopied(context, from, toRemove);
}

// What has changed since it was listed may not be what was copied, so it stays.
async function removeCopied(
  context: RunContext,
  folder: string,
  copied: Map<string, string>,
): Promise<void> {
  const removal = startRemoval(context);
  for await (const { files } of wholeTree(context.bucket, folder, {})) {
    const there = files.filter(({ key }) => copied.has(key));
    const isSame = ({ key, etag }: Entry): boolean => copied.get(key) === etag;
    await removal.add(there.filter(isSame).map(({ key }) => key));
    for (const entry of there) {
      if (!isSame(entry)) removal.keep(entry.key);
      copied.delete(entry.key);
    }
    if (copied.size === 0) break;
  }
  copied.clear();
  removal.finish(
    (failed) => `${failed} of the files were copied, but not removed where they were.`,
  );
}

function accesses(copy: Copy, from: string, to: string) {
  const { operation, verb } = copy;
  return [
    access('read', from, 'GET', operation),
    ...(copy.move ? [access('delete', from, 'DELETE', operation)] : []),
    access('write', to, verb, operation),
  ];
}

async function copyKey(
  context: RunContext,
  writes: RequestWrites,
  request: CopyRequest,
): Promise<void> {
  const { kind } = await context.bucket.copy(request);
  if (kind === 'missing') throw await explainMissing(context, request.from);
  if (kind === 'exists') throw alreadyExists(request.to);
  if (kind === 'precondition-failed') throw changed(request.from);
  writes.add(request.to);
}

function changed(key: string): FileServiceError {
  return new FileServiceError(
    'conflict',
    `File '${key}' changed while it was moved, and is kept.`,
    {
      context: { path: key },
    },
  );
}
