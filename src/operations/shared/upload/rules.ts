// What every upload obeys: its type, its size, and when it may replace what is there.
import { FileServiceError } from '../../../core/errors.js';
import { tooLarge } from '../../../core/too-large.js';
import { UNKNOWN_TYPE, chosenType, knownType, parseMediaType } from '../../../http/media-type.js';

/** Types that say nothing about the content (contract: "missing or generic"); a range of types is none. */
const GENERIC = new Set([UNKNOWN_TYPE, 'application/x-www-form-urlencoded', '*/*']);
const JSON_TYPE = 'application/json';

/**
 * The type to store: the request's, unless it is missing, malformed or generic; then the extension's, a text
 * being UTF-8; then `application/octet-stream`.
 */
export function storedType(declared: string | undefined, key: string): string {
  const byName = knownType(key);
  const essence = essenceOf(declared);
  const contradicted = essence === JSON_TYPE && byName !== undefined && byName !== JSON_TYPE;
  if (declared === undefined || essence === '' || GENERIC.has(essence) || contradicted)
    return chosenType(key);
  return declared;
}

// Empty for a type that is missing or malformed.
function essenceOf(type: string | undefined): string {
  return (type === undefined ? undefined : parseMediaType(type)?.essence) ?? '';
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

/**
 * Refuses a declared length over the limit.
 *
 * @throws FileServiceError `too_large`
 */
export function refuseLength(length: number | undefined, maxBytes: number): void {
  if (length !== undefined && length > maxBytes)
    throw tooLarge(`The upload is larger than ${maxBytes} bytes.`, maxBytes);
}

/** Whether a path or type names a zip archive. */
export function isZip(type: string | undefined, name: string): boolean {
  const essence = essenceOf(type);
  return (
    essence === 'application/zip' ||
    essence === 'application/x-zip-compressed' ||
    name.toLowerCase().endsWith('.zip')
  );
}
