// Names inside an archive that we make: safe for whoever unpacks it, and never two that one disk takes for the same.

/** A folder with its slash, or a file; slashes without a segment before them belong to the next one. */
const SEGMENT = /\/*[^/]+\/?|\/+/g;
const DOTS = /^\s*\.{1,2}\s*$/;
const LEADING_SLASH = /^\/+/;
// What leaves its folder or hides its name, and what Windows refuses in a name.
const UNSAFE_CHARACTER = /[\p{Cc}\p{Bidi_Control}\\<>:"|?*]/gu;
// Windows drops these at the end of a name.
const DROPPED_END = /[. ]$/;
// Devices of Windows, whatever extension follows.
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
const DEVICE =
  /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?=\s*(?:\.|$))/i;

/**
 * Gives a name, relative to the archive, a form that every unpacker writes where it belongs: what is
 * unsafe is percent-escaped (`..` to `%2E%2E`, a slash without a segment before it to `%2F`,
 * backslash, control and bidirectional characters, `< > : " | ? *`, a dot or space at an end), and a
 * device name of Windows gets an underscore. Every other name is kept as it is: nothing is dropped,
 * and a backslash never becomes a slash.
 */
export function safeName(name: string): string {
  return segmentsOf(name)
    .map((segment) => (isFolder(segment) ? `${safe(segment.slice(0, -1))}/` : safe(segment)))
    .join('');
}

/** A folder on the way to the entry that was named last. */
interface OpenFolder {
  /** As given, with its slash. */
  readonly name: string;
  /** In the archive, with its slash. */
  readonly shown: string;
  /** What it holds so far, folded, each with the number that its next namesake gets. */
  readonly taken: Map<string, number>;
}

/**
 * A function that makes names safe and keeps them apart within one archive: a name that a disk would
 * take for an earlier one of its folder (equal, equal but for case or Unicode form, or a folder with
 * a file's name) gets ` (2)`, ` (3)`, ... before its extension.
 *
 * Names come in the order of keys, so that everything in a folder comes together: the memory is the
 * names in the folders on the way to the latest one.
 */
export function nameEntries(): (name: string) => string {
  const root: OpenFolder = { name: '', shown: '', taken: new Map() };
  let open = [root];
  return (name) => {
    open = open.filter((folder) => name.startsWith(folder.name));
    let folder = open.at(-1) ?? root;
    for (const segment of segmentsOf(name.slice(folder.name.length))) {
      const isInside = isFolder(segment);
      const text = safe(isInside ? segment.slice(0, -1) : segment);
      const shown = folder.shown + freeName(text, isInside, folder.taken);
      if (!isInside) return shown;
      folder = { name: folder.name + segment, shown: `${shown}/`, taken: new Map() };
      open.push(folder);
    }
    return folder.shown;
  };
}

function segmentsOf(name: string): readonly string[] {
  return name.match(SEGMENT) ?? [];
}

function isFolder(segment: string): boolean {
  return segment.endsWith('/') && !segment.startsWith('/', segment.length - 2);
}

// Most names; none of the rules below changes one of these.
const PLAIN = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

function safe(segment: string): string {
  if (PLAIN.test(segment) && !DEVICE.test(segment)) return segment;
  const dots = DOTS.test(segment) ? segment.replaceAll('.', '%2E') : segment;
  return dots
    .replace(LEADING_SLASH, (slashes) => '%2F'.repeat(slashes.length))
    .replace(UNSAFE_CHARACTER, escapeCharacter)
    .replace(DROPPED_END, escapeCharacter)
    .replace(DEVICE, '$&_');
}

function freeName(text: string, isInside: boolean, taken: Map<string, number>): string {
  const dot = isInside ? -1 : text.lastIndexOf('.');
  const end = dot > 0 ? dot : text.length;
  const folded = fold(text);
  // Counted on from the last namesake: a folder may hold any number of them.
  let count = taken.get(folded);
  if (count === undefined) {
    taken.set(folded, 1);
    return text;
  }
  let free: string;
  do {
    count += 1;
    free = `${text.slice(0, end)} (${count})${text.slice(end)}`;
  } while (taken.has(fold(free)));
  taken.set(folded, count);
  taken.set(fold(free), 1);
  return free;
}

// Both ways, so that letters of one capital (sigma and final sigma) and of one small one (k and the Kelvin sign)
// count as equal.
function fold(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase();
  return name.normalize('NFC').toUpperCase().toLowerCase();
}

function escapeCharacter(character: string): string {
  const bytes = [...Buffer.from(character, 'utf8')];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
