// POST of a folder with url=https://...: the server fetches the file, behind a guard.
import { access } from '../../core/hooks.js';
import { abortSignalOf } from '../../core/client-signal.js';
import { FileServiceError } from '../../core/errors.js';
import { isTrue, readParameters, text } from '../../http/parameters.js';
import { lastValue } from '../../http/request.js';
import { resolveName } from '../../core/key.js';
import type { Operation } from '../operation.js';
import { extractUpload } from '../shared/upload/extract.js';
import { createsOnly, storeFile, writeVerb } from '../shared/upload/store-file.js';
import { repeatable, uploadQuery } from '../shared/upload/parameters.js';
import { isZip } from '../shared/upload/rules.js';
import { created } from '../shared/created.js';

const NAME = 'import';
const query = {
  url: text('Address of the file: http or https, at a public host.'),
  filename: text("Name to store it under. Default the address' last segment."),
  ...uploadQuery,
};

/** POST /folder/?url=https://... */
export const importFile: Operation = {
  name: NAME,
  sentence: 'Fetches a file from a public address into the folder.',
  methods: ['POST', 'PUT'],
  targets: ['root', 'folder'],
  query,
  headers: repeatable,
  body: [],
  replies: {
    201: { sentence: 'The file is stored.', schema: 'StoredFile', headers: ['Location'] },
  },
  refusals: [400, 404, 409, 413, 415],
  enabled: ({ importFromUrl }) => importFromUrl,
  when: (request) => {
    const url = lastValue(request.query, 'url') ?? '';
    return url !== '' && !isTrue(url);
  },
  plan: (ask) => {
    const { settings, target, request, rules } = ask;
    if (!settings.importFromUrl)
      throw new FileServiceError('import_disabled', 'Importing from a URL is turned off here.');
    const { url = '', filename, extract, clean } = readParameters(request.query, query);
    const key = resolveName(target.key, filename ?? lastSegment(url), 'file', rules);
    const folder = access('write', target.key, writeVerb(ask), NAME);
    const file = access('write', key, writeVerb(ask), NAME);
    const namedZip = extract && isZip(undefined, key);
    return {
      access: [namedZip ? folder : file],
      run: async (context) => {
        // Loaded with the first import: few hosts allow any.
        const { download } = await import('./download.js');
        const { body, contentType, length } = await download(url, {
          maxBytes: settings.maxUploadBytes,
          timeoutMs: settings.timeouts.requestMs,
          idleMs: settings.timeouts.idleMs,
          signal: abortSignalOf(context.signal),
        });
        const upload = {
          key,
          body,
          length,
          declaredType: contentType ?? undefined,
          createOnly: createsOnly(ask),
          via: 'import' as const,
        };
        try {
          if (extract && isZip(contentType ?? undefined, key)) {
            if (!namedZip) await context.authorize(folder);
            const where = { folder: target.key, clean, operation: NAME };
            return created(ask, await extractUpload(ask, context, { ...upload, ...where }));
          }
          return created(ask, { ...(await storeFile(ask, context, upload)) });
        } finally {
          body.destroy();
        }
      },
    };
  },
};

function lastSegment(url: string): string {
  if (!URL.canParse(url)) return '';
  const segment = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
