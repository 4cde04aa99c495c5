// A file has arrived, whichever way: the host is told of it before the client is.
import { within } from '../../../core/deadline.js';
import { FileServiceError } from '../../../core/errors.js';
import type { OnUploaded, UploadWay } from '../../../core/on-uploaded.js';
import type { StoredFile } from '../../../http/entry.js';
import type { Ask, RunContext } from '../../operation.js';

/** Which upload brought a file. */
export interface Arrival {
  readonly via: UploadWay;
  /** The same again when the client repeats its last request. */
  readonly id: string;
  /** The `Idempotency-Key` by which a client of one request repeats it. */
  readonly repetition?: string;
}

/**
 * Tells the host's `onUploaded`, if any, of a file that can be read now; its answer becomes the `data` of the file's.
 *
 * @throws FileServiceError `hook_failed` when the hook throws, is silent, or answers what is no JSON
 */
export async function fileArrived(
  { settings }: Pick<Ask, 'settings'>,
  context: Pick<RunContext, 'principal' | 'hookFailed'>,
  file: StoredFile,
  { via, id, repetition }: Arrival,
): Promise<StoredFile> {
  const { onUploaded, timeouts } = settings;
  if (onUploaded === undefined) return file;
  const ending = new AbortController();
  const told = {
    principal: context.principal,
    upload: Object.freeze({ id, via }),
    signal: ending.signal,
  };
  try {
    const late = (): Error => new Error(`onUploaded did not answer within ${timeouts.hookMs} ms`);
    const data = await within(ask(onUploaded, file, told), timeouts.hookMs, late);
    return withData(file, data);
  } catch (error) {
    context.hookFailed('onUploaded', error);
    throw hookFailed(file, { id, repetition }, error);
  } finally {
    ending.abort();
  }
}

// Async, so that a hook that throws at once rejects like any other.
async function ask(
  onUploaded: OnUploaded,
  file: StoredFile,
  details: Parameters<OnUploaded>[1],
): Promise<unknown> {
  const { name, path, content_type: contentType, content_length: contentLength, etag } = file;
  const shown = Object.freeze({ name, path, contentType, contentLength, etag });
  return onUploaded(shown, Object.freeze(details));
}

function withData(file: StoredFile, data: unknown): StoredFile {
  // What JSON cannot say fails here, where it is the hook's failure and not a fault of the answer.
  const text = JSON.stringify(data) as string | undefined;
  return text === undefined ? file : { ...file, data: JSON.parse(text) as unknown };
}

function hookFailed(
  file: StoredFile,
  { id, repetition }: Pick<Arrival, 'id' | 'repetition'>,
  cause: unknown,
): FileServiceError {
  return new FileServiceError(
    'hook_failed',
    'The file is stored; what follows an upload failed. Repeating the last request is safe.',
    {
      cause,
      context: {
        path: file.path,
        upload_id: id,
        // Without it a create-only request that is repeated finds a file that it cannot tell from another one.
        ...(repetition === undefined ? {} : { idempotency_key: repetition }),
      },
    },
  );
}
