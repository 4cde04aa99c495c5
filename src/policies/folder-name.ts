// How a principal's field becomes one segment of a path: injective, and never more than a segment.

/**
 * The folder name that a rule's `{user.id}` stands for: everything outside `A-Z a-z 0-9 _ -` is
 * percent-encoded as UTF-8, so two ids never share a folder and none can leave its own.
 * Null for what no folder can stand for: not a string, empty, or half a surrogate pair.
 */
export const encodeFolderName = (value: unknown): string | null => {
  if (typeof value !== 'string' || value === '') return null;
  try {
    // encodeURIComponent lets these six through; `.` among them, so `..` would stay `..`.
    return encodeURIComponent(value).replace(/[.!~*'()]/g, percentEncode);
  } catch {
    return null;
  }
};

const percentEncode = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/**
 * The name, without a slash, of the folder that a rule such as `users/{user.id}/**` gives an id:
 * `folderNameFor('a/b')` is `a%2Fb`. Hosts use it to create or show a user's folder.
 *
 * Throws a TypeError when no folder can stand for the id: it is not a string, empty, or half a
 * surrogate pair.
 *
 * @example
 * const container = (id: string): string => `users/${folderNameFor(id)}`;
 */
export function folderNameFor(id: string): string {
  const name = encodeFolderName(id);
  if (name === null) throw new TypeError('folderNameFor: the id must be a non-empty string.');
  return name;
}
