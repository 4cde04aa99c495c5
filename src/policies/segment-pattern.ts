// One segment of a rule's path: literal text, `*`, and `{user.field}`; parsed once, matched in
// time bounded by text times pattern. Knows nothing of slashes.
import { encodeFolderName } from './folder-name.js';

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'star' }
  | { readonly kind: 'field'; readonly names: readonly string[] };

/** A parsed segment. */
export type SegmentPattern = readonly Part[];

/** A segment whose fields are filled in: literal text, never two side by side, and null for `*`. */
export type FilledSegment = readonly (string | null)[];

const PLACEHOLDER = /^user(\.[A-Za-z_][A-Za-z0-9_-]*)+$/;

const parsePlaceholder = (name: string): Part => {
  if (!PLACEHOLDER.test(name)) {
    throw new TypeError(`"{${name}}" is not a placeholder; write "{user.id}" or another field`);
  }
  return { kind: 'field', names: name.split('.').slice(1) };
};

const parseParts = (segment: string): Part[] => {
  const parts: Part[] = [];
  for (const piece of segment.split(/(\*|\{[^{}]*\})/)) {
    if (piece === '') continue;
    if (piece === '*') parts.push({ kind: 'star' });
    else if (piece.startsWith('{') && piece.endsWith('}')) {
      parts.push(parsePlaceholder(piece.slice(1, -1)));
    } else if (/[{}]/.test(piece)) {
      throw new TypeError('a brace is not closed; literal braces are matched by "*"');
    } else parts.push({ kind: 'text', text: piece });
  }
  return parts;
};

/** True when an encoded field cannot contain this text, so that it ends where the text begins. */
const separates = (text: string): boolean => /[^A-Za-z0-9_%-]/.test(text);

/** `{user.id}*` would give `alice` what is `alice2`'s; `{user.id}.*` cannot. */
const checkFieldsStandApart = (parts: readonly Part[]): void => {
  let before: Part | undefined;
  let apart = true;
  for (const part of parts) {
    if (part.kind === 'text') apart ||= separates(part.text);
    else {
      const touchesField = part.kind === 'field' || before?.kind === 'field';
      if (before !== undefined && touchesField && !apart) {
        throw new TypeError('a placeholder must be set apart from what varies beside it, by "."');
      }
      before = part;
      apart = false;
    }
  }
};

/** Reads one segment; throws a TypeError whose message has neither role nor full stop. */
export function parseSegment(segment: string): SegmentPattern {
  if (segment.includes('**')) throw new TypeError('"**" must stand alone between slashes');
  const parts = parseParts(segment);
  checkFieldsStandApart(parts);
  return parts;
}

const fieldOf = (principal: unknown, names: readonly string[]): unknown => {
  let value: unknown = principal;
  for (const name of names) {
    // Own fields only: `{user.constructor.name}` must not be everyone's folder `Object`.
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = Reflect.get(value, name);
  }
  return value;
};

const append = (filled: (string | null)[], text: string): void => {
  const before = filled.at(-1);
  if (typeof before === 'string') filled[filled.length - 1] = before + text;
  else filled.push(text);
};

/** Fills in a principal's fields; null when one is missing, and then nothing matches. */
export function fillSegment(pattern: SegmentPattern, principal: unknown): FilledSegment | null {
  const filled: (string | null)[] = [];
  for (const part of pattern) {
    if (part.kind === 'star') filled.push(null);
    else {
      const text =
        part.kind === 'text' ? part.text : encodeFolderName(fieldOf(principal, part.names));
      if (text === null) return null;
      append(filled, text);
    }
  }
  return filled;
}

const matchMiddle = (literals: FilledSegment, text: string, start: number): number => {
  let from = start;
  for (const literal of literals) {
    if (literal === null) continue;
    const found = text.indexOf(literal, from);
    if (found === -1) return Infinity;
    from = found + literal.length;
  }
  return from;
};

/**
 * Whether the whole text fits. Each literal is looked for once, from the left, between the first and
 * the last, so nothing is ever tried again. Nothing but the empty pattern fits the empty text.
 */
export function matchSegment(pattern: FilledSegment, text: string): boolean {
  if (text === '') return pattern.length === 0;
  if (!pattern.includes(null)) return pattern[0] === text;
  const first = pattern[0] ?? '';
  const last = pattern.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const middle = pattern.slice(1, -1);
  return matchMiddle(middle, text, first.length) <= text.length - last.length;
}
