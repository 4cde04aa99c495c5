// How an archive is refused.
import { FileServiceError, isFileServiceError } from '../core/errors.js';
import { tooLarge } from '../core/too-large.js';

/** The archive is not one that we take apart: 400. */
export function invalidArchive(sentence: string, cause?: unknown): FileServiceError {
  return new FileServiceError('invalid_archive', sentence, { cause });
}

/** More than `maxBytes` come out of the archive: 413. */
export function tooManyBytes(maxBytes: number): FileServiceError {
  return tooLarge(`The archive holds more than ${maxBytes} bytes unpacked.`, maxBytes);
}

/** What the zip and deflate libraries threw, as `invalid_archive`; errors of ours pass. */
export function asArchiveError(error: unknown): Error {
  if (isFileServiceError(error)) return error;
  return invalidArchive('The archive is damaged, or not a zip file.', error);
}
