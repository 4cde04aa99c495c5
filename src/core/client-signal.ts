// A client's leaving, as everyone hears of it who works for a request.
import { setMaxListeners } from 'node:events';

/** Fires when the client has gone. Every AbortSignal is one. */
export interface Leaving {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * The leaving of one client. An AbortSignal is among the dearest things that a small request can make, so
 * one is made only for those who need a real one: see {@link signalOf}.
 */
export class Departure implements Leaving {
  aborted = false;
  reason: unknown;
  #listeners: (() => void)[] = [];
  #controller: AbortController | undefined;

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }

  /** Tells everyone, once; the first reason counts. @default a DOMException `AbortError` */
  happen(reason: unknown = new DOMException('The client has gone.', 'AbortError')): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.#listeners.splice(0)) listener();
    this.#controller?.abort(this.reason);
  }

  /** The same as an AbortSignal. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      // A tree is copied by several calls at once, each of which listens.
      setMaxListeners(0, this.#controller.signal);
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }
}

/** The reason of an end that is no failure. One for all: an error of its own for each call costs its stack. */
export const OVER = new Error('the work is over');

/** The AbortSignal of a leaving, for Node and the SDK, which take nothing less. */
export function signalOf(leaving: Leaving): AbortSignal {
  if (leaving instanceof Departure) return leaving.signal;
  if (leaving instanceof AbortSignal) return leaving;
  throw new TypeError('neither an AbortSignal nor a Departure');
}
