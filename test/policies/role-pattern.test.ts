import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { folderNameFor } from '../../src/policies/folder-name.ts';
import { matchRolePattern, parseRolePattern, segmentsOf } from '../../src/policies/role-pattern.ts';

const covers = (pattern: string, path: string, principal: unknown = { id: 'alice' }): boolean =>
  matchRolePattern(parseRolePattern(pattern), segmentsOf(path), principal);

describe('role pattern', () => {
  it.each([
    ['', [''], ['a', 'a/', 'a/b']],
    ['docs', ['docs'], ['docs/', 'docs/a', 'Docs', 'doc', 'docs2', '']],
    ['docs/', ['docs/'], ['docs', 'docs/a', 'docs/a/', 'a/docs/', '']],
    [
      'docs/*',
      ['docs/', 'docs/a', 'docs/sub/'],
      ['', 'docs', 'docs/sub/a', 'docs2/a', 'x/docs/a', 'docs//'],
    ],
    ['docs/*/', ['docs/sub/'], ['docs/', 'docs/a', 'docs/sub/a', 'docs/sub/x/', 'docs//']],
    [
      'docs/**',
      ['docs/', 'docs/a', 'docs/sub/', 'docs/a/b/c'],
      ['', 'docs', 'docs2/', 'docs-old/a'],
    ],
    ['docs/**/', ['docs/', 'docs/sub/', 'docs/a/b/'], ['docs', 'docs/a', '']],
    ['*', ['', 'a', 'a/'], ['a/b', 'a/b/']],
    ['**', ['', 'a', 'a/', 'a/b', 'a/b/', 'a//b', '/a', '../x'], []],
    ['**/', ['', 'a/', 'a/b/'], ['a', 'a/b']],
    ['*.pdf', ['a.pdf', '.pdf'], ['a.pdf/', 'x/a.pdf', 'a.pdfx', 'a.PDF', '']],
    ['**/*.pdf', ['a.pdf', 'x/a.pdf', 'x/y/a.pdf'], ['x/a.pdf/', 'a.txt']],
    ['a/**/z', ['a/z', 'a/b/z', 'a/z/z', 'a/z/b/z'], ['a/', 'a/z/', 'z', 'a/b/zz']],
    ['a/*/z', ['a/b/z'], ['a/z', 'a//z', 'a/b/c/z']],
    ['**/a/**/b/**', ['a/b/', 'x/a/b/c', 'a/x/b/y/z', 'a/a/b/b/'], ['a/b', 'b/a/', 'a/x/']],
    ['a*b*c', ['abc', 'axxbxxc', 'abbcc', 'abcbc'], ['ab', 'acb', 'abcd', 'xabc', 'ac']],
    ['ab*ba', ['abba', 'abxba'], ['aba', 'ab', 'ba']],
    [
      'users/{user.id}/**',
      ['users/alice/', 'users/alice/a/b'],
      ['users/alice', 'users/', 'users/alice2/', 'users/ALICE/a', 'users/bob/a'],
    ],
    ['u-{user.id}.*', ['u-alice.txt'], ['u-alice', 'u-alice2.txt', 'u-bob.txt']],
  ])('covers what "%s" says, and nothing else', (pattern, inside, outside) => {
    expect({
      inside: inside.filter((path) => covers(pattern, path)),
      outside: outside.filter((path) => covers(pattern, path)),
    }).toEqual({ inside, outside: [] });
  });

  it.each([
    ['/docs', 'leading or double slash'],
    ['/', 'leading or double slash'],
    ['a//b', 'leading or double slash'],
    ['a/../b', '".." matches no path'],
    ['./a', '"." matches no path'],
    ['a\\b', 'backslash'],
    ['a\u0000', 'control character'],
    ['a\nb', 'control character'],
    ['a**', '"**" must stand alone'],
    ['***', '"**" must stand alone'],
    ['users/{id}/a', '"{id}" is not a placeholder'],
    ['users/{user}/a', '"{user}" is not a placeholder'],
    ['users/{user.}/a', '"{user.}" is not a placeholder'],
    ['users/{role.id}', '"{role.id}" is not a placeholder'],
    ['users/{user.id', 'brace is not closed'],
    ['users/user.id}', 'brace is not closed'],
    // Two users' values could be cut apart differently: "a" + "bc" and "ab" + "c".
    ['{user.id}{user.team}', 'set apart'],
    ['{user.id}-{user.team}', 'set apart'],
    // Alice's pattern would cover alice2's folder.
    ['users/{user.id}*/**', 'set apart'],
    ['users/*{user.id}', 'set apart'],
  ])('refuses "%s" when it is read', (pattern, why) => {
    expect(() => parseRolePattern(pattern)).toThrow(TypeError);
    expect(() => parseRolePattern(pattern)).toThrow(why);
  });

  it('fills in nested fields', () => {
    expect(covers('t/{user.team.name}/**', 't/red/a', { id: 'a', team: { name: 'red' } })).toBe(
      true,
    );
  });

  it.each([
    ['missing', {}],
    ['empty', { id: '' }],
    ['a number', { id: 7 }],
    ['null', { id: null }],
    ['an object', { id: { toString: () => 'x' } }],
    ['a list', { id: ['x'] }],
    ['half a surrogate pair', { id: 'a\ud800' }],
    ['inherited', Object.create({ id: 'x' })],
  ])('covers nothing when the field is %s', (_what, principal) => {
    const paths = [
      'users/',
      'users//',
      'users//a',
      'users/x/',
      'users/7/',
      'users/undefined/',
      'users/null/',
      'users/%/',
      'users/a/',
    ];
    expect(paths.filter((path) => covers('users/{user.id}/**', path, principal))).toEqual([]);
  });

  it('reads own fields only', () => {
    expect(covers('{user.constructor.name}/**', 'Object/', { id: 'a' })).toBe(false);
    expect(covers('{user.__proto__.id}/**', 'x/', Object.create({ id: 'x' }))).toBe(false);
  });

  it('gives every id a folder of its own, one segment deep (cases 96, 98)', () => {
    const ids = [
      'a/b',
      'a',
      'b',
      '..',
      '.',
      '...',
      'alice',
      'Alice',
      'alice\0',
      'alice ',
      '%2F',
      '/',
      'a%2Fb',
      '\u00e9',
      'e\u0301',
      '*',
      '**',
      'a*',
      '{user.id}',
      '~',
      "'",
      'x'.repeat(1024),
    ];
    const names = ids.map(folderNameFor);
    expect(new Set(names).size).toBe(ids.length);
    expect(names.filter((name) => !/^[A-Za-z0-9_%-]+$/.test(name))).toEqual([]);
    const reach = ids.map((id) =>
      names.filter((name) => covers('u/{user.id}/**', `u/${name}/x`, { id })),
    );
    expect(reach).toEqual(names.map((name) => [name]));
  });

  it('keeps any two ids apart, whatever they hold', () => {
    const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(id, id, (one, other) => {
        const isOwn = covers('u/{user.id}/**', `u/${folderNameFor(other)}/x`, { id: one });
        return isOwn === (one === other);
      }),
      { numRuns: 5000 },
    );
  });

  it('agrees with a plain recursive reading of the language', () => {
    const name = (pattern: string, text: string): boolean => {
      if (pattern === '') return text === '';
      if (pattern[0] !== '*')
        return text[0] === pattern[0] && name(pattern.slice(1), text.slice(1));
      return name(pattern.slice(1), text) || (text !== '' && name(pattern, text.slice(1)));
    };
    const tree = (parts: readonly string[], segments: readonly string[]): boolean => {
      const [part, ...rest] = parts;
      const [segment, ...below] = segments;
      if (part === undefined) return segment === undefined;
      if (part === '**') {
        if (rest.length === 0) return segment !== undefined;
        return tree(rest, segments) || (segment !== undefined && tree(parts, below));
      }
      if (segment === undefined) return false;
      if (part === '*' && rest.length === 0) {
        return below.length === 0 || (segment !== '' && below.length === 1 && below[0] === '');
      }
      const isSame = segment === '' ? part === '' : part !== '' && name(part, segment);
      return isSame && tree(rest, below);
    };
    const part = fc.constantFrom('a', 'b', '*', '**', 'a*', '*b', 'a*b', '*a*');
    const segment = fc.constantFrom('a', 'b', 'ab', 'aab', 'ba', 'aabb');
    const end = fc.constantFrom('', '/');
    const patterns = fc.tuple(fc.array(part, { minLength: 1, maxLength: 5 }), end);
    const paths = fc.tuple(fc.array(segment, { minLength: 1, maxLength: 6 }), end);
    let covered = 0;
    fc.assert(
      fc.property(patterns, paths, ([parts, slash], [segments, folder]) => {
        const pattern = parts.join('/') + slash;
        const path = segments.join('/') + folder;
        const expected = tree(pattern.split('/'), path.split('/'));
        covered += expected ? 1 : 0;
        return covers(pattern, path) === expected;
      }),
      { numRuns: 20_000 },
    );
    expect(covered).toBeGreaterThan(1000);
  });

  it('stays fast on patterns that make others backtrack', () => {
    const hostile: readonly (readonly [string, string])[] = [
      [`${'a*'.repeat(200)}b`, 'a'.repeat(1024)],
      [`${'**/a/'.repeat(100)}b`, 'a/'.repeat(512)],
      [`${'**/*a*a*a/'.repeat(50)}b`, 'aaa/'.repeat(256)],
    ];
    // The quickest of three: a busy machine may stop all of us for a moment.
    const tookMs = [1, 2, 3].map(() => {
      const startedAt = performance.now();
      for (const [pattern, path] of hostile) expect(covers(pattern, path)).toBe(false);
      return performance.now() - startedAt;
    });
    expect(Math.min(...tookMs)).toBeLessThan(200);
  });
});
