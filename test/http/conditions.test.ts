import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  evaluate,
  httpDate,
  parseEtagList,
  parseHttpDate,
  parseIfRange,
  planConditions,
} from '../../src/http/conditions.ts';

const at = '2026-02-10T15:45:00Z';
const exact = 'Tue, 10 Feb 2026 15:45:00 GMT';
const earlier = 'Tue, 10 Feb 2026 15:44:59 GMT';
const later = 'Tue, 10 Feb 2026 15:45:01 GMT';
const file = { etag: '"abc"', lastModified: new Date('2026-02-10T15:45:00.900Z') };

const NAMES = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'] as const;

// Any of the four headers, each with any of the values.
const conditional = (value: fc.Arbitrary<string>): fc.Arbitrary<Record<string, string>> =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), value), { selector: ([name]) => name })
    .map((pairs): Record<string, string> => Object.fromEntries(pairs));

describe('parseHttpDate', () => {
  // RFC 9110 §5.6.7: the same instant in all three forms.
  it.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ])('reads %s', (text) => {
    expect(parseHttpDate(text)).toEqual(new Date('1994-11-06T08:49:37Z'));
  });

  it('takes a two-digit year that is more than 50 years ahead for a past one', () => {
    const ahead = new Date().getUTCFullYear() + 51;
    const text = `Sunday, 06-Nov-${String(ahead % 100).padStart(2, '0')} 08:49:37 GMT`;
    expect(parseHttpDate(text)?.getUTCFullYear()).toBe(ahead - 100);
  });

  it.each([
    '',
    '0',
    '2026-02-10T15:45:00Z',
    'tue, 10 feb 2026 15:45:00 gmt',
    'Tue, 10 Feb 2026 15:45:00 UTC',
    'Tue, 10 Feb 2026 15:45:00 +0100',
    'Tue, 31 Feb 2026 15:45:00 GMT',
    'Tue, 00 Feb 2026 15:45:00 GMT',
    'Tue, 10 Feb 2026 24:45:00 GMT',
    'Tue, 10 Feb 2026 15:60:00 GMT',
    'Tue, 10 Feb 26 15:45:00 GMT',
    'Sun Nov 6 08:49:37 1994',
    `${exact}, ${exact}`,
    `${exact} `.repeat(1000),
  ])('refuses %s', (text) => {
    expect(parseHttpDate(text)).toBeNull();
  });

  it('reads every date that httpDate writes, to the second', () => {
    const years = { min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') };
    fc.assert(
      fc.property(fc.date({ ...years, noInvalidDate: true }), (date) => {
        const seconds = Math.floor(date.getTime() / 1000) * 1000;
        expect(parseHttpDate(httpDate(date))?.getTime()).toBe(seconds);
      }),
    );
  });
});

describe('parseEtagList', () => {
  it.each([
    ['*', '*'],
    [' * ', '*'],
    // RFC 9110 §13.1.2's examples.
    ['"xyzzy"', ['"xyzzy"']],
    ['W/"xyzzy"', ['W/"xyzzy"']],
    ['"xyzzy", "r2d2xxxx", "c3piozzzz"', ['"xyzzy"', '"r2d2xxxx"', '"c3piozzzz"']],
    ['W/"xyzzy", W/"r2d2xxxx", W/"c3piozzzz"', ['W/"xyzzy"', 'W/"r2d2xxxx"', 'W/"c3piozzzz"']],
    ['""', ['""']],
    ['"a,b"', ['"a,b"']],
    [',"a" ,, "b",', ['"a"', '"b"']],
    ['"a\\"', ['"a\\"']],
    ['"\u00e9"', ['"\u00e9"']],
  ])('reads %s', (header, tags) => {
    expect(parseEtagList(header)).toEqual(tags);
  });

  it.each([
    '',
    ' ',
    ',',
    'abc',
    '"a',
    'a"',
    '"a" "b"',
    '"a""b"',
    'w/"a"',
    'W/ "a"',
    '*, "a"',
    '"a", *',
    '"a b"',
    "'a'",
  ])('refuses %s', (header) => {
    expect(parseEtagList(header)).toBeNull();
  });

  it('reads a thousand tags', () => {
    const tags = Array.from({ length: 1000 }, (_, i) => `"${i}"`);
    expect(parseEtagList(tags.join(', '))).toEqual(tags);
  });

  it('reads back any list of tags', () => {
    const tag = fc
      .tuple(fc.constantFrom('', 'W/'), fc.stringMatching(/^[\x21\x23-\x7e\x80-\xff]*$/))
      .map(([weak, opaque]) => `${weak}"${opaque}"`);
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1 }), (tags) => {
        expect(parseEtagList(tags.join(' ,, '))).toEqual(tags);
      }),
    );
  });
});

describe('evaluate', () => {
  it.each([
    ['no condition', {}, 'proceed'],
    ['If-Match with its tag', { 'if-match': '"abc"' }, 'proceed'],
    ['If-Match with its tag among others', { 'if-match': '"x", "abc"' }, 'proceed'],
    ['If-Match *', { 'if-match': '*' }, 'proceed'],
    ['If-Match with another tag', { 'if-match': '"x"' }, 'precondition-failed'],
    // RFC 9110 §13.1.1: strong comparison.
    ['If-Match with its tag, weak', { 'if-match': 'W/"abc"' }, 'precondition-failed'],
    ['a malformed If-Match', { 'if-match': 'abc' }, 'precondition-failed'],
    ['an empty If-Match', { 'if-match': '' }, 'proceed'],
    ['If-Unmodified-Since at its date', { 'if-unmodified-since': exact }, 'proceed'],
    ['If-Unmodified-Since later', { 'if-unmodified-since': later }, 'proceed'],
    ['If-Unmodified-Since earlier', { 'if-unmodified-since': earlier }, 'precondition-failed'],
    ['a malformed If-Unmodified-Since', { 'if-unmodified-since': 'yesterday' }, 'proceed'],
    // §13.2.2 step 1 before step 2.
    [
      'If-Match true beside an earlier date',
      { 'if-match': '"abc"', 'if-unmodified-since': earlier },
      'proceed',
    ],
    ['If-None-Match with its tag', { 'if-none-match': '"abc"' }, 'not-modified'],
    // §13.1.2: weak comparison.
    ['If-None-Match with its tag, weak', { 'if-none-match': 'W/"abc"' }, 'not-modified'],
    ['If-None-Match with its tag among others', { 'if-none-match': '"x", "abc"' }, 'not-modified'],
    ['If-None-Match *', { 'if-none-match': '*' }, 'not-modified'],
    ['If-None-Match with another tag', { 'if-none-match': '"x"' }, 'proceed'],
    ['a malformed If-None-Match', { 'if-none-match': ',' }, 'proceed'],
    ['an unquoted If-None-Match', { 'if-none-match': 'abc' }, 'proceed'],
    ['If-Modified-Since at its date', { 'if-modified-since': exact }, 'not-modified'],
    ['If-Modified-Since later', { 'if-modified-since': later }, 'not-modified'],
    ['If-Modified-Since earlier', { 'if-modified-since': earlier }, 'proceed'],
    ['a malformed If-Modified-Since', { 'if-modified-since': 'soon' }, 'proceed'],
    ['two dates', { 'if-modified-since': `${exact}, ${exact}` }, 'proceed'],
    // §13.1.3: ignored beside If-None-Match.
    [
      'If-None-Match with another tag beside a fresh date',
      { 'if-none-match': '"x"', 'if-modified-since': later },
      'proceed',
    ],
    [
      'a malformed If-None-Match beside a fresh date',
      { 'if-none-match': 'x', 'if-modified-since': later },
      'proceed',
    ],
    // §13.2.2: If-Match is decided before If-None-Match.
    [
      'If-Match false beside If-None-Match true',
      { 'if-match': '"x"', 'if-none-match': '"abc"' },
      'precondition-failed',
    ],
    [
      'If-Match true beside If-None-Match with its tag',
      { 'if-match': '"abc"', 'if-none-match': '"abc"' },
      'not-modified',
    ],
    [
      'If-Match true beside a fresh date',
      { 'if-match': '"abc"', 'if-modified-since': exact },
      'not-modified',
    ],
  ] as const)('answers a read with %s', (_, headers, verdict) => {
    expect(evaluate(headers, 'GET', file)).toBe(verdict);
    expect(evaluate(headers, 'HEAD', file)).toBe(verdict);
  });

  it.each([
    ['If-None-Match *', { 'if-none-match': '*' }, 'precondition-failed'],
    ['If-None-Match with its tag', { 'if-none-match': '"abc"' }, 'precondition-failed'],
    ['If-None-Match with another tag', { 'if-none-match': '"x"' }, 'proceed'],
    ['a malformed If-None-Match', { 'if-none-match': 'abc' }, 'precondition-failed'],
    ['If-Match with another tag', { 'if-match': '"x"' }, 'precondition-failed'],
    ['a malformed If-Match', { 'if-match': 'abc' }, 'precondition-failed'],
    // §13.1.3: ignored for methods other than GET and HEAD.
    ['If-Modified-Since', { 'if-modified-since': later }, 'proceed'],
    ['If-Unmodified-Since earlier', { 'if-unmodified-since': earlier }, 'precondition-failed'],
  ] as const)('answers a write with %s', (_, headers, verdict) => {
    expect(evaluate(headers, 'PUT', file)).toBe(verdict);
    expect(evaluate(headers, 'DELETE', file)).toBe(verdict);
  });

  it('matches a weak tag of the file only in weak comparison', () => {
    const weak = { etag: 'W/"abc"', lastModified: null };
    expect(evaluate({ 'if-match': 'W/"abc"' }, 'GET', weak)).toBe('precondition-failed');
    expect(evaluate({ 'if-none-match': '"abc"' }, 'GET', weak)).toBe('not-modified');
  });

  it('ignores dates when the file has none, and tags when it has none', () => {
    const bare = { etag: '', lastModified: null };
    expect(evaluate({ 'if-modified-since': later }, 'GET', bare)).toBe('proceed');
    expect(evaluate({ 'if-unmodified-since': earlier }, 'GET', bare)).toBe('proceed');
    expect(evaluate({ 'if-none-match': '""' }, 'GET', bare)).toBe('proceed');
    expect(evaluate({ 'if-match': '""' }, 'GET', bare)).toBe('precondition-failed');
  });
});

describe('planConditions', () => {
  const storage = (conditions: Record<string, unknown>): unknown => ({
    kind: 'storage',
    conditions,
  });

  it.each([
    ['nothing', {}, { kind: 'none' }],
    ['one strong tag', { 'if-match': '"abc"' }, storage({ ifMatch: '"abc"' })],
    ['one tag', { 'if-none-match': '"abc"' }, storage({ ifNoneMatch: '"abc"' })],
    ['one weak tag', { 'if-none-match': 'W/"abc"' }, storage({ ifNoneMatch: '"abc"' })],
    ['a date', { 'if-modified-since': exact }, storage({ ifModifiedSince: new Date(at) })],
    [
      'an unmodified date',
      { 'if-unmodified-since': exact },
      storage({ ifUnmodifiedSince: new Date(at) }),
    ],
    [
      'a tag beside a date',
      { 'if-none-match': '"abc"', 'if-modified-since': exact },
      storage({ ifNoneMatch: '"abc"' }),
    ],
    [
      'a match beside a date',
      { 'if-match': '"abc"', 'if-unmodified-since': exact },
      storage({ ifMatch: '"abc"' }),
    ],
    ['any match', { 'if-match': '*' }, { kind: 'none' }],
    [
      'any match beside a date',
      { 'if-match': '*', 'if-unmodified-since': exact },
      { kind: 'none' },
    ],
    ['a malformed tag', { 'if-none-match': 'abc' }, { kind: 'none' }],
    [
      'a malformed tag beside a date',
      { 'if-none-match': 'abc', 'if-modified-since': exact },
      { kind: 'none' },
    ],
    [
      'a malformed date',
      { 'if-modified-since': 'soon', 'if-unmodified-since': 'x' },
      { kind: 'none' },
    ],
    ['any file', { 'if-none-match': '*' }, { kind: 'evaluate' }],
    ['a list', { 'if-none-match': '"a", "b"' }, { kind: 'evaluate' }],
    ['a list to match', { 'if-match': '"a", "b"' }, { kind: 'evaluate' }],
    ['a weak tag to match', { 'if-match': 'W/"a"' }, { kind: 'evaluate' }],
    ['a malformed match', { 'if-match': 'abc' }, { kind: 'evaluate' }],
    ['a tag that is not ASCII', { 'if-none-match': '"\u00e9"' }, { kind: 'evaluate' }],
    [
      'a date ahead',
      { 'if-modified-since': 'Fri, 31 Dec 9998 23:59:59 GMT' },
      { kind: 'evaluate' },
    ],
    ['two conditions', { 'if-match': '"abc"', 'if-none-match': '"abc"' }, { kind: 'evaluate' }],
    [
      'two dates',
      { 'if-modified-since': exact, 'if-unmodified-since': exact },
      { kind: 'evaluate' },
    ],
  ] as const)('leaves to storage only what it decides alone: %s', (_, headers, plan) => {
    expect(planConditions(headers)).toEqual(plan);
  });

  it('agrees with evaluate: without a plan every read proceeds', () => {
    const value = fc.constantFrom(
      '"abc"',
      'W/"abc"',
      '"x", "abc"',
      '*',
      ',',
      'abc',
      exact,
      later,
      earlier,
      '',
    );
    fc.assert(
      fc.property(conditional(value), (headers) => {
        if (planConditions(headers).kind !== 'none') return;
        expect(evaluate(headers, 'GET', file)).toBe('proceed');
      }),
      { numRuns: 5000 },
    );
  });

  it('agrees with evaluate on what storage is left to decide', () => {
    const value = fc.constantFrom('"abc"', 'W/"abc"', '"x"', '*', 'abc', exact, later, earlier);
    fc.assert(
      fc.property(conditional(value), (headers) => {
        const plan = planConditions(headers);
        if (plan.kind !== 'storage') return;
        const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = plan.conditions;
        const seconds = new Date(at).getTime();
        const failed =
          (ifMatch !== undefined && ifMatch !== file.etag) ||
          (ifUnmodifiedSince !== undefined && seconds > ifUnmodifiedSince.getTime());
        const unchanged =
          ifNoneMatch === file.etag ||
          (ifModifiedSince !== undefined && seconds <= ifModifiedSince.getTime());
        const decided = failed ? 'precondition-failed' : unchanged ? 'not-modified' : 'proceed';
        expect(decided).toBe(evaluate(headers, 'GET', file));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('parseIfRange', () => {
  it.each([
    [undefined, { kind: 'none' }],
    ['', { kind: 'none' }],
    ['"abc"', { kind: 'etag', etag: '"abc"' }],
    [exact, { kind: 'date', date: new Date(at) }],
    ['W/"abc"', { kind: 'never' }],
    ['abc', { kind: 'never' }],
    ['*', { kind: 'never' }],
    ['"a", "b"', { kind: 'never' }],
    [`${exact}, ${exact}`, { kind: 'never' }],
  ])('reads %s', (header, expected) => {
    expect(parseIfRange(header)).toEqual(expected);
  });
});

describe('conditions', () => {
  it('read any text without throwing', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[W/",* a]*$/));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const headers = { 'if-match': a, 'if-none-match': b, 'if-modified-since': a };
        planConditions(headers);
        evaluate(headers, 'GET', file);
        parseIfRange(a);
      }),
      { numRuns: 2000 },
    );
  });
});
