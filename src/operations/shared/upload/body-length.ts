// How long the body of an upload is, as far as HTTP says it.
import { FileServiceError } from '../../../core/errors.js';
import { declaredLength } from '../../../http/request.js';
import type { FileRequest } from '../../../http/request.js';

/**
 * Bytes of the body; undefined when only its end will tell. RFC 9112 section 6.3: without Content-Length and
 * Transfer-Encoding a request of HTTP/1 has no body.
 *
 * @throws FileServiceError `invalid_header`; `length_required` when a type is given but no body is announced
 */
export function bodyLength(request: FileRequest<unknown>): number | undefined {
  const { headers } = request;
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked')
    throw new FileServiceError(
      'invalid_header',
      'The header "Transfer-Encoding" takes "chunked" and no other coding.',
    );
  if (request.hasBody) return declaredLength(headers);
  const isSilent = headers['content-type'] !== undefined && headers['content-length'] === undefined;
  // RFC 9110 section 8.6: a client that has something to send says how much, or sends it in chunks.
  if (isSilent && request.httpVersion.startsWith('1.'))
    throw new FileServiceError(
      'length_required',
      'A "Content-Type" announces a body: give its "Content-Length", 0 for an empty file, or send it in chunks.',
    );
  return 0;
}
