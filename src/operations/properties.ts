// GET with include_properties: what storage knows about a file or a folder.
import type { OperationSettings } from '../config/settings.js';
import { access } from '../core/hooks.js';
import { tooLarge } from '../core/too-large.js';
import { jsonDate } from '../http/entry.js';
import { flag, readParameters, whenSet } from '../http/parameters.js';
import { json } from '../http/reply.js';
import { baseName } from '../core/key.js';
import { streamOf } from '../http/body/stream-of.js';
import type { Stat } from '../storage/bucket.js';
import { describeFile, statFile, statFolder } from './shared/file-properties.js';
import { explainMissing, versionNotFound } from './shared/missing.js';
import { versionIdParameter, versionOf } from './versions/version-id.js';
import type { Looking } from './shared/missing.js';
import type { Operation, RunContext } from './operation.js';

const includeProperties = flag('Answers properties instead of the content.');

const fileQuery = {
  include_properties: includeProperties,
  content: flag('Adds the content to the properties.'),
  is_base64: flag('Content as base64; false gives it as text.', true),
  version_id: versionIdParameter,
};

/** GET /file?include_properties=true */
export const properties: Operation = {
  name: 'read_properties',
  sentence: 'Answers the properties of a file.',
  methods: ['GET', 'HEAD'],
  targets: ['file'],
  query: fileQuery,
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The properties.', schema: 'FileProperties' } },
  refusals: [404, 413],
  when: whenSet('include_properties'),
  plan: ({ request, target, verb, settings }) => {
    const { content, is_base64, version_id } = readParameters(request.query, fileQuery);
    const { versionId } = versionOf(settings, version_id);
    return {
      access: [access('read', target.key, verb, 'read_properties')],
      run: async (context) => {
        if (!content)
          return json(200, describeFile(await statFile(context, target.key, versionId)));
        const file = { key: target.key, versionId };
        const { stat, bytes } = await readSmall(context, file, settings.maxInlineBytes);
        const text = bytes.toString(is_base64 ? 'base64' : 'utf8');
        return json(200, { ...describeFile(stat), content: text });
      },
    };
  },
};

const folderQuery = {
  include_properties: includeProperties,
  rights: flag(
    'Adds what the caller may do in the folder: list, read, write, delete, and purge where versions are kept.',
  ),
};

/** GET /folder/?include_properties=true */
export const folderProperties: Operation = {
  name: 'read_folder_properties',
  sentence: 'Answers the properties of a folder.',
  methods: ['GET', 'HEAD'],
  targets: ['root', 'folder'],
  query: folderQuery,
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The properties.', schema: 'FolderProperties' } },
  refusals: [404],
  when: whenSet('include_properties'),
  plan: ({ request, target, verb, settings }) => ({
    access: [access('list', target.key, verb, 'read_folder_properties')],
    run: async (context) => {
      const { rights } = readParameters(request.query, folderQuery);
      const placeholder = await statFolder(context.bucket, target.key);
      const name = target.key === '' ? settings.name : baseName(target.key);
      const metadata = placeholder?.metadata ?? {};
      return json(200, {
        resource: {
          name,
          path: target.key,
          type: 'folder',
          last_modified: jsonDate(placeholder?.lastModified ?? null),
          ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
          ...(rights ? { rights: await rightsIn(context, target.key, settings) } : {}),
        },
      });
    },
  }),
};

// The verb that each action travels with: policies judge by it.
const VERBS = { list: 'GET', read: 'GET', write: 'POST', delete: 'DELETE' } as const;

/** What the caller may do in a folder, asked of `authorize` for the folder's own path. */
async function rightsIn(
  { permits }: RunContext,
  folder: string,
  { versions }: Pick<OperationSettings, 'versions'>,
) {
  const rights: Record<string, boolean> = {};
  for (const [action, verb] of Object.entries(VERBS) as [keyof typeof VERBS, string][])
    rights[action] = await permits(access(action, folder, verb, 'read_folder_properties'));
  // Hosts can refuse it apart from deleting.
  if (versions) rights['purge'] = await permits(access('delete', folder, 'DELETE', 'purge'));
  return rights;
}

async function readSmall(
  looking: Looking,
  { key, versionId }: { readonly key: string; readonly versionId: string | undefined },
  maxBytes: number,
): Promise<{ stat: Stat; bytes: Buffer }> {
  const result = await looking.bucket.read(key, versionId === undefined ? {} : { versionId });
  if (result.kind !== 'found' && versionId !== undefined) throw versionNotFound(key, versionId);
  if (result.kind !== 'found') throw await explainMissing(looking, key);
  const body = streamOf(result.body);
  const chunks: Buffer[] = [];
  // Null when only the end tells.
  let size = result.stat.size ?? 0;
  if (size <= maxBytes) {
    size = 0;
    for await (const chunk of body) {
      // Byte streams yield Buffers; the async iterator types them as any.
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > maxBytes) break;
    }
  }
  body.destroy();
  if (size <= maxBytes) return { stat: result.stat, bytes: Buffer.concat(chunks) };
  const message = `The file '${key}' is larger than the ${maxBytes} bytes that "content" answers.`;
  throw tooLarge(message, maxBytes);
}
