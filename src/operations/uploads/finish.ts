// How an upload ends: every part is there, the caller still may, the file was judged; then it stands under its key.
import { Readable } from 'node:stream';
import { isFileServiceError } from '../../core/errors.js';
import type { Bucket, CopyResult, WriteResult } from '../../storage/bucket.js';
import type { CompleteResult, UploadPart } from '../../storage/upload-store.js';
import { discard } from './session.js';
import { endOf } from './state.js';
import { removeTails } from './tail.js';
import { uploadGone } from './refusals.js';
import { uploadIn, type UploadSession } from './upload-session.js';

/** What is asked before a file becomes visible. */
export interface Finishing {
  /** Asked again: a right may have been withdrawn since the upload began. */
  readonly authorize: () => Promise<void>;
  /** Reads the whole file; throws to refuse it. Absent when nobody has to judge it. */
  readonly judge?: (file: Readable, size: number) => Promise<void>;
  /** Hears why `judge` refused an object that still lies where it was made, before it is removed. */
  readonly refused?: (error: unknown, staged: string, size: number) => Promise<void>;
}

/** What stands in storage when the last request has come. */
export interface Arrived {
  /** Whole parts. */
  readonly parts: number;
  /** What stands behind them: the last part. */
  readonly rest: Uint8Array;
  /** Whether anything may lie in the folder of tails. */
  readonly hasTails: boolean;
}

/** How it ended. `incomplete`: a part is missing, so that the upload has to go on. */
export type FinishResult =
  | { readonly kind: 'finished'; readonly etag: string; readonly size: number }
  | { readonly kind: 'exists' | 'precondition-failed' }
  | { readonly kind: 'incomplete' };

/** How an end comes out that no missing part can hinder. */
export type PlaceResult = Exclude<FinishResult, { readonly kind: 'incomplete' }>;

/**
 * Makes the file of what has come.
 *
 * @throws FileServiceError `upload_gone`, and what `authorize` and `judge` throw: after a refusal the upload is gone
 */
export async function finish(
  bucket: Bucket,
  session: UploadSession,
  arrived: Arrived,
  finishing: Finishing,
): Promise<FinishResult> {
  await askAgain(bucket, session, finishing);
  const upload = uploadIn(session);
  if (upload === undefined) return writeAtOnce(bucket, session, arrived, finishing);
  const { parts, rest } = arrived;
  const total = parts * session.partSize + rest.length;
  // Storage makes no object of no part at all.
  if (rest.length > 0 || total === 0) {
    const { kind } = await bucket.uploads().putPart(upload, parts + 1, rest);
    if (kind === 'gone') return ofEnded(bucket, session, finishing);
  }
  return finishParts(bucket, session, total, finishing);
}

/** As `finish`, for an upload of which every part lies in storage. */
export async function finishParts(
  bucket: Bucket,
  session: UploadSession,
  total: number,
  finishing: Finishing,
): Promise<FinishResult> {
  let result: CompleteResult | { readonly kind: 'incomplete' } = { kind: 'changed' };
  // Two requests may send the last part at once: then the list is outdated.
  for (let attempt = 0; attempt < 3 && result.kind === 'changed'; attempt += 1)
    result = await complete(bucket, session, total);
  if (result.kind === 'changed') return { kind: 'incomplete' };
  if (result.kind === 'incomplete') return result;
  if (result.kind !== 'written') return ofEnded(bucket, session, finishing, result.kind);
  if (session.staged !== undefined) return place(bucket, session, total, finishing);
  await removeTails(bucket, session);
  return { kind: 'finished', etag: result.etag, size: total };
}

/** As `finish`, for an object that was made and is not under its key yet. */
export async function place(
  bucket: Bucket,
  session: UploadSession,
  size: number,
  { judge, refused }: Finishing,
): Promise<PlaceResult> {
  const from = session.staged ?? session.key;
  if (judge !== undefined) {
    const body = await readAll(bucket, from, size);
    if (body === undefined) return ofEnded(bucket, session, { authorize: async () => {} });
    await orCancel(bucket, session, async () => {
      try {
        await judge(body, size);
      } catch (error) {
        await refused?.(error, from, size);
        throw error;
      }
    });
  }
  const result = await moveTo(bucket, session, from);
  if (result.kind === 'missing') return ofEnded(bucket, session, { authorize: async () => {} });
  await bucket.remove(from);
  await removeTails(bucket, session);
  if (result.kind === 'copied') return { kind: 'finished', etag: result.etag, size };
  return { kind: result.kind };
}

// Asked for as a range: a whole read is held against the digest that was promised, and to judge that is not its business.
async function readAll(bucket: Bucket, key: string, size: number): Promise<Readable | undefined> {
  if (size === 0) return Readable.from([]);
  const found = await bucket.read(key, { range: { kind: 'from', start: 0 } });
  if (found.kind !== 'found') return undefined;
  return found.body instanceof Readable ? found.body : Readable.from([found.body]);
}

async function moveTo(bucket: Bucket, session: UploadSession, from: string): Promise<CopyResult> {
  const { key: to, condition } = session;
  // No copy takes the condition that its target is a certain version.
  if (typeof condition === 'object') {
    const there = await bucket.stat(to);
    const isSame =
      there.kind === 'found' && (condition.etag === '*' || there.stat.etag === condition.etag);
    return isSame ? bucket.copy({ from, to }) : { kind: 'precondition-failed' };
  }
  return bucket.copy({ from, to, createOnly: condition !== 'replace' });
}

async function complete(
  bucket: Bucket,
  session: UploadSession,
  total: number,
): Promise<CompleteResult | { readonly kind: 'incomplete' }> {
  const upload = uploadIn(session);
  if (upload === undefined) throw uploadGone();
  const uploads = bucket.uploads();
  const found = await uploads.parts(upload);
  if (found.kind === 'gone') return found;
  const parts = partsOfFile(found.parts, session.partSize, total);
  if (parts === null) return { kind: 'incomplete' };
  // What is only staged stands in nobody's way.
  const condition = session.staged === undefined ? conditionOf(session) : {};
  return uploads.complete(upload, { parts, nonce: session.nonce, ...condition });
}

// R2 takes only parts of one size, and a gap would be a hole in the file.
function partsOfFile(
  parts: readonly UploadPart[],
  partSize: number,
  total: number,
): readonly UploadPart[] | null {
  const count = Math.max(1, Math.ceil(total / partSize));
  const named = parts.slice(0, count);
  const isWhole = named.every(({ number, size }, index) => {
    const isLast = index === count - 1;
    return number === index + 1 && size === (isLast ? total - index * partSize : partSize);
  });
  return isWhole && named.length === count ? named : null;
}

async function writeAtOnce(
  bucket: Bucket,
  session: UploadSession,
  { rest, hasTails }: Arrived,
  finishing: Finishing,
): Promise<FinishResult> {
  const { judge } = finishing;
  const { staged, contentType, nonce, attributes } = session;
  const request = { ...attributes, contentType, length: rest.length, nonce };
  if (staged !== undefined) {
    await bucket.write(staged, rest, request);
    return place(bucket, session, rest.length, finishing);
  }
  if (judge !== undefined)
    await orCancel(bucket, session, () => judge(Readable.from([rest]), rest.length));
  const written = { ...request, ...conditionOf(session) };
  const result: WriteResult = await bucket.write(session.key, rest, written);
  if (hasTails) await removeTails(bucket, session);
  if (result.kind !== 'written') return ofEnded(bucket, session, finishing, result.kind);
  return { kind: 'finished', etag: result.etag, size: rest.length };
}

// The upload may have been finished by a request whose answer was lost, or by another at the same time.
async function ofEnded(
  bucket: Bucket,
  session: UploadSession,
  finishing: Finishing,
  refused?: 'exists' | 'precondition-failed' | 'gone',
): Promise<PlaceResult> {
  const state = await endOf(bucket, session);
  if (state.kind === 'finished')
    return { kind: 'finished', etag: state.file.etag, size: state.file.size ?? 0 };
  if (state.kind === 'assembled') return place(bucket, session, state.size, finishing);
  if (refused === undefined || refused === 'gone') throw uploadGone();
  await removeTails(bucket, session);
  return { kind: refused };
}

function conditionOf({ condition }: UploadSession): {
  readonly createOnly?: boolean;
  readonly ifMatch?: string;
} {
  if (condition === 'replace') return {};
  return typeof condition === 'object' ? { ifMatch: condition.etag } : { createOnly: true };
}

async function askAgain(
  bucket: Bucket,
  session: UploadSession,
  { authorize }: Finishing,
): Promise<void> {
  await orCancel(bucket, session, authorize);
}

/** A refusal is for good, so that nothing of the upload stays; a failure may pass. */
async function orCancel(
  bucket: Bucket,
  session: UploadSession,
  judge: () => Promise<void>,
): Promise<void> {
  try {
    await judge();
  } catch (error) {
    const isRefusal = isFileServiceError(error) && error.status < 500;
    if (isRefusal) await discard(bucket, session).catch(() => undefined);
    throw error;
  }
}
