// Files that are whole in storage and that nobody can read yet: judged there, then moved to their keys or put away.
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { debugRequest } from '../../../core/debug.js';
import { FileServiceError, isFileServiceError } from '../../../core/errors.js';
import { OWN_FOLDER } from '../../../core/key.js';
import type { UploadWay } from '../../../core/on-uploaded.js';
import type { ExpectedDigests } from '../../../http/body/digest.js';
import { guardBody, scanBody } from '../../../http/body/guarded-body.js';
import { streamOf } from '../../../http/body/stream-of.js';
import type { WriteRequest, WriteResult } from '../../../storage/bucket.js';
import type { Ask, RunContext } from '../../operation.js';

const STAGED_FOLDER = `${OWN_FOLDER}staged/`;
const QUARANTINE_FOLDER = `${OWN_FOLDER}quarantine/`;

/** A whole object below `.s3files/staged/`, and the file that it is to become. */
export interface StagedFile {
  readonly staged: string;
  /** Of the staged object. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  readonly key: string;
  readonly contentType: string;
  readonly via: UploadWay;
  /** What the file may replace. */
  readonly condition: Pick<WriteRequest, 'createOnly' | 'ifMatch'>;
  /** Promised digests that nobody has held against the bytes yet. */
  readonly digests: ExpectedDigests | null;
}

/** A new key for something staged. */
export function stagedKey(): string {
  return `${STAGED_FOLDER}${randomUUID()}`;
}

/**
 * Reads a staged file once, for the scanner and the digests; then it becomes the file by a copy inside storage. What
 * was staged is removed, whatever happens; with `quarantine: 'keep'` what the scanner refused is put away first.
 *
 * @throws FileServiceError `checksum_mismatch`, `rejected_by_scan`, `authorization_unavailable`, and storage's trouble
 */
export async function releaseStaged(
  ask: Ask,
  context: RunContext,
  file: StagedFile,
): Promise<WriteResult> {
  try {
    await judge(ask, context, file);
    const { staged, key, size, condition } = file;
    const result = await context.bucket.copy({ from: staged, to: key, size, ...condition });
    if (result.kind === 'missing') throw lost();
    return result.kind === 'copied' ? { kind: 'written', etag: result.etag, size } : result;
  } catch (error) {
    if (isRefusal(error) && ask.settings.quarantine === 'keep') await putAway(context, file, error);
    throw error;
  } finally {
    await unstage(context, file.staged);
  }
}

/**
 * Removes something staged, also when the client has gone. What fails here must hide neither the answer nor its
 * error: nobody can see or name what stays behind, and `sweep` finds it.
 */
export async function unstage(
  { lasting }: Pick<RunContext, 'lasting'>,
  staged: string,
): Promise<void> {
  try {
    await lasting().remove(staged);
  } catch (error) {
    debugRequest('something staged stays: %O', error);
  }
}

async function judge(ask: Ask, context: RunContext, file: StagedFile): Promise<void> {
  const { settings } = ask;
  if (settings.scan === undefined && file.digests === null) return;
  const limits = {
    length: file.size,
    maxBytes: file.size,
    idleMs: settings.timeouts.idleMs,
    // These bytes come from storage, which obeys limits of its own.
    minBytesPerSecond: 0,
    digests: file.digests,
    signal: context.signal,
  };
  const source = await bytesOf(context, file);
  const guarded =
    settings.scan === undefined
      ? guardBody(source, limits)
      : scanBody(source, limits, settings.scan, {
          info: {
            path: file.key,
            contentType: file.contentType,
            contentLength: file.size,
            principal: context.principal,
          },
          timeoutMs: settings.timeouts.hookMs,
          onFailure: (error) => context.hookFailed('scan', error),
        });
  try {
    // Its end is the verdict.
    for await (const chunk of guarded.stream) void chunk;
  } finally {
    source.destroy();
  }
}

async function bytesOf(
  { bucket }: Pick<RunContext, 'bucket'>,
  { staged, etag }: StagedFile,
): Promise<Readable> {
  // The condition also keeps bytes that nobody has judged out of the cache.
  const result = await bucket.read(staged, { ifMatch: etag });
  if (result.kind !== 'found') throw lost();
  return streamOf(result.body);
}

/** Whether the scanner refused the file. */
export function isRefusal(error: unknown): error is FileServiceError {
  return isFileServiceError(error) && error.reason === 'rejected_by_scan';
}

/** For an operator: the bytes as they came, and beside them what was to become of them. */
export async function putAway(
  context: RunContext,
  { staged, key, size, contentType, via }: Omit<StagedFile, 'etag' | 'condition' | 'digests'>,
  { message }: FileServiceError,
): Promise<void> {
  const { id, roles } = context.principal ?? {};
  const about = {
    path: key,
    content_type: contentType,
    content_length: size,
    via,
    principal: context.principal === null ? null : { id, roles },
    refused_at: new Date().toISOString(),
    message,
  };
  const folder = `${QUARANTINE_FOLDER}${staged.slice(STAGED_FOLDER.length)}/`;
  const text = Buffer.from(JSON.stringify(about));
  try {
    const bucket = context.lasting();
    const copied = await bucket.copy({ from: staged, to: `${folder}file`, size });
    if (copied.kind !== 'copied') throw lost();
    const request = { contentType: 'application/json', length: text.length };
    await bucket.write(`${folder}about.json`, text, request);
  } catch (error) {
    // The refusal stands; the host hears that its bytes are gone.
    context.hookFailed('scan', error);
  }
}

function lost(): FileServiceError {
  return new FileServiceError('storage_failed', 'Storage lost the file while it was judged.');
}
