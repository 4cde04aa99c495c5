// Roles as the original server exports them, turned into rules of `roles`.
import { isPlainObject } from './known-options.js';
import { ALL_VERBS, bitOf, type Rule } from './role-rule.js';

type Fields = Readonly<Record<string, unknown>>;

/** A row of a role that concerns the service, checked. */
interface Row {
  /** Names the role and the row, for messages. */
  readonly where: string;
  readonly isOfAllServices: boolean;
  readonly component: string;
  readonly mask: number;
}

const ROWS = 'role_service_access_by_role_id';
// A row is for callers of the API, for scripts that run inside the server, or for both.
const API = 1;

/**
 * The rules of roles that the original server exports with their rows (`?related=role_service_access_by_role_id`): one
 * role, a list, or `{"resource":[...]}`. Rows of other services and rows for scripts only are left out, inactive roles
 * too. There a row for one path replaces what wildcards give, so its other verbs are denied here.
 *
 * @param serviceId the `id` of the service in the original server, which rows name as `service_id`
 * @throws TypeError that names the role, the row and what has no counterpart: filters, components that match nothing,
 *   and a wildcard that takes back what a row for all services gives
 *
 * @example
 * const exported: unknown = JSON.parse('{"resource":[]}');
 * const authorize = roles(rolesFromDreamFactory(exported, 7));
 */
export function rolesFromDreamFactory(
  exported: unknown,
  serviceId: number,
): Readonly<Record<string, readonly Rule[]>> {
  if (!Number.isSafeInteger(serviceId))
    throw new TypeError('rolesFromDreamFactory takes the `id` of the service as a whole number.');
  const rules = rolesOf(exported)
    .filter((role) => role['is_active'] !== false)
    .map((role) => [String(role['name']), rulesOf(rowsOf(role, serviceId))] as const);
  return Object.fromEntries(rules);
}

function rolesOf(exported: unknown): readonly Fields[] {
  const list: unknown = isPlainObject(exported) ? (exported['resource'] ?? [exported]) : exported;
  const isRole = (role: unknown): role is Fields =>
    isPlainObject(role) && typeof role['name'] === 'string' && Array.isArray(role[ROWS]);
  if (Array.isArray(list) && list.every(isRole)) return list;
  throw new TypeError(
    `rolesFromDreamFactory takes the JSON of roles, each with "name" and "${ROWS}".`,
  );
}

function rowsOf(role: Fields, serviceId: number): readonly Row[] {
  // `rolesOf` has looked.
  const rows = role[ROWS] as readonly unknown[];
  return rows.flatMap((row, index): Row[] => {
    const where = `row ${index} of the role ${JSON.stringify(role['name'])}`;
    if (!isPlainObject(row)) throw new TypeError(`${where} is no object.`);
    const { service_id: service, requestor_mask: requestors = API } = row;
    if (service === undefined) throw new TypeError(`${where} has no "service_id".`);
    if (service !== null && service !== serviceId) return [];
    if ((wholeOf(where, 'requestor_mask', requestors) & API) === 0) return [];
    refuseFilters(where, row['filters']);
    const mask = wholeOf(where, 'verb_mask', row['verb_mask']) & ALL_VERBS;
    return [
      {
        where,
        isOfAllServices: service === null,
        component: componentOf(where, row['component']),
        mask: (mask & bitOf('GET')) === 0 ? mask : mask | bitOf('HEAD'),
      },
    ];
  });
}

function wholeOf(where: string, name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`${where}: "${name}" must be a whole number.`);
}

// The original reads filters for databases only, so on files they restrict nothing, whatever their author meant.
function refuseFilters(where: string, filters: unknown): void {
  if (filters === undefined || filters === null) return;
  const list: readonly unknown[] = Array.isArray(filters) ? filters : [filters];
  if (list.length === 0) return;
  const names = list.map((one) => JSON.stringify(isPlainObject(one) ? one['name'] : one));
  throw new TypeError(
    `${where} has filters on ${names.join(', ')}, which rules have no counterpart for: write a path such as "users/{user.id}/**" or an authorize hook, and take them out.`,
  );
}

function componentOf(where: string, given: unknown): string {
  if (given !== null && given !== undefined && typeof given !== 'string')
    throw new TypeError(`${where}: "component" must be text.`);
  const component = (given ?? '').replaceAll(/^\/+|\/+$/g, '');
  if (!/\*./.test(component)) return component;
  throw new TypeError(
    `${where}: the component ${JSON.stringify(given)} matches nothing there, since only "*" at the end is a wildcard.`,
  );
}

function rulesOf(rows: readonly Row[]): readonly Rule[] {
  const own = rows.filter(({ isOfAllServices }) => !isOfAllServices);
  const wildcards = own.filter(({ component }) => component.endsWith('*'));
  const exact = own.filter(({ component }) => !component.endsWith('*'));
  // A row `*` of the service covers every path, so that those of all services are never asked.
  const fallbacks = wildcards.some(({ component }) => component === '*')
    ? []
    : rows.filter(({ isOfAllServices }) => isOfAllServices);
  refuseTakenBack(fallbacks, wildcards);
  return [
    ...[...fallbacks, ...wildcards]
      .filter(({ mask }) => mask !== 0)
      .flatMap(({ component, mask }) => pathsOf(component).map((path) => ({ path, allow: mask }))),
    ...[...masksOf(exact)].flatMap(([component, mask]) =>
      pathsOf(component).map((path) => replacing(path, mask)),
    ),
  ];
}

// Rules add up. Where a wildcard row gives less than the row for all services, the rest would stay.
function refuseTakenBack(fallbacks: readonly Row[], wildcards: readonly Row[]): void {
  for (const { where, component } of fallbacks)
    if (component !== '*')
      throw new TypeError(`${where} is for all services, which only the component "*" can be.`);
  const given = fallbacks.reduce((mask, row) => mask | row.mask, 0);
  for (const { where, component, mask } of wildcards)
    if ((given & ~mask) !== 0)
      throw new TypeError(
        `${where} takes back for ${JSON.stringify(component)} what a row for all services gives, which rules cannot say: write this role by hand.`,
      );
}

/** The verbs of each component: rows of one component add up. */
function masksOf(rows: readonly Row[]): ReadonlyMap<string, number> {
  const masks = new Map<string, number>();
  for (const { component, mask } of rows) masks.set(component, (masks.get(component) ?? 0) | mask);
  return masks;
}

function replacing(path: string, mask: number): Rule {
  const others = ALL_VERBS & ~mask;
  return {
    path,
    ...(mask === 0 ? {} : { allow: mask }),
    ...(others === 0 ? {} : { deny: others }),
  };
}

// There a component is compared as text: `uploads*` is `uploads-old/a.txt` too.
function pathsOf(component: string): readonly string[] {
  if (component === '*') return ['**'];
  if (component.endsWith('/*')) return [`${component}*`];
  if (component.endsWith('*')) return [component, `${component}/**`];
  return component === '' ? [''] : [component, `${component}/`];
}
