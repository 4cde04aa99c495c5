// How every ready-made hook checks the options that a host gave it, at construction.
import { nearestName } from '../core/suggestion.js';

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
    const meant = nearestName(name, known);
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
