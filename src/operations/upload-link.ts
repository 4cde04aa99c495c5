// PUT of a sealed upload link: the one upload for which the link was made, through every rule of an upload.
import { createHash } from 'node:crypto';
import { access } from '../core/hooks.js';
import { FileServiceError } from '../core/errors.js';
import { uploadToken } from '../core/key.js';
import { declaredLength } from '../http/request.js';
import { uploadGone } from './uploads/refusals.js';
import type { LinkGrant } from './uploads/token.js';
import type { Ask, Operation } from './operation.js';
import { bodyLength } from './shared/upload/body-length.js';
import { created } from './shared/created.js';
import { fileBody } from './shared/upload/parameters.js';
import { storeFile } from './shared/upload/store-file.js';

const NAME = 'upload_link';

/** PUT /_uploads/{token} */
export const uploadLink: Operation = {
  name: NAME,
  sentence: 'Stores the body as the file for which the link was made.',
  methods: ['PUT'],
  targets: ['upload'],
  query: {},
  headers: {
    'content-type': { sentence: 'The type that the link names, if it names one.' },
    'content-md5': { sentence: 'RFC 1864: verified while the bytes stream.' },
    'repr-digest': { sentence: 'RFC 9530: verified while the bytes stream, stored and sent back.' },
    'content-digest': { sentence: 'RFC 9530: verified while the bytes stream.' },
  },
  body: fileBody,
  replies: {
    201: { sentence: 'The file is stored.', schema: 'StoredFile', headers: ['Location'] },
  },
  refusals: [400, 404, 408, 409, 411, 412, 413, 415],
  plan: (ask) => {
    const { grant, request } = ask;
    // The service has opened the token; of another container it gives as little as one that does not open.
    if (grant?.kind !== 'link' || grant.tenant !== ask.tenant()) throw uploadGone();
    refuseOtherUpload(grant, request.headers);
    const upload = {
      key: grant.key,
      body: request.body,
      length: bodyLength(request),
      declaredType: grant.contentType ?? request.headers['content-type'],
      createOnly: grant.createOnly,
      headers: request.headers,
      via: 'link' as const,
      id: idOf(uploadToken(request.path) ?? ''),
    };
    return {
      // Asked again: a right may have been withdrawn since the link was made.
      access: [access('write', grant.key, grant.verb, NAME)],
      run: async (context) => created(ask, { ...(await storeFile(ask, context, upload)) }),
    };
  },
};

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
