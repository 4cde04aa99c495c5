// Who uses an upload link: the link is a credential of its own, in the name of whoever asked for it.
import type { Settings } from '../config/settings.js';
import { FileServiceError, isFileServiceError } from '../core/errors.js';
import type { HookRequest, Principal } from '../core/hooks.js';
import { authenticate } from './authenticate.js';

/**
 * In whose name a link is used: the caller's, where it brings credentials, and else that of the link's maker.
 *
 * @throws FileServiceError `access_denied` for anybody else; what `authenticate` throws but `unauthorized`
 */
export async function authenticateLinkUser<Req>(
  settings: Settings<Req>,
  request: HookRequest<Req>,
  maker: Principal | null,
): Promise<Principal | null> {
  const caller = await presentCaller(settings, request);
  if (caller === null) return maker;
  if (caller.id === maker?.id) return caller;
  throw new FileServiceError('access_denied', 'The link was made for another caller.');
}

// A link needs no other credential, so that a request without one is no refusal here.
async function presentCaller<Req>(
  settings: Settings<Req>,
  request: HookRequest<Req>,
): Promise<Principal | null> {
  try {
    return await authenticate(settings, request);
  } catch (error) {
    if (isFileServiceError(error) && error.reason === 'unauthorized') return null;
    throw error;
  }
}
