// Multipart uploads that this service left behind: found by their marks, aborted; never anyone else's.
import type { MultipartUpload } from '@aws-sdk/client-s3';
import type { S3Context } from './call.js';
import { nonsense, refusalOf, required } from './errors.js';
import type { Output } from './wire/commands.js';
import { markedName, uploadName } from './writing/upload-marks.js';

/**
 * What to sweep.
 *
 * @example
 * const request: SweepRequest = { olderThanSeconds: 24 * 3600, dryRun: true };
 */
export interface SweepRequest {
  /** Uploads begun earlier than this many seconds ago. */
  readonly olderThanSeconds: number;
  /** True reports and aborts nothing. */
  readonly dryRun: boolean;
}

/**
 * An upload that was left behind.
 *
 * @example
 * const lineOf = ({ key, aborted }: SweptUpload): string => `${key}: ${aborted ? 'aborted' : 'kept'}`;
 */
export interface SweptUpload {
  readonly key: string;
  readonly startedAt: Date | null;
  /** True once storage has let go of its parts. */
  readonly aborted: boolean;
}

/**
 * What a sweep found.
 *
 * @example
 * const sweepNightly = async (files: FileService): Promise<SweepReport> =>
 *   files.sweep({ olderThanSeconds: 24 * 3600 });
 */
export interface SweepReport {
  readonly uploads: readonly SweptUpload[];
  readonly aborted: number;
  /** Uploads of others, or too young, or still running here: left alone. */
  readonly kept: number;
}

interface Open {
  readonly s3Key: string;
  readonly uploadId: string;
  readonly startedAt: Date | null;
  /** What its own mark would be called. */
  readonly name: string;
  /** The name of the upload that it marks, when it is a mark. */
  readonly marks: string | undefined;
}

/** Aborts the uploads below the container that this service began and nobody finished. */
export async function sweep(context: S3Context, request: SweepRequest): Promise<SweepReport> {
  const open = await openUploads(context);
  const isLive = (name: string): boolean => context.connection.liveUploads.has(name);
  const marked = new Set(open.map(({ marks }) => marks));
  const latest = Date.now() - request.olderThanSeconds * 1000;
  const stale = ({ startedAt }: Open) => startedAt === null || startedAt.getTime() <= latest;

  const uploads = open.filter(({ marks }) => marks === undefined);
  const left = uploads.filter((one) => marked.has(one.name) && !isLive(one.name) && stale(one));
  const swept: SweptUpload[] = [];
  // A mark stays as long as what it marks, so that the next sweep still knows it.
  const alive = new Set(uploads.map(({ name }) => name));
  for (const one of left) {
    const aborted = !request.dryRun && (await abort(context, one));
    swept.push({ key: context.relative(one.s3Key), startedAt: one.startedAt, aborted });
    if (aborted) alive.delete(one.name);
  }
  const isSpent = ({ marks }: Open) => marks !== undefined && !alive.has(marks) && !isLive(marks);
  const spent = request.dryRun ? [] : open.filter((one) => isSpent(one) && stale(one));
  for (const mark of spent) await abort(context, mark);

  const aborted = swept.filter((upload) => upload.aborted).length;
  return { uploads: swept, aborted, kept: uploads.length - left.length };
}

async function abort(context: S3Context, { s3Key, uploadId }: Open): Promise<boolean> {
  try {
    await context.send('AbortMultipartUpload', { Key: s3Key, UploadId: uploadId });
    return true;
  } catch (error) {
    const kind = refusalOf(error)?.kind;
    // Somebody else was quicker; some stores say NoSuchKey for NoSuchUpload.
    if (kind === 'upload-missing' || kind === 'missing') return true;
    if (kind === 'bucket-missing' || kind === 'denied') throw error;
    return false;
  }
}

async function openUploads(context: S3Context): Promise<Open[]> {
  const open: Open[] = [];
  let after: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (after !== undefined) {
    const input = { Prefix: context.container, ...after };
    const output: Output<'ListMultipartUploads'> = await context.send(
      'ListMultipartUploads',
      input,
    );
    open.push(...(output.Uploads ?? []).map(openOf));
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = output;
    const same = KeyMarker === after.KeyMarker && UploadIdMarker === after.UploadIdMarker;
    if (output.IsTruncated === true && same) throw nonsense('Storage gave the same page twice.');
    after = output.IsTruncated === true ? { KeyMarker, UploadIdMarker } : undefined;
  }
  return open;
}

function openOf({ Key, UploadId, Initiated }: MultipartUpload): Open {
  const s3Key = required(Key, 'the name of an upload');
  const uploadId = required(UploadId, 'the id of an upload');
  return {
    s3Key,
    uploadId,
    startedAt: Initiated ?? null,
    name: uploadName(s3Key, uploadId),
    marks: markedName(s3Key),
  };
}
