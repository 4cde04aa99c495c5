// How one file's bytes reach storage, whatever brought them: guarded, judged, then visible at once.
import { isFileServiceError } from '../../../core/errors.js';
import { guardBody, scanBody } from '../../../http/body/guarded-body.js';
import { digestToStore, expectedDigests } from '../../../http/body/digest.js';
import type { ExpectedDigests } from '../../../http/body/digest.js';
import { evaluate, parseEtagList } from '../../../http/conditions.js';
import type { StoredFile } from '../../../http/entry.js';
import { isTrue } from '../../../http/parameters.js';
import { lastValue } from '../../../http/request.js';
import { baseName } from '../../../core/key.js';
import type { Bucket, WriteRequest, WriteResult } from '../../../storage/bucket.js';
import type { Readable } from 'node:stream';
import { alreadyExists, preconditionFailed } from '../missing.js';
import type { Ask, RunContext } from '../../operation.js';
import type { RequestWrites } from '../request-writes.js';
import { fileArrived } from './arrived.js';
import type { Arrival } from './arrived.js';
import { uploadAttributes } from './header-attributes.js';
import { refuseLength, refuseType, storedType } from './rules.js';
import { releaseStaged, stagedKey } from './staged.js';
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
  const stored = await store(ask, context, upload, identity);
  const { via, id = identity.id } = upload;
  return fileArrived(ask, context, stored, { via, id, repetition: identity.repetition });
}

async function store(
  ask: Ask,
  context: RunContext,
  upload: Upload,
  identity: UploadIdentity,
): Promise<StoredFile> {
  const { settings } = ask;
  upload.writes?.refuseTwice(upload.key);
  const contentType = storedType(upload.declaredType, upload.key);
  refuseType(contentType, settings.allowedTypes);
  refuseLength(upload.length, settings.maxUploadBytes);
  const headers = upload.headers ?? {};
  const attributes = uploadAttributes(headers, settings.acceptEncodings);
  const digests = expectedDigests(headers);
  const condition = await writeCondition(context.bucket, upload.key, headers);

  const guarded = guard(ask, context, upload, contentType, digests);
  context.countBytesIn(guarded.bytes);
  const digest = digests === null ? undefined : digestToStore(digests);
  const request = {
    ...attributes,
    contentType,
    ...(upload.length === undefined ? {} : { length: upload.length }),
    ...(digest === undefined ? {} : { digest }),
  };
  const mayReplace = { ...(upload.createOnly ? { createOnly: true } : {}), ...condition };
  // A file that may replace another one may replace that of its own first attempt.
  const named = mayReplace.createOnly === true ? { ...request, nonce: identity.id } : request;
  try {
    const result = settings.quarantine
      ? await writeStaged(ask, context, {
          upload,
          body: guarded.stream,
          request: named,
          mayReplace,
        })
      : await context.bucket.write(upload.key, guarded.stream, { ...named, ...mayReplace });
    const written =
      result.kind === 'exists' ? await storedBefore(context, upload, identity) : result;
    if (written.kind === 'written') {
      upload.writes?.add(upload.key);
      return describe(upload.key, contentType, written);
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

/** Whether what stands in the way is what an earlier attempt of this very request has stored. */
async function storedBefore(
  context: RunContext,
  { key, length }: Upload,
  { id, isRepeatable }: UploadIdentity,
): Promise<WriteResult> {
  const made = isRepeatable ? await context.bucket.uploads().made(key, id) : null;
  const isSame = made !== null && (length === undefined || made.size === length);
  return isSame
    ? { kind: 'written', etag: made.etag, size: made.size ?? length ?? 0 }
    : { kind: 'exists' };
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
  contentType: string,
  digests: ExpectedDigests | null,
): ReturnType<typeof guardBody> {
  const limits = {
    length: upload.length,
    maxBytes: settings.maxUploadBytes,
    idleMs: settings.timeouts.idleMs,
    minBytesPerSecond: settings.minUploadBytesPerSecond,
    digests,
    signal: context.signal,
  };
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
