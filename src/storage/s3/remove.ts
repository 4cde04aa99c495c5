// Removing: one object, or up to a thousand at once. No object is ever read.
import { isInternal } from '../../core/key.js';
import type { RemoveManyResult, VersionRemoval } from '../bucket.js';
import { quoted } from './attributes.js';
import type { S3Context } from './call.js';
import { refusalOf, required } from './errors.js';
import { stat } from './stat.js';
import { forgetVersions } from './versions/forget.js';
import { lockOf, namingLocks, type Locked } from './versions/lock.js';
import { assertTrash } from './versions/versioning.js';

/** What became of one object. */
export interface RemoveResult {
  readonly kind: 'removed' | 'precondition-failed';
}

/** Removes an object, there or not; with `ifMatch` only the one with this ETag (`*`: any). */
export async function remove(
  context: S3Context,
  key: string,
  ifMatch?: string,
): Promise<RemoveResult> {
  // Ceph 16 and s3rver ignore If-Match here: look first. Where storage knows it, storage decides.
  if (ifMatch !== undefined && !(await matches(context, key, ifMatch))) {
    return { kind: 'precondition-failed' };
  }
  const isOwn = isInternal(key);
  if (!isOwn) await assertTrash(context);
  const input = { Key: context.keyOf(key), IfMatch: ifMatch };
  try {
    const output = await namingLocks(context, { key }, () => context.send('DeleteObject', input));
    if (isOwn && output.DeleteMarker === true) await forgetVersions(context, [key], removeVersions);
    return { kind: 'removed' };
  } catch (error) {
    const kind = refusalOf(error)?.kind;
    const raced = kind === 'precondition-failed' || kind === 'conflict';
    if (raced || (kind === 'missing' && ifMatch !== undefined)) {
      return { kind: 'precondition-failed' };
    }
    if (kind === 'missing') return { kind: 'removed' };
    throw error;
  }
}

async function matches(context: S3Context, key: string, etag: string): Promise<boolean> {
  const found = await stat(context, key);
  if (found.kind !== 'found') return false;
  return etag === '*' || found.stat.etag === quoted(etag);
}

/** Removes up to 1000 objects. Throws when the whole call failed; what storage refused is in `failed`. */
export async function removeMany(
  context: S3Context,
  keys: readonly string[],
): Promise<RemoveManyResult> {
  const isOwn = keys.every(isInternal);
  if (!isOwn) await assertTrash(context);
  const marked: string[] = [];
  const onMarked = isOwn ? (key: string) => void marked.push(key) : undefined;
  const objects = keys.map((key) => ({ key }));
  const result = await removeAll(context, objects, onMarked);
  if (marked.length > 0) await forgetVersions(context, marked, removeVersions);
  return result;
}

/** Removes up to 1000 versions for good, each for itself. */
export function removeVersions(
  context: S3Context,
  versions: readonly VersionRemoval[],
): Promise<RemoveManyResult> {
  return removeAll(context, versions);
}

async function removeAll(
  context: S3Context,
  objects: readonly Locked[],
  onMarked?: OnMarked,
): Promise<RemoveManyResult> {
  const batch = objects.filter(({ key }) => !NOT_XML.test(key));
  const odd = objects.filter(({ key }) => NOT_XML.test(key));
  const refused = [
    ...(batch.length === 0 ? [] : await removeBatch(context, batch, onMarked)),
    ...(await removeSingly(context, odd)),
  ];
  const [first] = refused;
  const locked = first === undefined ? undefined : await lockOf(context, first);
  const failed = [...new Set(refused.map(({ key }) => key))];
  const result = { failed, deleted: objects.length - refused.length };
  return locked === undefined ? result : { ...result, locked };
}

// XML 1.0 section 2.2: these are not characters, not even escaped, so no document can name such a key.
// eslint-disable-next-line no-control-regex
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

// Stores take their time for many: a thousand that are removed in seconds are no outage.
const MS_A_KEY = 50;

/** Hears of each key that storage keeps as a version, behind the mark of its deletion. */
type OnMarked = (key: string) => void;

async function removeBatch(
  context: S3Context,
  objects: readonly Locked[],
  onMarked: OnMarked | undefined,
): Promise<readonly Locked[]> {
  const { learnt, settings } = context.connection;
  if (!learnt.batchDelete) return removeSingly(context, objects);
  const Objects = objects.map(({ key, versionId }) => ({
    Key: context.keyOf(key),
    VersionId: versionId,
  }));
  const answerMs = settings.timeouts.requestMs + objects.length * MS_A_KEY;
  try {
    const input = { Delete: { Quiet: onMarked === undefined, Objects } };
    const output = await context.send('DeleteObjects', input, { answerMs });
    const { Errors = [], Deleted = [] } = output;
    for (const { Key, DeleteMarker } of Deleted)
      if (DeleteMarker === true) onMarked?.(context.relative(required(Key, 'the name of a file')));
    return Errors.filter(({ Code = '' }) => !GONE.has(Code)).map(({ Key, VersionId }) => ({
      key: context.relative(required(Key, 'the name of a file')),
      ...(VersionId === undefined ? {} : { versionId: VersionId }),
    }));
  } catch (error) {
    if (!isForeignToStore(error)) throw error;
    const failed = await removeSingly(context, objects);
    // GCS has no such call, others refuse its checksum: what was learnt is true for every later one.
    learnt.batchDelete = false;
    return failed;
  }
}

const GONE = new Set(['NoSuchKey', 'NoSuchVersion']);

/** Whether the store removes many objects by one call; asked with one of S3's keys, which may be missing. */
export async function removesInBatches(context: S3Context, Key: string): Promise<boolean> {
  try {
    await context.send('DeleteObjects', { Delete: { Quiet: true, Objects: [{ Key }] } });
    return true;
  } catch (error) {
    if (!isForeignToStore(error)) throw error;
    context.connection.learnt.batchDelete = false;
    return false;
  }
}

/** Whether a store does not know this call, or not in this form. */
function isForeignToStore(error: unknown): boolean {
  const refusal = refusalOf(error);
  const isBadRequest = refusal?.status === 400 && refusal.kind === 'nonsense';
  return refusal?.kind === 'unsupported' || isBadRequest;
}

// Enough to hide the wait for answers.
const AT_ONCE = 16;

/** Removes one by one; those that storage refuses are answered. */
async function removeSingly(
  context: S3Context,
  objects: readonly Locked[],
): Promise<readonly Locked[]> {
  const left = objects.values();
  const failed: Locked[] = [];
  const work = async (): Promise<void> => {
    for (const object of left)
      await removeOne(context, object).catch((error: unknown) => {
        if (refusalOf(error)?.kind !== 'denied') throw error;
        failed.push(object);
      });
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, objects.length) }, work));
  return failed;
}

async function removeOne(context: S3Context, { key, versionId }: Locked): Promise<void> {
  const input = { Key: context.keyOf(key), VersionId: versionId };
  await context.send('DeleteObject', input).catch((error: unknown) => {
    if (refusalOf(error)?.kind !== 'missing') throw error;
  });
}
