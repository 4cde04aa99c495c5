// One rule of a role: what a host may write, and what it means once read.
import type { Verb } from '../core/hooks.js';
import { checkOptions } from './known-options.js';
import { parseRolePattern, type RolePattern } from './role-pattern.js';

// The verb masks of DreamFactory's role_service_access rows, so that they can be pasted.
const BITS = {
  GET: 1,
  POST: 2,
  PUT: 4,
  PATCH: 8,
  DELETE: 16,
  OPTIONS: 32,
  HEAD: 64,
} as const satisfies Record<Verb, number>;

const VERBS = Object.keys(BITS) as readonly Verb[];
/** Every verb, as a mask. */
export const ALL_VERBS = 127;

/** A list of verbs, `'*'` for all, or a DreamFactory mask: the sum of GET 1, POST 2, PUT 4, PATCH 8, DELETE 16, OPTIONS 32, HEAD 64. */
export type Verbs = readonly Verb[] | '*' | number;

/**
 * Verbs that a role may, or may not, use on the paths that a pattern covers.
 *
 * @example
 * const rule: Rule = { path: 'users/{user.id}/**', allow: ['GET', 'PUT', 'DELETE'] };
 */
export interface Rule {
  /**
   * Decoded, from the root, no leading slash, case-sensitive, by whole segments.
   *
   * - `docs/a.txt` is that file; `docs/` that folder and nothing in it; `''` the root
   * - `*` stands for any characters within one segment: `docs/*.pdf` are files, `docs/*.d/` folders;
   *   alone at the end, `docs/*` is the folder `docs/` and the files and folders directly in it
   * - `**` stands for any number of segments: `docs/**` is the folder `docs/` and everything below
   * - `{user.id}`, `{user.team.name}`: the principal's own field, a string, as `folderNameFor` encodes
   *   it; where it is missing, empty or no string, the rule covers nothing
   */
  readonly path: string;
  /** Verbs given. `GET` gives `HEAD` too. */
  readonly allow?: Verbs;
  /** Verbs taken away, whatever any other rule of any role gives. `GET` takes `HEAD` too. */
  readonly deny?: Verbs;
}

/** A rule as it is compared with an access. */
export interface ReadRule {
  readonly rule: Rule;
  readonly pattern: RolePattern;
  readonly allow: number;
  readonly deny: number;
}

/** The bit of a verb; 0 for a word that is none, which no rule covers. */
export const bitOf = (verb: string): number => (Object.hasOwn(BITS, verb) ? BITS[verb as Verb] : 0);

const bitOfName = (name: string, verb: unknown): number => {
  const bit = typeof verb === 'string' ? bitOf(verb) : 0;
  if (bit === 0) {
    throw new TypeError(`"${name}" has ${JSON.stringify(verb)}, a verb is ${VERBS.join(', ')}`);
  }
  return bit;
};

const maskOf = (name: string, verbs: unknown): number => {
  if (verbs === '*') return ALL_VERBS;
  if (typeof verbs === 'number') return verbs;
  if (!Array.isArray(verbs)) return NaN;
  return verbs.reduce<number>((mask, verb) => mask | bitOfName(name, verb), 0);
};

const readMask = (name: string, verbs: unknown): number => {
  if (verbs === undefined) return 0;
  const mask = maskOf(name, verbs);
  // A rule that means nothing is a slip that would leave a door open, or shut.
  if (!Number.isInteger(mask) || mask < 1 || mask > ALL_VERBS) {
    throw new TypeError(`"${name}" must be a list of verbs, "*", or a mask from 1 to ${ALL_VERBS}`);
  }
  return (mask & BITS.GET) === 0 ? mask : mask | BITS.HEAD;
};

/** Reads a rule; throws a TypeError that begins with `where`, which names the role and the rule. */
export function readRule(where: string, given: unknown): ReadRule {
  checkOptions(where, given, ['path', 'allow', 'deny']);
  const { path, allow, deny } = given as Record<string, unknown>;
  try {
    if (typeof path !== 'string') throw new TypeError('"path" must be a string');
    if (allow === undefined && deny === undefined) {
      throw new TypeError('"allow" or "deny" must say which verbs');
    }
    const read = { allow: readMask('allow', allow), deny: readMask('deny', deny) };
    // A copy, so that a host's later change of its object changes nothing half.
    return {
      ...read,
      pattern: parseRolePattern(path),
      rule: Object.freeze({ ...(given as Rule) }),
    };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new TypeError(`${where}: ${said}.`, { cause: error });
  }
}
