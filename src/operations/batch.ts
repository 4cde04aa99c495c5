// POST and PUT of a JSON list: folders, files with their content, copies and moves, each answered by itself.
import { access } from '../core/hooks.js';
import { Readable } from 'node:stream';
import { decodeBase64, readJson } from '../http/body/json.js';
import { declaredLength, lastValue } from '../http/request.js';
import { isTrue } from '../http/parameters.js';
import { baseName, resolveName } from '../core/key.js';
import { MAX_ITEMS, MAX_JSON_BYTES, flagField, itemsOf, textField } from './shared/items.js';
import type { Item } from './shared/items.js';
import type { Ask, Operation, RunContext } from './operation.js';
import { copyFile, copyTree } from './shared/copy-files.js';
import { createFolder, planFolder } from './shared/create-folder.js';
import { invalidBody } from './shared/invalid-body.js';
import { startWrites } from './shared/request-writes.js';
import type { RequestWrites } from './shared/request-writes.js';
import { someFailed, startEntries } from './shared/several-items.js';
import { createsOnly, storeFile, writeVerb } from './shared/upload/store-file.js';
import { checkExist, repeatable } from './shared/upload/parameters.js';

const NAME = 'write_batch';

/** POST /folder/ with `{"resource":[...]}` */
export const batch: Operation = {
  name: NAME,
  sentence: 'Creates, copies or moves the files and folders of a list into the folder.',
  methods: ['POST', 'PUT'],
  targets: ['root', 'folder'],
  query: { check_exist: checkExist },
  headers: repeatable,
  body: [{ media: 'application/json', schema: 'NewItems' }],
  replies: {
    201: { sentence: 'One entry an item, in order.', schema: 'StoredList' },
    207: { ...someFailed, schema: 'StoredList' },
  },
  refusals: [400, 403, 404, 409, 413],
  judgesItems: true,
  when: ({ hasBody }) => hasBody,
  plan: async (ask) => {
    const items = await readItems(ask);
    // The original's clients create the folder of the URL with any other JSON body.
    if (items === null || items.length === 0) return planFolder(ask, ask.target.key, 'make_folder');
    return { access: [], run: (context) => createAll(ask, context, items) };
  },
};

async function readItems({ request, settings }: Ask): Promise<readonly Item[] | null> {
  const body = await readJson(request.body, {
    maxBytes: MAX_JSON_BYTES,
    idleMs: settings.timeouts.idleMs,
    signal: request.signal,
    length: declaredLength(request.headers),
    allowEmpty: true,
  });
  return body === undefined ? null : itemsOf(body, MAX_ITEMS);
}

async function createAll(ask: Ask, context: RunContext, items: readonly Item[]) {
  const entries = startEntries(ask, context);
  const writes = startWrites(ask.settings.maxCopies);
  for (const item of items)
    await entries.add(
      async () => ({ ...describe(ask, item), ...(await createOne(ask, context, item, writes)) }),
      () => describe(ask, item),
    );
  return entries.reply(201);
}

// What an answer shows of an item that failed before its key was known: as sent.
function describe(ask: Ask, item: Item): Item {
  const isFolder = item['type'] === 'folder';
  try {
    const key = keyOf(ask, item, isFolder ? 'folder' : 'file');
    return { name: baseName(key), path: key, type: isFolder ? 'folder' : 'file' };
  } catch {
    return { name: item['name'] ?? null, path: null, type: item['type'] ?? null };
  }
}

// A copy may leave its name out: then it keeps the source's.
function keyOf(ask: Ask, item: Item, kind: 'file' | 'folder'): string {
  const source = textField(item, 'source_path');
  const name = textField(item, 'name') ?? (source === undefined ? undefined : baseName(source));
  if (name === undefined || name === '')
    throw invalidBody('Each item of "resource" needs a "name".');
  return resolveName(ask.target.key, name, kind, ask.rules);
}

async function createOne(
  ask: Ask,
  context: RunContext,
  item: Item,
  writes: RequestWrites,
): Promise<Item> {
  const kind = item['type'];
  if (kind !== 'file' && kind !== 'folder')
    throw invalidBody('The field "type" of an item takes "file" or "folder".');
  const key = keyOf(ask, item, kind);
  const source = textField(item, 'source_path');
  if (source !== undefined) return copyItem(ask, context, item, { kind, source, key, writes });
  await context.authorize(access('write', key, kind === 'file' ? writeVerb(ask) : ask.verb, NAME));
  if (kind === 'file') return storeContent(ask, context, item, { key, writes });
  await createFolder(context.bucket, key, ask.settings.compat);
  writes.add(key);
  return {};
}

async function storeContent(
  ask: Ask,
  context: RunContext,
  item: Item,
  target: { readonly key: string; readonly writes: RequestWrites },
): Promise<Item> {
  const content = textField(item, 'content');
  if (content === undefined)
    throw invalidBody(
      'A file item needs "content" (text, or base64 with "is_base64") or "source_path".',
    );
  const bytes = flagField(item, 'is_base64') ? decodeBase64(content) : Buffer.from(content, 'utf8');
  const stored = await storeFile(ask, context, {
    ...target,
    body: Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false }),
    length: bytes.length,
    declaredType: textField(item, 'content_type'),
    createOnly: createsOnly(ask),
    via: 'batch',
  });
  return { ...stored };
}

async function copyItem(
  ask: Ask,
  context: RunContext,
  item: Item,
  copy: {
    readonly kind: 'file' | 'folder';
    readonly source: string;
    readonly key: string;
    readonly writes: RequestWrites;
  },
): Promise<Item> {
  const request = {
    from: resolveName('', copy.source, copy.kind, ask.rules),
    to: copy.key,
    move: flagField(item, 'delete_source'),
    createOnly: copiesOnly(ask),
    operation: NAME,
    verb: writeVerb(ask),
    writes: copy.writes,
  };
  if (copy.kind === 'file') await copyFile(context, request);
  else await copyTree(context, request);
  return {};
}

// The original's uploads overwrite, but its copies never do.
function copiesOnly(ask: Ask): boolean {
  const checked = lastValue(ask.request.query, 'check_exist');
  if (ask.settings.compat === undefined) return createsOnly(ask);
  return checked === undefined || isTrue(checked);
}
