// What every upload obeys: its type, its size, and when it may replace what is there.
import { FileServiceError } from '../../core/errors.js';
import { lookup } from 'mime-types';

/** Types that say nothing about the content (contract: "missing or generic"). */
const GENERIC = new Set(['application/octet-stream', 'application/x-www-form-urlencoded']);
const JSON_TYPE = 'application/json';

// RFC 9110 section 8.3.1: type "/" subtype, parameters after it.
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;[\x20-\x7e]*)?$/;

/**
 * The type to store: the request's, unless it is missing, malformed or generic; then the extension's;
 * then `application/octet-stream`.
 */
export function storedType(declared: string | undefined, key: string): string {
  const byName = lookup(key) || undefined;
  const essence = declared === undefined ? '' : essenceOf(declared);
  const contradicted = essence === JSON_TYPE && byName !== undefined && byName !== JSON_TYPE;
  if (declared === undefined || !MEDIA_TYPE.test(declared) || GENERIC.has(essence) || contradicted)
    return byName ?? (contradicted ? JSON_TYPE : 'application/octet-stream');
  return declared;
}

/** The media type without parameters, in lower case. */
export function essenceOf(type: string): string {
  return (type.split(';', 1)[0] ?? '').trim().toLowerCase();
}

/**
 * Refuses a type that the host does not allow.
 *
 * @throws FileServiceError `unsupported_type`
 */
export function refuseType(type: string, allowed: readonly string[] | undefined): void {
  if (allowed === undefined) return;
  const essence = essenceOf(type);
  const family = `${essence.split('/', 1)[0] ?? ''}/*`;
  if (allowed.some((one) => one.toLowerCase() === essence || one.toLowerCase() === family)) return;
  throw new FileServiceError(
    'unsupported_type',
    `The media type ${JSON.stringify(essence)} may not be uploaded here.`,
    { context: { allowed } },
  );
}

/** The refusal of an upload over the limit. */
export function tooLarge(maxBytes: number): FileServiceError {
  return new FileServiceError('too_large', `The upload is larger than ${maxBytes} bytes.`, {
    context: { limit: maxBytes },
  });
}

/** Whether a path or type names a zip archive. */
export function isZip(type: string | undefined, name: string): boolean {
  const essence = type === undefined ? '' : essenceOf(type);
  return (
    essence === 'application/zip' ||
    essence === 'application/x-zip-compressed' ||
    name.toLowerCase().endsWith('.zip')
  );
}
