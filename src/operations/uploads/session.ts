// How an upload of several requests begins and is given up. Knows bytes and keys, no HTTP.
import type { Bucket } from '../../storage/bucket.js';
import { keepCancelled, removeTails } from './tail.js';
import { uploadIn, type UploadSession } from './upload-session.js';

/**
 * Begins: an upload in storage, unless the whole file fits one part, which costs nothing. `exists` when only a new file
 * may be made and one is there.
 */
export async function begin(
  bucket: Bucket,
  session: UploadSession,
): Promise<UploadSession | { readonly kind: 'exists' }> {
  const { length, partSize, contentType, attributes, nonce, ...rest } = session;
  if (length !== undefined && length <= partSize) return session;
  // The end decides; but nobody should send gigabytes for nothing.
  const isNew = session.condition === 'create' || session.condition === 'none-match';
  if (isNew && (await bucket.stat(session.key)).kind === 'found') return { kind: 'exists' };
  const target = session.staged ?? session.key;
  const { id } = await bucket.uploads().open(target, { ...attributes, contentType, nonce });
  const known = { length, partSize, contentType, nonce };
  return { ...rest, ...known, id };
}

/** Gives up, since the caller wants it: from then on the session is gone. */
export async function cancel(bucket: Bucket, session: UploadSession): Promise<void> {
  await discard(bucket, session);
  // Of a session that fits one part nothing else would say so.
  if (uploadIn(session) === undefined) await keepCancelled(bucket, session);
}

/** Throws away what has come. */
export async function discard(bucket: Bucket, session: UploadSession): Promise<void> {
  const upload = uploadIn(session);
  if (upload !== undefined) await bucket.uploads().abort(upload);
  await removeTails(bucket, session);
  if (session.staged !== undefined) await bucket.remove(session.staged);
}
