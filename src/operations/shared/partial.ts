// What became of work on many files that failed in part: nothing that was done is kept silent.
import { FileServiceError, isFileServiceError } from '../../core/errors.js';
import type { RemoveManyResult } from '../../storage/bucket.js';
import type { RunContext } from '../operation.js';

/** How many failed keys an answer names. */
const MAX_NAMED = 1000;

/** Work on many items, batch by batch, that remembers which ones storage refused. */
export interface Batches<T> {
  /** Works on up to 1000 items in one storage call. */
  readonly add: (items: readonly T[]) => Promise<void>;
  /** Notes a key that is kept on purpose, although it was to go. */
  readonly keep: (key: string) => void;
  /**
   * Says how it went.
   *
   * @returns how many storage did
   * @throws FileServiceError `partial_failure` with `context.failed` and the number done; `locked` where object lock is
   * why; storage's own trouble when nothing at all was done
   */
  readonly finish: (sentence: (failed: number) => string) => number;
}

/** What is done with each batch. */
interface BatchWork<T> {
  readonly run: (items: readonly T[]) => Promise<RemoveManyResult>;
  readonly keyOf: (item: T) => string;
  /** The name of the number in the context of an error. */
  readonly done: 'deleted' | 'restored';
}

/** A removal of files that has not begun. */
export function startRemoval(context: RunContext): Batches<string> {
  const { bucket } = context;
  return startBatches(context, {
    run: (keys) => bucket.removeMany(keys),
    keyOf: (key) => key,
    done: 'deleted',
  });
}

/** Work that has not begun. */
export function startBatches<T>(
  { signal }: Pick<RunContext, 'signal'>,
  { run, keyOf, done }: BatchWork<T>,
): Batches<T> {
  const failed: string[] = [];
  let refused = 0;
  let count = 0;
  let trouble: unknown;
  let locked: FileServiceError | undefined;

  const note = (keys: readonly string[]): void => {
    refused += keys.length;
    failed.push(...keys.slice(0, MAX_NAMED - failed.length));
  };
  return {
    add: async (items) => {
      if (items.length === 0) return;
      try {
        const result = await run(items);
        count += result.deleted;
        locked ??= result.locked;
        note(result.failed);
      } catch (error) {
        if (signal.aborted || !isFileServiceError(error)) throw error;
        // One call that failed says nothing of the next thousand keys.
        trouble ??= error;
        note([...new Set(items.map(keyOf))]);
      }
    },
    keep: (key) => {
      note([key]);
    },
    finish: (sentence) => {
      if (refused === 0) return count;
      const context = { failed, [done]: count };
      if (locked !== undefined) throw withContext(locked, { ...locked.context, ...context });
      if (count === 0 && trouble !== undefined) throw trouble;
      throw new FileServiceError('partial_failure', sentence(refused), { cause: trouble, context });
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
