// What an upload's headers say of the file beside its bytes and type: stored with them, as PATCH could store it later.
import { FileServiceError } from '../../../core/errors.js';
import { contentCoding } from '../../../http/body/content-coding.js';
import { decodeHeaderName } from '../../../http/header-name.js';
import type { Attributes } from '../../../storage/bucket.js';
import { checkHeaderValue, checkMetadataName, checkMetadataSize } from '../attributes.js';

const PREFIX = 'x-meta-';
const CONTROL = /\p{Cc}/u;

const KEPT: readonly (readonly [header: string, attribute: keyof Attributes])[] = [
  ['Content-Language', 'contentLanguage'],
  ['Content-Disposition', 'contentDisposition'],
  ['X-File-Cache-Control', 'cacheControl'],
];

/**
 * The attributes that the headers of an upload name.
 *
 * @throws FileServiceError `invalid_header`; `unsupported_type` for a coding that is not accepted
 */
export function uploadAttributes(
  headers: Readonly<Record<string, string>>,
  acceptEncodings: readonly string[],
): Attributes {
  const contentEncoding = contentCoding(headers, acceptEncodings);
  const metadata = metadataOf(headers);
  const kept = KEPT.flatMap(([header, attribute]) => {
    const value = headers[header.toLowerCase()];
    return value === undefined
      ? []
      : [[attribute, checkHeaderValue(value, `header "${header}"`, refuse)] as const];
  });
  return {
    ...Object.fromEntries(kept),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function metadataOf(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  const given = Object.keys(headers).filter((name) => name.startsWith(PREFIX));
  if (given.length === 0) return undefined;
  const metadata = Object.fromEntries(
    given.map((header) => {
      const value = decodeHeaderName(headers[header] ?? '');
      if (CONTROL.test(value))
        throw refuse(`The header "${header}" takes text without control characters.`);
      return [checkMetadataName(header.slice(PREFIX.length), refuse), value];
    }),
  );
  checkMetadataSize(metadata, refuse);
  return metadata;
}

function refuse(sentence: string): FileServiceError {
  return new FileServiceError('invalid_header', sentence);
}
