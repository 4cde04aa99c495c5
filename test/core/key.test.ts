// The one place that decodes: what it takes, what it refuses, and that both stay within the root. R1-R23.
// node:assert where a million comparisons are made: vitest's take a hundred times as long.
import { doesNotMatch, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileServiceError } from '../../src/core/errors.ts';
import {
  baseName,
  containerPrefix,
  encodeKey,
  isAddressable,
  parentOf,
  parsePath,
  resolveName,
  type KeyRules,
} from '../../src/core/key.ts';
import { hostilePath } from '../support/hostile-path.ts';

const RULES: KeyRules = { containerBytes: 8, normalize: undefined };
const NFC: KeyRules = { ...RULES, normalize: 'NFC' };

/** The key and kind, or the reason of the refusal. */
const read = (path: string, rules = RULES): string => {
  try {
    const { kind, key } = parsePath(path, rules);
    return `${kind} ${key}`;
  } catch (error) {
    if (error instanceof FileServiceError) return error.reason;
    throw error;
  }
};

describe('parsePath', () => {
  it.each([
    // R1
    '/a/../b',
    '/../tenant2/secret',
    '/a/..',
    '/..',
    '/./a',
    '/.',
    '/a/.',
    '/a/./',
    // R2
    '/%2e%2e/tenant2/secret',
    '/%2E.',
    '/.%2e',
    '/..%2ftenant2',
    '/%2e%2e%2f',
    '/a%2f..%2fb',
    // R3: spaces around dots
    '/%20..%20/x',
    '/..%20',
    '/a/%20./b',
    '/%E2%80%83../x',
    // R4
    '/a%5c..%5cb',
    '/a\\..\\b',
    '/..\\tenant2',
    '/%5c%5chost%5cshare',
    '/C:%5cx',
    // R5
    '/a%00.txt',
    '/%0a',
    '/%0d%0aX:y',
    '/%09',
    '/%1f',
    '/%7f',
    '/%c2%85',
    '/%e2%80%a8',
    '/%e2%80%a9',
    // R6
    '/%c0%ae%c0%ae/x',
    '/%e0%80%af',
    '/%ff',
    '/%ed%a0%80',
    '/%',
    '/%z1',
    '/%u002e',
    '/a%2',
    '/\u00ff',
    // R9
    '/a%E2%80%AEgpj.exe',
    '/%E2%80%8F',
    '/%E2%81%A6x',
    '/%D8%9Cx',
    // R13
    `/${'a'.repeat(1017)}`,
    `/${'%E2%82%AC'.repeat(339)}`,
  ])('refuses %s', (path) => {
    expect(read(path)).toBe('invalid_path');
  });

  it.each([
    ['', 'root '],
    ['/', 'root '],
    ['//', 'root '],
    ['/%2F', 'root '],
    ['/_spec', 'spec _spec'],
    ['/_spec/', 'folder _spec/'],
    ['/a/_spec', 'file a/_spec'],
    ['/a', 'file a'],
    ['/a/', 'folder a/'],
    ['/a%2F', 'folder a/'],
    ['/a%2Fb', 'file a/b'],
    // R11: no over-blocking
    ['/..test', 'file ..test'],
    ['/a..b', 'file a..b'],
    ['/.env', 'file .env'],
    ['/...', 'file ...'],
    ['/.../', 'folder .../'],
    ['/~x', 'file ~x'],
    ['/a./b.', 'file a./b.'],
    // decoded once
    ['/%252e%252e/x', 'file %2e%2e/x'],
    ['/%2525', 'file %25'],
    // R12
    ['//a', 'file a'],
    ['/a//b', 'file a/b'],
    ['/a///b//', 'folder a/b/'],
    ['/a%2F%2Fb', 'file a/b'],
    ['/a/%2F/b', 'file a/b'],
    // R16
    ['/f10;x.css', 'file f10;x.css'],
    ['/f10%23', 'file f10#'],
    ['/f10%3Fx', 'file f10?x'],
    ['/+', 'file +'],
    ['/a%20b', 'file a b'],
    ['/%20', 'file  '],
    ["/!'()*&=:@,$", "file !'()*&=:@,$"],
    // never NFKC: full-width dots and slashes are letters
    ['/%EF%BC%8E%EF%BC%8E%EF%BC%8Fx', 'file \uff0e\uff0e\uff0fx'],
    // raw UTF-8 bytes, as Node gives them
    ['/caf\u00c3\u00a9', 'file caf\u00e9'],
    ['/caf%65%CC%81', 'file cafe\u0301'],
    ['/%F0%9F%98%80', 'file \u{1f600}'],
    // R13: by bytes, the container included
    [`/${'a'.repeat(1016)}`, `file ${'a'.repeat(1016)}`],
    [`/${'%E2%82%AC'.repeat(338)}`, `file ${'\u20ac'.repeat(338)}`],
  ])('reads %s', (path, expected) => {
    expect(read(path)).toBe(expected);
  });

  it('brings names to NFC only when asked (R8)', () => {
    expect(read('/caf%65%CC%81', NFC)).toBe('file caf\u00e9');
    expect(read('/caf%C3%A9', NFC)).toBe('file caf\u00e9');
  });
});

describe('resolveName', () => {
  const resolve = (folder: string, name: string, kind: 'file' | 'folder' = 'file'): string => {
    try {
      return resolveName(folder, name, kind, RULES);
    } catch (error) {
      if (error instanceof FileServiceError) return error.reason;
      throw error;
    }
  };

  it.each<[folder: string, name: string, kind: 'file' | 'folder', expected: string]>([
    ['users/', 'a.txt', 'file', 'users/a.txt'],
    ['users/', 'deep/a.txt', 'file', 'users/deep/a.txt'],
    ['users/', '/a.txt', 'file', 'users/a.txt'],
    ['', 'documents', 'folder', 'documents/'],
    ['', 'documents/', 'folder', 'documents/'],
    ['a/', 'b//c', 'folder', 'a/b/c/'],
    // already decoded: a per cent is a letter
    ['', '%2e%2e', 'file', '%2e%2e'],
    ['users/', '_spec', 'file', 'users/_spec'],
    // R23, R171
    ['users/', '../x', 'file', 'invalid_path'],
    ['users/', 'a/../../x', 'file', 'invalid_path'],
    ['users/', '..', 'folder', 'invalid_path'],
    ['users/', '', 'file', 'invalid_path'],
    ['users/', '/', 'folder', 'invalid_path'],
    ['users/', 'a/', 'file', 'invalid_path'],
    ['users/', 'a\r\nb', 'file', 'invalid_path'],
    ['users/', 'a\\b', 'file', 'invalid_path'],
    ['users/', '\ud800', 'file', 'invalid_path'],
    ['users/', 'a'.repeat(2048), 'folder', 'invalid_path'],
    ['users/', 'a'.repeat(1011), 'file', 'invalid_path'],
    ['users/', 'a'.repeat(1010), 'file', `users/${'a'.repeat(1010)}`],
    ['', '_spec', 'file', 'invalid_path'],
    // The service's own folder is the one at the root.
    ['', '.s3files/x', 'file', 'invalid_path'],
    ['', '.s3files', 'file', 'invalid_path'],
    ['', '.s3files', 'folder', 'invalid_path'],
    ['.s3files/', 'x', 'file', 'invalid_path'],
    ['users/', '.s3files/x', 'file', 'users/.s3files/x'],
    ['', '.s3filesx', 'file', '.s3filesx'],
  ])('in %j, %j as a %s is %j', (folder, name, kind, expected) => {
    expect(resolve(folder, name, kind)).toBe(expected);
  });
});

describe('the words of keys', () => {
  it.each([
    ['a/b/c.txt', 'c.txt', 'a/b/'],
    ['a/b/', 'b', 'a/'],
    ['a', 'a', ''],
    ['a/', 'a', ''],
    ['', '', ''],
  ])('%j has the base name %j in %j', (key, base, parent) => {
    expect([baseName(key), parentOf(key)]).toEqual([base, parent]);
  });

  it.each([
    ['', ''],
    ['tenant1', 'tenant1/'],
    ['tenant1/', 'tenant1/'],
    ['/a//b/', 'a/b/'],
  ])('the container %j is the prefix %j (R17)', (container, prefix) => {
    expect(containerPrefix(container)).toBe(prefix);
  });

  it.each(['..', 'a/../b', 'a\\b', 'a\0', 'a'.repeat(1025), '.s3files/a'])(
    'no container is %j',
    (container) => {
      expect(() => containerPrefix(container)).toThrow(FileServiceError);
    },
  );

  it.each([
    ['a/b.txt', true],
    [' ', true],
    ['true', true],
    ['<&"\'', true],
    ['_spec', false],
    ['', false],
    ['../x', false],
    ['a//b', false],
    ['/lead', false],
    ['x\\y', false],
    ['n\0l', false],
  ])('the stored key %j is addressable: %s (R20)', (key, expected) => {
    expect(isAddressable(key, RULES)).toBe(expected);
  });
});

const DOTS = new Set(['.', '..']);
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\0-\x1f\x7f-\x9f\\]/;

const SEED = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31);
const RUNS = { numRuns: 100_000, seed: SEED };

describe(`100,000 arbitrary paths, seed ${SEED} (R21)`, () => {
  const check = (path: string): void => {
    const key = read(path);
    if (key === 'invalid_path') return;
    const name = key.slice(key.indexOf(' ') + 1);
    // Nothing that a file system, a proxy or a store could read as a way out.
    const segments = name.split('/');
    const inner = name.endsWith('/') ? segments.slice(0, -1) : segments;
    equal(
      inner.find((one) => DOTS.has(one.trim())),
      undefined,
    );
    ok(name === '' || !inner.includes(''));
    doesNotMatch(name, CONTROLS);
    ok(Buffer.byteLength(name) <= 1016);
    // What a store's URL makes of it is still within the container.
    const url = new URL(`http://store.example/bucket/tenant1/${encodeKey(name)}`);
    equal(decodeURIComponent(url.pathname), `/bucket/tenant1/${name}`);
    // And the service reads its own links as the same key.
    equal(read(`/${encodeKey(name)}`), key);
    ok(name === '' || name === '_spec' || isAddressable(name, RULES));
  };

  it('of the hostile grammar are refused, or round-trip within the root', () => {
    fc.assert(
      fc.property(hostilePath, (path) => check(`/${path.replace(/[?#].*$/s, '')}`)),
      RUNS,
    );
  });

  it('of any text are refused, or round-trip within the root', () => {
    const text = fc.string({ unit: 'binary', maxLength: 24 });
    fc.assert(
      fc.property(text, (name) => {
        if (name.isWellFormed()) check(`/${encodeURIComponent(name)}`);
        check(`/${name}`);
      }),
      RUNS,
    );
  });

  it('lose no character that is allowed', () => {
    const plain = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 24 })
      .filter((name) => isAddressable(name, RULES) && !name.endsWith('/'));
    fc.assert(
      fc.property(plain, (name) => {
        equal(read(`/${encodeURIComponent(name)}`), `file ${name}`);
        equal(read(`/${encodeKey(name)}`), `file ${name}`);
      }),
      { ...RUNS, numRuns: 20_000 },
    );
  });
});
