// What a bucket refuses of a write: an ACL where there are none, a lock where there is none, and the
// replacing or removing of an object that is locked.
import { s3Error } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { asksForAcl } from './grants.ts';
import type { StoredBucket, StoredObject } from './store.ts';

type Headers = Readonly<Record<string, string>>;

const MODE = 'x-amz-object-lock-mode';
const UNTIL = 'x-amz-object-lock-retain-until-date';
const HOLD = 'x-amz-object-lock-legal-hold';

/** Judges what a write asks for beside its bytes. */
export function judgeBucketRules(exchange: Exchange, bucket: StoredBucket): void {
  judgeAcl(exchange.headers, bucket);
  judgeLockHeaders(exchange, bucket);
}

/** Refuses an ACL where the owner's enforced ownership turned them off. */
export function judgeAcl(headers: Headers, { ownership }: StoredBucket): void {
  if (ownership !== 'BucketOwnerEnforced' || !asksForAcl(headers)) return;
  throw s3Error('AccessControlListNotSupported');
}

function judgeLockHeaders({ headers, service }: Exchange, { hasLock }: StoredBucket): void {
  const { [MODE]: mode, [UNTIL]: until, [HOLD]: hold } = headers;
  if (mode === undefined && until === undefined && hold === undefined) return;
  if (!hasLock) {
    throw s3Error('InvalidRequest', { message: 'Bucket is missing Object Lock Configuration' });
  }
  if ((mode === undefined) !== (until === undefined)) {
    throw s3Error('InvalidArgument', { message: `${UNTIL} and ${MODE} must both be supplied` });
  }
  if (mode !== undefined && mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') {
    throw s3Error('InvalidArgument', { message: 'Unknown wormMode directive.' });
  }
  // Not after now, or no date at all.
  if (until !== undefined && !(Date.parse(until) > service.now())) {
    throw s3Error('InvalidArgument', { message: 'The retain until date must be in the future!' });
  }
  if (hold !== undefined && hold !== 'ON' && hold !== 'OFF') {
    throw s3Error('InvalidArgument', { message: 'Legal hold must be either of ON or OFF' });
  }
}

/**
 * Refuses to replace or remove a locked object. AWS, "How S3 Object Lock works": a legal hold and
 * compliance mode hold for all, governance mode for those who do not ask to bypass it.
 */
export function judgeLock(
  exchange: Pick<Exchange, 'headers' | 'service'>,
  object: StoredObject | undefined,
  { versioning }: Pick<StoredBucket, 'versioning'>,
): void {
  // AWS, "How S3 Object Lock works": a new version, or a delete marker, leaves the locked one as it is.
  if (versioning !== 'Enabled') judgeVersionLock(exchange, object);
}

/** Refuses to remove a version that is locked. */
export function judgeVersionLock(
  { headers, service }: Pick<Exchange, 'headers' | 'service'>,
  object: StoredObject | undefined,
): void {
  const { [MODE]: mode, [UNTIL]: until, [HOLD]: hold } = object?.headers ?? {};
  const bypasses = mode === 'GOVERNANCE' && headers['x-amz-bypass-governance-retention'] === 'true';
  const isRetained = Date.parse(until ?? '') > service.now() && !bypasses;
  if (!isRetained && hold !== 'ON') return;
  throw s3Error('AccessDenied', {
    message: 'Access Denied because object protected by object lock.',
  });
}
