// The nearest right name for a misspelt one, to explain a mistake in a configuration.

/** A longer name is no slip of the pen, and this keeps the table of distances small. */
const MAX_NAME_LENGTH = 40;

/** The known name that a wrong one most likely means; undefined when none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return undefined;
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(candidate, name) }))
    .sort((left, right) => left.distance - right.distance);
  if (nearest !== undefined && nearest.distance <= 1 + name.length / 3) return nearest.candidate;
  // Names are shortened as often as they are misspelt.
  return known.find((candidate) => name.length > 3 && candidate.startsWith(name));
}

// Levenshtein distance, ignoring case.
function editDistance(left: string, right: string): number {
  const [a, b] = [left.toLowerCase(), right.toLowerCase()];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let line = 1; line <= a.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (a[line - 1] === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
