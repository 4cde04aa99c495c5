// What this service left behind: multipart uploads, found by their marks, and objects of its own folder; never anyone else's.
import type { MultipartUpload } from '@aws-sdk/client-s3';
import type { S3Context } from './call.js';
import { nonsense, refusalOf, required } from './errors.js';
import type { Output } from './wire/commands.js';
import { OWN_FOLDER } from '../../core/key.js';
import { list } from './list.js';
import { removeMany } from './remove.js';
import { sessionId } from './writing/upload.js';
import { markingOf, uploadName, type Marking } from './writing/upload-marks.js';

/**
 * What to sweep.
 *
 * @example
 * const request: SweepRequest = { olderThanSeconds: 24 * 3600, dryRun: true };
 */
export interface SweepRequest {
  /** Uploads begun earlier than this many seconds ago. */
  readonly olderThanSeconds: number;
  /** True reports and changes nothing. */
  readonly dryRun: boolean;
}

/** What the storage is asked to sweep. */
export interface Sweeping extends SweepRequest {
  /** How old, in seconds, an upload of several requests has to be, and whatever belongs to one. */
  readonly sessionsOlderThanSeconds: number;
  /** Told of each upload whose parts storage has let go of, by the id that the port gave it. */
  readonly onAborted?: (id: string) => Promise<void>;
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
  /** Objects of the service's own that nobody needs any more: removed, or with `dryRun` found. */
  readonly objects: number;
}

interface Open {
  readonly s3Key: string;
  readonly uploadId: string;
  readonly startedAt: Date | null;
  /** What its own mark would be called. */
  readonly name: string;
  /** What it marks, when it is a mark. */
  readonly marks: Marking | undefined;
}

/** Clears away, below the container, what this service began and nobody finished. */
export async function sweep(context: S3Context, request: Sweeping): Promise<SweepReport> {
  const uploads = await sweepUploads(context, request);
  return { ...uploads, objects: await sweepObjects(context, request) };
}

async function sweepUploads(
  context: S3Context,
  request: Sweeping,
): Promise<Omit<SweepReport, 'objects'>> {
  const open = await openUploads(context);
  const isLive = (name: string): boolean => context.connection.liveUploads.has(name);
  const marked = new Map(open.flatMap(({ marks }) => (marks ? [[marks.name, marks.kind]] : [])));
  const markIds = new Map(
    open.flatMap(({ marks, uploadId }) => (marks ? [[marks.name, uploadId]] : [])),
  );
  const stale = ({ startedAt, name, marks }: Open) => {
    const kind = marks?.kind ?? marked.get(name) ?? 'session';
    return isStale(
      startedAt,
      kind === 'session' ? sessionSeconds(request) : request.olderThanSeconds,
    );
  };

  const uploads = open.filter(({ marks }) => marks === undefined);
  const isOurs = ({ name, s3Key }: Open): boolean => marked.has(name) || OWN.test(s3Key);
  const left = uploads.filter((one) => isOurs(one) && !isLive(one.name) && stale(one));
  const swept: SweptUpload[] = [];
  // A mark stays as long as what it marks, so that the next sweep still knows it.
  const alive = new Set(uploads.map(({ name }) => name));
  for (const one of left) {
    const aborted = !request.dryRun && (await abort(context, one));
    swept.push({ key: context.relative(one.s3Key), startedAt: one.startedAt, aborted });
    if (!aborted) continue;
    alive.delete(one.name);
    await request.onAborted?.(sessionId(one.uploadId, markIds.get(one.name)));
  }
  const isSpent = ({ marks }: Open) =>
    marks !== undefined && !alive.has(marks.name) && !isLive(marks.name);
  const spent = request.dryRun ? [] : open.filter((one) => isSpent(one) && stale(one));
  for (const mark of spent) await abort(context, mark);

  const aborted = swept.filter((upload) => upload.aborted).length;
  return { uploads: swept, aborted, kept: uploads.length - left.length };
}

// Nobody else begins uploads here: a process may have been killed before it had marked its own.
const OWN = /(?:^|\/)\.s3files\/(?:staged|tails|probe|check)\//;

function sessionSeconds({ olderThanSeconds, sessionsOlderThanSeconds }: Sweeping): number {
  return Math.max(olderThanSeconds, sessionsOlderThanSeconds);
}

function isStale(date: Date | null, olderThanSeconds: number): boolean {
  return date === null || date.getTime() <= Date.now() - olderThanSeconds * 1000;
}

// What lies here belongs to a request, or to an upload that has ended by then; what is kept for an operator does not.
const FOLDERS = ['tails', 'staged', 'unheard', 'probe', 'check'].map(
  (name) => `${OWN_FOLDER}${name}/`,
);

async function sweepObjects(context: S3Context, request: Sweeping): Promise<number> {
  let count = 0;
  for (const prefix of FOLDERS) {
    let after: string | undefined;
    do {
      const page = await list(context, { prefix, recursive: true, after });
      const keys = page.files
        .filter(({ lastModified }) => isStale(lastModified, sessionSeconds(request)))
        .map(({ key }) => key);
      const isRemoved = !request.dryRun && keys.length > 0;
      const failed = isRemoved ? (await removeMany(context, keys)).failed : [];
      count += keys.length - failed.length;
      after = page.next;
    } while (after !== undefined);
  }
  return count;
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
    marks: markingOf(s3Key),
  };
}
