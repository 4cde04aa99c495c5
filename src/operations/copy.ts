// Copies and moves inside storage: every key is judged at both ends, and a source goes only after its copy is whole.
import { FileServiceError } from '../errors.js';
import type { Bucket } from '../storage/bucket.js';
import { alreadyExists, explainMissing, notFound } from './missing.js';
import { access } from './operation.js';
import type { RunContext } from './operation.js';
import { judgeTree } from './tree.js';

/** Keys of a tree that are copied at the same time. */
const PARALLEL_COPIES = 8;

/** What to copy. Keys of folders end in `/`. */
export interface Copy {
  readonly from: string;
  readonly to: string;
  readonly move: boolean;
  readonly createOnly: boolean;
  readonly operation: string;
  /** The verb whose right the target needs. */
  readonly verb: string;
}

/**
 * Copies or moves one file.
 *
 * @throws FileServiceError `not_found`, `already_exists`, the refusal, or storage's trouble
 */
export async function copyFile(context: RunContext, copy: Copy): Promise<void> {
  for (const one of accesses(copy, copy.from, copy.to)) await context.authorize(one);
  if (copy.from === copy.to) throw alreadyExists(copy.to);
  await copyKey(context.bucket, copy, copy.from, copy.to, undefined);
  // Only now, when the copy is whole.
  if (copy.move) await context.bucket.remove(copy.from);
}

/**
 * Copies or moves everything below a folder. Nothing is written when `authorize` refuses any key.
 *
 * @throws FileServiceError `not_found`, `already_exists`, `invalid_body`, the refusal, or storage's trouble
 */
export async function copyTree(context: RunContext, copy: Copy): Promise<void> {
  const targetOf = (key: string): string => copy.to + key.slice(copy.from.length);
  for (const one of accesses(copy, copy.from, copy.to)) await context.authorize(one);
  if (copy.to.startsWith(copy.from))
    throw new FileServiceError('invalid_body', 'A folder cannot be copied into itself.');
  const tree = await judgeTree(context, copy.from, (key) => accesses(copy, key, targetOf(key)));
  if (tree.isEmpty) throw notFound(copy.from);
  const existing = await context.bucket.list({ prefix: copy.to, recursive: true, limit: 1 });
  if (copy.createOnly && existing.files.length > 0) throw alreadyExists(copy.to);

  for await (const page of tree.pages())
    await inParallel(page, async ({ key, size }) => {
      await copyKey(context.bucket, copy, key, targetOf(key), size);
    });
  if (!copy.move) return;
  // Only now, when every copy is whole.
  for await (const page of tree.pages())
    await context.bucket.removeMany(page.map(({ key }) => key));
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
  bucket: Bucket,
  copy: Copy,
  from: string,
  to: string,
  size: number | undefined,
): Promise<void> {
  const result = await bucket.copy({
    from,
    to,
    createOnly: copy.createOnly,
    ...(size === undefined ? {} : { size }),
  });
  if (result.kind === 'missing') throw await explainMissing(bucket, from);
  if (result.kind !== 'copied') throw alreadyExists(to);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  const results = await Promise.allSettled(Array.from({ length: PARALLEL_COPIES }, worker));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
