// Paths of upload links, sealed as a service with this secret seals them.
import { createHash } from 'node:crypto';
import { sealGrant, type LinkGrant } from '../../src/operations/uploads/token.ts';

/** For `uploadSecret` of the service. */
export const UPLOAD_SECRET = 'the secret of upload links in tests';

/** The path of a link to a key in a container (`''`, or ending in `/`), for an hour unless it says otherwise. */
export function uploadPath(container: string, grant: Partial<LinkGrant> & { key: string }): string {
  const token = sealGrant([UPLOAD_SECRET], {
    verb: 'PUT',
    createOnly: false,
    tenant: createHash('sha256').update(container).digest('base64url'),
    principal: null,
    expiresAt: Math.floor(Date.now() / 1000) + 3600,
    ...grant,
  });
  return `/_uploads/${token}`;
}
