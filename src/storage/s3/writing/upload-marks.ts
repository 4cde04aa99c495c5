// How the multipart uploads of this service are told from anyone else's, also after a crash.
import { createHash } from 'node:crypto';
import { OWN_FOLDER } from '../../../core/key.js';
import { detached, type S3Context } from '../call.js';

// A listing of open uploads shows keys, ids and dates, none of the metadata; parts that are not meant
// to be completed are refused by Ceph; a marker object would stand in listings. So the mark of an
// upload is a second, empty multipart upload whose key names the first: it holds no bytes, shows in
// no listing of files, and outlives the process.
const FOLDERS = { write: `${OWN_FOLDER}uploads/`, session: `${OWN_FOLDER}sessions/` };
const MARK = /(?:^|\/)\.s3files\/(uploads|sessions)\/([0-9a-f]{64})$/;

/** Whether one request makes an upload, or several that may come hours apart. */
export type UploadKind = keyof typeof FOLDERS;

/** The sign that one open multipart upload is ours. */
export interface UploadMark {
  /** The mark's own upload id; undefined when storage did not take it. */
  readonly id: string | undefined;
  /**
   * Takes the mark away, once the upload was completed or its abort has landed. Await it before the
   * request is answered, so that nothing is open then. Never throws; a mark that stays is swept.
   */
  lift(): Promise<void>;
}

/** An upload that is to be marked. `key` is relative, as everywhere. */
interface MarkedUpload {
  readonly key: string;
  readonly uploadId: string;
}

/**
 * Marks an upload as ours: call it right after CreateMultipartUpload, before the first UploadPart is
 * sent (both may run while the first part is still arriving).
 * Never throws: an upload that could not be marked goes on, but only this process can clean it up.
 */
export async function markUpload(context: S3Context, upload: MarkedUpload): Promise<UploadMark> {
  const name = uploadName(context.keyOf(upload.key), upload.uploadId);
  const { liveUploads } = context.connection;
  liveUploads.add(name);
  const mark = await placeMark(context, 'write', name);
  return {
    id: mark.id,
    async lift() {
      if (liveUploads.delete(name)) await mark.lift();
    },
  };
}

/** Marks an upload that several processes work on: none of them holds it, so its age alone says that it was left. */
export async function markSession(context: S3Context, upload: MarkedUpload): Promise<UploadMark> {
  return placeMark(context, 'session', uploadName(context.keyOf(upload.key), upload.uploadId));
}

/** The mark that another request, perhaps of another process, has put on a session. */
export function markOfSession(
  context: S3Context,
  upload: MarkedUpload,
  id: string | undefined,
): UploadMark {
  const name = uploadName(context.keyOf(upload.key), upload.uploadId);
  return markOf(context, context.keyOf(FOLDERS.session + name), id);
}

async function placeMark(context: S3Context, kind: UploadKind, name: string): Promise<UploadMark> {
  const Key = context.keyOf(FOLDERS[kind] + name);
  // Not the request's own signal: a mark that was made and whose answer was lost could not be lifted.
  const { send } = detached(context);
  const id = await send('CreateMultipartUpload', { Key }, { attempts: 1 }).then(
    (output) => output.UploadId,
    () => undefined,
  );
  return markOf(context, Key, id);
}

function markOf(context: S3Context, Key: string, id: string | undefined): UploadMark {
  const { send } = detached(context);
  return {
    id,
    async lift() {
      if (id === undefined) return;
      await send('AbortMultipartUpload', { Key, UploadId: id }).catch(() => undefined);
    },
  };
}

/** What a mark calls the upload of an S3 key. */
export function uploadName(s3Key: string, uploadId: string): string {
  // A hash, for ids may be longer than a key may be, and use any character.
  return createHash('sha256').update(`${s3Key}\n${uploadId}`).digest('hex');
}

/** What a mark says: the name of the upload that it marks, and how long that may take. */
export interface Marking {
  readonly name: string;
  readonly kind: UploadKind;
}

/** What the upload with this S3 key marks; undefined when the key is no mark. */
export function markingOf(s3Key: string): Marking | undefined {
  const [, folder, name] = MARK.exec(s3Key) ?? [];
  return name === undefined
    ? undefined
    : { name, kind: folder === 'uploads' ? 'write' : 'session' };
}
