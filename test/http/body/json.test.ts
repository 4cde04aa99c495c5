import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeBase64,
  readJson,
  readSmallBody,
  type JsonLimits,
} from '../../../src/http/body/json.ts';

const limits = (given: Partial<JsonLimits> = {}): JsonLimits => ({
  length: undefined,
  maxBytes: 10 * 2 ** 20,
  idleMs: 10_000,
  signal: new AbortController().signal,
  ...given,
});

const parse = (text: string | Uint8Array, given?: Partial<JsonLimits>): Promise<unknown> =>
  readJson(Readable.from([Buffer.from(text)], { objectMode: false }), limits(given));

const reason = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    return { value: await promise };
  } catch (error) {
    return (error as { reason?: unknown }).reason;
  }
};

describe('readJson', () => {
  it('reads any JSON value', async () => {
    const forbidden = /"(__proto__|constructor|prototype)"/;
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 20 }), async (text) => {
        fc.pre(!forbidden.test(text));
        expect(await parse(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('reads objects that repeat a key on different levels, and keys among the values', async () => {
    const text = '{"a":{"a":["a","a",{"b":"c"},{"b":"__proto__"}]},"b":"a","\\u0063":"\\"}{,"}';
    expect(await parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['no bytes', ''],
    ['no JSON', 'name=x'],
    ['an open string', '{"a'],
    ['a comma too many', '[1,]'],
    ['crossed brackets', '[{]}'],
    ['something behind it', '{} {}'],
    ['a byte order mark', '\ufeff{}'],
    ['a key twice', '{"a":1,"a":2}'],
    ['a key twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a key __proto__', '{"__proto__":{"admin":true},"name":"x"}'],
    ['a key __proto__, escaped', '{"a":[{"\\u005f_proto__":1}]}'],
    ['a key constructor', '{"a":{"constructor" : {"prototype":1}}}'],
    ['a key prototype', '{"prototype":1}'],
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['100,000 levels', '['.repeat(100_000)],
    ['100,000 levels of objects', '{"a":'.repeat(100_000)],
  ])('refuses %s', async (_, text) => {
    expect(await reason(parse(text))).toBe('invalid_body');
  });

  it('reads 64 levels', async () => {
    const text = `${'['.repeat(64)}${']'.repeat(64)}`;
    expect(await parse(text)).toEqual(JSON.parse(text));
  });

  it('refuses bytes that are not UTF-8', async () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0xae, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
    ]) {
      expect(await reason(parse(Uint8Array.from(bytes)))).toBe('invalid_body');
    }
  });

  it('refuses a body over the limit, declared or not', async () => {
    expect(await reason(parse('[1,2,3]', { maxBytes: 6 }))).toBe('too_large');
    expect(await reason(parse('[1,2,3]', { maxBytes: 6, length: 7 }))).toBe('too_large');
    expect(await reason(parse('[1,2,3]', { maxBytes: 7, length: 7 }))).toEqual({
      value: [1, 2, 3],
    });
  });

  it('refuses a body of too many values before it costs memory', async () => {
    expect(await reason(parse(`[${'0,'.repeat(100_000)}0]`))).toBe('too_large');
  });

  it('refuses a body that is cut short', async () => {
    const body = new PassThrough();
    const result = reason(readJson(body, limits({ length: 10 })));
    body.end('{"a":1}');
    expect(await result).toBe('incomplete_body');
  });

  it('takes an empty body for undefined where one is allowed', async () => {
    expect(await readJson(Readable.from([]), limits({ allowEmpty: true }))).toBeUndefined();
  });

  it('does not change any prototype', async () => {
    await reason(parse('{"__proto__":{"polluted":1}}'));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('readSmallBody', () => {
  it('answers the bytes', async () => {
    const body = Readable.from([Buffer.from('a'), Buffer.from('b')], { objectMode: false });
    expect(await readSmallBody(body, limits())).toEqual(Buffer.from('ab'));
  });
});

describe('decodeBase64', () => {
  it('decodes what base64 encodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(Buffer.from(decodeBase64(text))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('takes no text that another text already stands for', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-f0-9+/=]{0,12}$/), (text) => {
        let bytes: Uint8Array;
        try {
          bytes = decodeBase64(text);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'invalid_body' });
          return;
        }
        expect(Buffer.from(bytes).toString('base64')).toBe(text);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    '!!!',
    '!!!not base64***',
    'aGk',
    'aGk_',
    'a-k=',
    'aG\nk=',
    'aGk= ',
    'aGk==',
    'a===',
    '====',
    'aGl=',
    'aR==',
    'AA==AAAA',
    '\u0141AAA',
  ])('refuses %j', (text) => {
    expect(() => decodeBase64(text)).toThrow(expect.objectContaining({ reason: 'invalid_body' }));
  });
});
