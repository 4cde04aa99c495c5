// The quota of one container, as one request sees it: reserved, settled, counted at first.
import { randomUUID } from 'node:crypto';
import { within } from '../../core/deadline.js';
import { FileServiceError, isFileServiceError } from '../../core/errors.js';
import { isInternal } from '../../core/key.js';
import type { Bucket } from '../bucket.js';
import type { QuotaState, QuotaStore } from './store.js';

/** What a write came to. */
export interface Change {
  /** Bytes more, or less below 0. */
  readonly bytes: number;
  /** Files more, or less below 0. */
  readonly files: number;
}

/** Room for one write. */
export interface Reservation {
  /**
   * Asks for so many bytes more; answers how many are free then.
   *
   * @throws FileServiceError `quota_exceeded`; `limit_unavailable` when the store fails
   */
  readonly add: (bytes: number) => Promise<number>;
  /** Gives back some of it. Never throws. */
  readonly release: (bytes: number) => Promise<void>;
  /** Gives back what was reserved, and notes what came of it. Never throws: the write is done. */
  readonly settle: (change: Change) => Promise<void>;
}

/** One container's quota. */
export interface Ledger {
  /** One with the same id, in any process, is the same. @default a new one */
  readonly reserve: (id?: string) => Reservation;
  readonly look: () => Promise<QuotaState>;
}

/** What a ledger needs. */
export interface LedgerParts {
  readonly store: QuotaStore;
  readonly container: string;
  readonly allowed: () => number;
  /** The container itself, to count it when nothing is known of it. */
  readonly bucket: Bucket;
  readonly timeoutMs: number;
  /** Told of what the store throws or leaves unanswered. */
  readonly onFailure: (error: unknown) => void;
}

/** The ledger of a container. */
export function ledgerOf(parts: LedgerParts): Ledger {
  const { store, container, allowed, bucket } = parts;
  const ask = <T>(question: () => Promise<T>): Promise<T> => asked(question, parts);
  const known = async <T>(question: () => Promise<T | null>): Promise<T> => {
    const answer = await ask(question);
    if (answer !== null) return answer;
    const counted = await countFiles(bucket);
    await ask(() => store.reset(container, { ...counted, isFirst: true }));
    const again = await ask(question);
    if (again !== null) return again;
    throw unavailable(new Error('the store of the quota forgets'));
  };
  return {
    look: () => known(() => store.look(container)),
    reserve: (id = randomUUID()) => {
      return {
        add: async (bytes) => {
          if (bytes <= 0) return 0;
          const most = allowed();
          const state = await known(() => store.reserve(container, { id, bytes, allowed: most }));
          if (!state.granted) throw exceeded(state, most);
          return most - state.used - state.reserved;
        },
        release: async (bytes) => {
          const given = { id, bytes: -bytes, allowed: Infinity };
          if (bytes > 0) await ask(() => store.reserve(container, given)).catch(() => undefined);
        },
        settle: (change) =>
          ask(() => store.settle(container, { id, ...change })).catch(() => undefined),
      };
    },
  };
}

/** What a container holds, as a listing shows it: one storage call per 1000 keys. */
export async function countFiles(
  bucket: Bucket,
): Promise<{ readonly used: number; readonly files: number }> {
  let used = 0;
  let files = 0;
  let after: string | undefined;
  do {
    const page = await bucket.list({ prefix: '', recursive: true, ...(after && { after }) });
    for (const { key, size } of page.files) {
      if (isInternal(key)) continue;
      used += size;
      if (!key.endsWith('/')) files += 1;
    }
    after = page.next;
  } while (after !== undefined);
  return { used, files };
}

async function asked<T>(
  question: () => Promise<T>,
  { timeoutMs, onFailure }: Pick<LedgerParts, 'timeoutMs' | 'onFailure'>,
): Promise<T> {
  try {
    return await within(question(), timeoutMs, () => new Error('the store of the quota is silent'));
  } catch (error) {
    if (isFileServiceError(error)) throw error;
    onFailure(error);
    throw unavailable(error);
  }
}

function unavailable(cause: unknown): FileServiceError {
  return new FileServiceError('limit_unavailable', 'The room that is left could not be counted.', {
    cause,
  });
}

function exceeded({ used, reserved }: QuotaState, allowed: number): FileServiceError {
  const taken = used + reserved;
  return new FileServiceError(
    'quota_exceeded',
    `There is no room left for this file: ${taken} of ${allowed} bytes are used.`,
    { context: { used: taken, allowed } },
  );
}
