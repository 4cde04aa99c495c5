// DELETE of a folder: empty ones at once, full ones only by force, and then at any depth.
import { FileServiceError } from '../core/errors.js';
import { flag, readParameters } from '../http/parameters.js';
import { json } from '../http/reply.js';
import { baseName } from '../core/key.js';
import { FOLDER_TYPE } from './make-folder.js';
import { notFound } from './shared/missing.js';
import { access } from './operation.js';
import type { Operation, RunContext } from './operation.js';
import { startRemoval } from './shared/partial.js';
import { authorizeTree } from './shared/tree.js';

/** Parameters of deleting a folder. */
export const removeFolderQuery = {
  force: flag('Deletes everything below the folder too.'),
  content_only: flag('Keeps the folder itself.'),
};

/** How a folder is removed. */
export interface FolderRemoval {
  readonly force: boolean;
  readonly contentOnly: boolean;
  readonly operation: string;
  readonly verb: string;
}

/** DELETE /folder/ */
export const removeFolder: Operation = {
  name: 'remove_folder',
  sentence: 'Deletes a folder, with everything below it when forced.',
  methods: ['DELETE'],
  targets: ['folder'],
  query: removeFolderQuery,
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The folder is gone.', schema: 'RemovedItem' } },
  refusals: [400, 404],
  plan: ({ request, target, verb }) => {
    const { force, content_only } = readParameters(request.query, removeFolderQuery);
    const removal = { force, contentOnly: content_only, operation: 'remove_folder', verb };
    return {
      access: [access('delete', target.key, verb, 'remove_folder')],
      run: async (context) => {
        await removeTree(context, target.key, removal);
        return json(200, { name: baseName(target.key), path: target.key });
      },
    };
  },
};

/**
 * Removes a folder. Nothing is removed when `authorize` refuses any descendant.
 *
 * @throws FileServiceError `not_found`, `folder_not_empty`, the refusal, or `partial_failure` with the
 * paths in `context.failed` and the number removed in `context.deleted`
 */
export async function removeTree(
  context: RunContext,
  folder: string,
  removal: FolderRemoval,
): Promise<void> {
  if (!removal.force) return removeEmpty(context, folder, removal);
  const { operation, verb } = removal;
  const tree = await authorizeTree(context, folder, (key) => [
    access('delete', key, verb, operation),
  ]);
  if (tree.isEmpty) throw notFound(folder);
  // Before the content goes: a folder that only its content implied would vanish with it.
  if (removal.contentOnly && !tree.hasPlaceholder && folder !== '')
    await keepFolder(context, folder);

  const removed = startRemoval(context);
  for await (const page of tree.pages())
    await removed.remove(
      page.map(({ key }) => key).filter((key) => !(removal.contentOnly && key === folder)),
    );
  removed.finish(
    (failed) => `Storage refused to delete ${failed} of the files; repeating the request is safe.`,
  );
}

async function removeEmpty(
  { bucket }: RunContext,
  folder: string,
  { contentOnly }: FolderRemoval,
): Promise<void> {
  const page = await bucket.list({ prefix: folder, recursive: true, limit: 2 });
  if (page.files.length === 0) throw notFound(folder);
  if (page.files.some(({ key }) => key !== folder))
    throw new FileServiceError(
      'folder_not_empty',
      `Folder '${folder}' contains other files or folders; "force=true" deletes them too.`,
      { context: { path: folder } },
    );
  if (!contentOnly) await bucket.remove(folder);
}

async function keepFolder({ bucket }: RunContext, folder: string): Promise<void> {
  await bucket.write(folder, Buffer.alloc(0), { length: 0, contentType: FOLDER_TYPE });
}
