// POST and PUT of a folder: a zero-byte placeholder whose key ends in a slash.
import { FileServiceError } from '../core/errors.js';
import { decodeHeaderName } from '../http/header-name.js';
import { baseName, resolveName } from '../core/key.js';
import type { Bucket } from '../storage/bucket.js';
import { alreadyExists } from './shared/missing.js';
import { access } from './operation.js';
import type { Ask, Operation, Plan } from './operation.js';
import { created } from './shared/created.js';

/** How other tools mark a folder's placeholder. */
export const FOLDER_TYPE = 'application/x-directory';

const documentation = {
  methods: ['POST', 'PUT'],
  targets: ['root', 'folder'],
  query: {},
  replies: { 201: { sentence: 'The folder is created.', schema: 'StoredFolder' } },
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

/** The plan that creates one folder. */
export function planFolder(ask: Ask, key: string, operation: string): Plan {
  if (key === '')
    throw new FileServiceError(
      'invalid_body',
      'Nothing to create: give a path, an "X-File-Name" or "X-Folder-Name" header, a form or a JSON "resource" list.',
    );
  return {
    access: [access('write', key, ask.verb, operation)],
    run: async ({ bucket }) => {
      await createFolder(bucket, key, ask.settings.compat);
      return created(ask, { name: baseName(key), path: key });
    },
  };
}

/**
 * Creates a folder that must not exist, not even by implication.
 *
 * @throws FileServiceError `already_exists`; `folder_exists` (400) in the original server's mode
 */
export async function createFolder(
  bucket: Bucket,
  key: string,
  compat: 'dreamfactory' | undefined,
): Promise<void> {
  const page = await bucket.list({ prefix: key, recursive: true, limit: 1 });
  const exists =
    page.files.length > 0 ||
    (
      await bucket.write(key, Buffer.alloc(0), {
        length: 0,
        contentType: FOLDER_TYPE,
        createOnly: true,
      })
    ).kind !== 'written';
  if (!exists) return;
  if (compat === undefined) throw alreadyExists(key);
  throw new FileServiceError('folder_exists', `Folder '${key}' already exists.`, {
    context: { path: key },
  });
}
