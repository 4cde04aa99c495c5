// The answer to a request of several items: an entry each, and one status that no client can misread.
import type { FileServiceError } from '../../core/errors.js';
import { errorBody, json } from '../../http/reply.js';
import type { FileReply } from '../../http/reply.js';
import type { Ask, RunContext } from '../operation.js';
import type { Item } from './items.js';
import { withContext } from './partial.js';

/** The entries of the items so far, in order. */
export interface Entries {
  /** Does the work of one item. Its entry is what `work` answers; when that fails, `shown` with the error. */
  readonly add: (work: () => Promise<Item>, shown: () => Item) => Promise<void>;
  /**
   * The answer: `success` when no item failed, 207 when some did; the original server's mode knows only `success`.
   *
   * @throws FileServiceError when every item failed: the first one's failure, with all entries in `context.resource`
   */
  readonly reply: (success: number) => FileReply;
}

/** What an operation that answers several items may answer beside its success. */
export const someFailed = {
  sentence: 'Some items failed: their entries carry an `error`.',
} as const;

/** No entries yet. */
export function startEntries({ settings }: Ask, { explain }: RunContext): Entries {
  const entries: Item[] = [];
  const failures: FileServiceError[] = [];
  return {
    add: async (work, shown) => {
      try {
        entries.push(await work());
      } catch (error) {
        const failure = explain(error);
        failures.push(failure);
        entries.push({ ...shown(), error: errorBody(failure) });
      }
    },
    reply: (success) => {
      const [first] = failures;
      if (first !== undefined && failures.length === entries.length)
        throw withContext(first, { ...first.context, resource: entries });
      const isMixed = first !== undefined && settings.compat === undefined;
      return json(isMixed ? 207 : success, { resource: entries });
    },
  };
}
