import { validateHeaderName, validateHeaderValue } from 'node:http';
import { create, parse } from 'content-disposition';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_INLINE_TYPES,
  disposition,
  servedType,
  servingHeaders,
  type Served,
  type ServingPolicy,
} from '../../src/http/serving.ts';

const policy: ServingPolicy = {
  inlineTypes: DEFAULT_INLINE_TYPES,
  trustedContent: false,
  crossOriginResourcePolicy: 'same-origin',
  cacheControl: 'private, no-cache',
};
const trusting: ServingPolicy = { ...policy, trustedContent: true };

const served = (given: Partial<Served> = {}): Served => ({
  name: 'report.png',
  contentType: 'image/png',
  cacheControl: null,
  contentEncoding: null,
  etag: '"abc"',
  lastModified: new Date('2026-02-10T15:45:00.123Z'),
  digest: null,
  isForEveryone: false,
  ...given,
});

/** The type of a file whose name tells nothing. */
const typeOf = (contentType: string | null, how: ServingPolicy) =>
  servedType({ name: 'f', contentType }, how);

const neutral = { type: 'application/octet-stream', inline: false };

describe('servedType', () => {
  it.each(['image/png', 'image/jpeg', 'audio/mpeg', 'video/mp4', 'text/plain', 'application/pdf'])(
    'shows %s in place',
    (type) => {
      expect(typeOf(type, policy)).toEqual({ type, inline: true });
    },
  );

  it.each(['text/plain; charset=utf-8', 'video/mp4; codecs="avc1, mp4a"', 'image/PNG'])(
    'keeps %s as it was stored',
    (type) => {
      expect(typeOf(type, policy)).toEqual({ type, inline: true });
    },
  );

  it.each([
    'application/zip',
    'application/json',
    'text/csv; header=present',
    'application/postscript',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'application/x-unheard-of',
  ])('offers %s for saving under its own type', (type) => {
    expect(typeOf(type, policy)).toEqual({ type, inline: false });
  });

  // What parse-server's advisories of 2026 went around: case, parameters, kin of XML, malformed.
  it.each([
    'text/html',
    'TEXT/HTML',
    'text/html; a=b',
    'text/html;charset=utf-8',
    ' text/html\t',
    'application/xhtml+xml',
    'application/vnd.wap.xhtml+xml',
    'image/svg+xml',
    'image/svg',
    'text/xml',
    'application/xml',
    'application/rss+xml',
    'application/mathml+xml',
    'application/xslt+xml',
    'text/xsl',
    'application/xml-dtd',
    'text/javascript',
    'application/javascript',
    'application/x-javascript',
    'application/ecmascript',
    'text/jscript',
    'text/livescript',
    'text/vbscript',
    'text/css',
    'text/x-component',
    'text/cache-manifest',
    'application/x-shockwave-flash',
    'multipart/related',
    'multipart/x-mixed-replace',
    'message/rfc822',
    'text/x-server-parsed-html',
    'audio/x+xml',
  ])('takes the teeth out of %s', (type) => {
    expect(typeOf(type, policy)).toEqual(neutral);
  });

  it.each([
    null,
    '',
    'text',
    'text/',
    '/html',
    'text/html\u0001',
    'image/png\u0001',
    'image/png, text/html',
    'image/png; ;=x',
    'image/png text/html',
    'image/png;a="b',
    '\u0456mage/png',
    'garbage',
    `image/${'p'.repeat(300)}`,
  ])('serves a missing or malformed type as bytes: %s', (type) => {
    expect(typeOf(type, policy)).toEqual(neutral);
  });

  it('shows an active type in place only for a host that names it', () => {
    const images = { ...policy, inlineTypes: ['image/*'] };
    expect(typeOf('image/svg+xml', images)).toEqual(neutral);
    const drawings = { ...policy, inlineTypes: ['image/svg+xml'] };
    expect(typeOf('image/svg+xml', drawings)).toEqual({ type: 'image/svg+xml', inline: true });
  });

  it.each([
    ['pic.png', 'image/png', true],
    ['notes.txt', 'text/plain; charset=utf-8', true],
    ['sheet.csv', 'text/csv; charset=utf-8', false],
    ['page.html', 'application/octet-stream', false],
    ['data', 'application/octet-stream', false],
  ])('types %s by its name when it was stored without a type', (name, type, inline) => {
    expect(servedType({ name, contentType: null }, policy)).toEqual({ type, inline });
  });

  it('takes a host that trusts its content at its word', () => {
    expect(typeOf('text/html; charset=utf-8', trusting)).toEqual({
      type: 'text/html; charset=utf-8',
      inline: true,
    });
  });
});

describe('disposition', () => {
  it.each([
    ['a.txt', 'inline; filename="a.txt"'],
    ['a "b".txt', 'inline; filename="a _b_.txt"; filename*=UTF-8\'\'a%20%22b%22.txt'],
    // curl -OJ reads nothing but the ASCII name, and Windows takes none with these.
    [
      'a:b*?<>|.txt',
      'inline; filename="a_b_____.txt"; filename*=UTF-8\'\'a%3Ab%2A%3F%3C%3E%7C.txt',
    ],
    [
      '\u00c5ngstr\u00f6m.txt',
      'inline; filename="Angstrom.txt"; filename*=UTF-8\'\'%C3%85ngstr%C3%B6m.txt',
    ],
    ['\u{1f600}.txt', 'inline; filename="_.txt"; filename*=UTF-8\'\'%F0%9F%98%80.txt'],
    // RFC 8187 §3.2.
    ['\u20ac rates', 'inline; filename="_ rates"; filename*=UTF-8\'\'%E2%82%AC%20rates'],
    ['caf\u00e9.txt', 'inline; filename="cafe.txt"; filename*=UTF-8\'\'caf%C3%A9.txt'],
    ['a%20b.txt', 'inline; filename="a%20b.txt"; filename*=UTF-8\'\'a%2520b.txt'],
    [
      'a\r\nSet-Cookie: x',
      'inline; filename="aSet-Cookie_ x"; filename*=UTF-8\'\'aSet-Cookie%3A%20x',
    ],
    ['a\u0000b', 'inline; filename="ab"'],
    ['a\u202egpj.exe', 'inline; filename="agpj.exe"'],
    ['../../etc/passwd', 'inline; filename="passwd"'],
    ['C:\\x\\y.txt', 'inline; filename="y.txt"'],
    ['', 'inline'],
    ['\u0001', 'inline'],
  ])('writes %j', (name, expected) => {
    expect(disposition(name, true)).toBe(expected);
  });

  it('writes a plain name as content-disposition does, but for the quotes', () => {
    const names = fc.stringMatching(/^[A-Za-z0-9_.-]{1,120}$/);
    fc.assert(
      fc.property(names, fc.boolean(), (name, inline) => {
        const theirs = create(name, { type: inline ? 'inline' : 'attachment' });
        // The package leaves the quotes of a token out.
        expect(disposition(name, inline).replaceAll('"', '')).toBe(theirs.replaceAll('"', ''));
      }),
    );
  });

  it('offers for saving', () => {
    expect(disposition('a.txt', false)).toBe('attachment; filename="a.txt"');
  });

  it('is a valid header for any name, and gives an ordinary name back', () => {
    const name = fc.string({ unit: 'binary', maxLength: 300 });
    const anything = fc.oneof(
      name,
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(() =>
          validateHeaderValue('Content-Disposition', disposition(text, false)),
        ).not.toThrow();
      }),
      { numRuns: 5000 },
    );
    const ordinary = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter(
        (text) =>
          !/[/\\\u0000-\u001f\u007f-\u009f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069]/.test(text),
      );
    fc.assert(
      fc.property(ordinary, (text) => {
        expect(parse(disposition(text, false)).parameters['filename']).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('servingHeaders', () => {
  it('sends everything that a browser needs to be safe', () => {
    const digest = 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:';
    expect(servingHeaders(served({ digest }), policy, false)).toEqual({
      'Content-Type': 'image/png',
      'Content-Disposition': 'inline; filename="report.png"',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; img-src 'self'; media-src 'self'; sandbox",
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Cache-Control': 'private, no-cache, no-transform',
      Vary: 'Authorization, Cookie, X-API-Key, X-DreamFactory-API-Key, X-DreamFactory-Session-Token',
      'Accept-Ranges': 'bytes',
      ETag: '"abc"',
      'Last-Modified': 'Tue, 10 Feb 2026 15:45:00 GMT',
      'Repr-Digest': digest,
    });
  });

  it('offers for saving when a download is asked', () => {
    expect(servingHeaders(served(), policy, true)).toMatchObject({
      'Content-Type': 'image/png',
      'Content-Disposition': 'attachment; filename="report.png"',
    });
  });

  it.each(['x.html', 'x.html.', 'x.svg', 'x.png'])(
    'offers HTML for saving as bytes, whatever its name: %s',
    (name) => {
      expect(
        servingHeaders(served({ name, contentType: 'text/html' }), policy, false),
      ).toMatchObject({
        'Content-Type': 'application/octet-stream',
        'Content-Disposition': `attachment; filename="${name}"`,
        'X-Content-Type-Options': 'nosniff',
        'Content-Security-Policy': "default-src 'none'; img-src 'self'; media-src 'self'; sandbox",
      });
    },
  );

  it('leaves a PDF out of the sandbox, where no viewer starts', () => {
    const headers = servingHeaders(served({ contentType: 'application/PDF' }), policy, false);
    expect(headers['Content-Security-Policy']).toBe(
      "default-src 'none'; img-src 'self'; media-src 'self'",
    );
  });

  it.each(['audio/ogg', 'video/mp4'])('lets a player ask for %s in its own name', (contentType) => {
    const headers = servingHeaders(served({ contentType }), policy, false);
    expect(headers['Content-Security-Policy']).toBe(
      "default-src 'none'; img-src 'self'; media-src 'self'; sandbox allow-same-origin",
    );
  });

  it('serves what others planted, in headers that are valid', () => {
    const planted = served({
      contentType: 'text/html\u0001',
      cacheControl: 'public,max-age=9e9',
      contentDisposition: 'inline; filename="evil.html"',
      contentEncoding: 'gzip, aws-chunked',
      contentLanguage: 'de\r\nX: y',
      etag: '',
      lastModified: new Date(NaN),
      digest: 'sha-256=:x\u007f:',
    });
    expect(servingHeaders(planted, { ...policy, crossOriginResourcePolicy: false }, false)).toEqual(
      {
        'Content-Type': 'application/octet-stream',
        'Content-Disposition': 'attachment; filename="report.png"',
        'X-Content-Type-Options': 'nosniff',
        'Content-Security-Policy': "default-src 'none'; img-src 'self'; media-src 'self'; sandbox",
        'Cache-Control': 'private, max-age=9e9, no-transform',
        Vary: 'Authorization, Cookie, X-API-Key, X-DreamFactory-API-Key, X-DreamFactory-Session-Token',
        'Accept-Ranges': 'bytes',
        'Content-Encoding': 'gzip',
      },
    );
  });

  it('falls back to the configured Cache-Control when the stored one is no header', () => {
    const headers = servingHeaders(served({ cacheControl: 'public\r\nX: y' }), policy, false);
    expect(headers['Cache-Control']).toBe('private, no-cache, no-transform');
  });

  it.each([
    ['public, max-age=60', 'private, max-age=60, no-transform'],
    ['PUBLIC', 'private, no-transform'],
    ['max-age=60, s-maxage=600', 'private, max-age=60, no-transform'],
    ['private, public', 'private, no-transform'],
    ['max-age=60', 'max-age=60, no-transform'],
    ['no-store', 'no-store, no-transform'],
    ['No-Transform, public', 'private, No-Transform'],
  ])('keeps %j to the caller', (cacheControl, expected) => {
    const headers = servingHeaders(served({ cacheControl }), policy, false);
    expect(headers['Cache-Control']).toBe(expected);
  });

  it.each([
    ['everyone gets this answer', policy, true],
    ['the host trusts its content', trusting, false],
  ])('passes `public` on when %s', (_, how, isForEveryone) => {
    const file = served({ cacheControl: 'public, max-age=60', isForEveryone });
    expect(servingHeaders(file, how, false)['Cache-Control']).toBe(
      'public, max-age=60, no-transform',
    );
  });

  it('lets a stored disposition make serving stricter, never laxer', () => {
    const stored = (contentDisposition: string, contentType: string): string | undefined =>
      servingHeaders(served({ contentDisposition, contentType }), policy, false)[
        'Content-Disposition'
      ];
    expect(stored('attachment; filename="x"', 'image/png')).toBe(
      'attachment; filename="report.png"',
    );
    expect(stored('inline', 'text/html')).toBe('attachment; filename="report.png"');
  });

  it('serves the assets of a trusting host as they were stored', () => {
    const page = served({
      name: 'index.html',
      contentType: 'text/html',
      contentLanguage: 'en, de',
    });
    expect(servingHeaders(page, trusting, false)).toEqual({
      'Content-Type': 'text/html',
      'Content-Disposition': 'inline; filename="index.html"',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'private, no-cache, no-transform',
      Vary: 'Authorization, Cookie, X-API-Key, X-DreamFactory-API-Key, X-DreamFactory-Session-Token',
      'Accept-Ranges': 'bytes',
      'Content-Language': 'en, de',
      ETag: '"abc"',
      'Last-Modified': 'Tue, 10 Feb 2026 15:45:00 GMT',
    });
    const named = served({ contentDisposition: 'inline; filename="other.png"' });
    expect(servingHeaders(named, trusting, false)['Content-Disposition']).toBe(
      'inline; filename="other.png"',
    );
  });

  it('is valid for whatever was stored', () => {
    const anything = fc.option(fc.string({ unit: 'binary' }), { nil: null });
    const any = fc.record({
      name: fc.string({ unit: 'binary' }),
      contentType: anything,
      cacheControl: anything,
      contentDisposition: anything,
      contentEncoding: anything,
      contentLanguage: anything,
      etag: fc.string({ unit: 'binary' }),
      lastModified: fc.option(fc.date(), { nil: null }),
      digest: anything,
      isForEveryone: fc.boolean(),
    });
    fc.assert(
      fc.property(any, fc.boolean(), fc.boolean(), (file, trustedContent, download) => {
        const headers = servingHeaders(file, { ...policy, trustedContent }, download);
        for (const [name, value] of Object.entries(headers)) {
          validateHeaderName(name);
          validateHeaderValue(name, value);
        }
        expect(headers['X-Content-Type-Options']).toBe('nosniff');
      }),
      { numRuns: 2000 },
    );
  });
});
