// POST and PUT of bytes: to a file's own path, or to a folder with the name in a header.
import { access } from '../core/hooks.js';
import { decodeHeaderName } from '../http/header-name.js';
import { readParameters } from '../http/parameters.js';
import { parentOf, resolveName } from '../core/key.js';
import { bodyLength } from './shared/upload/body-length.js';
import { created } from './shared/created.js';
import type { FileReply } from '../http/reply.js';
import { uploadComplete } from './resumable/protocol.js';
import type { Ask, Operation, Plan } from './operation.js';
import { extractUpload } from './shared/upload/extract.js';
import { createsOnly, storeFile, writeVerb } from './shared/upload/store-file.js';
import { fileBody, repeatable, uploadHeaders, uploadQuery } from './shared/upload/parameters.js';
import { isZip, refuseLength } from './shared/upload/rules.js';

const documentation = {
  methods: ['POST', 'PUT'],
  query: uploadQuery,
  body: fileBody,
  replies: {
    201: { sentence: 'The file is stored.', schema: 'StoredFile', headers: ['Location'] },
  },
  refusals: [400, 408, 409, 411, 412, 413, 415],
} as const satisfies Partial<Operation>;

/** POST or PUT /file */
export const write: Operation = {
  ...documentation,
  name: 'write',
  sentence: 'Stores the body as a file.',
  targets: ['file'],
  headers: { ...uploadHeaders, ...repeatable },
  plan: (ask) => planUpload(ask, ask.target.key, 'write'),
};

/** POST or PUT /folder/ with X-File-Name */
export const writeNamed: Operation = {
  ...documentation,
  name: 'write_named',
  sentence: 'Stores the body as the file that `X-File-Name` names, inside the folder.',
  targets: ['root', 'folder'],
  headers: {
    'x-file-name': { sentence: 'Name of the file, UTF-8 or Latin-1; may hold `/`.' },
    ...uploadHeaders,
    ...repeatable,
  },
  when: ({ headers }) => headers['x-file-name'] !== undefined,
  plan: (ask) => {
    const name = decodeHeaderName(ask.request.headers['x-file-name'] ?? '');
    return planUpload(ask, resolveName(ask.target.key, name, 'file', ask.rules), 'write_named');
  },
};

function planUpload(ask: Ask, key: string, operation: string): Plan {
  const { request, settings } = ask;
  const { extract, clean } = readParameters(request.query, uploadQuery);
  const declaredType = request.headers['content-type'];
  const length = bodyLength(request);
  refuseLength(length, settings.maxUploadBytes);
  const upload = {
    key,
    body: request.body,
    length,
    declaredType,
    createOnly: createsOnly(ask),
    headers: request.headers,
    via: 'request' as const,
  };
  if (extract && isZip(declaredType, key)) {
    const folder = parentOf(key);
    return {
      access: [access('write', folder, writeVerb(ask), operation)],
      run: async (context) =>
        created(ask, await extractUpload(ask, context, { ...upload, folder, clean, operation })),
    };
  }
  return {
    access: [access('write', key, writeVerb(ask), operation)],
    run: async (context) =>
      whole(ask, created(ask, { ...(await storeFile(ask, context, upload)) })),
  };
}

// Resumable Uploads for HTTP: a client that would have gone on after a cut is told that this is the last answer.
function whole({ request, settings }: Ask, reply: FileReply): FileReply {
  if (settings.resumable === undefined || uploadComplete(request.headers) !== true) return reply;
  return { ...reply, headers: { ...reply.headers, 'Upload-Complete': '?1' } };
}
