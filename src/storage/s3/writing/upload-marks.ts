// How the multipart uploads of this service are told from anyone else's, also after a crash.
import { createHash } from 'node:crypto';
import { OWN_FOLDER } from '../../../core/key.js';
import { detached, type S3Context } from '../call.js';

// A listing of open uploads shows keys, ids and dates, none of the metadata; parts that are not meant
// to be completed are refused by Ceph; a marker object would stand in listings. So the mark of an
// upload is a second, empty multipart upload whose key names the first: it holds no bytes, shows in
// no listing of files, and outlives the process.
const FOLDER = `${OWN_FOLDER}uploads/`;
const MARK = /(?:^|\/)\.s3files\/uploads\/([0-9a-f]{64})$/;

/** The sign that one open multipart upload is ours. */
export interface UploadMark {
  /**
   * Takes the mark away, once the upload was completed or its abort has landed. Await it before the
   * request is answered, so that nothing is open then. Never throws; a mark that stays is swept.
   */
  lift(): Promise<void>;
}

/**
 * Marks an upload as ours: call it right after CreateMultipartUpload, before the first UploadPart is
 * sent (both may run while the first part is still arriving). `key` is relative, as everywhere.
 * Never throws: an upload that could not be marked goes on, but only this process can clean it up.
 */
export async function markUpload(
  context: S3Context,
  key: string,
  uploadId: string,
): Promise<UploadMark> {
  const name = uploadName(context.keyOf(key), uploadId);
  const Key = context.keyOf(FOLDER + name);
  const { liveUploads } = context.connection;
  liveUploads.add(name);
  // Not the request's own signal: a mark that was made and whose answer was lost could not be lifted.
  const { send } = detached(context);
  const UploadId = await send('CreateMultipartUpload', { Key }, { attempts: 1 }).then(
    (output) => output.UploadId,
    () => undefined,
  );
  return {
    async lift() {
      if (!liveUploads.delete(name) || UploadId === undefined) return;
      await send('AbortMultipartUpload', { Key, UploadId }).catch(() => undefined);
    },
  };
}

/** What a mark calls the upload of an S3 key. */
export function uploadName(s3Key: string, uploadId: string): string {
  // A hash, for ids may be longer than a key may be, and use any character.
  return createHash('sha256').update(`${s3Key}\n${uploadId}`).digest('hex');
}

/** The name of the upload that an S3 key marks; undefined when the key is no mark. */
export const markedName = (s3Key: string): string | undefined => MARK.exec(s3Key)?.[1];
