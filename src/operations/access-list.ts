// GET of the root with as_access_list: the folders, in the form that role editors read.
import { access } from '../core/hooks.js';
import { flag, whenSet } from '../http/parameters.js';
import { ifNoneMatch, knownWhole } from './shared/known-whole.js';
import { listAll } from './shared/listing-reply.js';
import type { Projection } from './shared/listing-reply.js';
import type { Operation } from './operation.js';

const NAME = 'list_access';

const PROJECTION: Projection = {
  wrap: true,
  lead: ['', '*'],
  show: ({ path }) => [path, `${path}*`],
};

/** GET /?as_access_list=true */
export const accessList: Operation = {
  name: NAME,
  sentence: 'Lists the top-level folders as the components of role definitions.',
  methods: ['GET', 'HEAD'],
  targets: ['root'],
  query: { as_access_list: flag('Answers `""`, `"*"`, and each folder with and without a star.') },
  headers: ifNoneMatch,
  body: [],
  replies: {
    200: { sentence: 'Names of folders.', schema: 'NameList', headers: ['ETag'] },
    304: { sentence: 'Not modified.', headers: ['ETag'] },
  },
  refusals: [],
  when: whenSet('as_access_list'),
  plan: (ask) => {
    const selection = {
      folder: '',
      recursive: false,
      files: false,
      folders: true,
      search: '',
      filtered: ask.settings.filterListings,
      rules: ask.rules,
      operation: NAME,
    };
    return {
      access: [access('list', '', ask.verb, NAME)],
      run: async (context) => knownWhole(ask, await listAll(context, selection, PROJECTION)),
    };
  },
};
