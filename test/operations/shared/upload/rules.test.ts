import { describe, expect, it } from 'vitest';
import { storedType } from '../../../../src/operations/shared/upload/rules.ts';

describe('the type of an upload', () => {
  it.each([
    ['application/pdf', 'a.txt', 'application/pdf'],
    ['text/plain', 'a.csv', 'text/plain'],
    ['text/html; charset=koi8-r', 'a.html', 'text/html; charset=koi8-r'],
    ['application/json', 'a.json', 'application/json'],
    ['application/json', 'a', 'application/json'],
    ['application/json', 'json/a', 'application/json'],
    ['application/json', 'a.bin', 'application/octet-stream'],
  ])('stays %s for %s', (declared, key, type) => {
    expect(storedType(declared, key)).toBe(type);
  });

  it.each([
    undefined,
    '',
    'nonsense',
    'application/octet-stream',
    'Application/Octet-Stream; x=1',
    'application/x-www-form-urlencoded',
    '*/*',
  ])('is chosen by the name for %s, a text being UTF-8', (declared) => {
    expect(
      ['a.txt', 'docs/a.CSV', 'a.js', 'a.json', 'a.svg', 'a.unknown', 'a.'].map((key) =>
        storedType(declared, key),
      ),
    ).toEqual([
      'text/plain; charset=utf-8',
      'text/csv; charset=utf-8',
      'text/javascript; charset=utf-8',
      'application/json',
      'image/svg+xml',
      'application/octet-stream',
      'application/octet-stream',
    ]);
  });

  it('is chosen by the name for JSON that the name contradicts', () => {
    expect([
      storedType('application/json', 'a.md'),
      storedType('application/json; charset=utf-8', 'a.png'),
    ]).toEqual(['text/markdown; charset=utf-8', 'image/png']);
  });

  it.each(['txt', 'html', 'docs/html', 'a.d/png', 'json'])(
    'is unknown for %s: a name is no extension',
    (key) => {
      expect(storedType(undefined, key)).toBe('application/octet-stream');
    },
  );
});
