// The bytes behind the last whole part, kept between requests: one object for each number of whole parts, which only
// grows. So an append with an outdated view writes under another name, and never over newer bytes.
import type { Bucket } from '../../storage/bucket.js';
import { tailsFolder, uploadIn, type UploadSession } from './upload-session.js';

/** What lies in the folder of a session. */
export interface Tails {
  /** Bytes behind so many whole parts. */
  readonly sizes: ReadonlyMap<number, number>;
  /** The length of the file, said after the upload had begun. */
  readonly length: number | undefined;
  /** The session was cancelled. */
  readonly isCancelled: boolean;
  readonly keys: readonly string[];
}

// A session that fits one part leaves nothing else in storage that could say so.
const CANCELLED = 'gone';
const LENGTH = /^length-(\d{1,16})$/;
const TAIL = /^\d{1,5}$/;

/** Looks at what lies there; one storage call. */
export async function lookAtTails(bucket: Bucket, session: UploadSession): Promise<Tails> {
  const prefix = tailsFolder(session);
  const sizes = new Map<number, number>();
  const keys: string[] = [];
  let length: number | undefined;
  let isCancelled = false;
  let after: string | undefined;
  do {
    const page = await bucket.list({ prefix, recursive: true, ...(after && { after }) });
    for (const { key, size } of page.files) {
      const name = key.slice(prefix.length);
      keys.push(key);
      if (TAIL.test(name)) sizes.set(Number(name), size);
      const said = LENGTH.exec(name)?.[1];
      if (said !== undefined) length = Number(said);
      isCancelled ||= name === CANCELLED;
    }
    after = page.next;
  } while (after !== undefined);
  return { sizes, length, isCancelled, keys };
}

/** The tail behind `parts` whole parts; undefined when it is not there any more. */
export async function readTail(
  bucket: Bucket,
  session: UploadSession,
  parts: number,
): Promise<Uint8Array | undefined> {
  const found = await bucket.read(tailKey(session, parts));
  if (found.kind !== 'found') return undefined;
  return found.body instanceof Uint8Array
    ? found.body
    : Buffer.concat(await (found.body.toArray() as Promise<Uint8Array[]>));
}

// As many as racing requests may need; a tail that is longer than ours ends it sooner.
const ATTEMPTS = 20;

/**
 * Keeps bytes behind `parts` whole parts, unless as many are kept already. Of an upload that has ended meanwhile nothing
 * is kept.
 */
export async function keepTail(
  bucket: Bucket,
  session: UploadSession,
  parts: number,
  bytes: Uint8Array,
): Promise<void> {
  const key = tailKey(session, parts);
  let replaced: string | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const condition = replaced === undefined ? { createOnly: true } : { ifMatch: replaced };
    const { kind } = await bucket.write(key, bytes, { length: bytes.length, ...condition });
    if (kind === 'written') break;
    const there = await bucket.stat(key);
    if (there.kind === 'found' && (there.stat.size ?? 0) >= bytes.length) break;
    replaced = there.kind === 'found' ? there.stat.etag : undefined;
  }
  // Whoever ended the upload looked for tails after that: one that is written later removes itself.
  if (await hasEnded(bucket, session)) await bucket.remove(key);
}

async function hasEnded(bucket: Bucket, session: UploadSession): Promise<boolean> {
  const upload = uploadIn(session);
  if (upload === undefined)
    return (await bucket.uploads().made(session.key, session.nonce)) !== null;
  // Behind the last number there are no parts: the answer is short.
  return (await bucket.uploads().parts(upload, 10_000)).kind === 'gone';
}

/** Remembers the length of a file that was not known when its upload began. */
export async function keepLength(
  bucket: Bucket,
  session: UploadSession,
  length: number,
): Promise<void> {
  await bucket.write(`${tailsFolder(session)}length-${length}`, new Uint8Array(0), { length: 0 });
}

/** Remembers that a session that fits one part was cancelled. */
export async function keepCancelled(bucket: Bucket, session: UploadSession): Promise<void> {
  await bucket.write(tailsFolder(session) + CANCELLED, new Uint8Array(0), { length: 0 });
}

/** Removes what lies in the folder of a session that has ended. What cannot be removed is swept. */
export async function removeTails(bucket: Bucket, session: UploadSession): Promise<void> {
  const { keys } = await lookAtTails(bucket, session);
  if (keys.length > 0) await bucket.removeMany(keys);
}

/** Removes the tail that has become part of a part. */
export async function removeTail(
  bucket: Bucket,
  session: UploadSession,
  parts: number,
): Promise<void> {
  await bucket.remove(tailKey(session, parts));
}

function tailKey(session: UploadSession, parts: number): string {
  return tailsFolder(session) + String(parts);
}
