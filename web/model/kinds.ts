// What kind of file something is: which icon it has, and how it can be looked at.
import type { Entry } from '../../src/client/file-client.js';

/** Kinds that the page tells apart. */
export type Kind =
  'folder' | 'image' | 'video' | 'audio' | 'pdf' | 'text' | 'code' | 'sheet' | 'archive' | 'file';

/** How a file is previewed. */
export type PreviewKind = 'image' | 'video' | 'audio' | 'pdf' | 'text' | 'none';

const CODE =
  /^(application\/(json|xml|javascript|x-sh|x-yaml|yaml|toml|sql|typescript|x-httpd-php)|text\/(html|css|javascript|xml|x-.*)|image\/svg\+xml)$/;
const CODE_NAME =
  /\.(ts|tsx|jsx?|mjs|cjs|json|ya?ml|toml|py|rb|go|rs|java|kt|c|h|cpp|cs|php|sh|sql|css|scss|html?|xml|svg|vue|ini|conf|lock)$/i;
const SHEET = /(spreadsheet|ms-excel|csv)/;
const ARCHIVE = /(zip|x-tar|gzip|x-7z|x-rar|x-bzip|zstd|x-xz)/;
const RASTER = /^image\/(png|jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)$/;

/** The kind of an entry. */
export function kindOf(entry: Pick<Entry, 'type' | 'name'> & { content_type?: string }): Kind {
  if (entry.type === 'folder') return 'folder';
  const type = entry.content_type ?? '';
  if (CODE.test(type)) return 'code';
  if (type.startsWith('image/')) return 'image';
  if (type.startsWith('video/')) return CODE_NAME.test(entry.name) ? 'code' : 'video';
  if (type.startsWith('audio/')) return 'audio';
  if (type === 'application/pdf') return 'pdf';
  if (SHEET.test(type)) return 'sheet';
  if (ARCHIVE.test(type)) return 'archive';
  if (CODE_NAME.test(entry.name)) return 'code';
  return type.startsWith('text/') ? 'text' : 'file';
}

/** How an entry is previewed. What could run is shown as text. */
export function previewOf(entry: Entry): PreviewKind {
  const kind = kindOf(entry);
  if (kind === 'image') return isRaster(entry) ? 'image' : 'none';
  if (kind === 'video' || kind === 'audio' || kind === 'pdf') return kind;
  if (kind === 'text' || kind === 'code') return 'text';
  if (kind === 'sheet' && entry.type === 'file' && entry.content_type.includes('csv'))
    return 'text';
  return 'none';
}

/** True for pictures that a browser draws and that cannot hold a script. */
export function isRaster(entry: Entry): boolean {
  return entry.type === 'file' && RASTER.test(entry.content_type);
}
