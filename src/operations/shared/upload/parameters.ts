// The query parameters and headers that uploads of every shape read.
import { flag, optionalFlag } from '../../../http/parameters.js';
import type { BodyDoc } from '../../operation.js';

/** Whether an existing file is a conflict: read by `createsOnly`. */
export const checkExist = optionalFlag(
  'Whether an existing file is a conflict: true on POST by default.',
);

/** Parameters of every upload. */
export const uploadQuery = {
  check_exist: checkExist,
  extract: flag('Unpacks a zip archive into the folder instead of storing it.'),
  clean: flag('With `extract`: empties the folder first, once the archive was found sound.'),
};

/** The body that is the file. Generators take the first: a type that is replaced by the extension's. */
export const fileBody: readonly BodyDoc[] = [
  { media: 'application/octet-stream', schema: 'Content' },
  { media: '*/*', schema: 'Content' },
];

/** The header of uploads that a client may repeat. */
export const repeatable = {
  'idempotency-key': {
    sentence:
      'The same text again repeats a create-only upload: what it has stored before is no conflict, and `onUploaded` is told again.',
  },
};

/** Headers that are stored beside the bytes. */
export const attributeHeaders = {
  'content-encoding': {
    sentence: 'A coding of the option `acceptEncodings`: stored and sent back with the bytes.',
  },
  'content-language': { sentence: 'Stored and sent back with the bytes.' },
  'content-disposition': { sentence: 'Stored with the bytes.' },
  'x-file-cache-control': {
    sentence: 'The `Cache-Control` to store; `X-Meta-<name>` headers become metadata.',
  },
};

/** Headers of every upload whose body is the file. */
export const uploadHeaders = {
  'content-type': { sentence: "The type to store; generic ones are replaced by the extension's." },
  ...attributeHeaders,
  'if-match': { sentence: 'Replaces only the version with this ETag.' },
  'if-none-match': { sentence: '`*` creates only.' },
  'content-md5': { sentence: 'RFC 1864: verified while the bytes stream.' },
  'repr-digest': { sentence: 'RFC 9530: verified while the bytes stream, stored and sent back.' },
  'content-digest': { sentence: 'RFC 9530: verified while the bytes stream.' },
};
