// What a counter in a remote store does when the store fails or is slow: it answers null, soon.
import { within } from '../core/deadline.js';

/** What is done about a failing store. */
export interface StoreGuard {
  /** The counter's name, for the warning. */
  readonly name: string;
  /** Called once an outage, with the first error. @default a process warning */
  readonly onStoreFailure: ((error: unknown) => void) | undefined;
}

// Reliability case 105: a failing store adds at most 100 ms to a request; less leaves room for ours.
const PATIENCE_MS = 80;

// Until a store is asked again after a failure; in between nobody waits for it.
const PAUSE_MS = 1000;

const late = (): Error => new Error(`no answer in ${PATIENCE_MS} ms`);

const warn = (name: string, error: unknown): void => {
  const why = error instanceof Error ? error.message : String(error);
  process.emitWarning(`The store of the rate limit "${name}" fails: ${why}.`, {
    type: 'FileServiceWarning',
    code: 'S3FILES_LIMIT_STORE',
  });
};

/** Wraps calls to a store: null instead of an error or of more than 80 ms of silence. */
export function guardStore(guard: StoreGuard): <T>(ask: () => Promise<T>) => Promise<T | null> {
  const { name, onStoreFailure = (error: unknown) => warn(name, error) } = guard;
  let failing = false;
  let askAgainAtMs = 0;
  return async (ask) => {
    if (performance.now() < askAgainAtMs) return null;
    // While the store fails, one request a pause asks it for all the others.
    if (failing) askAgainAtMs = performance.now() + PAUSE_MS;
    try {
      const answer = await within(ask(), PATIENCE_MS, late);
      failing = false;
      askAgainAtMs = 0;
      return answer;
    } catch (error) {
      askAgainAtMs = performance.now() + PAUSE_MS;
      if (!failing) onStoreFailure(error);
      failing = true;
      return null;
    }
  };
}
