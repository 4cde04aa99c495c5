// The one maker of refusals over a limit.
import { FileServiceError } from './errors.js';

/** The refusal of something over a limit: 413. `sentence` says what and which; the limit is in the context. */
export function tooLarge(sentence: string, limit: number): FileServiceError {
  return new FileServiceError('too_large', sentence, { context: { limit } });
}
