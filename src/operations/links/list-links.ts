// GET with `links`: the links that the caller has made, with how often each was used.
import { FileServiceError } from '../../core/errors.js';
import { access } from '../../core/hooks.js';
import { jsonDate } from '../../http/entry.js';
import { flag, whenSet } from '../../http/parameters.js';
import { json } from '../../http/reply.js';
import type { Ask, Operation } from '../operation.js';
import { makerOf } from './link-desk.js';
import type { LinkRecord } from './link-desk.js';

const NAME = 'list_links';

/** GET /file?links=true, GET /folder/?links=true */
export const listLinks: Operation = {
  name: NAME,
  sentence: 'Lists the links that the caller has made to a file, or to all at and below a folder.',
  methods: ['GET', 'HEAD'],
  targets: ['root', 'folder', 'file'],
  query: { links: flag('Answers links; needs the option `linkStore`.') },
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The links, the newest first.', schema: 'ShareLinks' } },
  refusals: [400],
  enabled: ({ hasLinkStore }) => hasLinkStore,
  when: whenSet('links'),
  plan: (ask) => {
    requireLinkStore(ask, 'The parameter "links"');
    const { target, verb, links } = ask;
    const isFile = target.kind === 'file';
    return {
      access: [access(isFile ? 'read' : 'list', target.key, verb, NAME)],
      run: async ({ principal }) => {
        const made = await links.listOf(ask.tenant(), makerOf(principal));
        const here = made.filter(({ path }) =>
          isFile ? path === target.key : path.startsWith(target.key),
        );
        const resource = here.toSorted((a, b) => b.created_at - a.created_at).map(shown);
        return json(200, { resource }, { 'Cache-Control': 'no-store' });
      },
    };
  },
};

function shown(record: LinkRecord) {
  const { id, path, download, has_password, max_uses, uses } = record;
  return {
    id,
    path,
    type: path === '' || path.endsWith('/') ? 'folder' : 'file',
    created_at: jsonDate(new Date(record.created_at * 1000)),
    expires_at: jsonDate(new Date(record.expires_at * 1000)),
    download,
    has_password,
    max_uses,
    uses,
  };
}

/**
 * Refuses what needs to know links again.
 *
 * @throws FileServiceError `invalid_parameter`
 */
export function requireLinkStore({ links }: Pick<Ask, 'links'>, what: string): void {
  if (links.hasStore) return;
  throw new FileServiceError(
    'invalid_parameter',
    `${what} needs the option "linkStore" of this service, which is off.`,
  );
}
