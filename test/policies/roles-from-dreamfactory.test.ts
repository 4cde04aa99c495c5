// Exported roles of the original server: what their rows gave there, the rules made of them give here.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roles, rolesFromDreamFactory } from '../../src/index.ts';
import type { Verb } from '../../src/index.ts';

const SERVICE = 7;
const VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const satisfies readonly Verb[];

interface Row {
  readonly service_id?: number | null;
  readonly component?: string | null;
  readonly verb_mask?: number;
  readonly requestor_mask?: number;
  readonly filters?: unknown;
  readonly filter_op?: string;
}
const row = (component: string, verb_mask: number, more: Row = {}): Row => ({
  service_id: SERVICE,
  component,
  verb_mask,
  requestor_mask: 1,
  filters: [],
  filter_op: 'AND',
  ...more,
});
const role = (rows: readonly Row[], more: object = {}) => ({
  id: 3,
  name: 'member',
  is_active: true,
  role_service_access_by_role_id: rows,
  ...more,
});
const rights = (rows: readonly Row[], path: string): string => {
  const authorize = roles(rolesFromDreamFactory({ resource: [role(rows)] }, SERVICE));
  const principal = { id: 'u', roles: ['member'] };
  return VERBS.filter((verb) =>
    authorize({ action: 'read', path, verb, operation: 'any' }, { principal }),
  ).join(' ');
};

describe('rolesFromDreamFactory', () => {
  it.each<[rows: readonly Row[], path: string, verbs: string]>([
    [[row('*', 1)], '', 'GET'],
    [[row('*', 1)], 'a/b/c.txt', 'GET'],
    [[row('uploads/*', 3)], 'uploads/', 'GET POST'],
    [[row('uploads/*', 3)], 'uploads/a/b.txt', 'GET POST'],
    [[row('uploads/*', 3)], '', ''],
    [[row('uploads/*', 3)], 'uploads2/a.txt', ''],
    [[row('up*', 1)], 'uploads/a.txt', 'GET'],
    [[row('up*', 1)], 'up.txt', 'GET'],
    [[row('/uploads/', 1)], 'uploads/', 'GET'],
    [[row('/uploads/', 1)], 'uploads/a.txt', ''],
    [[row('', 1)], '', 'GET'],
    [[row('', 1)], 'a.txt', ''],
    // Wildcards add up; a row for one path replaces them.
    [[row('*', 1), row('uploads/*', 2)], 'uploads/a.txt', 'GET POST'],
    [[row('*', 1), row('uploads', 2)], 'uploads/', 'POST'],
    [[row('*', 1), row('uploads', 2)], 'uploads/a.txt', 'GET'],
    [[row('*', 31), row('secret.txt', 0)], 'secret.txt', ''],
    [[row('*', 1), row('', 2), row('', 4)], '', 'POST PUT'],
    // Rows of others: other services, all services, scripts.
    [[row('*', 31, { service_id: 8 })], 'a.txt', ''],
    [[row('*', 1, { service_id: null })], 'a.txt', 'GET'],
    [[row('*', 31, { service_id: null }), row('*', 1)], 'a.txt', 'GET'],
    [[row('*', 1, { service_id: null }), row('in/*', 3)], 'in/a.txt', 'GET POST'],
    [[row('*', 31, { requestor_mask: 2 })], 'a.txt', ''],
    [[row('*', 31, { requestor_mask: 3 })], 'a.txt', 'GET POST PUT PATCH DELETE'],
  ])('makes of %j for %j: %j', (rows, path, verbs) => {
    expect(rights(rows, path)).toBe(verbs);
  });

  it('gives what the original gave, for any rows of a service', () => {
    const components = ['', '*', 'a', 'a/*', 'a/b', 'a/b/*', 'a/b/c.txt', 'd', 'd/*', 'a*'];
    const paths = ['', 'a/', 'a/b/', 'a/b/c.txt', 'a/x.txt', 'd/', 'd/e/f', 'az/b', 'q'];
    const rows = fc.array(
      fc
        .tuple(fc.constantFrom(...components), fc.nat(31))
        .map(([component, mask]) => row(component, mask)),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(rows, fc.constantFrom(...paths), (given, path) => {
        expect(rights(given, path)).toBe(originalRights(given, path));
      }),
      { numRuns: 500 },
    );
  });

  it('takes one role, a list and an export, and leaves inactive roles out', () => {
    const one = role([row('*', 1)]);
    const expected = { member: [{ path: '**', allow: 65 }] };
    for (const exported of [one, [one], { resource: [one] }])
      expect(rolesFromDreamFactory(exported, SERVICE)).toEqual(expected);
    expect(rolesFromDreamFactory(role([row('*', 1)], { is_active: false }), SERVICE)).toEqual({});
  });

  it.each<[what: string, exported: unknown, said: string]>([
    ['nothing', undefined, 'takes the JSON of roles'],
    ['a role without rows', { name: 'member' }, '"role_service_access_by_role_id"'],
    [
      'filters',
      role([
        row('*', 1),
        row('a/*', 1, { filters: [{ name: 'owner', operator: '=', value: 'u' }] }),
      ]),
      'row 1 of the role "member" has filters on "owner"',
    ],
    ['a wildcard within', role([row('*.pdf', 1)]), 'the component "*.pdf" matches nothing there'],
    [
      'a mask that is no number',
      role([{ ...row('*', 1), verb_mask: 'GET' as never }]),
      'verb_mask',
    ],
    ['no service', role([{ component: '*', verb_mask: 1 }]), 'has no "service_id"'],
    [
      'a path of all services',
      role([row('a/*', 1, { service_id: null })]),
      'is for all services, which only the component "*" can be',
    ],
    [
      'a wildcard that takes back',
      role([row('*', 31, { service_id: null }), row('a/*', 1)]),
      'row 1 of the role "member" takes back for "a/*"',
    ],
  ])('refuses %s and says why', (_, exported, said) => {
    expect(() => rolesFromDreamFactory(exported, SERVICE)).toThrow(TypeError);
    expect(() => rolesFromDreamFactory(exported, SERVICE)).toThrow(said);
  });

  it('ignores filters of rows of other services', () => {
    const others = row('*', 31, { service_id: 8, filters: [{ name: 'owner' }] });
    expect(rights([others, row('*', 1)], 'a.txt')).toBe('GET');
  });
});

/** The original's rule: rows of the very path, else all wildcards that cover it. */
function originalRights(rows: readonly Row[], path: string): string {
  const requested = path.replace(/\/$/, '');
  const exact = rows.filter(({ component }) => component === requested);
  const covering = rows.filter(({ component = '' }) => {
    const star = component?.indexOf('*') ?? -1;
    if (star < 0) return false;
    if (requested === '') return component === '*';
    return `${`${requested}/`.slice(0, star)}*` === component;
  });
  const mask = (exact.length > 0 ? exact : covering).reduce(
    (all, one) => all | (one.verb_mask ?? 0),
    0,
  );
  return VERBS.filter((_, bit) => (mask & (1 << bit)) !== 0).join(' ');
}
