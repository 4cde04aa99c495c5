// What the page computes, without a browser.
import { signal } from '@preact/signals';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileServiceError } from '../../src/index.ts';
import type { Entry } from '../../src/client/file-client.ts';
import { formatFor } from '../../web/model/format.ts';
import { kindOf, previewOf } from '../../web/model/kinds.ts';
import { extensionAt, nameBeside, splitForDisplay, whyNoName } from '../../web/model/names.ts';
import { comparing, filterBy } from '../../web/model/order.ts';
import { Rate, secondsLeft } from '../../web/model/rate.ts';
import { hashOf, routeOf } from '../../web/model/route.ts';
import { selectionModel } from '../../web/model/selection.ts';
import { failureOf } from '../../web/model/sentences.ts';
import { newTransfer, summarize } from '../../web/model/transfer.ts';
import { missingTexts, textsFor } from '../../web/texts.ts';

const key = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('/'));

describe('a route', () => {
  it('brings any key back whole', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 4 }), key, (folders, name) => {
        const folder = folders.map((segment) => `${segment}/`).join('');
        const preview = folder + name;
        expect(routeOf(hashOf({ folder }))).toEqual({ folder });
        expect(routeOf(hashOf({ folder, preview }))).toEqual({ folder, preview });
        expect(routeOf(hashOf({ folder, search: name }))).toEqual({ folder, search: name });
      }),
    );
  });

  it.each([
    ['', undefined],
    ['#other', undefined],
    ['#/', { folder: '' }],
    ['#/a/b/', { folder: 'a/b/' }],
    ['#/a/b.txt', { folder: 'a/' }],
    ['#/100%/', { folder: '100%/' }],
  ])('takes %j', (hash, route) => expect(routeOf(hash)).toEqual(route));
});

describe('a name', () => {
  it.each([
    ['a.txt', '.txt'],
    ['archive.tar.gz', '.tar.gz'],
    ['.env', ''],
    ['no extension', ''],
    ['trailing.', ''],
    ['a.b c d e f g h i', ''],
  ])('%j has the extension %j', (name, extension) =>
    expect(name.slice(extensionAt(name))).toBe(extension),
  );

  it.each([
    ['a.txt', [], 'a (2).txt'],
    ['a.txt', ['a (2).txt'], 'a (3).txt'],
    ['a (2).txt', ['a (2).txt'], 'a (3).txt'],
    ['.env', [], '.env (2)'],
  ])('beside %j when %j is taken is %j', (name, taken: string[], wanted) =>
    expect(nameBeside(name, (other) => taken.includes(other))).toBe(wanted),
  );

  it('is shown whole in its two parts, and never cut inside a character', () => {
    fc.assert(
      fc.property(key, (name) => {
        expect(splitForDisplay(name).join('')).toBe(name);
      }),
    );
    expect(splitForDisplay('a long name of a document (final).pdf')[1]).toBe('nal).pdf');
    expect(splitForDisplay(`${'🦊'.repeat(40)}.txt`)[1]).toBe('🦊🦊🦊🦊.txt');
  });

  it.each([
    ['', 'empty'],
    [' ', 'empty'],
    ['..', 'dots'],
    ['a/b', 'slash'],
    ['a\\b', 'backslash'],
    ['a\u0000', 'control'],
    ['a\u202eb', 'control'],
    ['é'.repeat(128), 'long'],
    ['...', undefined],
    ['a+b%20?.txt', undefined],
  ])('%j is refused for being %s', (name, why) => expect(whyNoName(name)).toBe(why));
});

const file = (name: string, more: Partial<Entry> = {}): Entry =>
  ({
    path: name,
    name,
    type: 'file',
    content_type: 'text/plain',
    content_length: 1,
    last_modified: '2026-01-01T00:00:00Z',
    ...more,
  }) as Entry;
const folder = (name: string): Entry => ({
  path: `${name}/`,
  name,
  type: 'folder',
  last_modified: null,
});

describe('the order', () => {
  const names = (entries: readonly Entry[]) => entries.map(({ name }) => name);

  it('puts folders first and counts in names', () => {
    const entries = [file('b10'), file('b2'), file('A1'), folder('z')];
    expect(names(entries.toSorted(comparing({ key: 'name', descending: false }, 'en')))).toEqual([
      'z',
      'A1',
      'b2',
      'b10',
    ]);
    expect(names(entries.toSorted(comparing({ key: 'name', descending: true }, 'en')))).toEqual([
      'z',
      'b10',
      'b2',
      'A1',
    ]);
  });

  it('is by size, kind and date, and by name where these are equal', () => {
    const entries = [
      file('b', { content_length: 5 }),
      file('a', { content_length: 5 }),
      file('c', { content_length: 1, last_modified: '2026-02-01T00:00:00Z' }),
    ];
    expect(names(entries.toSorted(comparing({ key: 'size', descending: true }, 'en')))).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(names(entries.toSorted(comparing({ key: 'modified', descending: true }, 'en')))).toEqual(
      ['c', 'a', 'b'],
    );
  });

  it('filters whatever the case and the accents', () => {
    const entries = [file('Über.txt'), file('other.txt')];
    expect(names(entries.filter(filterBy('uber', 'en')))).toEqual(['Über.txt']);
  });
});

describe('a kind', () => {
  it.each([
    ['image/svg+xml', 'x.svg', 'code', 'text'],
    ['text/html', 'x.html', 'code', 'text'],
    ['image/png', 'x.png', 'image', 'image'],
    ['image/tiff', 'x.tif', 'image', 'none'],
    ['video/mp4', 'x.mp4', 'video', 'video'],
    ['video/mp2t', 'x.ts', 'code', 'text'],
    ['application/pdf', 'x.pdf', 'pdf', 'pdf'],
    ['text/csv', 'x.csv', 'sheet', 'text'],
    ['application/zip', 'x.zip', 'archive', 'none'],
    ['application/octet-stream', 'x', 'file', 'none'],
  ])('of %s named %s is %s and previewed as %s', (content_type, name, kind, preview) => {
    const entry = file(name, { content_type } as Partial<Entry>);
    expect([kindOf(entry), previewOf(entry)]).toEqual([kind, preview]);
  });
});

describe('numbers', () => {
  const format = formatFor('en-GB', () => Date.parse('2026-11-25T12:00:00'));

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [12_340_000, '12.3 MB'],
    [5e12, '5 TB'],
  ])('%d bytes are %s', (bytes, text) => expect(format.size(bytes)).toBe(text));

  it.each([
    ['2026-11-25T08:05:00', '08:05'],
    ['2026-11-24T23:59:00', 'yesterday'],
    ['2026-03-12T08:00:00', '12 Mar'],
    ['2024-03-12T08:00:00', '12 Mar 2024'],
    [null, ''],
  ])('the date %s is %s', (date, text) => expect(format.date(date)).toBe(text));

  it('a rate forgets what is long ago', () => {
    let now = 0;
    const rate = new Rate(() => now);
    rate.add(1000);
    now = 2000;
    rate.add(1000);
    expect(rate.perSecond()).toBe(1000);
    expect(secondsLeft(5000, rate.perSecond())).toBe(5);
    now = 20_000;
    expect(rate.perSecond()).toBe(0);
    expect(secondsLeft(5000, 0)).toBeUndefined();
  });
});

describe('what went wrong', () => {
  const say = (error: unknown) => failureOf(error, 'a.txt', textsFor('en'), formatFor('en'));

  it.each([
    ['access_denied', 'You may not do this with “a.txt”.'],
    ['already_exists', '“a.txt” is already there.'],
    ['not_found', '“a.txt” is no longer here.'],
    ['quota_exceeded', 'There is no room left.'],
    ['internal', 'That did not work.'],
  ] as const)('%s is a sentence', (reason, sentence) => {
    const failure = say(
      new FileServiceError(reason, 'Why.', { headers: { 'x-request-id': 'id-1' } }),
    );
    expect(failure.sentence).toBe(sentence);
    expect(failure.details).toMatch(/Why\. Request id-1\.$/);
  });

  it('names the limit when the service does', () => {
    const error = new FileServiceError('too_large', 'Large.', {
      context: { limit: 5_000_000, size: 9_000_000 },
    });
    expect(say(error).sentence).toBe('“a.txt” is 9 MB; at most 5 MB is allowed.');
  });

  it('tells what may pass from what stays', () => {
    expect(say(new TypeError('Failed to fetch'))).toMatchObject({
      reason: 'network',
      isTransient: true,
    });
    const slow = new FileServiceError('rate_limited', 'Slow.', { headers: { 'retry-after': '7' } });
    expect(say(slow)).toMatchObject({ isTransient: true, retryAfter: 7 });
    expect(say(new FileServiceError('access_denied', 'No.')).isTransient).toBe(false);
  });
});

describe('texts', () => {
  it('are there in every language', () => {
    expect(missingTexts()).toEqual([]);
    expect(textsFor('de-AT').upload).toBe('Hochladen');
    expect(textsFor('fr').upload).toBe('Upload');
  });
});

describe('the focus', () => {
  const entriesOf = (names: string): readonly Entry[] =>
    names.split('').map((name) => ({ path: name, name, type: 'folder', last_modified: null }));
  const focusAfter = (before: string, focus: string, after: string, isReading = false) => {
    const visible = signal(entriesOf(before));
    const selection = selectionModel(visible, () => isReading);
    selection.focus.value = focus;
    visible.value = entriesOf(after);
    return selection.focus.value;
  };

  it.each([
    ['abc', 'b', 'ac', 'c'],
    ['abc', 'c', 'ab', 'b'],
    ['abc', 'a', 'xabc', 'a'],
    ['abcdef', 'b', 'aef', 'e'],
    ['abc', 'b', '', 'b'],
  ])('in %j on %j is, once there is %j, on %j', (before, focus, after, wanted) =>
    expect(focusAfter(before, focus, after)).toBe(wanted),
  );

  it('waits for an entry that may still be read', () => {
    expect(focusAfter('abcdef', 'f', 'abc', true)).toBe('f');
    expect(focusAfter('abcdef', 'f', 'abc', false)).toBe('c');
  });
});

describe('the queue in numbers', () => {
  it('counts no byte of what was refused', () => {
    const transfers = (['done', 'running', 'conflict', 'failed'] as const).map((state, id) => {
      const transfer = newTransfer(id, `${id}.txt`, new File(['0123456789'], `${id}.txt`));
      transfer.state.value = state;
      transfer.sent.value = state === 'running' ? 4 : 10;
      return transfer;
    });
    expect(summarize(transfers)).toEqual({
      all: 4,
      done: 1,
      failed: 1,
      isActive: true,
      sent: 14,
      size: 40,
    });
  });
});
