// The option `offload`: who carries the bytes of a file once its answer is decided.
import { mediaTypes, membersProblem, oneOf, whole } from './value-checks.js';
import type { Check, UnknownMember } from './value-checks.js';

/**
 * Which files are handed on, and to whom.
 *
 * @example
 * const offload: OffloadOptions = { by: 'x-accel', types: ['video/*'], minBytes: 2 ** 20 };
 */
export interface OffloadOptions {
  /** `x-accel`: nginx in front gets the bytes from storage. `redirect`: the client does, by a signed URL. */
  readonly by: 'x-accel' | 'redirect';
  /** Media types that are handed on, `video/*` being all of a kind. @default all */
  readonly types?: readonly string[];
  /** Smaller files go through the service. @default 0 */
  readonly minBytes?: number;
  /** How long the signed URL lives, in seconds. @default 300 */
  readonly expires?: number;
  /** The internal location of nginx. @default '/_s3files/' */
  readonly location?: string;
}

/** The option in its complete form. */
export interface OffloadSettings {
  readonly by: 'x-accel' | 'redirect';
  readonly types: readonly string[];
  readonly minBytes: number;
  readonly expiresSeconds: number;
  readonly location: string;
}

const WAYS = oneOf('x-accel', 'redirect');
const CHECKS = {
  by: WAYS,
  types: mediaTypes,
  minBytes: whole(0),
  expires: whole(1, 604_800),
  location: (value) =>
    typeof value === 'string' && /^\/[\w./-]+$/.test(value) ? undefined : 'a path of nginx',
} satisfies Record<keyof OffloadOptions, Check>;

/** What is wrong with a value of the option; `unknown` makes the error for a member that there is not. */
export function offloadProblem(value: unknown, unknown: UnknownMember): string | undefined {
  if (WAYS(value) === undefined) return undefined;
  const expected = `"x-accel", "redirect" or { ${Object.keys(CHECKS).join(', ')} }`;
  const problem = membersProblem(value, expected, CHECKS, unknown);
  if (problem !== undefined) return problem;
  const missing = WAYS((value as Partial<OffloadOptions>).by);
  return missing === undefined ? undefined : `${expected} with by as ${missing}`;
}

/** The complete form. */
export function offloadOf(
  given: OffloadOptions | OffloadOptions['by'] | undefined,
): OffloadSettings | undefined {
  if (given === undefined) return undefined;
  const {
    by,
    types = [],
    minBytes = 0,
    expires = 300,
    location = '/_s3files/',
  } = typeof given === 'string' ? { by: given } : given;
  return { by, types, minBytes, expiresSeconds: expires, location };
}
