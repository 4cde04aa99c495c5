// DELETE of a link by its id: from then on it gives nothing.
import { access } from '../../core/hooks.js';
import { linkOf } from '../../core/key.js';
import { json } from '../../http/reply.js';
import type { Operation } from '../operation.js';
import { makerOf } from './link-desk.js';
import { requireLinkStore } from './list-links.js';
import { linkGone } from './share-grant.js';

const NAME = 'revoke_link';

/** DELETE /_links/{id} */
export const revokeLink: Operation = {
  name: NAME,
  sentence: 'Revokes a link by its id: one of the caller, or of a path that the caller may delete.',
  methods: ['DELETE'],
  targets: ['link'],
  query: {},
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The link is gone.', schema: 'RevokedLink' } },
  refusals: [400, 404],
  enabled: ({ hasLinkStore }) => hasLinkStore,
  plan: async (ask) => {
    requireLinkStore(ask, 'To revoke a link');
    const record = await ask.links.find(linkOf(ask.request.path)?.token ?? '');
    if (record === undefined || record.tenant !== ask.tenant()) throw linkGone();
    const { id, path } = record;
    const isFolder = path === '' || path.endsWith('/');
    return {
      access: [access(isFolder ? 'list' : 'read', path, 'GET', NAME)],
      run: async ({ principal, permits }) => {
        const isOwn = record.maker === makerOf(principal);
        if (!isOwn && !(await permits(access('delete', path, 'DELETE', NAME)))) throw linkGone();
        await ask.links.forget(record);
        return json(200, { id, path });
      },
    };
  },
};
