// POST and PUT of a folder.
import { decodeHeaderName } from '../http/header-name.js';
import { resolveName } from '../core/key.js';
import type { Operation } from './operation.js';
import { planFolder } from './shared/create-folder.js';

const documentation = {
  methods: ['POST', 'PUT'],
  targets: ['root', 'folder'],
  query: {},
  replies: {
    201: { sentence: 'The folder is created.', schema: 'StoredFolder', headers: ['Location'] },
  },
  refusals: [400, 409],
} as const satisfies Partial<Operation>;

/** POST /folder/ with X-Folder-Name */
export const makeFolderNamed: Operation = {
  ...documentation,
  name: 'make_folder_named',
  sentence: 'Creates the folder that `X-Folder-Name` names, inside the folder.',
  headers: { 'x-folder-name': { sentence: 'Name of the folder, UTF-8 or Latin-1; may hold `/`.' } },
  body: [],
  when: ({ headers }) => headers['x-folder-name'] !== undefined,
  plan: (ask) => {
    const name = decodeHeaderName(ask.request.headers['x-folder-name'] ?? '');
    return planFolder(
      ask,
      resolveName(ask.target.key, name, 'folder', ask.rules),
      'make_folder_named',
    );
  },
};

/** POST /folder/ without anything else */
export const makeFolder: Operation = {
  ...documentation,
  name: 'make_folder',
  sentence: 'Creates the folder of the URL.',
  headers: {},
  body: [],
  plan: (ask) => planFolder(ask, ask.target.key, 'make_folder'),
};
