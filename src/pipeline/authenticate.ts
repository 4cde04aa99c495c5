// Who asks, and where their files lie.
import type { Settings } from '../config/settings.js';
import { debugHook } from '../core/debug.js';
import { FileServiceError, isFileServiceError } from '../core/errors.js';
import type { HookRequest, Principal } from '../core/hooks.js';
import type { FileRequest } from '../http/request.js';
import { containerPrefix } from '../core/key.js';
import { abortSignalOf } from '../core/client-signal.js';
import { isPromise, within } from '../core/deadline.js';

/** What hooks see of a request. Frozen: a hook changes nothing for the next one. */
export function hookRequestOf<Req>(
  request: FileRequest<Req>,
  principal: Principal | null,
): HookRequest<Req> {
  return Object.freeze(new HookView(request, principal));
}

class HookView<Req> implements HookRequest<Req> {
  readonly id: string;
  readonly raw: Req;
  readonly principal: Principal | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly #request: FileRequest<Req>;

  constructor(request: FileRequest<Req>, principal: Principal | null) {
    this.id = request.id;
    this.raw = request.raw;
    this.principal = principal;
    this.headers = request.headers;
    this.#request = request;
  }

  // Computed when a hook asks: most hooks never do.
  get ip(): string {
    return this.#request.ip;
  }

  get signal(): AbortSignal {
    return abortSignalOf(this.#request.signal);
  }
}

/**
 * Asks the host who sent a request; null is an anonymous caller.
 *
 * @throws FileServiceError what the hook threw; `authorization_unavailable` when it failed or was silent
 */
export function authenticate<Req>(
  settings: Settings<Req>,
  request: HookRequest<Req>,
): Principal | null | Promise<Principal | null> {
  try {
    const principal = settings.authenticate(request);
    return isPromise(principal)
      ? checkedWithin(principal, settings.timeouts.hookMs)
      : checked(principal);
  } catch (error) {
    throw unavailable(error);
  }
}

async function checkedWithin(
  principal: PromiseLike<Principal | null>,
  hookMs: number,
): Promise<Principal | null> {
  const late = () => new Error(`authenticate did not answer within ${hookMs} ms`);
  try {
    return checked(await within(principal, hookMs, late));
  } catch (error) {
    throw unavailable(error);
  }
}

function unavailable(error: unknown): FileServiceError {
  if (isFileServiceError(error)) return error;
  debugHook('authenticate failed: %O', error);
  return new FileServiceError('authorization_unavailable', 'The caller could not be identified.', {
    cause: error,
    headers: { 'Retry-After': '5' },
  });
}

// JavaScript hosts can answer anything; rules and folders need an id that is text.
function checked(answer: Principal | null | undefined): Principal | null {
  if (answer === null || answer === undefined) return null;
  if (typeof answer === 'object' && typeof answer.id === 'string') return answer;
  throw new TypeError('authenticate answered neither null nor an object with a textual `id`');
}

/**
 * The prefix under which the caller's files lie: `''`, or ending in `/`.
 *
 * @throws FileServiceError `access_denied` when the host's function names no usable prefix
 */
export function containerFor<Req>(settings: Settings<Req>, request: HookRequest<Req>): string {
  if (typeof settings.container === 'string') return settings.container;
  try {
    const container = settings.container(request);
    // More likely a caller without an id than one to whom the whole bucket belongs.
    if (container === '') throw new Error('the container is empty; "/" is the whole bucket');
    return containerPrefix(container);
  } catch (error) {
    if (isFileServiceError(error) && error.reason !== 'invalid_path') throw error;
    debugHook('container failed: %O', error);
    throw new FileServiceError('access_denied', 'No files belong to this caller.', {
      cause: error,
    });
  }
}
