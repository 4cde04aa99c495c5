// How far an upload has come: asked of storage each time, since any process may have gone on with it.
import type { Bucket, Stat } from '../../storage/bucket.js';
import type { UploadPart } from '../../storage/upload-store.js';
import { lookAtTails, type Tails } from './tail.js';
import { partsOf, uploadIn, type UploadSession } from './upload-session.js';

/** An upload that can go on. */
export interface OpenState {
  readonly kind: 'open';
  /** Whole parts, without a gap from the first one on. */
  readonly parts: number;
  readonly tails: Tails;
  /** Bytes that need not be sent again. */
  readonly offset: number;
}

/** What there is of an upload. */
export type UploadState =
  | OpenState
  /** Every byte is there and judged next: the object is made, and not under its key yet. */
  | { readonly kind: 'assembled'; readonly offset: number; readonly size: number }
  | { readonly kind: 'finished'; readonly file: Stat }
  /** Cancelled, swept, or replaced by another file since. */
  | { readonly kind: 'gone' };

/** An upload of which nothing has come yet. */
export const NOTHING_YET: OpenState = {
  kind: 'open',
  parts: 0,
  tails: { sizes: new Map(), length: undefined, isCancelled: false, keys: [] },
  offset: 0,
};

/**
 * Looks. A request that names its offset spares storage the parts before it. Two storage calls, and one or two more for
 * an upload that has ended.
 */
export async function lookAt(
  bucket: Bucket,
  session: UploadSession,
  near?: number,
): Promise<UploadState> {
  const upload = uploadIn(session);
  if (upload === undefined) return lookAtOnePart(bucket, session, near);
  const { partSize } = session;
  // One part before the offset has to be seen: it shows that the offset was not made up.
  const after = Math.max(0, Math.floor((near ?? 0) / partSize) - 1);
  const [tails, found] = await Promise.all([
    lookAtTails(bucket, session),
    bucket.uploads().parts(upload, after),
  ]);
  if (found.kind === 'gone') return endOf(bucket, session);
  const run = wholeParts(found.parts, after, partSize);
  if (after > 0 && run === after) return lookAt(bucket, session);
  const parts = Math.min(run, mostCounted(session, tails.length));
  return { kind: 'open', parts, tails, offset: parts * partSize + (tails.sizes.get(parts) ?? 0) };
}

/** What has become of an upload that storage does not know any more. */
export async function endOf(bucket: Bucket, session: UploadSession): Promise<UploadState> {
  const uploads = bucket.uploads();
  const file = await uploads.made(session.key, session.nonce);
  if (file !== null) return { kind: 'finished', file };
  const staged =
    session.staged === undefined ? null : await uploads.made(session.staged, session.nonce);
  if (staged === null) return { kind: 'gone' };
  const size = staged.size ?? 0;
  return { kind: 'assembled', offset: (partsOf(session, size) - 1) * session.partSize, size };
}

async function lookAtOnePart(
  bucket: Bucket,
  session: UploadSession,
  near: number | undefined,
): Promise<UploadState> {
  const tails = await lookAtTails(bucket, session);
  if (tails.isCancelled) return { kind: 'gone' };
  const offset = tails.sizes.get(0) ?? 0;
  // Whoever begins with the first byte need not know whether all of it was stored before: writing will tell.
  if (offset === 0 && near !== 0) {
    const file = await bucket.uploads().made(session.key, session.nonce);
    if (file !== null) return { kind: 'finished', file };
  }
  return { kind: 'open', parts: 0, tails, offset };
}

/** How many parts of full size follow each other from `after` on. */
export function wholeParts(parts: readonly UploadPart[], after: number, partSize: number): number {
  let run = after;
  for (const { number, size } of parts) {
    if (number !== run + 1 || size !== partSize) break;
    run += 1;
  }
  return run;
}

// Clients of tus take an offset that equals the length for a finished upload. So the last part counts only once the
// object is made of it: a process may have died between the two.
function mostCounted(session: UploadSession, saidLater: number | undefined): number {
  const length = session.length ?? saidLater;
  return session.way === 'http' || length === undefined ? Infinity : partsOf(session, length) - 1;
}
