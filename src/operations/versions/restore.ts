// POST with `restore`: an older version becomes the newest, or what was deleted is there again.
import { FileServiceError } from '../../core/errors.js';
import { access } from '../../core/hooks.js';
import { baseName } from '../../core/key.js';
import { flag, readParameters, text, whenSet } from '../../http/parameters.js';
import type { VersionRemoval } from '../../storage/bucket.js';
import type { Ask, Operation, Plan, RunContext } from '../operation.js';
import { created } from '../shared/created.js';
import { describeStored, statFile } from '../shared/file-properties.js';
import { alreadyExists, notFound, preconditionFailed, versionNotFound } from '../shared/missing.js';
import { startBatches } from '../shared/partial.js';
import { writeCondition } from '../shared/upload/store-file.js';
import { refuseList } from './no-list.js';
import { requireVersions, versionIdParameter, versionOf } from './version-id.js';
import { authorizeVersions, deletedOf, hidingDeletions, versionsOfFile } from './version-tree.js';

const NAME = 'restore';

const query = {
  restore: flag('Restores; needs the option `versions`, and `trash` without a `version_id`.'),
  version_id: versionIdParameter,
  since: text('Restores only what was deleted at this ISO 8601 date or later, of a folder.'),
};

/** POST /file?restore=true, with a version_id or without; POST /folder/?restore=true */
export const restore: Operation = {
  name: NAME,
  sentence:
    'Makes a version the newest again, or brings back a deleted file, or all that was deleted below a folder.',
  methods: ['POST'],
  targets: ['root', 'folder', 'file'],
  query,
  headers: {
    'if-match': { sentence: 'Restores only over the version with this ETag.' },
    'if-none-match': { sentence: '`*` restores only where no file is.' },
  },
  body: [],
  replies: { 201: { sentence: 'It is there again.', schema: 'Restored' } },
  refusals: [400, 404, 409, 412],
  enabled: ({ versions }) => versions,
  when: whenSet('restore'),
  plan: async (ask) => {
    const { version_id, since } = readParameters(ask.request.query, query);
    const { versionId } = versionOf(ask.settings, version_id);
    if (versionId !== undefined) return planVersion(ask, versionId);
    requireVersions(ask.settings, 'restore', 'trash');
    const { target } = ask;
    // A list that nobody reads would bring back the whole folder instead.
    if (target.kind !== 'file')
      await refuseList(ask, 'A restore takes no list: it is of the file or folder in the URL.');
    return {
      access: [access('write', target.key, ask.verb, NAME)],
      run: (context) =>
        target.kind === 'file'
          ? restoreFile(ask, context)
          : restoreFolder(ask, context, dateOf(since)),
    };
  },
};

function planVersion(ask: Ask, versionId: string): Plan {
  const { key, kind } = ask.target;
  if (kind !== 'file')
    throw new FileServiceError(
      'invalid_parameter',
      'The parameter "version_id" names a version of a file; a folder has none.',
    );
  return {
    // It replaces what is there, which is PUT's right.
    access: [access('write', key, 'PUT', NAME)],
    run: async (context) => {
      const condition = await writeCondition(context.bucket, key, ask.request.headers);
      const { kind } = await context.bucket.copy({ from: key, to: key, versionId, ...condition });
      if (kind === 'missing') throw versionNotFound(key, versionId);
      if (kind !== 'copied') throw preconditionFailed(key);
      return created(ask, describeStored(await statFile(context, key)));
    },
  };
}

async function restoreFile(ask: Ask, context: RunContext) {
  const { key } = ask.target;
  const versions = await versionsOfFile(context.bucket, key);
  const deleted = deletedOf(versions);
  if (deleted === undefined) {
    if (versions[0]?.isDeletion === false) throw alreadyExists(key);
    throw notFound(key);
  }
  if (ask.request.headers['if-match'] !== undefined) throw preconditionFailed(key);
  await removeDeletions(context, [hidingDeletions(versions, deleted)]);
  return created(ask, describeStored(await statFile(context, key)));
}

async function restoreFolder(ask: Ask, context: RunContext, since: Date | undefined) {
  const { key: folder } = ask.target;
  const tree = await authorizeVersions(context, {
    folder,
    select: (versions) => {
      const deleted = deletedOf(versions);
      if (deleted === undefined || isBefore(deleted.deletion.lastModified, since)) return [];
      return hidingDeletions(versions, deleted);
    },
    accessOf: (key) => access('write', key, ask.verb, NAME),
  });
  if (tree.isEmpty && folder !== '') throw notFound(folder);
  await removeDeletions(context, tree.batches());
  return created(ask, { name: baseName(folder), path: folder, restored: tree.keys });
}

async function removeDeletions(
  context: RunContext,
  batches: AsyncIterable<readonly VersionRemoval[]> | Iterable<readonly VersionRemoval[]>,
): Promise<void> {
  const restoring = startBatches<VersionRemoval>(context, {
    run: (deletions) => context.bucket.removeVersions(deletions),
    keyOf: ({ key }) => key,
    done: 'restored',
  });
  for await (const batch of batches) await restoring.add(batch);
  restoring.finish(
    (failed) => `Storage refused to restore ${failed} of the files; repeating the request is safe.`,
  );
}

function isBefore(date: Date | null, since: Date | undefined): boolean {
  return since !== undefined && (date?.getTime() ?? 0) < since.getTime();
}

// ISO 8601 as the service writes its own dates; storage dates by the second.
const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;

function dateOf(since: string | undefined): Date | undefined {
  if (since === undefined) return undefined;
  const date = new Date(since);
  if (DATE.test(since) && !Number.isNaN(date.getTime()))
    return new Date(Math.floor(date.getTime() / 1000) * 1000);
  throw new FileServiceError(
    'invalid_parameter',
    'The parameter "since" takes a date such as 2026-02-10T14:30:00Z.',
  );
}
