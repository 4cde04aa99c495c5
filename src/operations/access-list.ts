// GET of the root with as_access_list: the folders, in the form that role editors read.
import { access } from '../core/hooks.js';
import { flag, whenSet } from '../http/parameters.js';
import { listAll } from './shared/listing-reply.js';
import type { Operation } from './operation.js';

const NAME = 'list_access';

/** GET /?as_access_list=true */
export const accessList: Operation = {
  name: NAME,
  sentence: 'Lists the top-level folders as the components of role definitions.',
  methods: ['GET', 'HEAD'],
  targets: ['root'],
  query: { as_access_list: flag('Answers `""`, `"*"`, and each folder with and without a star.') },
  headers: {},
  body: [],
  replies: { 200: { sentence: 'Names of folders.', schema: 'NameList' } },
  refusals: [],
  when: whenSet('as_access_list'),
  plan: ({ verb, settings, rules }) => ({
    access: [access('list', '', verb, NAME)],
    run: (context) =>
      listAll(
        context,
        {
          folder: '',
          recursive: false,
          files: false,
          folders: true,
          search: '',
          filtered: settings.filterListings,
          rules,
          operation: NAME,
        },
        { wrap: true, lead: ['', '*'], show: ({ path }) => [path, `${path}*`] },
      ),
  }),
};
