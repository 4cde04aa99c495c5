// One call to storage for all who ask for the same at once. Whoever leaves hears of its own leaving alone;
// the call is aborted when the last one has left.
import { ClientAbort, type ClientSignal } from '../../core/client-signal.js';

/** What a call brought, and when the cache has it. */
export interface Filled<T> {
  readonly result: T;
  readonly stored: Promise<void> | undefined;
}

/**
 * Makes a call, or joins the one that is already made for this name. Rejects with the reason of `signal` as
 * soon as that fires; the call has a signal of its own.
 */
export type Join = <T>(
  name: string,
  signal: ClientSignal,
  call: (signal: ClientSignal) => Promise<Filled<T>>,
) => Promise<T>;

interface JoinedCall<T> {
  readonly outcome: Promise<T>;
  /** Those who wait for the outcome. */
  waiting: number;
  abort(reason: unknown): void;
}

/** Calls to join; none is made yet. */
export function joinedCalls(): Join {
  const calls = new Map<string, JoinedCall<unknown>>();

  function begin<T>(
    name: string,
    call: (signal: ClientSignal) => Promise<Filled<T>>,
  ): JoinedCall<T> {
    const aborting = new ClientAbort();
    const forget = (): void => {
      if (calls.get(name) === joined) calls.delete(name);
    };
    const outcome = call(aborting).then(
      ({ result, stored }) => {
        // Who has looked just before the cache had the result still finds it here.
        if (stored === undefined) forget();
        else void stored.then(forget);
        return result;
      },
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    const joined: JoinedCall<T> = {
      outcome,
      waiting: 0,
      abort(reason) {
        forget();
        aborting.abort(reason);
      },
    };
    calls.set(name, joined);
    return joined;
  }

  return <T>(
    name: string,
    signal: ClientSignal,
    call: (signal: ClientSignal) => Promise<Filled<T>>,
  ) => {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    // A name stands for one kind of value, so whoever joins wants the same type.
    const joined = calls.get(name) as JoinedCall<T> | undefined;
    return outcomeOf(joined ?? begin(name, call), signal);
  };
}

function outcomeOf<T>(joined: JoinedCall<T>, signal: ClientSignal): Promise<T> {
  joined.waiting += 1;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
      joined.waiting -= 1;
      if (joined.waiting === 0) joined.abort(signal.reason);
    };
    const stopListening = (): void => signal.removeEventListener('abort', onAbort);
    signal.addEventListener('abort', onAbort);
    joined.outcome.finally(stopListening).then(resolve, reject);
  });
}
