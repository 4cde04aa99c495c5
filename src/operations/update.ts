// PATCH: changes the properties that the body names and keeps the rest.
import { access } from '../core/hooks.js';
import { FileServiceError } from '../core/errors.js';
import { evaluate } from '../http/conditions.js';
import { readJson } from '../http/body/json.js';
import { json } from '../http/reply.js';
import { declaredLength } from '../http/request.js';
import type { Attributes, Stat } from '../storage/bucket.js';
import { explainMissing, preconditionFailed } from './shared/missing.js';
import type { Looking } from './shared/missing.js';
import type { Ask, Operation } from './operation.js';
import { describeFile, statFile, statFolder } from './shared/file-properties.js';
import { MAX_JSON_BYTES } from './shared/items.js';
import { checkHeaderValue, checkMetadataName, checkMetadataSize } from './shared/attributes.js';
import { FOLDER_TYPE, placeFolder } from './shared/create-folder.js';
import { invalidBody } from './shared/invalid-body.js';
import { refuseType } from './shared/upload/rules.js';

// A file that changes while it is updated is read anew, this often.
const MAX_TRIES = 3;

const documentation = {
  methods: ['PATCH'],
  query: {},
  headers: {},
  refusals: [400, 404, 413],
} as const satisfies Partial<Operation>;

/** PATCH /file */
export const update: Operation = {
  ...documentation,
  name: 'update',
  sentence: 'Changes the named properties of a file and keeps the rest.',
  targets: ['file'],
  body: [{ media: 'application/json', schema: 'FileChanges' }],
  headers: { 'if-match': { sentence: 'Changes only the version with this ETag.' } },
  replies: { 200: { sentence: 'The properties.', schema: 'FileProperties' } },
  refusals: [...documentation.refusals, 412],
  plan: async (ask) => {
    const { key } = ask.target;
    const changed = fileChange(await readObject(ask), ask.settings.allowedTypes);
    const change = (stat: Stat): Attributes => {
      if (evaluate(ask.request.headers, 'PATCH', stat) !== 'proceed') throw preconditionFailed(key);
      return changed(stat);
    };
    return {
      access: [access('write', key, ask.verb, 'update')],
      run: async (context) => {
        await replaceAttributes(context, key, await statFile(context, key), change);
        return json(200, describeFile(await statFile(context, key)));
      },
    };
  },
};

/** PATCH /folder/ */
export const updateFolder: Operation = {
  ...documentation,
  name: 'update_folder',
  sentence: 'Keeps a JSON object as the metadata of a folder.',
  targets: ['folder'],
  body: [{ media: 'application/json', schema: 'FolderMetadata' }],
  replies: { 200: { sentence: 'Kept.', schema: 'Success' } },
  plan: async (ask) => {
    const { key } = ask.target;
    const metadata = folderMetadata(await readObject(ask));
    return {
      access: [access('write', key, ask.verb, 'update_folder')],
      run: async (context) => {
        const { bucket } = context;
        const placeholder = await statFolder(bucket, key);
        if (placeholder !== null || !(await placeFolder(bucket, key, metadata))) {
          const there = placeholder ?? (await statFile(context, key));
          // By a copy onto itself: other tools keep bytes in such objects.
          await replaceAttributes(context, key, there, (stat) => ({
            ...attributesOf(stat),
            contentType: stat.contentType ?? FOLDER_TYPE,
            metadata,
          }));
        }
        return json(200, { success: true });
      },
    };
  },
};

/** Replaces attributes by a copy inside storage, of the very object that the change was made for. */
async function replaceAttributes(
  looking: Looking,
  key: string,
  first: Stat,
  change: (stat: Stat) => Attributes,
): Promise<void> {
  let stat = first;
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const result = await looking.bucket.copy({
      from: key,
      to: key,
      attributes: change(stat),
      ...(stat.etag === '' ? {} : { ifSourceMatch: stat.etag }),
    });
    if (result.kind === 'copied') return;
    if (result.kind === 'missing') throw await explainMissing(looking, key);
    stat = await statFile(looking, key);
  }
  throw new FileServiceError('conflict', `'${key}' is changing faster than it can be updated.`);
}

type Fields = Readonly<Record<string, unknown>>;

async function readObject({ request, settings }: Ask): Promise<Fields> {
  const body = await readJson(request.body, {
    maxBytes: MAX_JSON_BYTES,
    idleMs: settings.timeouts.idleMs,
    signal: request.signal,
    length: declaredLength(request.headers),
  });
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Fields;
  throw invalidBody('The body takes a JSON object of properties.');
}

/** The change that a body asks for, as a function of what is there. Null removes a property. */
function fileChange(body: Fields, allowedTypes: readonly string[] | undefined) {
  const contentType = property(body, 'content_type');
  const cacheControl = property(body, 'cache_control');
  const contentDisposition = property(body, 'content_disposition');
  const metadata = metadataChange(body['metadata']);
  if (typeof contentType === 'string') refuseType(contentType, allowedTypes);

  return (stat: Stat): Attributes => {
    const merged = { ...stat.metadata, ...metadata };
    const kept = Object.fromEntries(
      Object.entries(merged).filter((pair): pair is [string, string] => pair[1] !== null),
    );
    checkMetadataSize(kept, invalidBody);
    const given = { contentType, cacheControl, contentDisposition };
    return { ...attributesOf(stat, given), metadata: kept };
  };
}

/** The attributes of an object except its metadata, with changes: null removes one, undefined keeps it. */
function attributesOf(
  stat: Stat,
  changes: Partial<Record<keyof Attributes, string | null | undefined>> = {},
): Attributes {
  const names = [
    'contentType',
    'cacheControl',
    'contentDisposition',
    'contentEncoding',
    'contentLanguage',
    'digest',
  ] as const;
  const pairs = names.map((name) => [
    name,
    changes[name] === undefined ? stat[name] : changes[name],
  ]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== null)) as Attributes;
}

function property(body: Fields, name: string): string | null | undefined {
  const value = body[name];
  if (value === undefined || value === null) return value;
  return checkHeaderValue(value, `field "${name}"`, invalidBody);
}

function metadataChange(given: unknown): Readonly<Record<string, string | null>> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidBody('The field "metadata" takes an object of texts.');
  return Object.fromEntries(
    Object.entries(given).map(([name, value]: [string, unknown]) => {
      const lower = checkMetadataName(name, invalidBody);
      if (value !== null && typeof value !== 'string')
        throw invalidBody(
          `The value of "${lower}" in "metadata" takes text, or null to remove it.`,
        );
      return [lower, value];
    }),
  );
}

// A folder's properties may be any JSON, so each value is kept as JSON text, a plain text as itself.
function folderMetadata(body: Fields): Readonly<Record<string, string>> {
  const texts = Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
  const metadata = Object.fromEntries(
    Object.entries(metadataChange(texts)).map(([name, value]) => [name, value ?? '']),
  );
  checkMetadataSize(metadata, invalidBody);
  return metadata;
}
