// Changes of files within a quota: each settles what it came to, whatever else happens to the same key meanwhile.
import { isFileServiceError } from '../../core/errors.js';
import type { RemoveManyResult } from '../bucket.js';
import type { Change, Ledger, Reservation } from './ledger.js';
import type { KeyChange, Seen } from './same-key.js';

/** The work of one change. It hears how many bytes are there; `after` is what stands there then, if it changed. */
export type Work<T> = (
  before: number,
  reservation: Reservation,
) => Promise<{ readonly result: T; readonly after: Seen | undefined }>;

/** The changes of one request. */
export interface Changes {
  /** Changes one key. With `createOnly` nothing is looked at before: it changes only where nothing is. */
  one<T>(
    key: string,
    how: { readonly createOnly?: boolean | undefined },
    work: Work<T>,
  ): Promise<T>;
  /** Removes keys, settled by one step. */
  removeMany(
    keys: readonly string[],
    work: () => Promise<RemoveManyResult>,
  ): Promise<RemoveManyResult>;
}

/** What they need. */
export interface ChangesParts {
  readonly ledger: Ledger;
  readonly changeOf: (key: string) => KeyChange;
  /** What is there, as far as the request knows it. */
  readonly look: (key: string) => Promise<Seen>;
  /** What is there now. */
  readonly stat: (key: string) => Promise<Seen>;
}

const NOTHING: Change = { bytes: 0, files: 0 };

/** The changes of a request. */
export function changesOf({ ledger, changeOf, look, stat }: ChangesParts): Changes {
  // Never throws: what cannot be looked at is known after `reconcile()`.
  const end = async (key: string, change: KeyChange, isKnown: boolean): Promise<void> => {
    const rest = await change.end(isKnown, () => stat(key)).catch(() => NOTHING);
    if (rest.bytes !== 0 || rest.files !== 0) await ledger.reserve().settle(rest);
  };
  return {
    one: async (key, { createOnly = false }, work) => {
      const reservation = ledger.reserve();
      const change = changeOf(key);
      let amount = NOTHING;
      let isKnown = true;
      try {
        const before = createOnly ? null : await change.look(() => look(key));
        const { result, after } = await work(before?.size ?? 0, reservation);
        if (after !== undefined) amount = change.count(after, { createOnly });
        return result;
      } catch (error) {
        isKnown = !isUnknown(error);
        throw error;
      } finally {
        await reservation.settle(amount);
        await end(key, change, isKnown);
      }
    },
    removeMany: async (keys, work) => {
      const changes = new Map(keys.map((key) => [key, changeOf(key)]));
      const going = new Set<string>();
      let bytes = 0;
      let files = 0;
      let isKnown = true;
      try {
        for (const [key, change] of changes)
          if ((await change.look(() => look(key))) !== null) going.add(key);
        const result = await work();
        for (const key of result.failed) going.delete(key);
        for (const [key, change] of changes) {
          if (!going.has(key)) continue;
          const amount = change.count(null);
          bytes += amount.bytes;
          files += amount.files;
        }
        return result;
      } catch (error) {
        isKnown = !isUnknown(error);
        throw error;
      } finally {
        await ledger.reserve().settle({ bytes, files });
        for (const [key, change] of changes) await end(key, change, isKnown);
      }
    },
  };
}

/** Whether storage may have done what failed. */
function isUnknown(error: unknown): boolean {
  return isFileServiceError(error) && error.reason === 'storage_outcome_unknown';
}
