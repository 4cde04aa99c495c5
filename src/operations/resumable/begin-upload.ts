// An upload of several requests begins: by tus 1.0, or by Resumable Uploads for HTTP. Its bytes may come along.
import { randomBytes } from 'node:crypto';
import { access } from '../../core/hooks.js';
import { FileServiceError } from '../../core/errors.js';
import { partSizeFor } from '../../core/part-size.js';
import { UPLOADS_FOLDER } from '../../core/key.js';
import { digestToStore, expectedDigests } from '../../http/body/digest.js';
import { empty, type FileReply } from '../../http/reply.js';
import type { FileRequest } from '../../http/request.js';
import type { ResumableSettings } from '../../config/resumable.js';
import type { OperationSettings } from '../../config/settings.js';
import { alreadyExists, preconditionFailed } from '../shared/missing.js';
import { uploadAttributes } from '../shared/upload/header-attributes.js';
import { checkExist, fileBody, uploadHeaders } from '../shared/upload/parameters.js';
import { refuseLength, refuseType, storedType } from '../shared/upload/rules.js';
import { createsOnly, writeCondition, writeVerb } from '../shared/upload/store-file.js';
import type { Ask, Operation, RunContext } from '../operation.js';
import { lengthMismatch } from '../uploads/refusals.js';
import { begin } from '../uploads/session.js';
import { sealSession } from '../uploads/token.js';
import { NOTHING_YET } from '../uploads/state.js';
import {
  ownerOf,
  stagedKey,
  type SessionCondition,
  type UploadSession,
} from '../uploads/upload-session.js';
import { expiry, refused } from './answers.js';
import { namedIn, typeIn, type Named } from './naming.js';
import {
  INTEROP_VERSION,
  PIECE_TYPE,
  byteCount,
  isTus,
  mostBytes,
  refuseOtherVersion,
  uploadComplete,
  uploadLimit,
} from './protocol.js';
import { pieceLength, receive } from './receiving.js';

const NAME = 'begin_upload';

/** POST or PUT with `Tus-Resumable` or `Upload-Complete`. */
export const beginUpload: Operation = {
  name: NAME,
  sentence:
    'Begins an upload that can go on after a cut, by tus 1.0 or by Resumable Uploads for HTTP; `Location` names it.',
  methods: ['POST', 'PUT'],
  targets: ['root', 'folder', 'file'],
  query: { check_exist: checkExist },
  headers: {
    'tus-resumable': { sentence: '`1.0.0` speaks tus.' },
    'upload-length': { sentence: 'Bytes of the whole file.' },
    'upload-defer-length': { sentence: 'tus: `1` says that the length is not known yet.' },
    'upload-metadata': {
      sentence: 'tus: `filename` or `name`, `relativePath`, and `filetype` or `type`, in Base64.',
    },
    'upload-checksum': { sentence: 'tus: verifies the bytes that come along.' },
    'upload-complete': {
      sentence: 'Resumable Uploads for HTTP: `?0` begins an upload that is not whole yet.',
    },
    'upload-draft-interop-version': { sentence: '`8` takes interim responses (option `interim`).' },
    'x-file-name': { sentence: 'Name of the file in the folder.' },
    ...uploadHeaders,
  },
  body: fileBody,
  replies: {
    201: {
      sentence: 'The upload has begun; `Location` names it.',
      headers: [
        'Location',
        'Upload-Offset',
        'Upload-Complete',
        'Upload-Limit',
        'Upload-Expires',
        'ETag',
      ],
    },
  },
  refusals: [400, 409, 412, 413, 415],
  refusalHeaders: ['Upload-Complete', 'Upload-Limit', 'Upload-Offset'],
  enabled: ({ resumable }) => resumable !== undefined,
  when: beginsUpload,
  plan: (ask) => {
    const { request } = ask;
    const { resumable } = ask.settings;
    if (resumable === undefined) throw new TypeError('resumable uploads are off');
    refuseOtherVersion(request);
    const named = namedIn(ask);
    return {
      access: [access('write', named.key, writeVerb(ask), NAME)],
      run: async (context) => {
        try {
          return await run(ask, context, draftOf(ask, resumable, named));
        } catch (error) {
          return refused(ask, error);
        }
      },
    };
  },
};

/** Whether a request begins an upload of several; others are what they always were. */
function beginsUpload(
  request: FileRequest<unknown>,
  { resumable }: Pick<OperationSettings, 'resumable'>,
): boolean {
  if (resumable === undefined) return false;
  if (isTus(request)) return request.method === 'POST';
  const isWhole = uploadComplete(request.headers);
  if (isWhole !== true) return isWhole === false;
  // Whole in one request: worth a session only where its client can learn how to go on, and has more than one part.
  const length = pieceLength({ request });
  return takesInterim(request, resumable) && (length === undefined || length > resumable.partSize);
}

function takesInterim(
  { headers, httpVersion, inform }: FileRequest<unknown>,
  { interim }: ResumableSettings,
): boolean {
  // RFC 9110 section 15.2: no 1xx to HTTP/1.0.
  if (!interim || inform === undefined || httpVersion === '1.0') return false;
  return headers['upload-draft-interop-version']?.trim() === INTEROP_VERSION;
}

type Draft = Omit<UploadSession, 'condition' | 'owner'>;

function draftOf(ask: Ask, resumable: ResumableSettings, { key, metadata }: Named): Draft {
  const { request, settings } = ask;
  const declaredType = metadata === undefined ? request.headers['content-type'] : typeIn(metadata);
  const contentType = storedType(declaredType, key);
  refuseType(contentType, settings.allowedTypes);
  const length = lengthOf(ask);
  refuseLength(length, settings.maxUploadBytes);
  const { 'repr-digest': digest } = request.headers;
  const digests = digest === undefined ? null : expectedDigests({ 'repr-digest': digest });
  const nonce = randomBytes(12).toString('base64url');
  const partSize =
    length === undefined ? resumable.partSize : partSizeFor(length, resumable.partSize);
  const isOnePart = length !== undefined && length <= partSize;
  // A scanner and a digest judge whole files: one of several parts is read once it is made, out of everybody's sight.
  const isJudgedLater = !isOnePart && (settings.scan !== undefined || digests !== null);
  const isStaged = settings.quarantine !== false || isJudgedLater;
  return {
    key,
    nonce,
    partSize,
    ...(length === undefined ? {} : { length }),
    ...(isStaged ? { staged: stagedKey({ nonce }) } : {}),
    verb: writeVerb(ask),
    way: isTus(request) ? 'tus' : 'http',
    contentType,
    attributes: {
      ...uploadAttributes(request.headers, settings.acceptEncodings),
      ...(digests === null ? {} : { digest: digestToStore(digests) }),
    },
    maxBytes: length === undefined ? mostBytes(settings, resumable) : settings.maxUploadBytes,
    ...(digests === null ? {} : { digests }),
    ...(metadata === undefined ? {} : { metadata: request.headers['upload-metadata'] ?? '' }),
    tenant: ask.tenant(),
    expiresAt: Math.floor(Date.now() / 1000) + resumable.maxAgeSeconds,
  };
}

function lengthOf(ask: Ask): number | undefined {
  const { request } = ask;
  const said = byteCount(request, 'Upload-Length');
  if (!isTus(request)) {
    const piece = uploadComplete(request.headers) === true ? pieceLength(ask) : undefined;
    if (said !== undefined && piece !== undefined && said !== piece)
      throw lengthMismatch(said, piece);
    return said ?? piece;
  }
  if (request.headers['upload-concat'] !== undefined)
    throw new FileServiceError(
      'invalid_header',
      'The header "Upload-Concat" asks for an extension of tus that is not supported.',
    );
  const isDeferred = request.headers['upload-defer-length'];
  // tus, "Creation": one of both, and no other value than 1.
  if (isDeferred === undefined ? said !== undefined : said === undefined && isDeferred === '1')
    return said;
  throw new FileServiceError(
    'invalid_header',
    'Give either "Upload-Length", or "Upload-Defer-Length: 1" when it is not known yet.',
  );
}

async function run(ask: Ask, context: RunContext, draft: Draft): Promise<FileReply> {
  const bucket = context.lasting();
  const { attributes, ...rest } = draft;
  const condition = await conditionOf(ask, context, draft.key);
  const asked = { ...rest, condition, owner: ownerOf(context.principal) };
  const session = await begin(bucket, { ...asked, ...(attributes && { attributes }) });
  if ('kind' in session)
    throw condition === 'create' ? alreadyExists(draft.key) : preconditionFailed(draft.key);
  const url = `${ask.request.mount}/${UPLOADS_FOLDER}${sealSession(ask.settings.uploadSecrets, session)}`;
  return isTus(ask.request)
    ? beginTus(ask, context, session, url)
    : beginHttp(ask, context, session, url);
}

async function conditionOf(ask: Ask, context: RunContext, key: string): Promise<SessionCondition> {
  const { createOnly, ifMatch } = await writeCondition(context.bucket, key, ask.request.headers);
  if (createOnly === true) return 'none-match';
  if (ifMatch !== undefined) return { etag: ifMatch };
  return createsOnly(ask) ? 'create' : 'replace';
}

async function beginTus(
  ask: Ask,
  context: RunContext,
  session: UploadSession,
  url: string,
): Promise<FileReply> {
  const { request } = ask;
  const named = { Location: url, 'Upload-Expires': expiry(session) };
  // tus, "Creation With Upload": the bytes come with this type; an empty file has come whole.
  const hasBytes = request.hasBody && request.headers['content-type'] === PIECE_TYPE.tus;
  if (!hasBytes && session.length !== 0) return empty(201, named);
  const receiving = { session, operation: NAME, offset: 0, state: NOTHING_YET, isInformed: false };
  const reply = await receive(ask, context, { ...receiving, length: undefined, isLast: undefined });
  return reply.status === 204
    ? { ...reply, status: 201, headers: { ...named, ...reply.headers } }
    : { ...reply, headers: { ...reply.headers, Location: url } };
}

async function beginHttp(
  ask: Ask,
  context: RunContext,
  session: UploadSession,
  url: string,
): Promise<FileReply> {
  const { request, settings } = ask;
  const named = { Location: url, 'Upload-Limit': uploadLimit(settings, session) };
  const isLast = uploadComplete(request.headers) === true;
  const isInformed = settings.resumable !== undefined && takesInterim(request, settings.resumable);
  if (isInformed) request.inform?.({ 'Upload-Draft-Interop-Version': INTEROP_VERSION, ...named });
  if (!request.hasBody && !isLast)
    return empty(201, { ...named, 'Upload-Complete': '?0', 'Upload-Offset': '0' });
  const reply = await receive(ask, context, {
    session,
    operation: NAME,
    offset: 0,
    length: undefined,
    isLast,
    state: NOTHING_YET,
    isInformed,
  });
  return reply.status === 204
    ? { ...reply, status: 201, headers: { ...reply.headers, ...named } }
    : reply;
}
