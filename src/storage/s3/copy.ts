// Copying inside storage: one CopyObject, or part copies side by side above what one may copy. No byte
// passes through this process.
import type { CompletedPart } from '@aws-sdk/client-s3';
import { LinkedAbort } from '../../core/client-signal.js';
import { FileServiceError } from '../../core/errors.js';
import type { CopyRequest, CopyResult, Stat } from '../bucket.js';
import {
  attributesInput,
  attributesOf,
  keepingInput,
  newNonce,
  quoted,
  statOf,
} from './attributes.js';
import type { S3Context } from './call.js';
import { objectError, refusalOf, required } from './errors.js';
import { isGuarded, look, type GuardInput } from './writing/guard.js';
import { conditionalWrites } from './probes/conditional-writes.js';
import { assertBucket } from './probes/bucket-exists.js';
import { isOtherVersion } from './read.js';
import { stat } from './stat.js';
import type { Output } from './wire/commands.js';
import { keptOf, putTags, type Kept } from './writing/kept.js';
import { partSizeFor } from '../../core/part-size.js';
import { openUpload, type Upload } from './writing/upload.js';

/** Sizes of copies, in bytes; tests make them small. */
export interface CopyLimits {
  /** Most that one CopyObject may copy. */
  readonly whole: number;
  /** Smallest part of a copy by parts. */
  readonly part: number;
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html: up to 5 GB in one operation.
const LIMITS: CopyLimits = { whole: 5 * 2 ** 30, part: 128 * 2 ** 20 };
const PARTS_IN_FLIGHT = 6;

/** Copies an object with its attributes, or with those given. `conflict` when the source changes meanwhile. */
export async function copy(
  context: S3Context,
  request: CopyRequest,
  limits: CopyLimits = LIMITS,
): Promise<CopyResult> {
  if (!isGuarded(request)) return copyNow(context, request, { limits, guard: {} });
  const { isAws } = await context.connection.wire.endpoint();
  const guard = await guardOf(context, request, isAws);
  return context.connection.turns(context.keyOf(request.to), async () => {
    // Ceph ignores the condition of a copy; and `*` is no ETag to send.
    const looks = (!isAws && request.seenFree !== true) || request.ifMatch === '*';
    const refused = looks ? await look(context, request.to, request) : undefined;
    return refused ?? copyNow(context, request, { limits, guard });
  });
}

async function guardOf(
  context: S3Context,
  { createOnly, ifMatch }: CopyRequest,
  isAws: boolean,
): Promise<GuardInput> {
  if (createOnly === true) return (await conditionalWrites(context)) ? { IfNoneMatch: '*' } : {};
  return isAws && ifMatch !== '*' ? { IfMatch: ifMatch } : {};
}

interface How {
  readonly limits: CopyLimits;
  readonly guard: GuardInput;
}

async function copyNow(context: S3Context, request: CopyRequest, how: How): Promise<CopyResult> {
  const { attributes, from, ifSourceMatch, size: knownSize } = request;
  const isOneOfMany = knownSize !== undefined && knownSize <= how.limits.whole;
  // Metadata and tags are copied by the store itself; the rest would cost two calls a file.
  if (isOneOfMany && attributes === undefined && ifSourceMatch === undefined)
    return copyWhole(context, request, { ...how, size: knownSize, kept: NOTHING_KEPT });
  const [head, { isAws }] = await Promise.all([
    headOf(context, from, request.versionId),
    context.connection.wire.endpoint(),
  ]);
  if (head === undefined) return { kind: 'missing' };
  const source = statOf(from, head.ContentLength ?? null, head);
  // Ceph 16 and s3rver ignore the condition on the source.
  if (ifSourceMatch !== undefined && source.etag !== ifSourceMatch)
    return { kind: 'precondition-failed' };
  // What a store decodes on its way out is small, and is copied as it is kept.
  const size = source.size ?? 0;
  const isWhole = size <= how.limits.whole;
  const losesTags = !isWhole || (attributes !== undefined && !isAws);
  const { versionId } = request;
  const kept = await keptOf(context, from, { source: head, losesTags, versionId });
  const copying = { ...how, source: { ...source, size }, kept };
  const result = isWhole
    ? await copyWhole(context, request, { ...how, size, kept })
    : await copyByParts(context, request, copying);
  if (result.kind === 'copied') await putTags(context, request.to, kept);
  return result;
}

async function headOf(
  context: S3Context,
  key: string,
  versionId: string | undefined,
): Promise<Output<'HeadObject'> | undefined> {
  try {
    return await context.send('HeadObject', { Key: context.keyOf(key), VersionId: versionId });
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.kind !== 'missing' && !isOtherVersion(refusal, versionId))
      throw objectError(error);
    await assertBucket(context);
    return undefined;
  }
}

interface Copying extends How {
  readonly source: SizedStat;
  readonly kept: Kept;
}

interface WholeCopy extends How {
  readonly size: number;
  readonly kept: Kept;
}

const NOTHING_KEPT: Kept = { input: {}, tags: [] };

async function copyWhole(
  context: S3Context,
  request: CopyRequest,
  { guard, kept, size }: WholeCopy,
): Promise<CopyResult> {
  const { settings, keyOf } = context;
  const { attributes, ifSourceMatch } = request;
  const input = {
    Key: keyOf(request.to),
    CopySource: sourceOf(context, request.from, request.versionId),
    CopySourceIfMatch: ifSourceMatch,
    MetadataDirective: attributes === undefined ? ('COPY' as const) : ('REPLACE' as const),
    ...(attributes === undefined ? {} : attributesInput(attributes)),
    ...kept.input,
    ...keepingInput(settings),
    ...guard,
  };
  try {
    const answerMs = copyMs(context, size);
    const output = await context.send('CopyObject', input, { answerMs, attempts: 2 });
    const { ETag } = required(output.CopyObjectResult, 'a result of a copy');
    return { kind: 'copied', etag: quoted(ETag), size };
  } catch (error) {
    return refusedCopy(context, request, error);
  }
}

// Slower than any store copies within itself.
const BYTES_PER_MS = 20_000;

// A copy of gigabytes takes longer than a small answer may, and gives no sign of progress.
function copyMs({ settings }: S3Context, size: number): number {
  return settings.timeouts.idleMs + size / BYTES_PER_MS;
}

async function refusedCopy(
  context: S3Context,
  request: CopyRequest,
  error: unknown,
): Promise<CopyResult> {
  const { kind, code } = refusalOf(error) ?? {};
  // S3 copies nothing onto itself unchanged: the version is the newest already.
  if (code === 'InvalidRequest' && request.versionId !== undefined && request.from === request.to)
    return { kind: 'copied', etag: '', size: null };
  // AWS: "404 Not Found" is also the answer to `If-Match` where nothing stands; the source was there just now.
  if (kind === 'missing')
    return { kind: request.ifMatch === undefined ? 'missing' : 'precondition-failed' };
  const isCreateOnly = request.createOnly === true;
  if (kind === 'conflict' && isCreateOnly) return { kind: 'exists' };
  if (kind !== 'precondition-failed') throw error;
  if (request.ifSourceMatch === undefined) {
    if (isCreateOnly) return { kind: 'exists' };
    if (request.ifMatch !== undefined) return { kind: 'precondition-failed' };
    throw changed(error);
  }
  // 412 does not say which of two conditions failed.
  const refused = isCreateOnly ? await look(context, request.to, { createOnly: true }) : undefined;
  return refused ?? { kind: 'precondition-failed' };
}

async function copyByParts(
  context: S3Context,
  request: CopyRequest,
  { limits, guard, source, kept }: Copying,
): Promise<CopyResult> {
  const upload = await openUpload(context, {
    key: request.to,
    attributes: request.attributes ?? attributesOf(source),
    nonce: newNonce(),
    kept: kept.input,
  });
  try {
    const { versionId } = request;
    const parts = await copyParts(context, request.to, { limits, source, upload, versionId });
    // Ceph ignores the condition of a part copy as well.
    const after = await stat(context, request.from, { versionId });
    if (after.kind !== 'found' || after.stat.etag !== source.etag) throw changed();
    const etag = await upload.complete(parts, guard);
    return { kind: 'copied', etag, size: source.size };
  } catch (error) {
    await upload.abort();
    return refusedCopy(context, request, error);
  }
}

type SizedStat = Stat & { readonly size: number };

interface PartCopies {
  readonly limits: CopyLimits;
  readonly source: SizedStat;
  readonly upload: Upload;
  readonly versionId: string | undefined;
}

async function copyParts(
  context: S3Context,
  to: string,
  { limits, source, upload, versionId }: PartCopies,
): Promise<readonly CompletedPart[]> {
  const size = partSizeFor(source.size, limits.part);
  const count = Math.ceil(source.size / size);
  const halt = new LinkedAbort(context.call.signal);
  const parts: CompletedPart[] = [];
  let from = sourceOf(context, source.key, versionId);
  let next = 1;

  const copyPart = async (PartNumber: number): Promise<void> => {
    const start = (PartNumber - 1) * size;
    const end = Math.min(start + size, source.size) - 1;
    const input = {
      Key: context.keyOf(to),
      UploadId: upload.id,
      PartNumber,
      CopySource: from,
      CopySourceIfMatch: source.etag || undefined,
      CopySourceRange: `bytes=${start}-${end}`,
    };
    const answerMs = copyMs(context, end - start + 1);
    const output = await context.send('UploadPartCopy', input, { signal: halt, answerMs });
    const { ETag } = required(output.CopyPartResult, 'a result of a part copy');
    parts.push({ PartNumber, ETag: required(ETag, 'an ETag of a part') });
  };
  const work = async (): Promise<void> => {
    while (next <= count && !halt.aborted) await copyPart(next++);
  };

  const { isAws } = await context.connection.wire.endpoint();
  if (!isAws && DECODED_TWICE.test(source.key)) {
    const once = from;
    from = from.replaceAll('%', '%25');
    await copyPart(next++).catch((error: unknown) => {
      if (!ELSEWHERE.has(refusalOf(error)?.kind ?? '')) throw error;
      from = once;
      next = 1;
    });
  }
  let cause: unknown;
  const workers = Array.from({ length: Math.min(PARTS_IN_FLIGHT, count) }, () =>
    work().catch((error: unknown) => {
      cause ??= error;
      halt.abort(new Error('another part could not be copied'));
    }),
  );
  // All have to end before the upload may be aborted.
  await Promise.all(workers);
  halt.release();
  if (cause !== undefined) throw cause;
  return parts;
}

// Ceph 16 decodes the source of a part copy twice, and then takes `+` behind `?` for a space: such keys
// are first said in the way that it understands. Other stores find nothing there; or, where the name
// exists by chance, not the ETag that is asked for.
const DECODED_TWICE = /%|\?.*\+/s;
const ELSEWHERE = new Set<string>(['missing', 'precondition-failed']);

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html: "The value must be URL-encoded."
function sourceOf(context: S3Context, key: string, versionId: string | undefined): string {
  const path = context.keyOf(key).split('/').map(encodeURIComponent).join('/');
  const version = versionId === undefined ? '' : `?versionId=${encodeURIComponent(versionId)}`;
  return `${context.settings.bucket}/${path}${version}`;
}

function changed(cause?: unknown): FileServiceError {
  return new FileServiceError('conflict', 'The file changed while it was copied.', { cause });
}
