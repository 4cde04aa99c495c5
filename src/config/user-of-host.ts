// The default `authenticate`: who the host's own middleware says the caller is.
import type { HookRequest, Principal } from '../core/hooks.js';

/** What express-jwt, express-oauth2-jwt-bearer and passport leave on a request. */
interface Authenticated {
  readonly user?: unknown;
  readonly auth?: unknown;
}

const WANTED =
  'an object with an `id`, `_id` or `sub` that is text or a number, and `roles` as a list of texts, is wanted; for anything else give `authenticate`';

/**
 * `req.user`, else `req.auth` or its `payload`; null when there is none. Its `id`, `_id` or `sub` becomes the
 * principal's id, a text or number by itself too; `roles`, or `role`, may be one text. All other fields are kept, those
 * of a class' getters included.
 *
 * @throws TypeError that says what was found, when somebody is signed in whom no principal can be made of
 */
export function userOfHost<Req>(request: HookRequest<Req>): Principal | null {
  // The host's middleware may have put anything there.
  const { user, auth } = request.raw as Authenticated;
  if (isSomebody(user)) return principalOf('req.user', user);
  if (!isSomebody(auth) || typeof auth === 'function') return null;
  const { payload } = auth as { readonly payload?: unknown };
  return typeof payload === 'object' && payload !== null
    ? principalOf('req.auth.payload', payload)
    : principalOf('req.auth', auth);
}

// Passport says `false` and others null, or an empty text, when nobody is signed in.
function isSomebody(user: unknown): boolean {
  return user !== undefined && user !== null && user !== false && user !== '';
}

function principalOf(where: string, user: unknown): Principal {
  const whole = textOf(user);
  if (whole !== undefined) return { id: whole };
  if (typeof user !== 'object' || user === null)
    throw new TypeError(`\`${where}\` is a ${typeof user}; ${WANTED}.`);
  const { id, _id, sub, roles, role } = user as Readonly<Record<string, unknown>>;
  const found = textOf(id) ?? textOf(_id) ?? hexOf(_id) ?? textOf(sub);
  if (found === undefined) throw new TypeError(`\`${where}\` has ${fieldsOf(user)}; ${WANTED}.`);
  const named = rolesOf(where, roles ?? role);
  const principal = withFieldsOf(user);
  Object.defineProperty(principal, 'id', { value: found, enumerable: true });
  if (named !== undefined)
    Object.defineProperty(principal, 'roles', { value: named, enumerable: true });
  // `id` has just been defined.
  return principal as unknown as Principal;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  const isNumber = typeof value === 'bigint' || Number.isFinite(value);
  return isNumber ? String(value) : undefined;
}

// The ObjectId of MongoDB.
function hexOf(id: unknown): string | undefined {
  const { toHexString } = (id ?? {}) as { readonly toHexString?: unknown };
  return typeof toHexString === 'function' ? textOf(toHexString.call(id)) : undefined;
}

function rolesOf(where: string, roles: unknown): readonly string[] | undefined {
  if (roles === undefined || roles === null) return undefined;
  if (typeof roles === 'string') return [roles];
  if (Array.isArray(roles) && roles.every((role) => typeof role === 'string')) return roles;
  const found = Array.isArray(roles) ? 'a list that holds other things than texts' : typeof roles;
  throw new TypeError(`The roles of \`${where}\` are ${found}; ${WANTED}.`);
}

/** The fields of an object and of its classes' getters, each read when it is asked for. */
function withFieldsOf(user: object): object {
  const principal = Object.create(null) as object;
  for (const name of namesOf(user))
    Object.defineProperty(principal, name, {
      get: (): unknown => Reflect.get(user, name),
      enumerable: true,
      configurable: true,
    });
  return principal;
}

function namesOf(user: object): ReadonlySet<string> {
  const names = new Set(Object.keys(user));
  let type: unknown = Object.getPrototypeOf(user);
  while (typeof type === 'object' && type !== null && type !== Object.prototype) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(type)))
      if (get !== undefined) names.add(name);
    type = Object.getPrototypeOf(type);
  }
  return names;
}

function fieldsOf(user: object): string {
  const names = [...namesOf(user)].slice(0, 10);
  return names.length === 0 ? 'no fields' : `the fields ${names.join(', ')}`;
}
