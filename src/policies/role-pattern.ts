// A rule's path: which files and folders it covers. Whole segments, case-sensitive, no regular
// expression of a host's. Knows nothing of roles or verbs.
import {
  fillSegment,
  matchSegment,
  parseSegment,
  type FilledSegment,
  type SegmentPattern,
} from './segment-pattern.js';

type Part = SegmentPattern | 'any-depth' | 'name-or-itself';
type Filled = FilledSegment | 'any-depth' | 'name-or-itself';

/** A parsed path of a rule. */
export interface RolePattern {
  readonly parts: readonly Part[];
  /** The parts ready to match; null when the path names a field of the principal. */
  readonly fixed: readonly Filled[] | null;
}

const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\\]/;

const checkSegments = (segments: readonly string[]): void => {
  for (const [index, segment] of segments.entries()) {
    if (FORBIDDEN.test(segment)) {
      throw new TypeError('a path has no backslash or control character');
    }
    if (segment === '.' || segment === '..') throw new TypeError(`"${segment}" matches no path`);
    if (segment === '' && index < segments.length - 1) {
      throw new TypeError('a path has no leading or double slash');
    }
  }
};

const fill = (parts: readonly Part[], principal: unknown): readonly Filled[] | null => {
  const filled: Filled[] = [];
  for (const part of parts) {
    const segment = typeof part === 'string' ? part : fillSegment(part, principal);
    if (segment === null) return null;
    filled.push(segment);
  }
  return filled;
};

/**
 * Reads the path of a rule. Throws a TypeError whose message has neither role nor full stop.
 *
 * `docs` is that file; `docs/` that folder and nothing in it; `docs/*` the folder, and the files and
 * folders directly in it; `docs/**` the folder and everything below; `*.pdf` files only; `''` the root.
 */
export function parseRolePattern(path: string): RolePattern {
  const segments = path.split('/');
  checkSegments(segments);
  const parts = segments.map((segment, index): Part => {
    if (segment === '**') return 'any-depth';
    if (segment === '*' && index === segments.length - 1) return 'name-or-itself';
    return parseSegment(segment);
  });
  return { parts, fixed: fill(parts, null) };
}

/**
 * The segments of a path as rules see them. A folder ends in an empty one, so `a/` is `['a', '']`,
 * the file `a` is `['a']`, and the root is `['']`.
 */
export const segmentsOf = (path: string): readonly string[] => path.split('/');

/** Whether one part fits the segment at `at`; a last `*` also takes the folder that it stands in. */
const fits = (part: Filled | undefined, segments: readonly string[], at: number): boolean => {
  const text = segments[at];
  if (part === undefined || text === undefined || part === 'any-depth') return false;
  return part === 'name-or-itself' || matchSegment(part, text);
};

/** A last `*` names a folder too: `docs/sub/` is `docs/*` followed by the folder's empty segment. */
const withoutFolderEnd = (
  parts: readonly Filled[],
  segments: readonly string[],
): readonly string[] => {
  const namesFolder = segments.length > 1 && segments.at(-1) === '' && segments.at(-2) !== '';
  return parts.at(-1) === 'name-or-itself' && namesFolder ? segments.slice(0, -1) : segments;
};

/**
 * The usual walk with one place to come back to, the last `**`: an earlier one never needs to take
 * more, so the work is bounded by path times pattern.
 */
const walk = (parts: readonly Filled[], segments: readonly string[]): boolean => {
  let part = 0;
  let at = 0;
  let back: { part: number; at: number } | null = null;
  while (at < segments.length) {
    if (parts[part] === 'any-depth') {
      // A last `**` takes the rest; there is one, or `at` would be past the end.
      if (part === parts.length - 1) return true;
      part += 1;
      back = { part, at };
    } else if (fits(parts[part], segments, at)) {
      part += 1;
      at += 1;
    } else if (back !== null) {
      back = { part: back.part, at: back.at + 1 };
      part = back.part;
      at = back.at;
    } else return false;
  }
  return part === parts.length;
};

/** Whether the path, as {@link segmentsOf} cuts it, is covered once the principal is filled in. */
export function matchRolePattern(
  pattern: RolePattern,
  segments: readonly string[],
  principal: unknown,
): boolean {
  const parts = pattern.fixed ?? fill(pattern.parts, principal);
  if (parts === null) return false;
  if (walk(parts, segments)) return true;
  const shorter = withoutFolderEnd(parts, segments);
  return shorter !== segments && walk(parts, shorter);
}
