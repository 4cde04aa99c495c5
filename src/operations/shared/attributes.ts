// What may be stored beside a file's bytes, by an upload's headers or by PATCH: the same rules for both.
import type { FileServiceError } from '../../core/errors.js';

/** AWS "Working with object metadata": user metadata is limited to 2 KB. */
const MAX_METADATA_BYTES = 2048;
const METADATA_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const HEADER_VALUE = /^[\x20-\x7e]{1,1024}$/;

/** Makes the refusal: it names the field of a body, or the header. */
type Refuse = (sentence: string) => FileServiceError;

/** A value that is sent back as a header. @throws what `refuse` makes */
export function checkHeaderValue(value: unknown, what: string, refuse: Refuse): string {
  if (typeof value === 'string' && HEADER_VALUE.test(value)) return value;
  throw refuse(`The ${what} takes a header value of at most 1024 ASCII characters.`);
}

/** The name of user metadata, in lower case. @throws what `refuse` makes */
export function checkMetadataName(name: string, refuse: Refuse): string {
  const lower = name.toLowerCase();
  if (METADATA_NAME.test(lower) && !lower.startsWith('s3files-')) return lower;
  throw refuse('A name in "metadata" takes letters, digits, "-", "_" and ".".');
}

/** Counted as it is stored: percent-encoded where it is not ASCII. @throws what `refuse` makes */
export function checkMetadataSize(
  metadata: Readonly<Record<string, string>>,
  refuse: Refuse,
): void {
  const bytes = Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + name.length + encodeURIComponent(value.toWellFormed()).length,
    0,
  );
  if (bytes > MAX_METADATA_BYTES)
    throw refuse(`The metadata takes at most ${MAX_METADATA_BYTES} bytes.`);
}
