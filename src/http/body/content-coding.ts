// The coding that a body comes in (RFC 9110 section 8.4): kept where the host accepts it, never undone.
import { FileServiceError } from '../../core/errors.js';

/**
 * The value of `Content-Encoding` to store; undefined for none, or for `identity`.
 *
 * @throws FileServiceError `unsupported_type` for a coding that is not in `accepted`
 */
export function contentCoding(
  headers: Readonly<Record<string, string>>,
  accepted: readonly string[],
): string | undefined {
  const codings = (headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length === 0) return undefined;
  if (codings.every((coding) => accepted.includes(coding))) return codings.join(', ');
  // RFC 9110 section 15.5.16: a 415 caused by a coding says in Accept-Encoding which ones are accepted.
  throw new FileServiceError(
    'unsupported_type',
    accepted.length === 0
      ? 'The header "Content-Encoding" takes "identity" only here: send the bytes as they are.'
      : `The header "Content-Encoding" takes ${accepted.join(', ')} or "identity".`,
    { headers: { 'Accept-Encoding': ['identity', ...accepted].join(', ') } },
  );
}
