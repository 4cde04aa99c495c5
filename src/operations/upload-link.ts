// A sealed upload link: the one upload for which the link was made, through every rule of an upload.
import { createHash } from 'node:crypto';
import { access } from '../core/hooks.js';
import { FileServiceError } from '../core/errors.js';
import { baseName, uploadToken } from '../core/key.js';
import { isForm } from '../http/body/form-boundary.js';
import type { StoredFile } from '../http/entry.js';
import type { FileReply } from '../http/reply.js';
import { declaredLength } from '../http/request.js';
import { uploadGone } from './uploads/refusals.js';
import type { LinkGrant } from './uploads/token.js';
import type { Ask, Operation, Plan } from './operation.js';
import { planPart } from './direct/send-part.js';
import { readOneFile } from './form.js';
import { bodyLength } from './shared/upload/body-length.js';
import { created } from './shared/created.js';
import { fileBody, repeatable } from './shared/upload/parameters.js';
import { invalidBody } from './shared/invalid-body.js';
import { storeFile } from './shared/upload/store-file.js';
import type { Upload } from './shared/upload/store-file.js';

const NAME = 'upload_link';
const FORM_NAME = 'upload_link_form';

/** PUT /_uploads/{token} */
export const uploadLink: Operation = {
  name: NAME,
  sentence: 'Stores the body as the file, or the part of one, for which the link was made.',
  methods: ['PUT'],
  targets: ['upload'],
  query: {},
  headers: {
    'content-type': { sentence: 'The type that the link names, if it names one.' },
    'content-md5': { sentence: 'RFC 1864: verified while the bytes stream.' },
    'repr-digest': { sentence: 'RFC 9530: verified while the bytes stream, stored and sent back.' },
    'content-digest': { sentence: 'RFC 9530: verified while the bytes stream.' },
    ...repeatable,
  },
  body: fileBody,
  replies: {
    201: { sentence: 'The file is stored.', schema: 'StoredFile', headers: ['Location', 'ETag'] },
    200: { sentence: 'The part is stored; `ETag` names it.', headers: ['ETag'] },
  },
  refusals: [400, 404, 408, 409, 411, 412, 413, 415],
  plan: (ask) => {
    const { grant } = ask;
    // The service has opened the token; of another container it gives as little as one that does not open.
    if (grant === null || grant.tenant !== ask.tenant()) throw uploadGone();
    if (grant.kind === 'part') return planPart(ask, grant);
    if (grant.kind !== 'link') throw uploadGone();
    return {
      // Asked again: a right may have been withdrawn since the link was made.
      access: [access('write', grant.key, grant.verb, NAME)],
      run: storeBody(ask, grant),
    };
  },
};

/** POST /_uploads/{token} with a form of one file: what Uppy sends where a signed form of S3 was to be. */
export const uploadLinkForm: Operation = {
  name: FORM_NAME,
  sentence: 'Stores the one file of a form as the file for which the link was made.',
  methods: ['POST'],
  targets: ['upload'],
  query: {},
  headers: repeatable,
  body: [{ media: 'multipart/form-data', schema: 'FormOfOne' }],
  replies: {
    201: { sentence: 'The file is stored.', schema: 'StoredFile', headers: ['Location', 'ETag'] },
  },
  refusals: [400, 404, 408, 409, 413, 415],
  enabled: ({ direct }) => direct !== undefined,
  when: ({ headers }, { direct }) => direct !== undefined && isForm(headers['content-type']),
  plan: (ask) => {
    const { grant } = ask;
    if (grant?.kind !== 'link' || grant.tenant !== ask.tenant()) throw uploadGone();
    return {
      access: [access('write', grant.key, grant.verb, FORM_NAME)],
      run: storeForm(ask, grant),
    };
  },
};

function storeBody(ask: Ask, grant: LinkGrant): Plan['run'] {
  const { request } = ask;
  refuseOtherUpload(grant, request.headers);
  const length = bodyLength(request);
  return async (context) => {
    const declaredType = grant.contentType ?? request.headers['content-type'];
    const upload = { body: request.body, length, declaredType, headers: request.headers };
    return stored(ask, await storeFile(bounded(ask, grant), context, linked(ask, grant, upload)));
  };
}

function storeForm(ask: Ask, grant: LinkGrant): Plan['run'] {
  return async (context) => {
    let file: StoredFile | undefined;
    await readOneFile(bounded(ask, grant), context, baseName(grant.key), async (part) => {
      const declaredType = grant.contentType ?? part.contentType ?? undefined;
      const upload = { body: part.stream, length: undefined, declaredType };
      file = await storeFile(bounded(ask, grant), context, linked(ask, grant, upload));
    });
    if (file === undefined)
      throw invalidBody(`No file uploaded to REST resource '${baseName(grant.key)}'.`);
    return stored(ask, file);
  };
}

function bounded(ask: Ask, { maxBytes = Infinity }: LinkGrant): Ask {
  const { settings } = ask;
  const maxUploadBytes = Math.min(settings.maxUploadBytes, maxBytes);
  return { ...ask, settings: { ...settings, maxUploadBytes } };
}

function linked(
  { request }: Ask,
  { key, createOnly, attributes }: LinkGrant,
  upload: Pick<Upload, 'body' | 'length' | 'declaredType' | 'headers'>,
): Upload {
  const sealed = attributes === undefined ? {} : { attributes };
  return {
    ...upload,
    ...sealed,
    key,
    createOnly,
    via: 'link',
    id: idOf(uploadToken(request.path) ?? ''),
  };
}

function stored(ask: Ask, file: StoredFile): FileReply {
  const reply = created(ask, { ...file });
  // Uppy waits for it, as S3 answers it.
  return file.etag === undefined
    ? reply
    : { ...reply, headers: { ...reply.headers, ETag: file.etag } };
}

// The same however often the link is used, and of no use to whoever reads it.
function idOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 32);
}

// What a signed URL holds by its signature: the type and the length that its maker named.
function refuseOtherUpload(grant: LinkGrant, headers: Ask['request']['headers']): void {
  const { contentType, length } = grant;
  if (contentType !== undefined && headers['content-type'] !== contentType)
    throw new FileServiceError(
      'invalid_header',
      `The header "Content-Type" takes ${JSON.stringify(contentType)}, for which the link was made.`,
    );
  if (length === undefined) return;
  const given = headers['content-length'];
  if (given !== undefined && declaredLength(headers) === length) return;
  throw new FileServiceError(
    given === undefined ? 'length_required' : 'invalid_header',
    `The header "Content-Length" takes ${length}, for which the link was made.`,
  );
}
