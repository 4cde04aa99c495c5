// Keys as paths of a URL.

/** A key, percent-encoded segment by segment, so that every character of it arrives. */
export function encodePath(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

/** True for the root and for keys that end in `/`. */
export function isFolder(key: string): boolean {
  return key === '' || key.endsWith('/');
}

/** The folder that a key lies in; the root is `''`. */
export function parentOf(key: string): string {
  const inner = key.endsWith('/') ? key.slice(0, -1) : key;
  return inner.slice(0, inner.lastIndexOf('/') + 1);
}

/** A key's last segment, without a folder's slash. */
export function nameOf(key: string): string {
  const inner = key.endsWith('/') ? key.slice(0, -1) : key;
  return inner.slice(inner.lastIndexOf('/') + 1);
}

/** A name as a header's value: headers are bytes, and the service reads these as UTF-8. */
export function headerText(name: string): string {
  return String.fromCharCode(...new TextEncoder().encode(name));
}
