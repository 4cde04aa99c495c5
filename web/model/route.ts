// Where the page is, as the part of the address behind `#`: any key becomes such a text and comes back whole.

/** A place in the page. */
export interface Route {
  /** Key of the open folder; the root is `''`. */
  readonly folder: string;
  /** Key of the file that is previewed. */
  readonly preview?: string;
  /** Text that is searched for below the folder. */
  readonly search?: string;
  /** What was deleted below the folder is shown, instead of what is there. */
  readonly trash?: true;
}

/** The route as text, beginning with `#/`. */
export function hashOf({ folder, preview, search, trash }: Route): string {
  const path = `#/${encode(preview ?? folder)}`;
  if (preview !== undefined) return `${path}?preview`;
  if (trash === true) return `${path}?trash`;
  return search === undefined ? path : `${path}?search=${encodeURIComponent(search)}`;
}

/** The route that a text stands for; undefined for a text that names no place. */
export function routeOf(hash: string): Route | undefined {
  if (!hash.startsWith('#/')) return undefined;
  const mark = hash.indexOf('?');
  const key = decode(mark === -1 ? hash.slice(2) : hash.slice(2, mark));
  const query = new URLSearchParams(mark === -1 ? '' : hash.slice(mark + 1));
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  if (key !== folder) return query.has('preview') ? { folder, preview: key } : { folder };
  if (query.has('trash')) return { folder, trash: true };
  const search = query.get('search');
  return search === null || search === '' ? { folder } : { folder, search };
}

/** True when both list the same entries. */
export function listsSame(one: Route, other: Route): boolean {
  return one.folder === other.folder && one.search === other.search && one.trash === other.trash;
}

function encode(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

function decode(path: string): string {
  return path.split('/').map(decodeSegment).join('/');
}

// What somebody typed may hold a lone percent sign.
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
