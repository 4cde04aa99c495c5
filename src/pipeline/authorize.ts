// Asks the host about accesses. Only `true` allows; whatever else happens is a refusal.
import type { Settings } from '../config/settings.js';
import { isChosenAnswer } from '../core/error-reporter.js';
import { FileServiceError, isFileServiceError } from '../core/errors.js';
import { allowAll, isPromise } from '../core/hooks.js';
import type { Access, Authorize, HookRequest, Principal } from '../core/hooks.js';
import { within } from '../core/deadline.js';
import { reasonOfRefusal } from './authenticate.js';

/** Asks the host about the accesses of one request. */
export interface Authorizer {
  /** Nothing, or a promise of nothing, when the access is allowed; throws or rejects with the refusal. */
  readonly authorize: (access: Access) => void | Promise<void>;
  /** False for a refusal; rejects only when the hook itself failed. */
  readonly permits: (access: Access) => boolean | Promise<boolean>;
  readonly allowsEverything: boolean;
}

/** The authorizer of one request; `noted` sees every access that is asked. */
export function authorizerFor<Req>(
  settings: Settings<Req>,
  request: HookRequest<Req>,
  noted: (access: Access) => void,
): Authorizer {
  const allowsEverything = settings.authorize.every((authorize) => authorize === allowAll);
  const { hookMs } = settings.timeouts;

  const authorize = (access: Access): void | Promise<void> => {
    noted(access);
    if (allowsEverything) return undefined;
    return askFrom(0, access);
  };

  // First refusal wins. Stays synchronous while the hooks do: most of them only compare texts.
  function askFrom(index: number, access: Access): void | Promise<void> {
    for (let next = index; next < settings.authorize.length; next += 1) {
      const verdict = ask(settings.authorize[next], access);
      if (isPromise(verdict))
        return allowedWithin(verdict, access).then(() => askFrom(next + 1, access));
      if (verdict !== true) throw refusal(access, request.principal);
    }
    return undefined;
  }

  function ask(hook: Authorize<Req> | undefined, access: Access): unknown {
    try {
      return hook?.(access, request);
    } catch (error) {
      throw unavailable(settings, request, error);
    }
  }

  async function allowedWithin(verdict: PromiseLike<unknown>, access: Access): Promise<void> {
    const late = () => new Error(`authorize did not answer within ${hookMs} ms`);
    const answer = await within(verdict, hookMs, late).catch((error: unknown) => {
      throw unavailable(settings, request, error);
    });
    if (answer !== true) throw refusal(access, request.principal);
  }

  const permits = (access: Access): boolean | Promise<boolean> => {
    try {
      const asked = authorize(access);
      return asked === undefined ? true : asked.then(() => true, refused);
    } catch (error) {
      return refused(error);
    }
  };

  return { authorize, permits, allowsEverything };
}

function refused(error: unknown): false {
  if (isFileServiceError(error) && error.status < 500) return false;
  throw error;
}

/** The same for existing and missing keys: a refusal tells nothing about storage. */
function refusal({ verb, path }: Access, principal: Principal | null): FileServiceError {
  // RFC 9110 section 9.3.2: HEAD has the headers of GET, the length of its answer too.
  const named = verb === 'HEAD' ? 'GET' : verb;
  const reason = reasonOfRefusal(principal);
  return new FileServiceError(reason, `${named} access to '${path}' is not allowed.`);
}

// The host's own choice of answer passes; everything else it throws is trouble that must not allow.
function unavailable<Req>(
  settings: Settings<Req>,
  request: HookRequest<Req>,
  error: unknown,
): FileServiceError {
  if (!isChosenAnswer(error)) settings.reportError(error, 'authorize', request);
  if (isFileServiceError(error)) return error;
  return new FileServiceError('authorization_unavailable', 'The request could not be authorized.', {
    cause: error,
  });
}
