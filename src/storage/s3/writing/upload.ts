// One multipart upload, whatever its parts are made of: opened, completed, or aborted until the abort
// has landed. Knows nothing of where the bytes come from.
import type { CompletedPart } from '@aws-sdk/client-s3';
import { debugStorage } from '../../../core/debug.js';
import type { Attributes } from '../../bucket.js';
import { attributesInput, keepingInput, quoted } from '../attributes.js';
import { detached, type S3Context } from '../call.js';
import { refusalOf, required } from '../errors.js';
import type { GuardInput } from './guard.js';
import type { Kept } from './kept.js';
import { markOfSession, markSession, markUpload, type UploadMark } from './upload-marks.js';

/** An open multipart upload. It has an owner: complete it or abort it. */
export interface Upload {
  readonly id: string;
  /** Makes the object visible; returns its ETag. Parts in any order. */
  complete(parts: readonly CompletedPart[], guard: GuardInput): Promise<string>;
  /**
   * Throws the parts away. Resolves when that has landed, or soon: it goes on in the background then,
   * until it has. Never throws.
   */
  abort(): Promise<void>;
}

/** What the object will be. */
export interface UploadOptions {
  readonly key: string;
  readonly attributes: Attributes;
  readonly nonce: string | undefined;
  /** What a copy by parts repeats of its source. */
  readonly kept?: Kept['input'];
}

/** Opens an upload and marks it as ours. */
export async function openUpload(context: S3Context, options: UploadOptions): Promise<Upload> {
  const uploadId = await create(context, options);
  const mark = await markUpload(context, { key: options.key, uploadId });
  return uploadOf(context, { Key: context.keyOf(options.key), UploadId: uploadId }, mark);
}

/** Opens an upload that other requests will go on with; the answer is what they name it by. */
export async function openSession(context: S3Context, options: UploadOptions): Promise<string> {
  const uploadId = await create(context, options);
  const mark = await markSession(context, { key: options.key, uploadId });
  return sessionId(uploadId, mark.id);
}

/** What an upload of several requests is named by: storage's id, and that of its mark. */
export function sessionId(uploadId: string, markId: string | undefined): string {
  // No store has spaces in its ids.
  return markId === undefined ? uploadId : `${uploadId} ${markId}`;
}

/** The upload that `openSession` opened, in whichever process. */
export function sessionUpload(context: S3Context, key: string, id: string): Upload {
  const [uploadId = '', markId] = id.split(' ');
  const mark = markOfSession(context, { key, uploadId }, markId);
  return uploadOf(context, { Key: context.keyOf(key), UploadId: uploadId }, mark);
}

async function create(
  context: S3Context,
  { key, attributes, nonce, kept = {} }: UploadOptions,
): Promise<string> {
  const input = {
    Key: context.keyOf(key),
    ...attributesInput(attributes, nonce),
    ...kept,
    ...keepingInput(context.settings),
  };
  // Not the request's own signal: an upload that was opened while the client left has to be known.
  const opened = await detached(context).send('CreateMultipartUpload', input, { attempts: 1 });
  return required(opened.UploadId, 'an upload id');
}

function uploadOf(context: S3Context, target: Target, mark: UploadMark): Upload {
  const outlasting = detached(context);
  return {
    id: target.UploadId,
    async complete(parts, guard) {
      const Parts = [...parts].sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
      const complete = { ...target, MultipartUpload: { Parts }, ...guard };
      const output = await context.send('CompleteMultipartUpload', complete, {
        attempts: 1,
        waitsForTurn: true,
      });
      await mark.lift();
      return quoted(output.ETag);
    },
    async abort() {
      const first = tryAbort(outlasting, target).then((landed) =>
        landed ? mark.lift() : abortLater(outlasting, target, () => void mark.lift()),
      );
      let timer: NodeJS.Timeout | undefined;
      const soon = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)));
      await Promise.race([first, soon]);
      clearTimeout(timer);
    },
  };
}

interface Target {
  readonly Key: string;
  readonly UploadId: string;
}

// A client that waits for the reason of a failure does not wait for the cleaning up as well.
const PATIENCE_MS = 300;

// After a minute the store has other worries; what is left then is swept.
const PAUSES_MS = [250, 500, 1000, 2000, 4000, 8000, 15_000, 30_000];

function abortLater(context: S3Context, target: Target, onLanded: () => void, attempt = 0): void {
  const pause = PAUSES_MS[attempt];
  if (pause === undefined) {
    debugStorage('an abandoned multipart upload could not be aborted; sweep() removes it');
    return;
  }
  setTimeout(() => {
    void tryAbort(context, target).then((landed) => {
      if (landed) onLanded();
      else abortLater(context, target, onLanded, attempt + 1);
    });
  }, pause).unref();
}

async function tryAbort(context: S3Context, target: Target): Promise<boolean> {
  try {
    await context.send('AbortMultipartUpload', target, { attempts: 1 });
    return true;
  } catch (error) {
    const kind = refusalOf(error)?.kind;
    // Gone already; or, as in s3rver, not to be had: asking again would not help.
    return kind === 'upload-missing' || kind === 'missing' || kind === 'unsupported';
  }
}
