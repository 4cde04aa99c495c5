// GET of a folder with `trash`: what was deleted below it and can be restored.
import { Readable } from 'node:stream';
import { access } from '../../core/hooks.js';
import { baseName } from '../../core/key.js';
import { jsonDate } from '../../http/entry.js';
import { typeByName } from '../../http/media-type.js';
import { flag, integer, readParameters, text, whenSet } from '../../http/parameters.js';
import { json } from '../../http/reply.js';
import type { FileReply } from '../../http/reply.js';
import type { Ask, Operation, RunContext } from '../operation.js';
import { openCursor, sealCursor } from '../shared/cursor.js';
import { requireVersions } from './version-id.js';
import { deletedOf, versionsBelow } from './version-tree.js';
import type { Deleted } from './version-tree.js';

const NAME = 'list_trash';

const query = {
  trash: flag('Lists what was deleted below the folder; needs the option `trash`.'),
  limit: integer('Entries of a page; 0 lists all.', { min: 0 }),
  cursor: text('The `next_cursor` of the page before.'),
};

// A page may take several storage calls when few of the versions are deletions; this bounds them.
const MAX_CALLS_A_PAGE = 10;

/** GET /folder/?trash=true */
export const listTrash: Operation = {
  name: NAME,
  sentence: 'Lists the files below a folder that were deleted and can be restored, with when.',
  methods: ['GET', 'HEAD'],
  targets: ['root', 'folder'],
  query,
  headers: {},
  body: [],
  replies: { 200: { sentence: 'What was deleted, by path.', schema: 'Trash' } },
  refusals: [400],
  enabled: ({ trash }) => trash,
  when: whenSet('trash'),
  plan: (ask) => {
    requireVersions(ask.settings, 'trash', 'trash');
    const { limit = 0, cursor } = readParameters(ask.request.query, query);
    const folder = ask.target.key;
    const listing = JSON.stringify([NAME, ask.tenant(), folder]);
    const after = cursor === undefined ? undefined : openCursor(ask.settings, cursor, listing).next;
    return {
      access: [access('list', folder, ask.verb, NAME)],
      run: (context) => {
        const shown = trashBelow(ask, context, after);
        if (limit === 0) return wholeTrash(shown);
        return pageOfTrash(shown, limit, (next) =>
          sealCursor(ask.settings, { next, openFolder: folder }, listing),
        );
      },
    };
  },
};

interface TrashPage {
  readonly isLast: boolean;
  readonly entries: readonly TrashEntry[];
  /** The last key that was looked at. */
  readonly lastKey: string | undefined;
}

type TrashEntry = ReturnType<typeof entryOf>;

/** A page of storage at a time: the deleted files that the caller may read. */
async function* trashBelow(
  { target, settings }: Ask,
  context: RunContext,
  afterKey: string | undefined,
): AsyncGenerator<TrashPage> {
  const asks = settings.filterListings && !context.allowsEverything;
  for await (const { files, isLast } of versionsBelow(context.bucket, target.key, afterKey)) {
    const entries: TrashEntry[] = [];
    for (const versions of files) {
      const deleted = deletedOf(versions);
      if (deleted === undefined) continue;
      const { key } = deleted.kept;
      const action = key.endsWith('/') ? 'list' : 'read';
      if (asks && !(await context.permits(access(action, key, 'GET', NAME)))) continue;
      entries.push(entryOf(deleted, target.key));
    }
    yield { entries, isLast, lastKey: files.at(-1)?.[0]?.key };
  }
}

function entryOf({ deletion, kept }: Deleted, folder: string) {
  const { key, versionId, size } = kept;
  const common = { deleted_at: jsonDate(deletion.lastModified), version_id: versionId };
  if (key.endsWith('/'))
    return {
      path: key,
      type: 'folder' as const,
      // The folder of the URL may lie in the trash itself.
      name: key === folder ? baseName(key) : key.slice(folder.length, -1),
      ...common,
    };
  return {
    path: key,
    type: 'file' as const,
    name: key.slice(folder.length),
    content_type: typeByName(key),
    content_length: size,
    ...common,
  };
}

async function pageOfTrash(
  pages: AsyncGenerator<TrashPage>,
  limit: number,
  seal: (lastKey: string) => string,
): Promise<FileReply> {
  const entries: TrashEntry[] = [];
  let calls = 0;
  for await (const page of pages) {
    calls += 1;
    const room = limit - entries.length;
    entries.push(...page.entries.slice(0, room));
    const last = entries.at(-1);
    if (page.entries.length > room && last !== undefined)
      return json(200, { resource: entries, next_cursor: seal(last.path) });
    const isFull = entries.length === limit || calls === MAX_CALLS_A_PAGE;
    if (isFull && !page.isLast && page.lastKey !== undefined)
      return json(200, { resource: entries, next_cursor: seal(page.lastKey) });
  }
  return json(200, { resource: entries });
}

/** In one piece when it is one page of storage, else streamed with flat memory. */
async function wholeTrash(pages: AsyncGenerator<TrashPage>): Promise<FileReply> {
  const first = await pages.next();
  const second = first.done === true ? first : await pages.next();
  const known = [first, second].flatMap(({ done, value }) =>
    done === true ? [] : [(value as TrashPage).entries],
  );
  if (second.done === true) return json(200, { resource: known.flat() });
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: Readable.from(chunksOf(known, pages), { objectMode: true, highWaterMark: 1 }),
  };
}

async function* chunksOf(
  known: readonly (readonly TrashEntry[])[],
  pages: AsyncIterable<TrashPage>,
): AsyncGenerator<string> {
  yield `{"resource":[`;
  let separator = '';
  const text = (entries: readonly TrashEntry[]): string => {
    if (entries.length === 0) return '';
    const joined = separator + entries.map((entry) => JSON.stringify(entry)).join(',');
    separator = ',';
    return joined;
  };
  for (const entries of known) yield text(entries);
  for await (const { entries } of pages) yield text(entries);
  yield ']}';
}
