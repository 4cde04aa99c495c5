// What became of work on many files that failed in part: nothing that was done is kept silent.
import { FileServiceError, isFileServiceError } from '../../core/errors.js';
import type { RunContext } from '../operation.js';

/** How many failed keys an answer names. */
const MAX_NAMED = 1000;

/** Removes many files, page by page, and remembers which ones storage kept. */
export interface Removal {
  /** Removes up to 1000 keys in one storage call. */
  readonly remove: (keys: readonly string[]) => Promise<void>;
  /** Notes a key that is kept on purpose, although it was to go. */
  readonly keep: (key: string) => void;
  /**
   * Says how it went.
   *
   * @throws FileServiceError `partial_failure` with `context.failed` and `context.deleted`; storage's own
   * trouble when nothing at all was removed
   */
  readonly finish: (sentence: (failed: number) => string) => void;
}

/** A removal that has not begun. */
export function startRemoval({ bucket, signal }: RunContext): Removal {
  const failed: string[] = [];
  let refused = 0;
  let deleted = 0;
  let trouble: unknown;

  const note = (keys: readonly string[]): void => {
    refused += keys.length;
    failed.push(...keys.slice(0, MAX_NAMED - failed.length));
  };
  return {
    remove: async (keys) => {
      if (keys.length === 0) return;
      try {
        const result = await bucket.removeMany(keys);
        deleted += result.deleted;
        note(result.failed);
      } catch (error) {
        if (signal.aborted || !isFileServiceError(error)) throw error;
        // One call that failed says nothing of the next thousand keys.
        trouble ??= error;
        note(keys);
      }
    },
    keep: (key) => {
      note([key]);
    },
    finish: (sentence) => {
      if (refused === 0) return;
      if (deleted === 0 && trouble !== undefined) throw trouble;
      throw new FileServiceError('partial_failure', sentence(refused), {
        cause: trouble,
        context: { failed, deleted },
      });
    },
  };
}

/** The error that stopped work on many files, with how far the work had come. */
export function stoppedAt(
  context: RunContext,
  error: unknown,
  progress: Readonly<Record<string, unknown>>,
): FileServiceError {
  return withContext(context.explain(error), progress);
}

/** The same error with another context. */
export function withContext(
  error: FileServiceError,
  context: Readonly<Record<string, unknown>>,
): FileServiceError {
  const { reason, message, headers } = error;
  const sentence = message.slice(message.indexOf(': ') + 2);
  return new FileServiceError(reason, sentence, { cause: error, headers, context });
}
