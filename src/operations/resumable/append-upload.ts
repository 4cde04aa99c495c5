// An upload goes on: PATCH of its URL with the bytes from an offset on, by tus 1.0 or by Resumable Uploads for HTTP.
import { FileServiceError } from '../../core/errors.js';
import type { Ask, Operation } from '../operation.js';
import { lengthMismatch } from '../uploads/refusals.js';
import { otherType, refused } from './answers.js';
import {
  INTEROP_VERSION,
  PIECE_TYPE,
  byteCount,
  isTus,
  methodOf,
  uploadComplete,
} from './protocol.js';
import { pieceLength, planUpload, receive, type Receiving } from './receiving.js';

const NAME = 'append_upload';

/** PATCH /_uploads/{token} */
export const appendUpload: Operation = {
  name: NAME,
  sentence: 'Adds bytes to an upload, from the offset on that it has; the last ones make the file.',
  methods: ['PATCH', 'POST'],
  targets: ['upload'],
  query: {},
  headers: {
    'tus-resumable': { sentence: '`1.0.0` speaks tus.' },
    'upload-offset': { sentence: 'Where the bytes begin.' },
    'upload-complete': {
      sentence: 'Resumable Uploads for HTTP: `?1` says that the file ends with this request.',
    },
    'upload-length': { sentence: 'Bytes of the whole file, when they were not known before.' },
    'upload-checksum': {
      sentence: 'tus: verifies these bytes, by sha256, sha1, md5 or crc32; 460 when they differ.',
    },
    'content-digest': { sentence: 'RFC 9530: verifies these bytes.' },
    'x-http-method-override': { sentence: 'tus: `PATCH` makes a POST one.' },
  },
  body: [
    { media: PIECE_TYPE.http, schema: 'Content' },
    { media: PIECE_TYPE.tus, schema: 'Content' },
  ],
  replies: {
    204: {
      sentence: 'The bytes are kept; by tus also when the file is stored.',
      headers: ['Upload-Offset', 'Upload-Complete', 'Upload-Limit', 'Upload-Expires', 'ETag'],
    },
    201: {
      sentence: 'The file is stored.',
      schema: 'StoredFile',
      headers: ['Location', 'Upload-Offset', 'Upload-Complete', 'ETag'],
    },
  },
  refusals: [400, 403, 404, 408, 409, 412, 413, 415],
  refusalHeaders: ['Upload-Complete', 'Upload-Limit', 'Upload-Offset'],
  enabled: ({ resumable }) => resumable !== undefined,
  when: (request, { resumable }) => resumable !== undefined && methodOf(request) === 'PATCH',
  plan: (ask) =>
    planUpload(ask, NAME, async (context, session) => {
      try {
        return await receive(ask, context, { ...receivingOf(ask), session });
      } catch (error) {
        return refused(ask, error);
      }
    }),
};

function receivingOf(ask: Ask): Omit<Receiving, 'session'> {
  const { request, settings } = ask;
  const { headers } = request;
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== (isTus(request) ? PIECE_TYPE.tus : PIECE_TYPE.http)) throw otherType(ask);
  const offset = byteCount(request, 'Upload-Offset');
  if (offset === undefined) throw missing('Upload-Offset', 'the offset that the upload has');
  const isLast = isTus(request) ? undefined : uploadComplete(headers);
  if (!isTus(request) && isLast === undefined)
    throw missing('Upload-Complete', '?1 when the file ends with this request, else ?0');
  const isInformed =
    settings.resumable?.interim === true &&
    request.inform !== undefined &&
    headers['upload-draft-interop-version']?.trim() === INTEROP_VERSION;
  return {
    operation: NAME,
    offset,
    length: lengthOf(ask, offset, isLast === true),
    isLast,
    isInformed,
  };
}

// Draft, "Length": both ways of saying it have to agree.
function lengthOf(ask: Ask, offset: number, isLast: boolean): number | undefined {
  const said = byteCount(ask.request, 'Upload-Length');
  const piece = isLast ? pieceLength(ask) : undefined;
  if (piece === undefined) return said;
  if (said !== undefined && said !== offset + piece) throw lengthMismatch(said, offset + piece);
  return offset + piece;
}

function missing(header: string, what: string): FileServiceError {
  return new FileServiceError('invalid_header', `The header "${header}" takes ${what}.`);
}
