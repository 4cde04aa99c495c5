// Who asks, and where their files lie.
import type { Settings } from '../config/settings.js';
import { isChosenAnswer } from '../core/error-reporter.js';
import { FileServiceError, isFileServiceError } from '../core/errors.js';
import { isPromise } from '../core/hooks.js';
import type { HookRequest, Principal } from '../core/hooks.js';
import type { FileRequest } from '../http/request.js';
import { containerPrefix } from '../core/key.js';
import { abortSignalOf } from '../core/client-signal.js';
import { within } from '../core/deadline.js';

/** What hooks see of a request. Frozen: a hook changes nothing for the next one. */
export function hookRequestOf<Req>(
  request: FileRequest<Req>,
  principal: Principal | null,
  headers = request.headers,
): HookRequest<Req> {
  return Object.freeze(new HookView(request, principal, headers));
}

class HookView<Req> implements HookRequest<Req> {
  readonly id: string;
  readonly raw: Req;
  readonly principal: Principal | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly #request: FileRequest<Req>;

  constructor(
    request: FileRequest<Req>,
    principal: Principal | null,
    headers: Readonly<Record<string, string>>,
  ) {
    this.id = request.id;
    this.raw = request.raw;
    this.principal = principal;
    this.headers = headers;
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
  const { hookMs } = settings.timeouts;
  const late = (): Error => new Error(`authenticate did not answer within ${hookMs} ms`);
  const failed = (error: unknown): never => {
    throw unidentified(settings, request, error);
  };
  try {
    const principal = settings.authenticate(request);
    if (!isPromise(principal)) return checked(principal);
    return within(principal, hookMs, late).then(checked).catch(failed);
  } catch (error) {
    return failed(error);
  }
}

function unidentified<Req>(
  settings: Settings<Req>,
  request: HookRequest<Req>,
  error: unknown,
): FileServiceError {
  if (!isChosenAnswer(error)) settings.reportError(error, 'authenticate', request);
  if (isFileServiceError(error)) return error;
  return new FileServiceError('authorization_unavailable', 'The caller could not be identified.', {
    cause: error,
  });
}

// JavaScript hosts can answer anything; rules and folders need an id that is text.
function checked(answer: Principal | null | undefined): Principal | null {
  if (answer === null || answer === undefined) return null;
  if (typeof answer !== 'object' || typeof answer.id !== 'string')
    throw new TypeError(
      `authenticate answered ${shown(answer)}; null or an object with a textual \`id\` is wanted`,
    );
  const { roles } = answer;
  if (roles === undefined || roles === null || Array.isArray(roles)) return answer;
  throw new TypeError(
    `authenticate answered \`roles\` of type ${typeof roles}; a list of texts is wanted`,
  );
}

/**
 * The prefix under which the caller's files lie: `''`, or ending in `/`.
 *
 * @throws FileServiceError `access_denied`, or `unauthorized` for an anonymous caller, when the host's function names
 * no usable prefix
 */
export function containerFor<Req>(settings: Settings<Req>, request: HookRequest<Req>): string {
  if (typeof settings.container === 'string') return settings.container;
  try {
    const container: unknown = settings.container(request);
    if (isPromise(container)) {
      // Its rejection, of which nobody else hears, would end the process.
      container.then(undefined, () => {});
      throw new TypeError('container answered a promise; a text is wanted');
    }
    if (typeof container !== 'string')
      throw new TypeError(`container answered a ${typeof container}; a text is wanted`);
    // More likely a caller without an id than one to whom the whole bucket belongs.
    if (container === '') throw noFiles(request.principal);
    return containerPrefix(container);
  } catch (error) {
    if (isFileServiceError(error) && error.reason !== 'invalid_path') throw error;
    settings.reportError(error, 'container', request);
    throw noFiles(request.principal, error);
  }
}

function noFiles(principal: Principal | null, cause?: unknown): FileServiceError {
  const reason = reasonOfRefusal(principal);
  return new FileServiceError(reason, 'No files belong to this caller.', { cause });
}

/** Whoever is not signed in may try again with credentials: 401. All others may not: 403. */
export function reasonOfRefusal(principal: Principal | null): 'unauthorized' | 'access_denied' {
  return principal === null ? 'unauthorized' : 'access_denied';
}

function shown(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return `a ${typeof answer}`;
  return `an object whose \`id\` is of type ${typeof Reflect.get(answer, 'id')}`;
}
