// Names inside an archive that we make: safe for whoever unpacks it, and never two alike.

const DOT_SEGMENT = /(?<=^|\/)\s*\.{1,2}\s*(?=\/|$)/g;
const EMPTY_SEGMENT = /(?<=^|\/)\//g;
const UNSAFE_CHARACTER = /[\p{Cc}\p{Bidi_Control}\\]/gu;
const DRIVE = /^([A-Za-z]):/;

/**
 * Gives a name, relative to the archive, a form that no unpacker takes out of its folder: what is
 * unsafe is percent-escaped (`..` to `%2E%2E`, a slash without a segment before it to `%2F`,
 * backslash, control and bidirectional characters, the colon of a drive letter). Every other name
 * is kept as it is: nothing is dropped, and a backslash never becomes a slash.
 */
export function safeName(name: string): string {
  return name
    .replace(DOT_SEGMENT, (segment) => segment.replaceAll('.', '%2E'))
    .replace(EMPTY_SEGMENT, '%2F')
    .replace(UNSAFE_CHARACTER, escapeCharacter)
    .replace(DRIVE, '$1%3A');
}

/**
 * A function that makes names safe and keeps them apart within one archive: a name that escaping
 * made equal to an earlier one has its percent signs escaped as well. Names that differ only in
 * case are kept as they are.
 */
export function nameEntries(): (name: string) => string {
  // Keys are unique and only escaping can join two of them, so names without a percent sign need no
  // memory.
  const taken = new Set<string>();
  return (name) => {
    let safe = safeName(name);
    if (!safe.includes('%')) return safe;
    while (taken.has(safe)) safe = safe.replaceAll('%', '%25');
    taken.add(safe);
    return safe;
  };
}

function escapeCharacter(character: string): string {
  const bytes = [...Buffer.from(character, 'utf8')];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
