// Uploads in pieces that nobody would put together: refused before a piece is taken for the whole file.
import { FileServiceError } from '../../core/errors.js';
import type { FileRequest } from '../request.js';
import { lastValue } from '../request.js';

/** Reads a parameter of a request or a field of its form; undefined when there is none. */
type ReadText = (name: string) => string | undefined;

// Names of the total number of chunks, each with the name of the chunk's index where the first alone says too little.
const TOTALS: readonly (readonly [total: string, index?: string])[] = [
  ['resumableTotalChunks'],
  ['flowTotalChunks'],
  ['dztotalchunkcount'],
  ['_totalChunks'],
  ['qqtotalparts'],
  ['chunks', 'chunk'],
  ['totalChunks', 'chunkNumber'],
  ['totalChunks', 'chunkIndex'],
];
// resumable.js, flow.js and simple-uploader.js ask by GET whether a chunk has been stored before.
const PROBES: readonly (readonly [total: string, index: string])[] = [
  ['resumableTotalChunks', 'resumableChunkNumber'],
  ['flowTotalChunks', 'flowChunkNumber'],
  ['totalChunks', 'chunkNumber'],
];

/**
 * Refuses a request that uploads a piece of a file, and answers those that ask for one. Where uploads are resumable the
 * headers of those mean what they say.
 *
 * @throws FileServiceError `invalid_header` for `Content-Range`, `Tus-Resumable` and `Upload-Complete`;
 * `invalid_parameter` for chunk parameters; `not_found` for a GET that asks whether a chunk is there
 */
export function refusePartialUpload(
  { method, headers, query }: FileRequest<unknown>,
  isResumable: boolean,
): void {
  if (method === 'GET' || method === 'HEAD') refuseProbe(query);
  else refuseChunk((name) => lastValue(query, name));
  if (method === 'GET') return;
  for (const name of ['Tus-Resumable', 'Upload-Complete'])
    if (!isResumable && headers[name.toLowerCase()] !== undefined)
      throw new FileServiceError(
        'invalid_header',
        `The header "${name}" asks for a resumable upload, which the option "resumable" turns on.`,
      );
  // RFC 9110 section 14.5: a server that does not support partial PUT answers 400.
  if ((method === 'POST' || method === 'PUT') && headers['content-range'] !== undefined)
    throw new FileServiceError(
      'invalid_header',
      'The header "Content-Range" would make a part replace the whole file; send the file whole, or use resumable uploads (tus).',
    );
}

/**
 * Refuses one chunk of several, as the well-known uploaders name it in the query or in fields of a form.
 *
 * @throws FileServiceError `invalid_parameter`
 */
export function refuseChunk(read: ReadText): void {
  for (const [total, index] of TOTALS) {
    const isChunk = Number(read(total)) > 1 && (index === undefined || read(index) !== undefined);
    if (isChunk) throw chunked(total);
  }
  // ng-file-upload sends sizes instead of a total.
  const isPiece = Number(read('_totalSize')) > Number(read('_chunkSize'));
  if (isPiece && read('_chunkNumber') !== undefined) throw chunked('_chunkNumber');
}

function refuseProbe(query: URLSearchParams): void {
  if (query.size === 0) return;
  for (const names of PROBES)
    if (names.every((name) => query.has(name)))
      throw new FileServiceError(
        'not_found',
        'No chunk of a file is kept here; send the file whole, or use resumable uploads (tus).',
      );
}

function chunked(parameter: string): FileServiceError {
  return new FileServiceError(
    'invalid_parameter',
    `The parameter "${parameter}" says that this is one chunk of several; send the file whole, or use resumable uploads (tus).`,
  );
}
