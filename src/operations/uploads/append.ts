// Bytes that are added to an upload: whole parts go to storage as they come, and whatever has come when the request
// ends, however it ends, is kept.
import { isFileServiceError, type FileServiceError } from '../../core/errors.js';
import { tooLarge } from '../../core/too-large.js';
import type { Bucket } from '../../storage/bucket.js';
import type { CutResult } from '../../storage/upload-store.js';
import { finish, place, type Finishing, type PlaceResult } from './finish.js';
import { lengthMismatch, uploadGone } from './refusals.js';
import { cancel } from './session.js';
import { lookAt, type OpenState, type UploadState } from './state.js';
import { keepLength, keepTail, readTail, removeTail } from './tail.js';
import { uploadIn, type UploadSession } from './upload-session.js';

/** The bytes of one request. */
export interface Received {
  /** Never throws: it ends with whatever has come. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Ends it at once. */
  readonly stop: () => void;
  /** So many have come. */
  readonly bytes: () => number;
  /** Why it ended: its end; the client, or a request that came after; or what a client is told. */
  readonly ending: () => 'whole' | 'cut' | FileServiceError;
}

/** How much a request may bring, and what it is told when it brings more. */
export interface Room {
  readonly bytes: number;
  readonly exceeded: (bytes: number) => FileServiceError;
}

/** What is added. */
export interface AppendRequest {
  /** Where the bytes begin, as the client sees it. */
  readonly offset: number;
  /** Bytes of the whole file, where the request says it. */
  readonly length?: number;
  /** Whether the file ends with this request; undefined: as soon as its length is reached. */
  readonly isLast?: boolean;
  /** Begins to read. Throws when the request announces more than there is room for. */
  readonly receive: (room: Room) => Received;
  /** Checks the bytes of this request once they are all there; throws. Absent where nothing was promised of them. */
  readonly verify?: () => void;
  /** Hears how many bytes of the file need not be sent again. */
  readonly onStored?: (offset: number) => void;
  readonly finishing: Finishing;
  /** What there is, when it is known: of an upload that has just begun. */
  readonly state?: OpenState;
}

/** What became of it. */
export type AppendResult =
  | PlaceResult
  /** The upload has another offset than the request begins at. */
  | { readonly kind: 'mismatch'; readonly offset: number }
  /** The upload goes on. */
  | { readonly kind: 'kept'; readonly offset: number; readonly isCut: boolean };

/**
 * Adds bytes to an upload.
 *
 * @throws FileServiceError `upload_gone`, `length_mismatch`, `too_large`, `checksum_mismatch`, `request_timeout`, what
 * `finishing` throws, and storage's trouble
 */
export async function append(
  bucket: Bucket,
  session: UploadSession,
  request: AppendRequest,
): Promise<AppendResult> {
  const state = request.state ?? (await lookAt(bucket, session, request.offset));
  if (state.kind !== 'open') return afterEnd(bucket, session, state, request);
  if (state.offset !== request.offset) return { kind: 'mismatch', offset: state.offset };
  const length = agreedLength(session, state, request);
  const tail = await tailOf(bucket, session, state);
  if (tail === undefined) return lookAgain(bucket, session);
  const received = request.receive(roomOf(session, state, length));
  const cut = await cutUp(bucket, session, { state, length, tail, received, request });
  if (cut.kind === 'gone') {
    received.stop();
    return lookAgain(bucket, session, request);
  }
  try {
    return await settle(bucket, session, { state, length, received, cut, request });
  } finally {
    cut.release();
  }
}

// The whole file is there; what is repeated changes nothing.
async function afterEnd(
  bucket: Bucket,
  session: UploadSession,
  state: Exclude<UploadState, OpenState>,
  { offset, receive, finishing }: Pick<AppendRequest, 'offset' | 'receive' | 'finishing'>,
): Promise<AppendResult> {
  if (state.kind === 'gone') throw uploadGone();
  if (state.kind === 'assembled') {
    if (offset !== state.offset) return { kind: 'mismatch', offset: state.offset };
    await finishing.authorize();
    return place(bucket, session, state.size, finishing);
  }
  const size = state.file.size ?? 0;
  if (offset !== size) return { kind: 'mismatch', offset: size };
  receive({ bytes: 0, exceeded: (bytes) => lengthMismatch(size, size + bytes) }).stop();
  return { kind: 'finished', etag: state.file.etag, size };
}

async function lookAgain(
  bucket: Bucket,
  session: UploadSession,
  request?: AppendRequest,
): Promise<AppendResult> {
  const state = await lookAt(bucket, session);
  if (state.kind === 'open') return { kind: 'mismatch', offset: state.offset };
  // Another request has sent the last bytes while this one brought the same.
  if (state.kind === 'finished' && request !== undefined)
    return { kind: 'finished', etag: state.file.etag, size: state.file.size ?? 0 };
  if (state.kind === 'gone') throw uploadGone();
  const offset = state.kind === 'assembled' ? state.offset : (state.file.size ?? 0);
  return { kind: 'mismatch', offset };
}

function agreedLength(
  session: UploadSession,
  { tails, offset }: OpenState,
  { length: said }: AppendRequest,
): number | undefined {
  const known = session.length ?? tails.length;
  if (said === undefined) return known;
  if (known !== undefined && said !== known) throw lengthMismatch(known, said);
  if (said < offset) throw lengthMismatch(said, offset);
  if (said > session.maxBytes)
    throw tooLarge(`The upload is larger than ${session.maxBytes} bytes.`, session.maxBytes);
  return said;
}

function roomOf(session: UploadSession, { offset }: OpenState, length: number | undefined): Room {
  if (length !== undefined)
    return {
      bytes: length - offset,
      exceeded: (bytes) => lengthMismatch(length, offset + bytes),
    };
  const { maxBytes } = session;
  return {
    bytes: maxBytes - offset,
    exceeded: () => tooLarge(`The upload is larger than ${maxBytes} bytes.`, maxBytes),
  };
}

// Undefined when it is not there any more: another request has made a part of it.
async function tailOf(
  bucket: Bucket,
  session: UploadSession,
  { parts, tails }: OpenState,
): Promise<Uint8Array | undefined> {
  const size = tails.sizes.get(parts) ?? 0;
  if (size === 0) return new Uint8Array(0);
  const tail = await readTail(bucket, session, parts);
  return tail === undefined || tail.length < size ? undefined : tail.subarray(0, size);
}

interface Cutting {
  readonly state: OpenState;
  readonly length: number | undefined;
  readonly tail: Uint8Array;
  readonly received: Received;
  readonly request: AppendRequest;
}

function cutUp(
  bucket: Bucket,
  session: UploadSession,
  { state, length, tail, received, request }: Cutting,
): Promise<CutResult> {
  async function* behindTail(): AsyncGenerator<Uint8Array> {
    yield tail;
    yield* received.chunks;
  }
  const chunks = tail.length > 0 ? behindTail() : received.chunks;
  const source = { chunks, stop: received.stop };
  const upload = uploadIn(session);
  // What fits one part is gathered: no part of that size ever comes to be.
  if (upload === undefined) {
    const nowhere = { key: session.key, id: '' };
    return bucket.uploads().putParts(nowhere, source, { first: 1, size: (length ?? 0) + 1 });
  }
  const { partSize: size } = session;
  return bucket.uploads().putParts(upload, source, {
    first: state.parts + 1,
    size,
    ...(request.onStored && {
      onStored: (parts: number) => request.onStored?.((state.parts + parts) * size),
    }),
  });
}

interface Settling {
  readonly state: OpenState;
  readonly length: number | undefined;
  readonly received: Received;
  readonly cut: Extract<CutResult, { readonly kind: 'sent' }>;
  readonly request: AppendRequest;
}

async function settle(
  bucket: Bucket,
  session: UploadSession,
  settling: Settling,
): Promise<AppendResult> {
  const { state, length, received, cut, request } = settling;
  const parts = state.parts + cut.parts;
  const total = parts * session.partSize + cut.rest.length;
  const ending = received.ending();
  if (isFileServiceError(ending) && ending.reason !== 'request_timeout') {
    // More bytes than the file was said to have: nobody can tell which of them are right.
    if (ending.reason === 'length_mismatch') await cancel(bucket, session);
    throw ending;
  }
  const isVerified = await verified(bucket, session, settling);
  const isEnd =
    request.isLast === undefined ? total === length : request.isLast && ending === 'whole';
  if (isVerified && isEnd) {
    if (length !== undefined && total !== length) throw lengthMismatch(length, total);
    const hasTails = state.tails.keys.length > 0;
    const arrived = { parts, rest: cut.rest, hasTails };
    const result = await finish(bucket, session, arrived, request.finishing);
    return result.kind === 'incomplete' ? lookAgain(bucket, session) : result;
  }
  if (isVerified) await keep(bucket, session, settling, parts);
  if (ending !== 'whole' && ending !== 'cut') throw ending;
  return { kind: 'kept', offset: isVerified ? total : state.offset, isCut: ending === 'cut' };
}

// Bytes that were promised a digest and do not have it, or broke off before that could be told, are none of the file's:
// an empty part ends the run of whole ones where they begin.
async function verified(
  bucket: Bucket,
  session: UploadSession,
  { state, received, cut, request }: Settling,
): Promise<boolean> {
  if (request.verify === undefined) return true;
  try {
    if (received.ending() !== 'whole') return await undo();
    request.verify();
    return true;
  } catch (error) {
    await undo();
    throw error;
  }

  async function undo(): Promise<false> {
    const upload = uploadIn(session);
    if (upload !== undefined && cut.parts > 0)
      await bucket.uploads().putPart(upload, state.parts + 1, new Uint8Array(0));
    return false;
  }
}

async function keep(
  bucket: Bucket,
  session: UploadSession,
  { state, length, received, cut }: Settling,
  parts: number,
): Promise<void> {
  const isSaidNow =
    length !== undefined && session.length === undefined && state.tails.length === undefined;
  if (isSaidNow) await keepLength(bucket, session, length);
  if (cut.rest.length > 0 && received.bytes() > 0) await keepTail(bucket, session, parts, cut.rest);
  if (cut.parts > 0 && state.tails.sizes.has(state.parts))
    await removeTail(bucket, session, state.parts);
}
