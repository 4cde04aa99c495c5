// How every ready-made hook checks the options that a host gave it, at construction.

const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of a.split('').entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (letter === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};

/** The known name that a misspelt one most likely means; undefined when none is near. */
const nearest = (name: string, known: readonly string[]): string | undefined => {
  // A longer name is no slip of the pen, and this keeps the table above small.
  if (name.length > 40) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((left, right) => left.far - right.far);
  const best = ranked[0];
  return best !== undefined && best.far <= 3 ? best.candidate : undefined;
};

/** True for an object literal, or what `JSON.parse` makes of one. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Throws the TypeError of a programmer's mistake when `given` is no object or has an unknown name. */
export function checkOptions(what: string, given: unknown, known: readonly string[]): void {
  if (!isPlainObject(given)) throw new TypeError(`${what} takes an object of options.`);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const hint =
      meant === undefined ? `the options are ${known.join(', ')}.` : `did you mean "${meant}"?`;
    throw new TypeError(`${what}: "${name}" is not an option; ${hint}`);
  }
}

/** Throws a TypeError unless the value is a whole number from `least` up. */
export function checkWhole(what: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= least) return;
  throw new TypeError(`${what} must be a whole number from ${least}, not ${String(value)}.`);
}
