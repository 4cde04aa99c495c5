// Which file an upload of several requests becomes: by its path, or by a name in its headers.
import { parse } from 'content-disposition';
import { FileServiceError } from '../../core/errors.js';
import { resolveName } from '../../core/key.js';
import { decodeHeaderName } from '../../http/header-name.js';
import type { FileRequest } from '../../http/request.js';
import type { Ask } from '../operation.js';
import { isTus } from './protocol.js';
import { readMetadata } from './tus-metadata.js';

/** The file that a request names, and what tus says of it. */
export interface Named {
  readonly key: string;
  readonly metadata: ReadonlyMap<string, string> | undefined;
}

/** Reads both. @throws FileServiceError `invalid_header`, `invalid_path`, `too_large` */
export function namedIn(ask: Ask): Named {
  const { request } = ask;
  const metadata = isTus(request) ? readMetadata(request.headers['upload-metadata']) : undefined;
  return { key: keyOf(ask, metadata), metadata };
}

function keyOf({ request, target, rules }: Ask, metadata?: ReadonlyMap<string, string>): string {
  if (target.kind === 'file') return target.key;
  const name = nameIn(request, metadata);
  if (name !== undefined) return resolveName(target.key, name, 'file', rules);
  throw new FileServiceError(
    'invalid_header',
    metadata === undefined
      ? 'A folder takes the name of the file in "X-File-Name", or in "Content-Disposition".'
      : 'The header "Upload-Metadata" names the file that is uploaded to a folder: filename, or name.',
  );
}

function nameIn(
  { headers }: FileRequest<unknown>,
  metadata?: ReadonlyMap<string, string>,
): string | undefined {
  if (headers['x-file-name'] !== undefined) return decodeHeaderName(headers['x-file-name']);
  if (metadata === undefined) return nameInDisposition(headers['content-disposition']);
  // Uppy says "null" of a file that came in no folder.
  const path = metadata.get('relativePath');
  if (path !== undefined && path !== '' && path !== 'null') return path;
  return metadata.get('filename') ?? metadata.get('name');
}

function nameInDisposition(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    return parse(value).parameters['filename'];
  } catch {
    return undefined;
  }
}

/** The media type in the metadata of tus. */
export function typeIn(metadata: ReadonlyMap<string, string>): string | undefined {
  const type = metadata.get('filetype') ?? metadata.get('type');
  // It becomes a header of every answer with the file.
  return type === undefined || /^[\x20-\x7e]{1,255}$/.test(type) ? type : undefined;
}
