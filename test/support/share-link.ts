// Share links made around the service, and a store that always knows one.
import { createHash } from 'node:crypto';
import type { LinkStore } from '../../src/index.ts';
import { sealShare, type ShareGrant } from '../../src/operations/links/share-grant.ts';
import { UPLOAD_SECRET } from './upload-link.ts';

const tenantOf = (container: string): string =>
  createHash('sha256').update(container).digest('base64url');

/** The path of a link below the mount, to a file or folder of a container. */
export const linkPath = (container: string, grant: Partial<ShareGrant>): string =>
  `/_links/${sealShare(
    { uploadSecrets: [UPLOAD_SECRET] },
    {
      id: 'made',
      key: 'a.txt',
      tenant: tenantOf(container),
      principal: null,
      expiresAt: Math.floor(Date.now() / 1000) + 3600,
      download: false,
      password: undefined,
      maxUses: undefined,
      isStored: false,
      ...grant,
    },
  )}`;

/** Knows the link `known` to a file of a container, whatever was done to it. */
export const knowingStore = (container: string, path: string, maker: string | null): LinkStore => ({
  get: (key) =>
    key.endsWith(':known')
      ? {
          id: 'known',
          path,
          tenant: tenantOf(container),
          maker,
          created_at: 0,
          expires_at: Math.floor(Date.now() / 1000) + 3600,
          download: false,
          has_password: false,
          max_uses: null,
          uses: 0,
        }
      : undefined,
  set: () => true,
  delete: () => true,
});
