// The ready-made authorizer: verbs by path pattern and role. A deny wins; what nothing covers is
// refused.
import type { Access, Principal } from '../core/hooks.js';
import { checkOptions, isPlainObject } from './known-options.js';
import { matchRolePattern, segmentsOf } from './role-pattern.js';
import { bitOf, readRule, type ReadRule, type Rule } from './role-rule.js';

/**
 * Options of {@link roles}.
 *
 * @example
 * const options: RolesOptions = { anonymous: ['guest'] };
 */
export interface RolesOptions {
  /** Roles of callers without a principal, such as `['guest']`. @default none: they are refused */
  readonly anonymous?: readonly string[];
}

/**
 * What decided about an access, and why.
 *
 * @example
 * const shown = (decision: RoleDecision): string =>
 *   decision.kind === 'unmatched' ? 'no rule covers it' : `${decision.kind} by ${decision.role}`;
 */
export type RoleDecision =
  | {
      readonly kind: 'allowed' | 'denied';
      readonly role: string;
      /** The rule's place in its role, from 0. */
      readonly index: number;
      readonly rule: Rule;
    }
  /** No rule of any of the principal's roles covers the path and verb: refused. */
  | { readonly kind: 'unmatched' };

/**
 * An authorizer made by {@link roles}.
 *
 * @example
 * const authorize: Roles = roles({ staff: [{ path: 'docs/**', allow: ['GET'] }] });
 * const { kind } = authorize.explain({ id: 'u1', roles: ['staff'] }, { path: 'docs/a', verb: 'GET' });
 */
export interface Roles {
  (access: Access, request: { readonly principal: Principal | null }): boolean;
  /** Says which rule decides: the first deny of any role, else the first allow. */
  explain(principal: Principal | null, access: Pick<Access, 'path' | 'verb'>): RoleDecision;
}

type Book = ReadonlyMap<string, readonly ReadRule[]>;

const readBook = (definition: unknown): Book => {
  if (!isPlainObject(definition)) throw new TypeError('roles takes an object of roles.');
  // A map, so that a role named `__proto__` is a name like any other.
  const book = new Map<string, readonly ReadRule[]>();
  for (const [role, rules] of Object.entries(definition)) {
    if (!Array.isArray(rules)) throw new TypeError(`roles: "${role}" must be a list of rules.`);
    const read = Array.from(rules, (rule: unknown, index) =>
      readRule(`roles: rule ${index} of "${role}"`, rule),
    );
    book.set(role, read);
  }
  return book;
};

const readAnonymous = (options: RolesOptions, book: Book): readonly string[] => {
  checkOptions('roles', options, ['anonymous']);
  const named: unknown = options.anonymous ?? [];
  if (!Array.isArray(named)) throw new TypeError('roles: "anonymous" must be a list of roles.');
  const unknown = named.find((role) => !book.has(role));
  if (unknown !== undefined) {
    throw new TypeError(`roles: "anonymous" names ${JSON.stringify(unknown)}, which is no role.`);
  }
  return [...named];
};

function* rulesOf(
  book: Book,
  roleNames: unknown,
): Generator<{ role: string; index: number; read: ReadRule }> {
  for (const role of new Set<string>(Array.isArray(roleNames) ? roleNames : [])) {
    for (const [index, read] of (book.get(role) ?? []).entries()) yield { role, index, read };
  }
}

/**
 * Rights by role: `roles({ member: [{ path: 'users/{user.id}/**', allow: '*' }] })`.
 *
 * A principal has the rights of all its roles together. A `deny` wins whatever the order and
 * whichever role it stands in; where no rule covers the path and verb, the answer is no. Roles that
 * the definition does not name give nothing. Rules look at the access' verb and path, at nothing else.
 *
 * Throws a TypeError, naming the role and the rule, for an unknown verb, a bad mask or a bad path.
 *
 * @example
 * const authorize = roles({ member: [{ path: 'users/{user.id}/**', allow: '*' }] });
 */
export function roles(
  definition: Readonly<Record<string, readonly Rule[]>>,
  options: RolesOptions = {},
): Roles {
  const book = readBook(definition);
  const anonymous = readAnonymous(options, book);

  const explain: Roles['explain'] = (principal, access) => {
    const bit = bitOf(access.verb);
    const segments = segmentsOf(access.path);
    let allowed: RoleDecision = { kind: 'unmatched' };
    for (const { role, index, read } of rulesOf(book, principal ? principal.roles : anonymous)) {
      const isDeny = (read.deny & bit) !== 0;
      const mayAllow = allowed.kind === 'unmatched' && (read.allow & bit) !== 0;
      if (!isDeny && !mayAllow) continue;
      if (!matchRolePattern(read.pattern, segments, principal)) continue;
      if (isDeny) return { kind: 'denied', role, index, rule: read.rule };
      allowed = { kind: 'allowed', role, index, rule: read.rule };
    }
    return allowed;
  };

  const authorize = (access: Access, request: { readonly principal: Principal | null }): boolean =>
    explain(request.principal, access).kind === 'allowed';
  return Object.assign(authorize, { explain });
}
