// A question about storage whose answer many requests share.
import type { ClientSignal } from '../../core/client-signal.js';

/** One question. It is asked once, kept, and asked again after a failure. */
export interface SharedAnswer<T> {
  /**
   * The answer. `ask` must not listen to the signal of the request that happens to be the first: the signal given
   * here ends only this request's waiting.
   */
  get(ask: () => Promise<T>, signal: ClientSignal): Promise<T>;
  /** Forgets the answer. */
  forget(): void;
}

/** A question that nobody has asked yet; its answer is kept for `keepMs`. @default Infinity */
export function sharedAnswer<T>(keepMs = Infinity): SharedAnswer<T> {
  let asked: { readonly until: number; readonly answer: Promise<T> } | undefined;

  const ask = (question: () => Promise<T>): Promise<T> => {
    const answer = question();
    const mine = { until: performance.now() + keepMs, answer };
    asked = mine;
    answer.catch(() => {
      if (asked === mine) asked = undefined;
    });
    return answer;
  };

  return {
    get(question, signal) {
      const isKept = asked !== undefined && performance.now() < asked.until;
      return untilAborted(isKept && asked !== undefined ? asked.answer : ask(question), signal);
    },
    forget() {
      asked = undefined;
    },
  };
}

/** The answer, or the reason of the signal if that fires first. */
export function untilAborted<T>(answer: Promise<T>, signal: ClientSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
