// Tells everyone who works for a request that its client has gone.
import { setMaxListeners } from 'node:events';

/** Fires when the client has gone, or when the work is not wanted for another reason. Every AbortSignal is one. */
export interface ClientSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * A signal with the `abort` that fires it. Creating an AbortSignal costs more than the rest of a small request, so
 * one is created only for those who need a real one: see {@link abortSignalOf}.
 */
export class ClientAbort implements ClientSignal {
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

  /** Calls every listener, once; the first reason counts. @default a DOMException `AbortError` */
  abort(reason: unknown = new DOMException('The client has gone.', 'AbortError')): void {
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
      // One request may copy a whole tree: many calls then listen at once.
      setMaxListeners(0, this.#controller.signal);
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }
}

/** A signal that fires with its parent, or by itself. Release it once the work is over. */
export class LinkedAbort extends ClientAbort {
  readonly #parent: ClientSignal;
  readonly #onAbort = (): void => this.abort(this.#parent.reason);

  constructor(parent: ClientSignal) {
    super();
    this.#parent = parent;
    if (parent.aborted) this.#onAbort();
    else parent.addEventListener('abort', this.#onAbort);
  }

  release(): void {
    this.#parent.removeEventListener('abort', this.#onAbort);
  }
}

/** The reason with which work is ended that has succeeded. One object for all: a new Error each time costs its stack. */
export const FINISHED = new Error('the work is finished');

/** The AbortSignal behind a client signal, for Node and the SDK, which accept nothing else. */
export function abortSignalOf(signal: ClientSignal): AbortSignal {
  if (signal instanceof ClientAbort) return signal.signal;
  if (signal instanceof AbortSignal) return signal;
  throw new TypeError('neither an AbortSignal nor a ClientAbort');
}
