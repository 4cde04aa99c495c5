// What a request is told whose upload is not there, or not as it says.
import { FileServiceError } from '../../core/errors.js';

/** The answer to a token that gives nothing, whatever the cause. */
export function uploadGone(): FileServiceError {
  return new FileServiceError(
    'upload_gone',
    'The upload does not exist, was finished by another request, or has expired; begin again.',
  );
}

/** The refusal of lengths that contradict each other. */
export function lengthMismatch(said: number, adds: number): FileServiceError {
  return new FileServiceError(
    'length_mismatch',
    `"Upload-Length" says ${said}, the request adds up to ${adds}.`,
    { context: { expected: said, actual: adds } },
  );
}
