// URL path to key and back: the one place that decodes, and the one that refuses.
import { FileServiceError } from './errors.js';
import { directPath } from './upload-path.js';

/** S3 stores at most this many bytes of key (AWS: "Naming Amazon S3 objects"). */
const MAX_KEY_BYTES = 1024;

/** A reserved name at the root: the description of the service. */
export const SPEC_NAME = '_spec';

/** A reserved folder at the root: below it, each name is the token of an upload. */
export const UPLOADS_FOLDER = '_uploads/';
const UPLOADS_NAME = UPLOADS_FOLDER.slice(0, -1);
// Also a path that no rule would let pass: whatever begins like this may be a token, and is shown nowhere.
const BELOW_UPLOADS = /^\/*_uploads(?:\/+(.*))?$/s;

/** A reserved folder at the root: below it, each name is the token of a share link. */
export const LINKS_FOLDER = '_links/';
const LINKS_NAME = LINKS_FOLDER.slice(0, -1);
const BELOW_LINKS = /^\/*_links(?:\/|$)/;
const LINK = /^\/*_links\/+([\w-]+)(\/.*)?$/s;

// Controls would split headers and log lines; a backslash is a separator to Windows clients and
// proxies; bidirectional controls make a name read as another one; U+2028 and U+2029 end lines.
const FORBIDDEN =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\\\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

// Trimmed first: some file systems and proxies drop spaces around a segment.
const DOT_SEGMENT = /(?:^|\/)\s*\.{1,2}\s*(?:\/|$)/;

const SLASHES = /\/{2,}/g;
const NON_ASCII = /[\u0080-\u00ff]/g;
const PLAIN = /^[A-Za-z0-9_\-./~]*$/;
// Segments that begin with a letter or digit and hold nothing special: most keys, and no rule refuses one.
const PLAIN_NAMES = /^(?:[A-Za-z0-9_][A-Za-z0-9_\-.~]*\/)*(?:[A-Za-z0-9_][A-Za-z0-9_\-.~]*)?$/;

/**
 * The folder at the root that holds what the service keeps for itself: archives and uploads that are not whole yet,
 * probes of storage, marks. No client can name a key in it, and no listing shows it.
 */
export const OWN_FOLDER = '.s3files/';
const OWN_NAME = OWN_FOLDER.slice(0, -1);

/** What a path names. Keys are decoded, without leading slash; folders end in `/`; the root is `''`. */
export type Target =
  | { readonly kind: 'root'; readonly key: '' }
  | { readonly kind: 'folder'; readonly key: string }
  | { readonly kind: 'file'; readonly key: string }
  | { readonly kind: 'spec'; readonly key: typeof SPEC_NAME }
  | { readonly kind: 'upload'; readonly key: typeof UPLOADS_FOLDER }
  | { readonly kind: 'link'; readonly key: typeof LINKS_FOLDER }
  | { readonly kind: 'direct'; readonly key: typeof UPLOADS_FOLDER };

/** How keys are read in one service. */
export interface KeyRules {
  /** Bytes that the container prefix takes of the 1024. */
  readonly containerBytes: number;
  /** Unicode form that names are brought to; undefined leaves them as they are. */
  readonly normalize: 'NFC' | undefined;
}

/**
 * Reads the path of a request, still percent-encoded and relative to the mount.
 * Only a trailing slash makes a folder.
 *
 * @throws FileServiceError `invalid_path`
 */
export function parsePath(path: string, rules: KeyRules): Target {
  // Before any rule looks at it: a token may be longer than a key, and no message may show it.
  const below = uploadToken(path);
  if (below !== null)
    return { kind: directPath(below) === null ? 'upload' : 'direct', key: UPLOADS_FOLDER };
  if (linkOf(path) !== null) return { kind: 'link', key: LINKS_FOLDER };
  return targetOf(refuseInternal(canonical(decodePath(path), rules)));
}

/**
 * What stands below the folder of uploads in the path of a request, still percent-encoded: a token, or what was
 * to be one. Null for every other path.
 */
export function uploadToken(path: string): string | null {
  // Most paths have neither the name nor an escape that could hide it.
  if (!path.includes(UPLOADS_NAME) && !path.includes('%')) return null;
  const below = BELOW_UPLOADS.exec(unescaped(path));
  return below === null ? null : (below[1] ?? '');
}

/**
 * The token of a share link, or the id of one, in the path of a request, and what stands behind it, still
 * percent-encoded. `token` is `''` for what is no token; null for every other path.
 */
export function linkOf(path: string): { readonly token: string; readonly rest: string } | null {
  if (!path.includes(LINKS_NAME) && !path.includes('%')) return null;
  if (!BELOW_LINKS.test(unescaped(path))) return null;
  const [, token = '', rest = ''] = LINK.exec(path) ?? [];
  return { token, rest };
}

/** A path as records may show it, also one that no rule let pass: without what may be a token. */
export function withoutToken(path: string): string {
  const bare = unescaped(path);
  for (const folder of [UPLOADS_FOLDER, LINKS_FOLDER]) {
    const at = bare.indexOf(folder);
    if (at !== -1) return bare.slice(0, at + folder.length);
  }
  return path;
}

/**
 * Reads a name that came outside the URL (header, form, JSON, archive), already decoded,
 * relative to `folder`. The answer is a key that went through every rule of a path.
 *
 * @throws FileServiceError `invalid_path`
 */
export function resolveName(
  folder: string,
  name: string,
  kind: 'file' | 'folder',
  rules: KeyRules,
): string {
  const relative = canonical(name, rules);
  const base = kind === 'folder' && relative !== '' ? withSlash(relative) : relative;
  if (base === '' || (kind === 'file' && base.endsWith('/')))
    throw refuse(`The name ${quoted(name)} is not the name of a ${kind}.`);
  const key = refuseInternal(canonical(folder + base, rules));
  if (isReserved(key))
    throw refuse(
      `The names "${SPEC_NAME}", "${UPLOADS_NAME}" and "${LINKS_NAME}" are reserved at the root.`,
    );
  return key;
}

/** Whether the grammar can express a key that others put in the bucket. Relative to the root. */
export function isAddressable(key: string, rules: KeyRules): boolean {
  if (key === '' || isReserved(key) || isInternal(key)) return false;
  if (PLAIN_NAMES.test(key)) return true;
  try {
    return canonical(key, rules) === key;
  } catch {
    return false;
  }
}

/** Whether an object or a folder is the service's own and shows in no listing. Relative to the root. */
export function isInternal(key: string): boolean {
  return key.startsWith(OWN_FOLDER) || key === OWN_NAME;
}

/** The key as a relative URL path: every byte that a URL treats specially is percent-encoded. */
export function encodeKey(key: string): string {
  return PLAIN.test(key) ? key : key.split('/').map(encodeSegment).join('/');
}

/** The last segment, without trailing slash; `''` for the root. */
export function baseName(key: string): string {
  const bare = key.endsWith('/') ? key.slice(0, -1) : key;
  return bare.slice(bare.lastIndexOf('/') + 1);
}

/** The folder that holds a key: `''` or a key ending in `/`. */
export function parentOf(key: string): string {
  const bare = key.endsWith('/') ? key.slice(0, -1) : key;
  return bare.slice(0, bare.lastIndexOf('/') + 1);
}

/**
 * A configured or computed container as a prefix: `''`, or ending in `/`.
 *
 * @throws FileServiceError `invalid_path`
 */
export function containerPrefix(container: string): string {
  const key = refuseInternal(canonical(container, { containerBytes: 0, normalize: undefined }));
  return key === '' ? '' : withSlash(key);
}

// The folder's own name without its slash too: it would be a file where clients see a folder.
function isReserved(key: string): boolean {
  if (key === SPEC_NAME || key === UPLOADS_NAME || key === LINKS_NAME) return true;
  return key.startsWith(UPLOADS_FOLDER) || key.startsWith(LINKS_FOLDER);
}

const ESCAPE = /%([0-9a-f]{2})/gi;

// Most paths have none.
function unescaped(path: string): string {
  return path.includes('%') ? path.replace(ESCAPE, unescapeByte) : path;
}

function unescapeByte(_: string, digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 16));
}

function targetOf(key: string): Target {
  if (key === '') return { kind: 'root', key };
  if (key === SPEC_NAME) return { kind: 'spec', key };
  return { kind: key.endsWith('/') ? 'folder' : 'file', key };
}

// RFC 3986 section 2.1: decoded once. decodeURIComponent refuses malformed escapes and invalid UTF-8,
// overlong forms and surrogates included. Raw bytes above ASCII arrive as Latin-1 characters.
function decodePath(path: string): string {
  if (PLAIN.test(path)) return path;
  try {
    return decodeURIComponent(
      path.replace(NON_ASCII, (byte) => `%${byte.charCodeAt(0).toString(16)}`),
    );
  } catch {
    throw refuse('The path is not valid percent-encoded UTF-8.');
  }
}

function canonical(decoded: string, rules: KeyRules): string {
  const form = rules.normalize === undefined ? decoded : decoded.normalize(rules.normalize);
  const collapsed = form.replace(SLASHES, '/');
  const key = collapsed.startsWith('/') ? collapsed.slice(1) : collapsed;
  if (FORBIDDEN.test(key))
    throw refuse('The path holds a control character, a backslash or a bidirectional control.');
  if (DOT_SEGMENT.test(key)) throw refuse('The path holds a "." or ".." segment.');
  if (!key.isWellFormed()) throw refuse('The path is not valid Unicode.');
  if (Buffer.byteLength(key) + rules.containerBytes > MAX_KEY_BYTES)
    throw refuse(`The path is longer than ${MAX_KEY_BYTES - rules.containerBytes} bytes.`);
  return key;
}

function refuseInternal(key: string): string {
  if (isInternal(key)) throw refuse('The path is one that the service keeps for itself.');
  return key;
}

function withSlash(key: string): string {
  return key.endsWith('/') ? key : `${key}/`;
}

// encodeURIComponent leaves ! ' ( ) * as they are; links in HTML and signed URLs want them encoded.
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function quoted(name: string): string {
  return JSON.stringify(name.toWellFormed().slice(0, 100));
}

function refuse(sentence: string): FileServiceError {
  return new FileServiceError('invalid_path', sentence);
}
