// How an archive is refused.
import { FileServiceError, isFileServiceError } from '../core/errors.js';

/** The archive is not one that we take apart: 400. */
export function invalidArchive(sentence: string, cause?: unknown): FileServiceError {
  return new FileServiceError('invalid_archive', sentence, { cause });
}

/** The archive is beyond a limit: 413, with the limit in the context. */
export function archiveTooLarge(
  sentence: string,
  context: Readonly<Record<string, number>>,
): FileServiceError {
  return new FileServiceError('too_large', sentence, { context });
}

/** More than `maxBytes` come out of the archive: 413. */
export function tooManyBytes(maxBytes: number): FileServiceError {
  return archiveTooLarge(`The archive holds more than ${maxBytes} bytes unpacked.`, { maxBytes });
}

/** What the zip and deflate libraries threw, as `invalid_archive`; errors of ours pass. */
export function asArchiveError(error: unknown): Error {
  if (isFileServiceError(error)) return error;
  return invalidArchive('The archive is damaged, or not a zip file.', error);
}
