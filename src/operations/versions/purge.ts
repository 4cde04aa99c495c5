// DELETE with `purge`: every version of a file, or of all files below a folder, for good.
import { FileServiceError } from '../../core/errors.js';
import { access } from '../../core/hooks.js';
import { baseName } from '../../core/key.js';
import { flag, readParameters, whenSet } from '../../http/parameters.js';
import { json } from '../../http/reply.js';
import type { VersionRemoval } from '../../storage/bucket.js';
import type { Operation, RunContext } from '../operation.js';
import { notFound } from '../shared/missing.js';
import { startBatches } from '../shared/partial.js';
import { requireVersions } from './version-id.js';
import { allOf, authorizeVersions, versionsOfFile } from './version-tree.js';

const NAME = 'purge';

const query = {
  purge: flag('Removes every version for good; needs the option `versions`.'),
  force: flag('Purges everything below the folder too.'),
};

/** DELETE /file?purge=true and DELETE /folder/?purge=true&force=true */
export const purge: Operation = {
  name: NAME,
  sentence: 'Removes a file, or a folder with everything below it, with all versions.',
  methods: ['DELETE'],
  targets: ['file', 'folder'],
  query,
  headers: {},
  body: [],
  replies: { 200: { sentence: 'No version is left.', schema: 'RemovedItem' } },
  refusals: [400, 404, 409],
  enabled: ({ versions }) => versions,
  when: whenSet('purge'),
  plan: ({ request, target, verb, settings }) => {
    requireVersions(settings, 'purge');
    const { force } = readParameters(request.query, query);
    const { key } = target;
    return {
      access: [access('delete', key, verb, NAME)],
      run: async (context) => {
        if (target.kind === 'file') await purgeFile(context, key);
        else await purgeFolder(context, key, { force, verb });
        return json(200, { name: baseName(key), path: key });
      },
    };
  },
};

async function purgeFile(context: RunContext, key: string): Promise<void> {
  const versions = await versionsOfFile(context.bucket, key);
  if (versions.length === 0) throw notFound(key);
  await removeAll(context, inThousands(allOf(versions)));
}

async function purgeFolder(
  context: RunContext,
  folder: string,
  { force, verb }: { readonly force: boolean; readonly verb: string },
): Promise<void> {
  const tree = await authorizeVersions(context, {
    folder,
    select: (versions) => {
      if (!force && versions[0]?.key !== folder) throw notEmpty(folder);
      return allOf(versions);
    },
    accessOf: (key) => access('delete', key, verb, NAME),
  });
  if (tree.isEmpty) throw notFound(folder);
  await removeAll(context, tree.batches());
}

async function removeAll(
  context: RunContext,
  batches: AsyncIterable<readonly VersionRemoval[]> | Iterable<readonly VersionRemoval[]>,
): Promise<void> {
  const removal = startBatches<VersionRemoval>(context, {
    run: (versions) => context.bucket.removeVersions(versions),
    keyOf: ({ key }) => key,
    done: 'deleted',
  });
  for await (const batch of batches) await removal.add(batch);
  removal.finish(
    (failed) => `Storage refused to purge ${failed} of the files; repeating the request is safe.`,
  );
}

function* inThousands(versions: readonly VersionRemoval[]): Generator<readonly VersionRemoval[]> {
  for (let start = 0; start < versions.length; start += 1000)
    yield versions.slice(start, start + 1000);
}

function notEmpty(folder: string): FileServiceError {
  return new FileServiceError(
    'folder_not_empty',
    `Folder '${folder}' contains versions of other files; "force=true" purges them too.`,
    { context: { path: folder } },
  );
}
