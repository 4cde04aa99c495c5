import { describe, expect, it } from 'vitest';
import { roles, type Roles } from '../../src/policies/roles.ts';
import type { Rule } from '../../src/policies/role-rule.ts';
import { access, by, request } from './request.ts';

const VERBS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const allowedVerbs = (authorize: Roles, path: string, ...names: readonly string[]) =>
  VERBS.filter((verb) => authorize(access(verb, path), by('alice', ...names)));

describe('roles', () => {
  it('refuses whoever no rule covers', () => {
    const authorize = roles({ reader: [{ path: 'docs/**', allow: ['GET'] }] });
    const paths = ['docs/a', 'other/a', ''];
    const answers = (who: Parameters<Roles>[1]) =>
      paths.map((path) => authorize(access('GET', path), who));
    expect(answers(by('alice', 'reader'))).toEqual([true, false, false]);
    expect(answers(by('alice'))).toEqual([false, false, false]);
    expect(answers(by('alice', 'Reader', 'writer', '__proto__', 'toString'))).toEqual([
      false,
      false,
      false,
    ]);
    expect(answers(request())).toEqual([false, false, false]);
  });

  it.each([
    [['GET'], ['GET', 'HEAD']],
    [['HEAD'], ['HEAD']],
    [
      ['POST', 'PUT'],
      ['POST', 'PUT'],
    ],
    ['*', VERBS],
    [1, ['GET', 'HEAD']],
    [2, ['POST']],
    [4, ['PUT']],
    [8, ['PATCH']],
    [16, ['DELETE']],
    [32, ['OPTIONS']],
    [64, ['HEAD']],
    [31, ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']],
    [127, VERBS],
  ] as const)('reads %j as verbs', (allow, verbs) => {
    expect(allowedVerbs(roles({ r: [{ path: '**', allow }] }), 'a', 'r')).toEqual(verbs);
  });

  it('takes HEAD away where it takes GET away, and not the other way round', () => {
    const without = (deny: Rule['deny']) =>
      allowedVerbs(
        roles({
          r: [
            { path: '**', allow: 65 },
            { path: 'a', deny },
          ],
        }),
        'a',
        'r',
      );
    expect([without(['GET']), without(['HEAD'])]).toEqual([[], ['GET']]);
  });

  it('adds up the rights of all roles (case F07)', () => {
    const authorize = roles({
      reader: [{ path: 'a/**', allow: 1 }],
      poster: [{ path: 'a/b/**', allow: 2 }],
    });
    expect(allowedVerbs(authorize, 'a/b/x', 'reader', 'poster')).toEqual(['GET', 'HEAD', 'POST']);
    expect(allowedVerbs(authorize, 'a/x', 'reader', 'poster')).toEqual(['GET', 'HEAD']);
  });

  it.each([
    [
      'before the allow',
      {
        r: [
          { path: 'src/secret/**', deny: '*' },
          { path: '**', allow: '*' },
        ],
      },
    ],
    [
      'after the allow',
      {
        r: [
          { path: '**', allow: '*' },
          { path: 'src/secret/**', deny: '*' },
        ],
      },
    ],
    [
      'in an earlier role',
      { q: [{ path: 'src/secret/**', deny: '*' }], r: [{ path: '**', allow: '*' }] },
    ],
    [
      'in a later role',
      { r: [{ path: '**', allow: '*' }], q: [{ path: 'src/secret/**', deny: '*' }] },
    ],
    [
      'in the same rule',
      {
        r: [
          { path: '**', allow: '*' },
          { path: 'src/secret/**', allow: '*', deny: '*' },
        ],
      },
    ],
  ] as const)('lets a deny win %s (case 99)', (_where, definition) => {
    const authorize = roles(definition);
    for (const names of [
      ['q', 'r'],
      ['r', 'q'],
    ]) {
      const open = ['src/', 'src/a', 'src/secret', 'src/secret/', 'src/secret/x'].filter((path) =>
        authorize(access('DELETE', path), by('alice', ...names)),
      );
      expect(open).toEqual(['src/', 'src/a', 'src/secret']);
    }
  });

  it('covers the folder itself with a wildcard, and not the root (cases F04, F05)', () => {
    const reader = roles({ r: [{ path: 'uploads/*', allow: ['GET'] }] });
    const uploader = roles({ r: [{ path: 'uploads/*', allow: ['POST'] }] });
    expect(
      ['uploads/', '', 'uploads/a.txt'].map((path) => reader(access('GET', path), by('u', 'r'))),
    ).toEqual([true, false, true]);
    expect([
      uploader(access('POST', 'uploads/a.txt'), by('u', 'r')),
      uploader(access('GET', 'uploads/a.txt'), by('u', 'r')),
      uploader(access('PUT', 'uploads/a.txt'), by('u', 'r')),
      uploader(access('POST', 'other/a.txt'), by('u', 'r')),
    ]).toEqual([true, false, false, false]);
  });

  it('answers the policy table (case 95)', () => {
    const authorize = roles({
      member: [{ path: 'users/{user.id}/**', allow: '*' }],
      ro: [{ path: '**', allow: ['GET'] }],
      up: [{ path: 'inbox/**', allow: ['POST'] }],
      admin: [{ path: '**', allow: '*' }],
    });
    const callers = {
      none: request(),
      ro: by('ro', 'ro'),
      up: by('up', 'up'),
      alice: by('alice', 'member'),
      bob: by('bob', 'member'),
      admin: by('admin', 'admin'),
    };
    const asked = [
      access('GET', 'users/alice/'),
      access('GET', 'users/alice/x'),
      access('PUT', 'users/alice/x'),
      access('DELETE', 'users/alice/'),
      access('GET', 'users/'),
      access('POST', 'inbox/x'),
      access('PUT', 'inbox/x'),
      access('GET', 'inbox/x'),
    ];
    const table = Object.fromEntries(
      Object.entries(callers).map(([name, caller]) => [
        name,
        asked.map((one) => (authorize(one, caller) ? 'y' : '-')).join(''),
      ]),
    );
    expect(table).toEqual({
      none: '--------',
      ro: 'yy--y--y',
      up: '-----y--',
      alice: 'yyyy----',
      bob: '--------',
      admin: 'yyyyyyyy',
    });
  });

  it('keeps alice to her own folder (case 96)', () => {
    const authorize = roles({ member: [{ path: 'users/{user.id}/**', allow: '*' }] });
    const paths = [
      'users/bob/x',
      'users/alice2/',
      'users/alice2/x',
      'users/ALICE/x',
      'users/alice',
      'users/',
      '',
      'users/alice/../bob/x',
    ];
    const open = paths.filter((path) => authorize(access('GET', path), by('alice', 'member')));
    // The last is a name that storage may hold; the service refuses such a request before asking.
    expect(open).toEqual(['users/alice/../bob/x']);
  });

  it('gives callers without a principal the anonymous roles, when there are some', () => {
    const definition = { guest: [{ path: 'public/**', allow: ['GET'] }] } as const;
    const paths = ['public/a', 'private/a'];
    const answers = (authorize: Roles) =>
      paths.map((path) => authorize(access('GET', path), request()));
    expect(answers(roles(definition, { anonymous: ['guest'] }))).toEqual([true, false]);
    expect(answers(roles(definition))).toEqual([false, false]);
  });

  it.each([undefined, null, 'admin', { 0: 'admin', length: 1 }, [['admin']], [null, 1]])(
    'gives nothing to a principal whose roles are %j',
    (given) => {
      const authorize = roles({ admin: [{ path: '**', allow: '*' }] });
      const principal = { id: 'a', roles: given } as unknown as { id: string };
      expect(authorize(access('GET', 'a'), request({ principal }))).toBe(false);
    },
  );

  it.each(['get', 'PROPFIND', '', '__proto__', 'toString'])('refuses the verb "%s"', (verb) => {
    const authorize = roles({ r: [{ path: '**', allow: '*' }] });
    expect(authorize(access(verb, 'a'), by('alice', 'r'))).toBe(false);
  });

  it('does not change when the definition does', () => {
    const rule = { path: 'a', allow: ['GET'] as ('GET' | 'PUT')[] };
    const definition: Record<string, Rule[]> = { r: [rule] };
    const authorize = roles(definition);
    rule.path = '**';
    rule.allow.push('PUT');
    definition['r']?.push({ path: '**', allow: '*' });
    expect([allowedVerbs(authorize, 'a', 'r'), allowedVerbs(authorize, 'b', 'r')]).toEqual([
      ['GET', 'HEAD'],
      [],
    ]);
  });

  it('takes a role that JSON names "__proto__" for a role', () => {
    const authorize = roles(JSON.parse('{"__proto__":[{"path":"**","allow":"*"}]}'));
    expect(allowedVerbs(authorize, 'a', '__proto__')).toEqual(VERBS);
    expect(allowedVerbs(authorize, 'a')).toEqual([]);
  });

  it('explains which rule decided', () => {
    const read = { path: '**', allow: ['GET'] } as const;
    const own = { path: 'users/{user.id}/**', allow: '*' } as const;
    const shut = { path: 'users/*/locked/**', deny: ['PUT', 'DELETE'] } as const;
    const authorize = roles({ reader: [read], member: [own, shut] });
    const explain = (verb: string, path: string) =>
      authorize.explain({ id: 'alice', roles: ['reader', 'member'] }, { verb, path });
    expect({
      read: explain('GET', 'users/bob/a'),
      write: explain('PUT', 'users/alice/a'),
      locked: explain('PUT', 'users/alice/locked/a'),
      foreign: explain('PUT', 'users/bob/a'),
    }).toEqual({
      read: { kind: 'allowed', role: 'reader', index: 0, rule: read },
      write: { kind: 'allowed', role: 'member', index: 0, rule: own },
      locked: { kind: 'denied', role: 'member', index: 1, rule: shut },
      foreign: { kind: 'unmatched' },
    });
    expect(authorize.explain(null, { verb: 'GET', path: 'a' })).toEqual({ kind: 'unmatched' });
  });

  it.each([
    ['no object', null, 'takes an object of roles'],
    ['a list', [], 'takes an object of roles'],
    ['a literal __proto__', { __proto__: { admin: [] } }, 'takes an object of roles'],
    ['a role that is no list', { r: { path: '**' } }, '"r" must be a list'],
    ['a rule that is no object', { r: ['**'] }, 'rule 0 of "r"'],
    [
      'a misspelt part',
      { r: [{ path: 'a', alow: ['GET'] }] },
      'rule 0 of "r": "alow" is not an option; did you mean "allow"?',
    ],
    ['no path', { r: [{ allow: '*' }] }, 'rule 0 of "r": "path" must be a string'],
    ['neither allow nor deny', { r: [{ path: 'a' }] }, 'rule 0 of "r": "allow" or "deny"'],
    [
      'a lower-case verb',
      {
        r: [
          { path: 'a', allow: 1 },
          { path: 'a', allow: ['get'] },
        ],
      },
      'rule 1 of "r": "allow" has "get"',
    ],
    [
      'an inherited word as verb',
      { r: [{ path: 'a', allow: ['constructor'] }] },
      '"allow" has "constructor"',
    ],
    ['a word instead of a list', { r: [{ path: 'a', deny: 'GET' }] }, '"deny" must be'],
    ['an empty list', { r: [{ path: 'a', deny: [] }] }, '"deny" must be'],
    ['mask 0', { r: [{ path: 'a', allow: 0 }] }, '"allow" must be'],
    ['mask 128', { r: [{ path: 'a', allow: 128 }] }, '"allow" must be'],
    ['mask -1', { r: [{ path: 'a', allow: -1 }] }, '"allow" must be'],
    ['mask 1.5', { r: [{ path: 'a', allow: 1.5 }] }, '"allow" must be'],
    ['mask NaN', { r: [{ path: 'a', allow: NaN }] }, '"allow" must be'],
    [
      'a bad path',
      { reader: [{ path: '../a', allow: 1 }] },
      'rule 0 of "reader": ".." matches no path.',
    ],
    // A hole in the list.
    // oxlint-disable-next-line no-sparse-arrays
    ['a hole', { r: [, { path: 'a', allow: 1 }] }, 'rule 0 of "r"'],
  ])('throws at construction for %s, naming the place', (_what, definition, message) => {
    const build = () => roles(definition as Record<string, Rule[]>);
    expect(build).toThrow(TypeError);
    expect(build).toThrow(message);
  });

  it('throws for anonymous roles that do not exist', () => {
    expect(() => roles({ r: [] }, { anonymous: ['guest'] })).toThrow('"guest", which is no role');
    expect(() => roles({ r: [] }, { anonymus: ['r'] } as never)).toThrow(
      'did you mean "anonymous"?',
    );
  });
});
