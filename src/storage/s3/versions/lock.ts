// Object lock: a refusal that a lock explains is told from a right that is missing.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
import { FileServiceError } from '../../../core/errors.js';
import type { S3Context } from '../call.js';
import { refusalOf, type Refusal } from '../errors.js';

/** One object, or one version of it. */
export interface Locked {
  readonly key: string;
  readonly versionId?: string;
}

/** The work's result; `locked` instead of `storage_access_denied` where a lock is the reason. Looking costs one call. */
export async function namingLocks<T>(
  context: S3Context,
  locked: Locked,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.kind !== 'denied' || !mayBeLock(refusal)) throw error;
    throw (await lockOf(context, locked, error)) ?? error;
  }
}

// AWS and Ceph refuse by AccessDenied and say "object lock" in words, others have a code; a missing right is not looked at.
function mayBeLock({ code, error }: Refusal): boolean {
  if (code === '' || code === 'ObjectLocked') return true;
  return (
    code === 'AccessDenied' && /\block|retention|legal hold|worm/i.test((error as Error).message)
  );
}

/** The lock that holds an object; undefined when there is none, or none that may be looked at. */
export async function lockOf(
  context: S3Context,
  { key, versionId }: Locked,
  cause?: unknown,
): Promise<FileServiceError | undefined> {
  const input = { Key: context.keyOf(key), VersionId: versionId };
  const head = await context.send('HeadObject', input).catch(() => undefined);
  const until = head?.ObjectLockRetainUntilDate;
  const isRetained = until !== undefined && until.getTime() > Date.now();
  const isHeld = head?.ObjectLockLegalHoldStatus === 'ON';
  if (!isRetained && !isHeld) return undefined;
  const date = isRetained ? `${until.toISOString().slice(0, 19)}Z` : null;
  return new FileServiceError(
    'locked',
    `File '${key}' is locked ${date === null ? 'by a legal hold' : `until ${date}`}.`,
    { cause, context: { path: key, locked_until: date, legal_hold: isHeld } },
  );
}
