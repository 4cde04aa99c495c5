// Removal of folders: empty ones at once, full ones only by force, and then at any depth.
import { access } from '../../core/hooks.js';
import { FileServiceError } from '../../core/errors.js';
import { flag, readParameters } from '../../http/parameters.js';
import { json } from '../../http/reply.js';
import { baseName } from '../../core/key.js';
import type { Ask, Plan, RunContext } from '../operation.js';
import { placeFolder } from './create-folder.js';
import { notFound } from './missing.js';
import { startRemoval } from './partial.js';
import { authorizeTree } from './tree.js';
import { eachOf } from './walk/each-of.js';

/** Calls that each remove a thousand files; a store that is in trouble is noticed by the first ones. */
const REMOVALS = { atOnce: 8, inTurn: 10 };

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

/** The plan that removes the folder of the URL. */
export function planTreeRemoval({ request, target, verb }: Ask): Plan {
  const { force, content_only } = readParameters(request.query, removeFolderQuery);
  const removal = { force, contentOnly: content_only, operation: 'remove_folder', verb };
  return {
    access: [access('delete', target.key, verb, 'remove_folder')],
    run: async (context) => {
      await removeTree(context, target.key, removal);
      return json(200, { name: baseName(target.key), path: target.key });
    },
  };
}

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
    await placeFolder(context.bucket, folder);

  const removed = startRemoval(context);
  await eachOf(tree.pages(), REMOVALS, (page) =>
    removed.add(
      page.map(({ key }) => key).filter((key) => !(removal.contentOnly && key === folder)),
    ),
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
