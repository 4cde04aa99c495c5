// Paths of upload links, sealed as a service with this secret seals them.
import { createHash } from 'node:crypto';
import { sealGrant, sealSession, type LinkGrant } from '../../src/operations/uploads/token.ts';
import { ownerOf, type UploadSession } from '../../src/operations/uploads/upload-session.ts';

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

/** The path of an upload of several requests that fits one part, begun by `owner` in a container. */
export function sessionPath(
  container: string,
  owner: string,
  session: Partial<UploadSession> & { key: string },
): string {
  const token = sealSession([UPLOAD_SECRET], {
    nonce: `nonce of ${session.key}`,
    partSize: 8 * 2 ** 20,
    length: 5,
    condition: 'replace',
    verb: 'PUT',
    way: 'tus',
    contentType: 'text/plain',
    maxBytes: 100,
    tenant: createHash('sha256').update(container).digest('base64url'),
    owner: ownerOf({ id: owner }),
    expiresAt: Math.floor(Date.now() / 1000) + 3600,
    ...session,
  });
  return `/_uploads/${token}`;
}
