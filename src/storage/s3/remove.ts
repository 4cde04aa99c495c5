// Removing: one object, or up to a thousand at once. No object is ever read.
import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import type { RemoveManyResult } from '../bucket.js';
import { quoted } from './attributes.js';
import { attemptsAfter } from './retry.js';
import type { S3Context } from './call.js';
import type { NoAnswer } from './wire/exchange.js';
import { refusalOf, required } from './errors.js';
import { stat } from './stat.js';

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
  const plain = ifMatch === undefined ? await leanRemove(context, key) : 'unasked';
  if (typeof plain === 'object') return plain;
  const command = new DeleteObjectCommand({
    Bucket: context.settings.bucket,
    Key: context.keyOf(key),
    IfMatch: ifMatch,
  });
  try {
    await context.send('meta', 'DeleteObject', command, { attempts: attemptsAfter(plain) });
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

async function leanRemove(context: S3Context, key: string): Promise<RemoveResult | NoAnswer> {
  const { lean } = context.connection;
  if (lean === null) return 'unasked';
  const answer = await lean.ask(
    {
      operation: 'DeleteObject',
      method: 'DELETE',
      s3Key: context.keyOf(key),
      query: 'x-id=DeleteObject',
      headers: [],
      whole: 0,
      streamed: false,
    },
    context.call,
  );
  if (typeof answer === 'string') return answer;
  return answer.status === 204 || answer.status === 200 ? { kind: 'removed' } : 'failed';
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
  const batch = keys.filter((key) => !NOT_XML.test(key));
  const odd = keys.filter((key) => NOT_XML.test(key));
  const failed = batch.length === 0 ? [] : await removeBatch(context, batch);
  for (const key of odd) await remove(context, key);
  return { failed, deleted: keys.length - failed.length };
}

// XML 1.0 section 2.2: these are not characters, not even escaped, so no document can name such a key.
// eslint-disable-next-line no-control-regex
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

async function removeBatch(context: S3Context, keys: readonly string[]): Promise<string[]> {
  const { Errors = [] } = await context.send(
    'meta',
    'DeleteObjects',
    new DeleteObjectsCommand({
      Bucket: context.settings.bucket,
      Delete: { Quiet: true, Objects: keys.map((key) => ({ Key: context.keyOf(key) })) },
    }),
  );
  return Errors.filter(({ Code }) => Code !== 'NoSuchKey').map(({ Key }) =>
    context.relative(required(Key, 'the name of a file')),
  );
}
