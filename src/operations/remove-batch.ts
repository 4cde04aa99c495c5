// DELETE of the root or a folder with a list in the body: each item is judged and answered by itself.
import { access } from '../core/hooks.js';
import { readJson } from '../http/body/json.js';
import { readParameters } from '../http/parameters.js';
import { declaredLength } from '../http/request.js';
import { resolveName } from '../core/key.js';
import type { Ask, Operation, RunContext } from './operation.js';
import { invalidBody } from './shared/invalid-body.js';
import { removeFile, removeQuery } from './shared/remove-file.js';
import { planTreeRemoval, removeFolderQuery, removeTree } from './shared/remove-tree.js';
import { someFailed, startEntries } from './shared/several-items.js';
import { MAX_ITEMS, MAX_JSON_BYTES, itemsOf, textField } from './shared/items.js';
import type { Item } from './shared/items.js';

const NAME = 'remove_batch';
const query = { ...removeFolderQuery, ...removeQuery };

/** DELETE / or /folder/ with `{"resource":[...]}` */
export const removeBatch: Operation = {
  name: NAME,
  sentence:
    'Deletes the files and folders of a list; `path` is from the root, `name` from the folder.',
  methods: ['DELETE'],
  targets: ['root', 'folder'],
  query,
  headers: {},
  body: [{ media: 'application/json', schema: 'Selection' }],
  replies: {
    200: { sentence: 'One entry an item, in order.', schema: 'RemovedList' },
    207: { ...someFailed, schema: 'RemovedList' },
  },
  refusals: [400, 403, 404, 413],
  judgesItems: true,
  // The root has no deletion without a list, so it comes here to be told so.
  when: ({ hasBody, path }) => hasBody || /^\/*$/.test(path),
  plan: async (ask) => {
    const items = await readItems(ask);
    if (items === null) return planTreeRemoval(ask);
    const targets = items.map((item) => targetOf(item, ask));
    return { access: [], run: (context) => removeAll(ask, context, targets) };
  },
};

/** One item as it was sent, and a function that says what it names. */
interface BatchTarget {
  readonly item: Item;
  readonly isFolder: boolean;
  /** @throws FileServiceError `invalid_path` */
  readonly key: () => string;
}

// A body that is present but is no such list deletes nothing: clients send lists under any content
// type, and taking an unreadable one for "no body" would delete the folder of the URL.
async function readItems({ request, target, settings }: Ask): Promise<readonly Item[] | null> {
  const body = request.hasBody
    ? await readJson(request.body, {
        maxBytes: MAX_JSON_BYTES,
        idleMs: settings.timeouts.idleMs,
        signal: request.signal,
        length: declaredLength(request.headers),
        allowEmpty: true,
      })
    : undefined;
  if (body === undefined) {
    if (target.kind === 'folder') return null;
    throw invalidBody('No resources given for delete.');
  }
  const items = itemsOf(body, MAX_ITEMS);
  if (items === null || items.length === 0)
    throw invalidBody('The body takes {"resource":[...]} with a "path" or a "name" in each item.');
  return items;
}

function targetOf(item: Item, ask: Ask): BatchTarget {
  const path = textField(item, 'path');
  const name = textField(item, 'name');
  const given = path ?? name;
  if (given === undefined) throw invalidBody('No path or name provided for resource.');
  const isFolder = item['type'] === 'folder' || (item['type'] === undefined && given.endsWith('/'));
  const kind = isFolder ? 'folder' : 'file';
  return {
    item,
    isFolder,
    key: () => resolveName(path === undefined ? ask.target.key : '', given, kind, ask.rules),
  };
}

async function removeAll(ask: Ask, context: RunContext, targets: readonly BatchTarget[]) {
  const entries = startEntries(ask, context);
  for (const target of targets) {
    const { name = null, path = null, type = target.isFolder ? 'folder' : 'file' } = target.item;
    const shown = { name, path, type };
    const removeIt = async (): Promise<Item> => {
      await removeOne(ask, context, target);
      return shown;
    };
    await entries.add(removeIt, () => shown);
  }
  return entries.reply(200);
}

async function removeOne(ask: Ask, context: RunContext, target: BatchTarget): Promise<void> {
  const { force, content_only, no_check } = readParameters(ask.request.query, query);
  const key = target.key();
  await context.authorize(access('delete', key, ask.verb, NAME));
  if (!target.isFolder) return removeFile(context, key, no_check);
  const removal = { force, contentOnly: content_only, operation: NAME, verb: ask.verb };
  return removeTree(context, key, removal);
}
