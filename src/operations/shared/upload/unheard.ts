// Files that stand in storage while the host has not heard of them, since its `onUploaded` failed. A mark beside them
// lets whichever process gets the same create-only request again tell the host again, and answer as at first.
import { createHash, type Hash } from 'node:crypto';
import { debugRequest } from '../../../core/debug.js';
import { OWN_FOLDER } from '../../../core/key.js';
import { guardBody } from '../../../http/body/guarded-body.js';
import type { BodyLimits } from '../../../http/body/limits.js';
import { streamOf } from '../../../http/body/stream-of.js';
import type { Stat } from '../../../storage/bucket.js';
import { ownerOf } from '../../uploads/upload-session.js';
import type { RunContext } from '../../operation.js';
import type { Readable } from 'node:stream';

const FOLDER = `${OWN_FOLDER}unheard/`;

/** The bytes of one request, as far as they have come: what a later one is compared with. */
export interface SeenBytes {
  readonly update: (chunk: Uint8Array) => void;
  /** Of all of them; once. */
  readonly digest: () => string;
}

/** The file of an earlier request with the same bytes. */
export interface UnheardFile {
  /** Names the upload that has stored it. */
  readonly id: string;
  readonly stat: Stat;
}

interface Mark {
  readonly id: string;
  readonly sha256: string;
}

/** Sums the bytes of a request. */
export function seenBytes(): SeenBytes {
  const hash: Hash = createHash('sha256');
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest('base64url') };
}

/** Remembers that the host has not heard of a file. Never throws: without the mark the file is only in the way. */
export async function markUnheard(context: RunContext, key: string, mark: Mark): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(mark));
  const request = { contentType: 'application/json', length: bytes.length };
  try {
    await context.lasting().write(markKey(context, key), bytes, request);
  } catch (error) {
    debugRequest('an upload that nobody has heard of is not marked: %O', error);
  }
}

/** The host has heard of the file. Never throws: a mark without its file says nothing, and is swept. */
export async function forgetUnheard(context: RunContext, key: string): Promise<void> {
  try {
    await context.lasting().remove(markKey(context, key));
  } catch (error) {
    debugRequest('the mark of an upload stays: %O', error);
  }
}

/** What a request that found a file in its way has sent. */
export interface Repeated {
  readonly body: Readable;
  readonly limits: BodyLimits;
  /** Bytes that have come. */
  readonly bytes: number;
  readonly seen: SeenBytes;
}

/**
 * The file that stands in the way, when the same caller has stored the same bytes there and the host has not heard of
 * them. Looking costs one storage call; only where there is a mark, another one, and the rest of the body.
 *
 * @throws FileServiceError `incomplete_body` and the like, of the rest of the body
 */
export async function unheardFile(
  context: RunContext,
  key: string,
  { body, limits, bytes, seen }: Repeated,
): Promise<UnheardFile | null> {
  const mark = await readMark(context, key);
  const stat = mark === null ? null : await context.bucket.uploads().made(key, mark.id);
  if (mark === null || stat === null) return null;
  // Storage refuses a long body before it has come.
  if (!body.readableEnded) {
    const length = limits.length === undefined ? undefined : limits.length - bytes;
    const maxBytes = limits.maxBytes - bytes;
    const rest = guardBody(body, { ...limits, length, maxBytes, digests: null });
    for await (const chunk of rest.stream) void chunk;
  }
  return seen.digest() === mark.sha256 ? { id: mark.id, stat } : null;
}

async function readMark(context: RunContext, key: string): Promise<Mark | null> {
  const found = await context.bucket.read(markKey(context, key));
  if (found.kind !== 'found') return null;
  const chunks = (await streamOf(found.body).toArray()) as Uint8Array[];
  try {
    // What markUnheard wrote.
    return JSON.parse(Buffer.concat(chunks).toString()) as Mark;
  } catch {
    // Somebody else did, around the service: then there is no mark.
    return null;
  }
}

// Of one caller and one file: it names neither.
function markKey({ principal }: RunContext, key: string): string {
  const named = JSON.stringify([ownerOf(principal), key]);
  return FOLDER + createHash('sha256').update(named).digest('hex').slice(0, 32);
}
