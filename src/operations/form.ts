// POST and PUT of a multipart form: many files into a folder, or exactly one to a file's path.
import { access } from '../core/hooks.js';
import { isForm } from '../http/body/form-boundary.js';
import { readForm } from '../http/body/multipart.js';
import type { FormFile, FormLimits, FormResult } from '../http/body/multipart.js';
import { declaredLength } from '../http/request.js';
import { baseName, resolveName } from '../core/key.js';
import { readParameters } from '../http/parameters.js';
import type { Ask, Operation, RunContext } from './operation.js';
import { extractUpload } from './shared/upload/extract.js';
import { invalidBody } from './shared/invalid-body.js';
import type { Item } from './shared/items.js';
import { startWrites } from './shared/request-writes.js';
import type { RequestWrites } from './shared/request-writes.js';
import { someFailed, startEntries } from './shared/several-items.js';
import { createsOnly, storeFile, writeVerb } from './shared/upload/store-file.js';
import { repeatable, uploadQuery } from './shared/upload/parameters.js';
import { isZip } from './shared/upload/rules.js';
import { created } from './shared/created.js';

const MAX_FIELDS = 100;
const MAX_FIELD_NAME_BYTES = 100;

const documentation = {
  methods: ['POST', 'PUT'],
  query: uploadQuery,
  headers: repeatable,
  refusals: [400, 408, 409, 413, 415],
  when: ({ headers }) => isForm(headers['content-type']),
} as const satisfies Partial<Operation>;

/** POST /folder/ with a form */
export const form: Operation = {
  ...documentation,
  name: 'write_form',
  sentence: 'Stores every file of a form in the folder, under its own name.',
  targets: ['root', 'folder'],
  body: [{ media: 'multipart/form-data', schema: 'Form' }],
  replies: {
    201: { sentence: 'One entry a file, in order.', schema: 'StoredList' },
    207: { ...someFailed, schema: 'StoredList' },
  },
  judgesItems: true,
  plan: (ask) => ({ access: [], run: (context) => storeForm(ask, context) }),
};

/** POST /file with a form */
export const formFile: Operation = {
  ...documentation,
  name: 'write_form_file',
  sentence: 'Stores the one file of a form under the name in the URL.',
  targets: ['file'],
  body: [{ media: 'multipart/form-data', schema: 'FormOfOne' }],
  replies: {
    201: { sentence: 'The file is stored.', schema: 'StoredFile', headers: ['Location'] },
  },
  plan: (ask) => ({
    access: [access('write', ask.target.key, writeVerb(ask), 'write_form_file')],
    run: (context) => storeFormFile(ask, context),
  }),
};

async function storeForm(ask: Ask, context: RunContext) {
  const entries = startEntries(ask, context);
  const writes = startWrites(ask.settings.maxCopies);
  const bytes = byteCounter(context);
  const { files } = await parts(ask, context, async (file) => {
    let path = file.filename;
    const store = async (): Promise<Item> => {
      path = resolveName(ask.target.key, file.filename, 'file', ask.rules);
      await context.authorize(access('write', path, writeVerb(ask), 'write_form'));
      return storePart(ask, { ...context, countBytesIn: bytes }, file, { key: path, writes });
    };
    await entries.add(store, () => ({ name: baseName(path), path, type: 'file' }));
  });
  if (files === 0) throw invalidBody('The form holds no file.');
  return entries.reply(201);
}

async function storePart(
  ask: Ask,
  context: RunContext,
  file: FormFile,
  target: { readonly key: string; readonly writes?: RequestWrites },
): Promise<Item> {
  const { key } = target;
  const upload = {
    ...target,
    body: file.stream,
    length: undefined,
    declaredType: file.contentType ?? undefined,
    createOnly: createsOnly(ask),
    via: 'form' as const,
  };
  const { extract, clean } = readParameters(ask.request.query, uploadQuery);
  if (!extract || !isZip(upload.declaredType, key))
    return { ...(await storeFile(ask, context, upload)) };
  const folder =
    ask.target.kind === 'file' ? key.slice(0, key.lastIndexOf('/') + 1) : ask.target.key;
  await context.authorize(access('write', folder, writeVerb(ask), 'write_form'));
  return {
    ...(await extractUpload(ask, context, { ...upload, folder, clean, operation: 'write_form' })),
  };
}

async function storeFormFile(ask: Ask, context: RunContext) {
  const { key } = ask.target;
  const name = baseName(key);
  let stored: Item | undefined;
  const bytes = byteCounter(context);
  const store = async (file: FormFile): Promise<void> => {
    stored = await storePart(ask, { ...context, countBytesIn: bytes }, file, { key });
  };
  await readOneFile(ask, context, name, store);
  if (stored === undefined) throw invalidBody(`No file uploaded to REST resource '${name}'.`);
  return created(ask, stored as { readonly path: string } & Item);
}

/** Reads a form that may hold one file, which is to be `name`. A second one is known before the first is stored. */
export async function readOneFile(
  ask: Ask,
  context: RunContext,
  name: string,
  store: (file: FormFile) => Promise<void>,
): Promise<void> {
  await parts(ask, context, store, {
    maxFiles: 1,
    tooManyFiles: invalidBody(`Multiple files uploaded to a single REST resource '${name}'.`),
  });
}

async function parts(
  { request, settings }: Ask,
  context: RunContext,
  onFile: (file: FormFile) => Promise<void>,
  files: Pick<FormLimits, 'maxFiles' | 'tooManyFiles'> = { maxFiles: settings.maxFiles },
): Promise<FormResult> {
  return readForm(
    request.body,
    request.headers,
    {
      ...files,
      maxFields: MAX_FIELDS,
      fieldNameBytes: MAX_FIELD_NAME_BYTES,
      maxBytes: settings.maxUploadBytes,
      idleMs: settings.timeouts.idleMs,
      length: declaredLength(request.headers),
      signal: context.signal,
    },
    onFile,
  );
}

// Each part has its own count; the audit wants their sum.
function byteCounter({ countBytesIn }: RunContext): RunContext['countBytesIn'] {
  const counts: (() => number)[] = [];
  countBytesIn(() => counts.reduce((sum, bytes) => sum + bytes(), 0));
  return (bytes) => {
    counts.push(bytes);
  };
}
