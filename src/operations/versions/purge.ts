// DELETE with `purge`: every version of a file, or of all files below a folder, for good.
import { FileServiceError } from '../../core/errors.js';
import { access } from '../../core/hooks.js';
import { baseName } from '../../core/key.js';
import { evaluate } from '../../http/conditions.js';
import { flag, readParameters, whenSet } from '../../http/parameters.js';
import { json } from '../../http/reply.js';
import type { Bucket, RemoveManyResult, VersionRemoval } from '../../storage/bucket.js';
import type { Operation, RunContext } from '../operation.js';
import { notFound, preconditionFailed } from '../shared/missing.js';
import { startBatches } from '../shared/partial.js';
import { refuseList } from './no-list.js';
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
  headers: {
    'if-match': { sentence: 'Purges a file only while its newest version has this ETag.' },
  },
  body: [],
  replies: { 200: { sentence: 'No version is left.', schema: 'RemovedItem' } },
  refusals: [400, 404, 409, 412],
  enabled: ({ versions }) => versions,
  when: whenSet('purge'),
  plan: async (ask) => {
    const { request, target, verb } = ask;
    requireVersions(ask.settings, 'purge');
    const { force } = readParameters(request.query, query);
    const { key } = target;
    // A list that nobody reads would purge the whole folder instead.
    if (target.kind === 'folder')
      await refuseList(ask, 'A purge takes no list: it is of the file or folder in the URL.');
    return {
      access: [access('delete', key, verb, NAME)],
      run: async (context) => {
        if (target.kind === 'file') await purgeFile(context, key, request.headers);
        else await purgeFolder(context, key, { force, verb });
        return json(200, { name: baseName(key), path: key });
      },
    };
  },
};

async function purgeFile(
  context: RunContext,
  key: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const versions = await versionsOfFile(context.bucket, key);
  const [newest] = versions;
  if (newest === undefined) throw notFound(key);
  // RFC 9110 section 13.1.1: of a deleted file there is no current representation, which fits no If-Match.
  const isGone = newest.isDeletion && headers['if-match'] !== undefined;
  if (isGone || evaluate(headers, 'DELETE', newest) !== 'proceed') throw preconditionFailed(key);
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
  const staying = new Set<string>();
  const removal = startBatches<VersionRemoval>(context, {
    run: (versions) => removeInOrder(context.bucket, versions, staying),
    keyOf: ({ key }) => key,
    done: 'deleted',
  });
  for await (const batch of batches) await removal.add(batch);
  removal.finish(
    (failed) => `Storage refused to purge ${failed} of the files; repeating the request is safe.`,
  );
}

/**
 * The newest of a key goes last, and only when nothing of the others stays: it hides them, and what was deleted or
 * replaced must not be there again since a lock holds it. `staying` has the keys of which something stays.
 */
async function removeInOrder(
  bucket: Bucket,
  versions: readonly VersionRemoval[],
  staying: Set<string>,
): Promise<RemoveManyResult> {
  const remove = async (some: readonly VersionRemoval[]): Promise<RemoveManyResult> => {
    if (some.length === 0) return { failed: [], deleted: 0 };
    try {
      const result = await bucket.removeVersions(some);
      for (const key of result.failed) staying.add(key);
      return result;
    } catch (error) {
      for (const { key } of some) staying.add(key);
      throw error;
    }
  };
  const older = await remove(versions.filter(({ isLatest }) => isLatest !== true));
  const newest = await remove(
    versions.filter(({ key, isLatest }) => isLatest === true && !staying.has(key)),
  );
  const locked = older.locked ?? newest.locked;
  return {
    failed: [...older.failed, ...newest.failed],
    deleted: older.deleted + newest.deleted,
    ...(locked === undefined ? {} : { locked }),
  };
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
