// How one file's bytes reach storage, whatever brought them: guarded, judged, then visible at once.
import { isFileServiceError } from '../../../core/errors.js';
import { guardBody, scanBody } from '../../../http/body/guarded-body.js';
import { digestToStore, expectedDigests } from '../../../http/body/digest.js';
import type { ExpectedDigests } from '../../../http/body/digest.js';
import type { BodyLimits } from '../../../http/body/limits.js';
import { evaluate, parseEtagList } from '../../../http/conditions.js';
import type { StoredFile } from '../../../http/entry.js';
import { isTrue } from '../../../http/parameters.js';
import { lastValue } from '../../../http/request.js';
import { baseName } from '../../../core/key.js';
import type { Attributes, Bucket, WriteRequest, WriteResult } from '../../../storage/bucket.js';
import type { Readable } from 'node:stream';
import { alreadyExists, preconditionFailed } from '../missing.js';
import type { Ask, RunContext } from '../../operation.js';
import type { RequestWrites } from '../request-writes.js';
import { fileArrived } from './arrived.js';
import type { Arrival } from './arrived.js';
import { uploadAttributes } from './header-attributes.js';
import { refuseLength, refuseType, storedType } from './rules.js';
import { releaseStaged, stagedKey } from './staged.js';
import { forgetUnheard, markUnheard, seenBytes, unheardFile } from './unheard.js';
import type { Repeated, SeenBytes } from './unheard.js';
import { uploadIdentity, type UploadIdentity } from './upload-identity.js';

/** One file on its way in. */
export interface Upload extends Pick<Arrival, 'via'>, Partial<Pick<Arrival, 'id'>> {
  readonly key: string;
  readonly body: Readable;
  /** Bytes that HTTP declared; undefined when unknown. */
  readonly length: number | undefined;
  /** The type that came with the bytes. */
  readonly declaredType: string | undefined;
  readonly createOnly: boolean;
  /** Conditions and digests of the request; only where its body is this very file. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What is stored beside the bytes, before anything that `headers` say. */
  readonly attributes?: Attributes;
  /** What a request of several items has written before. */
  readonly writes?: RequestWrites;
}

/**
 * Stores one file and tells the host of it. Nothing is visible unless every byte arrived, every digest fits and the
 * scanner agreed.
 *
 * @throws FileServiceError `already_exists`, `precondition_failed`, `invalid_header`, `too_large`, `unsupported_type`,
 * `incomplete_body`, `checksum_mismatch`, `request_timeout`, `rejected_by_scan`, `hook_failed`, and storage's trouble
 */
export async function storeFile(
  ask: Ask,
  context: RunContext,
  upload: Upload,
): Promise<StoredFile> {
  const identity = uploadIdentity(ask, context, upload.key);
  const { file, earlier, seen } = await store(ask, context, upload, identity);
  // Nobody is told of it.
  if (ask.settings.onUploaded === undefined && earlier === undefined) return file;
  const storedId = earlier ?? identity.id;
  const { key, via, id = storedId } = upload;
  // Of an upload that began without a name none is known but its first one.
  const repetition = storedId === identity.id ? identity.repetition : undefined;
  try {
    const arrival = { via, id, ...(repetition && { repetition }) };
    const told = await fileArrived(ask, context, file, arrival);
    if (earlier !== undefined) await forgetUnheard(context, key);
    return told;
  } catch (error) {
    // A repeated one has its mark.
    if (seen !== undefined && earlier === undefined)
      await markUnheard(context, key, { id: storedId, sha256: seen.digest() });
    throw error;
  }
}

/** A file that is stored. */
interface Stored {
  readonly file: StoredFile;
  /** Whose upload it is, when an earlier request has stored it. */
  readonly earlier: string | undefined;
  /** Its bytes, where the client has given the request no name to repeat it by. */
  readonly seen: SeenBytes | undefined;
}

async function store(
  ask: Ask,
  context: RunContext,
  upload: Upload,
  identity: UploadIdentity,
): Promise<Stored> {
  const { settings } = ask;
  upload.writes?.refuseTwice(upload.key);
  const contentType = storedType(upload.declaredType, upload.key);
  refuseType(contentType, settings.allowedTypes);
  refuseLength(upload.length, settings.maxUploadBytes);
  const headers = upload.headers ?? {};
  const said = uploadAttributes(headers, settings.acceptEncodings);
  const attributes = { ...said, ...upload.attributes };
  const digests = expectedDigests(headers);
  const condition = await writeCondition(context.bucket, upload.key, headers);

  const mayReplace = { ...(upload.createOnly ? { createOnly: true } : {}), ...condition };
  const isCreateOnly = mayReplace.createOnly === true;
  const seen = isCreateOnly && isHeardOf(ask, identity) ? seenBytes() : undefined;
  const limits = limitsOf(ask, context, upload, { digests, seen });
  const guarded = guard(ask, context, upload, { contentType, limits });
  context.countBytesIn(guarded.bytes);
  const digest = digests === null ? undefined : digestToStore(digests);
  const request = {
    ...attributes,
    contentType,
    ...(upload.length === undefined ? {} : { length: upload.length }),
    ...(digest === undefined ? {} : { digest }),
  };
  // A file that may replace another one may replace that of its own first attempt.
  const named = isCreateOnly ? { ...request, nonce: identity.id } : request;
  try {
    const result = settings.quarantine
      ? await writeStaged(ask, context, {
          upload,
          body: guarded.stream,
          request: named,
          mayReplace,
        })
      : await context.bucket.write(upload.key, guarded.stream, { ...named, ...mayReplace });
    const sent = { limits, bytes: guarded.bytes(), seen };
    const before =
      result.kind === 'exists' ? await storedBefore(context, upload, identity, sent) : null;
    const written = before?.written ?? result;
    if (written.kind === 'written') {
      upload.writes?.add(upload.key);
      const file = describe(upload.key, contentType, written);
      return { file, earlier: before?.id, seen };
    }
    const asCondition = result.kind === 'precondition-failed' || condition.createOnly === true;
    throw asCondition ? preconditionFailed(upload.key) : alreadyExists(upload.key);
  } catch (error) {
    // The guard knows why the bytes stopped; storage only knows that they did.
    throw isFileServiceError(guarded.stream.errored) ? guarded.stream.errored : error;
  } finally {
    guarded.stream.destroy();
  }
}

/** Whether the host is told of a file that its client has given no name to repeat it by. */
function isHeardOf({ settings }: Ask, { isRepeatable }: UploadIdentity): boolean {
  return settings.onUploaded !== undefined && !isRepeatable;
}

/** What stands in the way, when an earlier attempt of this very request has stored it; else null. */
async function storedBefore(
  context: RunContext,
  { key, length, body }: Upload,
  identity: UploadIdentity,
  { seen, ...sent }: Omit<Repeated, 'body' | 'seen'> & { readonly seen: SeenBytes | undefined },
): Promise<{ readonly id: string; readonly written: WriteResult } | null> {
  const before = identity.isRepeatable
    ? { id: identity.id, stat: await context.bucket.uploads().made(key, identity.id) }
    : seen && (await unheardFile(context, key, { ...sent, body, seen }));
  if (before == null || before.stat === null) return null;
  const { id, stat } = before;
  if (length !== undefined && stat.size !== length) return null;
  const written = { kind: 'written', etag: stat.etag, size: stat.size ?? length ?? 0 } as const;
  return { id, written };
}

interface StagedWrite {
  readonly upload: Upload;
  readonly body: Readable;
  readonly request: WriteRequest & { readonly contentType: string };
  readonly mayReplace: Pick<WriteRequest, 'createOnly' | 'ifMatch'>;
}

/** Stores a file where nobody can read it, and has it judged there. */
async function writeStaged(
  ask: Ask,
  context: RunContext,
  { upload, body, request, mayReplace }: StagedWrite,
): Promise<WriteResult> {
  const { key, via } = upload;
  const staged = stagedKey();
  const written = await context.bucket.write(staged, body, request);
  if (written.kind !== 'written') return written;
  const { etag, size } = written;
  const { contentType } = request;
  const file = { staged, etag, size, key, contentType, via, condition: mayReplace, digests: null };
  return releaseStaged(ask, context, file);
}

/** Whether POST or PUT may replace a file, `check_exist` included. */
export function createsOnly({ request, verb, settings }: Ask): boolean {
  const checked = lastValue(request.query, 'check_exist');
  if (checked !== undefined) return isTrue(checked);
  return verb === 'POST' && !settings.overwriteOnPost;
}

/**
 * The verb whose right an upload asks. A caller who lifts POST's check asks to replace, which is what
 * PUT is for: whoever may only POST can never replace. Where the host lets POST overwrite, it is POST's.
 */
export function writeVerb(ask: Ask): string {
  const replaces = ask.verb === 'POST' && !createsOnly(ask) && !ask.settings.overwriteOnPost;
  return replaces ? 'PUT' : ask.verb;
}

/**
 * The host's scanner, if any, sees every byte on its way, and its verdict is awaited before the last; unless the file
 * is judged where it is staged.
 */
function guard(
  { settings }: Ask,
  context: RunContext,
  upload: Upload,
  { contentType, limits }: { readonly contentType: string; readonly limits: BodyLimits },
): ReturnType<typeof guardBody> {
  if (settings.scan === undefined || settings.quarantine) return guardBody(upload.body, limits);
  return scanBody(upload.body, limits, settings.scan, {
    info: {
      path: upload.key,
      contentType,
      contentLength: upload.length,
      principal: context.principal,
    },
    timeoutMs: settings.timeouts.hookMs,
    onFailure: (error) => context.hookFailed('scan', error),
  });
}

function limitsOf(
  { settings }: Ask,
  { signal }: RunContext,
  { length }: Upload,
  {
    digests,
    seen,
  }: { readonly digests: ExpectedDigests | null; readonly seen: SeenBytes | undefined },
): BodyLimits {
  return {
    length,
    maxBytes: settings.maxUploadBytes,
    idleMs: settings.timeouts.idleMs,
    minBytesPerSecond: settings.minUploadBytesPerSecond,
    digests,
    signal,
    ...(seen === undefined ? {} : { onChunk: seen.update }),
  };
}

/**
 * What the conditions of a request let a write replace. RFC 9110 section 13.1: what storage decides atomically is left
 * to it; the rest is decided on the attributes, and then written only over that very object.
 *
 * @throws FileServiceError `precondition_failed`
 */
export async function writeCondition(
  bucket: Bucket,
  key: string,
  headers: Readonly<Record<string, string>>,
): Promise<Pick<WriteRequest, 'createOnly' | 'ifMatch'>> {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  const unmodified = ifMatch === undefined ? headers['if-unmodified-since'] : undefined;
  if (ifMatch === undefined && ifNoneMatch === undefined && unmodified === undefined) return {};
  if (ifNoneMatch?.trim() === '*' && ifMatch === undefined && unmodified === undefined)
    return { createOnly: true };
  const tags = ifMatch === undefined ? null : parseEtagList(ifMatch);
  if (ifNoneMatch === undefined && Array.isArray(tags) && tags.length === 1) {
    const [only] = tags as readonly string[];
    // RFC 9110 section 13.1.1: strong comparison, which a weak tag never passes.
    if (only === undefined || only.startsWith('W/')) throw preconditionFailed(key);
    return { ifMatch: only };
  }
  const result = await bucket.stat(key);
  if (result.kind !== 'found') {
    if (ifMatch !== undefined) throw preconditionFailed(key);
    return ifNoneMatch === undefined ? {} : { createOnly: true };
  }
  if (evaluate(headers, 'PUT', result.stat) !== 'proceed') throw preconditionFailed(key);
  return result.stat.etag === '' ? {} : { ifMatch: result.stat.etag };
}

function describe(
  key: string,
  contentType: string,
  written: { readonly etag: string; readonly size: number },
): StoredFile {
  return {
    name: baseName(key),
    path: key,
    content_type: contentType,
    content_length: written.size,
    type: 'file',
    ...(written.etag === '' ? {} : { etag: written.etag }),
  };
}
