import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDigests, digestToStore, expectedDigests } from '../../../src/http/body/digest.ts';

// The body and digests of RFC 9530, appendix B: {"hello": "world"} and a line feed.
const body = Buffer.from('{"hello": "world"}\n');
const sha256 = 'RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=';
const sha512 =
  'YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==';
const md5 = createHash('md5').update(body).digest('base64');

describe('expectedDigests', () => {
  it.each([
    ['nothing', {}, null],
    ['Repr-Digest', { 'repr-digest': `sha-256=:${sha256}:` }, { sha256 }],
    ['Content-Digest', { 'content-digest': `sha-512=:${sha512}:` }, { sha512 }],
    [
      'both algorithms',
      { 'repr-digest': `sha-256=:${sha256}:,\tsha-512=:${sha512}:` },
      { sha256, sha512 },
    ],
    [
      'both headers',
      { 'repr-digest': `sha-256=:${sha256}:`, 'content-digest': `sha-256=:${sha256}:` },
      { sha256 },
    ],
    [
      'unknown algorithms',
      { 'repr-digest': 'md5=:AAAA:, unixsum=30637, id-crc32c, x="a,b"' },
      null,
    ],
    ['unknown ones beside', { 'content-digest': `adler=:AA==:, sha-256=:${sha256}:` }, { sha256 }],
    ['parameters', { 'repr-digest': `sha-256=:${sha256}:; q=1;b="c", md5=?1;x` }, { sha256 }],
    // RFC 9651 §3.2: the last value counts.
    ['a key given twice', { 'repr-digest': `sha-256=:AAAA:, sha-256=:${sha256}:` }, { sha256 }],
    ['Content-MD5', { 'content-md5': md5 }, { md5 }],
    ['X-Checksum-SHA256 in base64', { 'x-checksum-sha256': sha256 }, { sha256 }],
    [
      'X-Checksum-SHA256 in hex',
      { 'x-checksum-sha256': Buffer.from(sha256, 'base64').toString('hex') },
      { sha256 },
    ],
  ])('reads %s', (_, headers, expected) => {
    expect(expectedDigests(headers)).toEqual(expected);
  });

  it.each([
    ['repr-digest', ''],
    ['repr-digest', 'sha-256'],
    ['repr-digest', `sha-256=${sha256}`],
    ['repr-digest', `sha-256=:${sha256}`],
    ['repr-digest', `sha-256=:${sha512}:`],
    ['repr-digest', `sha-256=:${sha256.slice(0, -1)}:`],
    ['repr-digest', `sha-256=:${sha256}:,`],
    ['repr-digest', `sha-256=:${sha256}: sha-512=:${sha512}:`],
    ['repr-digest', `SHA-256=:${sha256}:`],
    ['content-digest', 'sha-256="text"'],
    ['content-digest', `,sha-256=:${sha256}:`],
    ['content-digest', '\u0001'],
    ['content-md5', ''],
    ['content-md5', 'AAAA'],
    ['content-md5', `${md5} x`],
    ['content-md5', md5.replace('==', '')],
    ['x-checksum-sha256', 'ab'],
    ['x-checksum-sha256', 'g'.repeat(64)],
  ])('refuses a malformed %s: %s', (header, value) => {
    const name = new RegExp(`The header "${header}" must be`, 'i');
    expect(() => expectedDigests({ [header]: value })).toThrow(name);
    expect(() => expectedDigests({ [header]: value })).toThrow(
      expect.objectContaining({ reason: 'invalid_header' }),
    );
  });

  it('refuses two digests that cannot both be true', () => {
    const other = createHash('sha256').update('x').digest('base64');
    const headers = {
      'repr-digest': `sha-256=:${sha256}:`,
      'content-digest': `sha-256=:${other}:`,
    };
    expect(() => expectedDigests(headers)).toThrow(
      expect.objectContaining({ reason: 'checksum_mismatch' }),
    );
  });

  it('reads any text in linear time, or refuses it as invalid', () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^(sha-256|a|;|,|=|:|"| |\\)*$/, { size: 'large' }),
    );
    fc.assert(
      fc.property(text, (value) => {
        try {
          expectedDigests({ 'repr-digest': value, 'content-md5': md5 });
        } catch (error) {
          expect(error).toMatchObject({ reason: 'invalid_header' });
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('checkDigests', () => {
  it('agrees with the digests of any bytes in any chunks, and with no others', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array(), { minLength: 1 }), (chunks) => {
        const whole = Buffer.concat(chunks);
        const headers = {
          'content-md5': createHash('md5').update(whole).digest('base64'),
          'repr-digest': `sha-512=:${createHash('sha512').update(whole).digest('base64')}:`,
        };
        const expected = expectedDigests(headers);
        const check = (extra: Buffer): (() => void) => {
          const { update, verify } = checkDigests(expected ?? {});
          for (const chunk of [...chunks, extra]) update(chunk);
          return verify;
        };
        expect(check(Buffer.alloc(0))).not.toThrow();
        expect(check(Buffer.from('x'))).toThrow(
          expect.objectContaining({ reason: 'checksum_mismatch' }),
        );
      }),
    );
  });

  it('agrees with the digests of RFC 9530', () => {
    const { update, verify } = checkDigests({ sha256, sha512 });
    update(body);
    expect(verify).not.toThrow();
  });
});

describe('digestToStore', () => {
  it.each([
    [{ md5, sha256, sha512 }, `sha-256=:${sha256}:`],
    [{ sha512 }, `sha-512=:${sha512}:`],
    [{ md5 }, undefined],
  ])('keeps what RFC 9530 knows of %j', (expected, stored) => {
    expect(digestToStore(expected)).toBe(stored);
  });
});
