// POST of a list with zip=true: the files and folders of the list, below the folder of the URL, as one archive.
import { FileServiceError } from '../core/errors.js';
import { access } from '../core/hooks.js';
import { baseName, resolveName } from '../core/key.js';
import { readJson } from '../http/body/json.js';
import { flag, whenSet } from '../http/parameters.js';
import { declaredLength } from '../http/request.js';
import type { Entry } from '../storage/bucket.js';
import { archiveReply } from './shared/archive-reply.js';
import { invalidBody } from './shared/invalid-body.js';
import { MAX_ITEMS, MAX_JSON_BYTES, itemsOf, textField } from './shared/items.js';
import type { Item } from './shared/items.js';
import { explainMissing } from './shared/missing.js';
import type { Ask, Operation, RunContext } from './operation.js';
import { readableBelow } from './zip.js';

const NAME = 'zip_selection';
const isZip = whenSet('zip');

/** POST /folder/?zip=true with `{"resource":[...]}` */
export const zipSelection: Operation = {
  name: NAME,
  sentence:
    'Answers the files and folders of a list as a zip archive; `path` is from the root, `name` from the folder.',
  methods: ['POST'],
  targets: ['root', 'folder'],
  query: { zip: flag('Answers a zip archive of the list in the body.') },
  headers: {},
  body: [{ media: 'application/json', schema: 'Selection' }],
  replies: {
    200: {
      sentence: 'The archive.',
      media: 'application/zip',
      schema: 'Content',
      headers: ['Content-Disposition'],
    },
  },
  refusals: [404, 413],
  judgesItems: true,
  when: (request) => request.hasBody && isZip(request),
  plan: async (ask) => {
    const folder = ask.target.key;
    const keys = keysOf(ask, await readItems(ask));
    const name = `${folder === '' ? ask.settings.name : baseName(folder)}.zip`;
    return {
      access: [],
      run: async (context) => {
        // Reading is all that this does: hosts are asked what they are asked for a GET.
        for (const key of keys)
          await context.authorize(access(key.endsWith('/') ? 'list' : 'read', key, 'GET', NAME));
        return archiveReply(ask, context, { name, folder, files: selected(context, keys) });
      },
    };
  },
};

async function readItems({ request, settings }: Ask): Promise<readonly Item[]> {
  const body = await readJson(request.body, {
    maxBytes: MAX_JSON_BYTES,
    idleMs: settings.timeouts.idleMs,
    signal: request.signal,
    length: declaredLength(request.headers),
    allowEmpty: true,
  });
  const items = itemsOf(body, MAX_ITEMS);
  if (items === null || items.length === 0)
    throw invalidBody('The body takes {"resource":[...]} with a "path" or a "name" in each item.');
  return items;
}

/** Each key once, in the order of keys, without those below a folder that is selected too. */
function keysOf(ask: Ask, items: readonly Item[]): readonly string[] {
  const keys = [...new Set(items.map((item) => keyOf(ask, item)))];
  keys.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const kept: string[] = [];
  let folder: string | undefined;
  for (const key of keys) {
    if (folder !== undefined && key.startsWith(folder)) continue;
    if (key.endsWith('/')) folder = key;
    kept.push(key);
  }
  return kept;
}

function keyOf(ask: Ask, item: Item): string {
  const path = textField(item, 'path');
  const given = path ?? textField(item, 'name');
  if (given === undefined) throw invalidBody('Each item of "resource" needs a "path" or a "name".');
  const isFolder = item['type'] === 'folder' || (item['type'] === undefined && given.endsWith('/'));
  const from = path === undefined ? ask.target.key : '';
  const key = resolveName(from, given, isFolder ? 'folder' : 'file', ask.rules);
  if (key !== ask.target.key && key.startsWith(ask.target.key)) return key;
  throw invalidBody('Each item of "resource" takes a file or folder below the folder of the URL.');
}

async function* selected(
  context: RunContext,
  keys: readonly string[],
): AsyncGenerator<readonly Entry[]> {
  for (const key of keys) {
    if (key.endsWith('/')) {
      yield* readableBelow(context, key, NAME);
      continue;
    }
    const looked = await context.bucket.stat(key);
    if (looked.kind !== 'found') throw await explainMissing(context, key);
    const { size, lastModified, etag } = looked.stat;
    if (size === null)
      throw new FileServiceError('storage_failed', `Storage does not say how long '${key}' is.`);
    yield [{ key, size, lastModified, etag }];
  }
}
