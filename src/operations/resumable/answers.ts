// What clients of resumable uploads are told, in the words of the protocol that they speak.
import { FileServiceError, isFileServiceError } from '../../core/errors.js';
import { httpDate } from '../../http/date.js';
import type { StoredFile } from '../../http/entry.js';
import { broken, empty, failureAs, problem, type FileReply } from '../../http/reply.js';
import { created } from '../shared/created.js';
import { alreadyExists, preconditionFailed } from '../shared/missing.js';
import type { Ask } from '../operation.js';
import type { AppendResult } from '../uploads/append.js';
import type { UploadSession } from '../uploads/upload-session.js';
import { isTus, PIECE_TYPE, uploadLimit } from './protocol.js';

type Headers = Readonly<Record<string, string>>;

const PROBLEMS = 'https://iana.org/assignments/http-problem-types#';
/** tus, "Checksum": "460 Checksum Mismatch". */
const CHECKSUM_MISMATCH = 460;

/** `Upload-Expires` of tus, an RFC 9110 date. */
export function expiry({ expiresAt }: UploadSession): string {
  return httpDate(new Date(expiresAt * 1000));
}

/** How far an upload has come, that is not finished. */
export function progress(ask: Ask, session: UploadSession, offset: number): Headers {
  return isTus(ask.request)
    ? { 'Upload-Offset': String(offset), 'Upload-Expires': expiry(session) }
    : {
        'Upload-Offset': String(offset),
        'Upload-Complete': '?0',
        'Upload-Limit': uploadLimit(ask.settings, session),
      };
}

/** The answer to the request that has brought the last bytes of a file. */
export function finished(ask: Ask, file: StoredFile): FileReply {
  const etag: Headers = file.etag === undefined ? {} : { ETag: file.etag };
  const offset = { 'Upload-Offset': String(file.content_length), ...etag };
  // What a plain upload would have got.
  if (!isTus(ask.request)) {
    const reply = created(ask, { ...file });
    return { ...reply, headers: { ...reply.headers, ...offset, 'Upload-Complete': '?1' } };
  }
  return empty(204, offset);
}

/** The answer to a request whose bytes were kept, or that did not fit. */
export function unfinished(
  ask: Ask,
  session: UploadSession,
  result: Exclude<AppendResult, { readonly kind: 'finished' }>,
): FileReply {
  switch (result.kind) {
    case 'exists':
      throw session.condition === 'create'
        ? alreadyExists(session.key)
        : preconditionFailed(session.key);
    case 'precondition-failed':
      throw preconditionFailed(session.key);
    case 'mismatch':
      return mismatch(ask, session, result.offset);
    case 'kept':
      // The client has gone, or has sent a request that took this one's place.
      if (result.isCut)
        return broken(
          new FileServiceError('incomplete_body', 'The body broke off; what came of it is kept.'),
        );
      return empty(204, progress(ask, session, result.offset));
  }
}

function mismatch(ask: Ask, session: UploadSession, offset: number): FileReply {
  const given = Number(ask.request.headers['upload-offset']);
  const error = new FileServiceError(
    'offset_mismatch',
    `The upload has ${offset} bytes, the request begins at ${given}; continue at ${offset}.`,
    { context: { expected: offset, actual: given } },
  );
  const headers = progress(ask, session, offset);
  if (isTus(ask.request)) return failureAs(error, { headers });
  const members = {
    type: `${PROBLEMS}mismatching-upload-offset`,
    title: 'offset from request does not match offset of resource',
    'expected-offset': offset,
    'provided-offset': given,
  };
  return problem(error, members, headers);
}

/**
 * What was thrown, as the protocol says it. `isWhole`: every byte had come, and what was refused is the file.
 *
 * @throws what it says in no way of its own
 */
export function refused(ask: Ask, error: unknown, isWhole = false): FileReply {
  if (!isFileServiceError(error)) throw error;
  if (isTus(ask.request)) {
    if (error.reason === 'checksum_mismatch')
      return failureAs(error, { status: CHECKSUM_MISMATCH });
    throw error;
  }
  // Draft, "Completeness": true says that the file is what was refused, so that going on would not help; false that
  // the upload is. What fails for reasons of ours may succeed when the last request is repeated.
  const isFinal = isWhole && error.status < 500 && error.reason !== 'length_mismatch';
  const complete: Headers = { 'Upload-Complete': isFinal ? '?1' : '?0' };
  if (error.reason === 'length_mismatch') {
    const type = `${PROBLEMS}inconsistent-upload-length`;
    const title = 'inconsistent length values for upload';
    return problem(error, { type, title }, complete);
  }
  const limits: Headers =
    error.reason === 'too_large' ? { 'Upload-Limit': uploadLimit(ask.settings) } : {};
  return failureAs(error, { headers: { ...complete, ...limits } });
}

/** The refusal of a piece of another media type; RFC 5789 section 3.1. */
export function otherType(ask: Ask): FileServiceError {
  const type = isTus(ask.request) ? PIECE_TYPE.tus : PIECE_TYPE.http;
  return new FileServiceError('unsupported_type', `The header "Content-Type" takes "${type}".`, {
    headers: { 'Accept-Patch': type },
  });
}
