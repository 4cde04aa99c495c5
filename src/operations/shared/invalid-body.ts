// The refusal of a body that is not what the operation takes.
import { FileServiceError } from '../../core/errors.js';

/** The error of a request whose body holds nothing that can be used: 400. */
export function invalidBody(sentence: string): FileServiceError {
  return new FileServiceError('invalid_body', sentence);
}
