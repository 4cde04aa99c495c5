import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkDecoder, type Chunked } from '../../../../src/storage/s3/wire/chunked.ts';
import { readHead } from '../../../../src/storage/s3/wire/response-head.ts';

const OK = 'HTTP/1.1 200 OK';
const EMPTY = 'Content-Length: 0';
const read = (...lines: string[]) => readHead(lines.join('\r\n'), false);
const valueOf = (line: string) => read(OK, EMPTY, line)?.headers.x;

describe('readHead', () => {
  it('reads status, headers and length', () => {
    expect(read(OK, 'Content-Length: 5', 'ETag: "a:b"', 'x-AMZ-Meta-a: 1')).toEqual({
      status: 200,
      headers: { 'content-length': '5', etag: '"a:b"', 'x-amz-meta-a': '1' },
      length: 5,
      keepsAlive: true,
    });
  });

  it.each([
    ['HTTP/1.1 200', 200],
    ['HTTP/1.1 206 ', 206],
    ['HTTP/1.1 503 Slow down\t\xe4', 503],
  ])('takes the status line %j', (line, status) => {
    expect(read(line, EMPTY)?.status).toBe(status);
  });

  it.each([
    ['X: a', 'a'],
    ['X:a', 'a'],
    ['X: \t a \t b\t ', 'a \t b'],
    ['X:', ''],
    ['X: \t ', ''],
    ['X: caf\xe9 \x80\xff', 'caf\xe9 \x80\xff'],
    ['X: a\r\nx: b\r\nX:\t c', 'a, b, c'],
  ])('reads the value of %j', (line, value) => {
    expect(valueOf(line)).toBe(value);
  });

  it.each(['!#$%&', "'*+.^_`|~", '0Az9-'])('takes the name %s', (name) => {
    expect(read(OK, EMPTY, `${name}: v`)?.headers[name.toLowerCase()]).toBe('v');
  });

  it.each([
    ['nothing', ''],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0'],
    ['HTTP/2', 'HTTP/2 200 OK\r\nContent-Length: 0'],
    ['HTTP in small letters', 'http/1.1 200 OK\r\nContent-Length: 0'],
    ['100 Continue', 'HTTP/1.1 100 Continue'],
    ['101 with a length', 'HTTP/1.1 101 X\r\nContent-Length: 0'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0'],
    ['a status that nobody defined', 'HTTP/1.1 600 X\r\nContent-Length: 0'],
    ['an empty line at the start', '\r\nHTTP/1.1 200 OK\r\nContent-Length: 0'],
    ['an empty line at the end', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n'],
    ['bare LF after the status', 'HTTP/1.1 200 OK\nContent-Length: 0'],
    ['bare LF after a header', 'HTTP/1.1 200 OK\r\nContent-Length: 0\nX: a'],
    ['bare CR after a header', 'HTTP/1.1 200 OK\r\nContent-Length: 0\rX: a'],
    ['a line that goes on after a space', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n X: a'],
    ['a line that goes on after a tab', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\tX: a'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 0'],
    ['a space in a name', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX y: a'],
    ['a byte beyond ASCII in a name', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX\xe4: a'],
    ['no name', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n: a'],
    ['no colon', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX'],
  ])('refuses %s', (_, text) => {
    expect(readHead(text, false)).toBeNull();
    expect(readHead(text, true)).toBeNull();
  });

  it('refuses a control character wherever it stands', () => {
    const text = `${OK}\r\n${EMPTY}\r\nX: a`;
    const codes = [...Array(32).keys(), 127].filter((code) => code !== 9);
    for (const code of codes)
      for (let at = 0; at <= text.length; at += 1) {
        const marred = text.slice(0, at) + String.fromCharCode(code) + text.slice(at);
        expect(readHead(marred, false), JSON.stringify(marred)).toBeNull();
      }
  });

  it.each([
    ['no framing', ['X: a']],
    ['two equal lengths', ['Content-Length: 5', 'Content-Length: 5']],
    ['two different lengths', ['Content-Length: 5', 'X: a', 'content-length: 6']],
    ['an empty length and another', ['Content-Length:', 'Content-Length: 5']],
    ['a list of lengths', ['Content-Length: 5, 5']],
    ['a length with chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['chunks with a length', ['Transfer-Encoding: chunked', 'Content-Length: 5']],
    ['no digits', ['Content-Length:']],
    ['a sign', ['Content-Length: +5']],
    ['a hexadecimal length', ['Content-Length: 0x5']],
    ['a negative length', ['Content-Length: -1']],
    ['a fraction', ['Content-Length: 5.0']],
    ['a power', ['Content-Length: 5e1']],
    ['a space between digits', ['Content-Length: 5 5']],
    ['16 digits', ['Content-Length: 1000000000000000']],
    ['gzip', ['Transfer-Encoding: gzip']],
    ['gzip under chunks', ['Transfer-Encoding: gzip, chunked']],
    ['chunks under gzip', ['Transfer-Encoding: chunked, gzip']],
    ['chunks twice', ['Transfer-Encoding: chunked, chunked']],
    ['chunks twice in two lines', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
    ['chunks with a parameter', ['Transfer-Encoding: chunked;q=1']],
    ['quoted chunks', ['Transfer-Encoding: "chunked"']],
    ['identity', ['Transfer-Encoding: identity']],
    ['an empty coding', ['Transfer-Encoding:']],
  ])('refuses content framed by %s', (_, lines) => {
    expect(read(OK, ...lines)).toBeNull();
  });

  it.each([
    ['Content-Length: 0', 0],
    ['content-length:\t42 ', 42],
    ['Content-Length: 007', 7],
    ['Content-Length: 999999999999999', 999_999_999_999_999],
    ['Transfer-Encoding: chunked', 'chunked'],
    ['TRANSFER-ENCODING: Chunked', 'chunked'],
  ])('knows how much comes after %j', (line, length) => {
    expect(read(OK, line)?.length).toBe(length);
  });

  // RFC 9112 section 6.3: these end at the empty line, whatever their headers say.
  it.each([
    ['HEAD', 'HTTP/1.1 200 OK', true],
    ['204', 'HTTP/1.1 204 No Content', false],
    ['304', 'HTTP/1.1 304 Not Modified', false],
  ])('knows that nothing comes after %s', (_, line, isHead) => {
    for (const framing of ['Content-Length: 5', 'Transfer-Encoding: chunked', 'X: none'])
      expect(readHead(`${line}\r\n${framing}`, isHead)?.length).toBe(0);
  });

  it.each(['Content-Length: +5', 'Content-Length: 5\r\nTransfer-Encoding: chunked'])(
    'refuses %j after HEAD too',
    (line) => {
      expect(readHead(`${OK}\r\n${line}`, true)).toBeNull();
    },
  );

  it.each([
    ['Connection: close', false],
    ['connection: Close', false],
    ['Connection: keep-alive, close', false],
    ['Connection: close, keep-alive', false],
    ['Connection: a ,\tCLOSE\t, b', false],
    ['Connection: a\r\nX: b\r\nConnection: close', false],
    ['Connection: keep-alive', true],
    ['Connection: closed', true],
    ['Connection: not-close', true],
    ['X: close', true],
  ])('knows from %j whether the socket may be used again', (line, keepsAlive) => {
    expect(read(OK, EMPTY, line)?.keepsAlive).toBe(keepsAlive);
  });

  it('takes no harm from names that every object knows', () => {
    const lines = [
      '__proto__: a',
      'constructor: a',
      'constructor: b',
      'valueOf: a',
      '__proto__: b',
    ];
    const headers = read(OK, EMPTY, ...lines)?.headers ?? {};
    expect([null, Object.prototype]).toContain(Object.getPrototypeOf(headers));
    expect({ ...headers }).toMatchObject({ constructor: 'a, b', valueof: 'a' });
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
  });
});

/** Feeds the pieces, each behind bytes that are not its own; where is counted over all pieces. */
const decode = (pieces: readonly Buffer[], before = 0) => {
  const content: Buffer[] = [];
  const decoder = chunkDecoder((bytes) => content.push(Buffer.from(bytes)) > 0);
  let where: Chunked = 'more';
  let fed = 0;
  for (const piece of pieces) {
    where = decoder(Buffer.concat([Buffer.alloc(before, '0'), piece]), before);
    if (typeof where === 'number') where += fed - before;
    if (where !== 'more') break;
    fed += piece.length;
  }
  return { content: Buffer.concat(content), where };
};

const split = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  places.sort((a, b) => a - b);
  return places.slice(1).map((place, at) => bytes.subarray(places[at], place));
};

const bytewise = (text: string): Buffer[] =>
  Array.from(Buffer.from(text, 'latin1'), (byte) => Buffer.of(byte));

describe('chunkDecoder', () => {
  const size = fc.record({ zeros: fc.nat(5), isUpper: fc.boolean() });
  const chunk = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 400 }), size);

  it('gives any content whole, cut and split in any way, and knows where it ends', () => {
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 6 }),
        fc.uint8Array({ maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.nat(3),
        (chunks, surplus, cuts, before) => {
          const parts = chunks.flatMap(([bytes, { zeros, isUpper }]) => {
            const hex = bytes.length.toString(16);
            const digits = '0'.repeat(zeros) + (isUpper ? hex.toUpperCase() : hex);
            return [Buffer.from(`${digits}\r\n`), bytes, Buffer.from('\r\n')];
          });
          const coded = Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
          const { content, where } = decode(split(Buffer.concat([coded, surplus]), cuts), before);
          expect(content).toEqual(Buffer.concat(chunks.map(([bytes]) => bytes)));
          expect(where).toBe(coded.length);
        },
      ),
    );
  });

  it('asks for more before the end, at every byte', () => {
    const text = '5\r\nhello\r\n00A\r\n0123456789\r\n00\r\n\r\n';
    for (let end = 0; end < text.length; end += 1)
      expect(decode([Buffer.from(text.slice(0, end))]).where).toBe('more');
    expect(decode(bytewise(text))).toEqual({
      content: Buffer.from('hello0123456789'),
      where: text.length,
    });
  });

  it('takes sizes of eight digits', () => {
    expect(decode(bytewise('00000001\r\nx\r\n00000000\r\n\r\n')).where).toBe(25);
    expect(decode([Buffer.from('ffffffff\r\nx')])).toEqual({
      content: Buffer.from('x'),
      where: 'more',
    });
  });

  it.each<[string, string]>([
    ['an extension', '5;a=b\r\nhello\r\n0\r\n\r\n'],
    ['an extension of the last chunk', '0;a\r\n\r\n'],
    ['a space after a size', '5 \r\nhello\r\n0\r\n\r\n'],
    ['a space before a size', ' 5\r\nhello\r\n0\r\n\r\n'],
    ['a trailer', '0\r\nX: a\r\n\r\n'],
    ['no CR after a size', '5\nhello\r\n0\r\n\r\n'],
    ['no LF after a size', '5\rhello\r\n0\r\n\r\n'],
    ['no CR after a chunk', '5\r\nhello\n0\r\n\r\n'],
    ['no LF after a chunk', '5\r\nhello\r0\r\n\r\n'],
    ['nothing after a chunk', '5\r\nhello0\r\n\r\n'],
    ['a chunk that is longer than its size', '4\r\nhello\r\n0\r\n\r\n'],
    ['no CR at the end', '0\r\n\n'],
    ['no LF at the end', '0\r\n\r\r'],
    ['no size', '\r\nhello'],
    ['no size after a chunk', '1\r\nx\r\n\r\n'],
    ['nine digits', '000000001\r\nx\r\n0\r\n\r\n'],
    ['a negative size', '-5\r\nhello'],
    ['a sign', '+5\r\nhello'],
    ['a prefix', '0x5\r\nhello'],
    ['text', 'hello'],
    ['NUL', '\0'],
    ...Array.from('/:@G`g\xe1').map((digit): [string, string] => [
      `the digit ${digit}`,
      `${digit}\r\n`,
    ]),
  ])('refuses %s', (_, text) => {
    expect(decode([Buffer.from(text, 'latin1')]).where).toBe('malformed');
    expect(decode(bytewise(text)).where).toBe('malformed');
  });

  it('refuses any other byte in place of a line end', () => {
    const text = '5\r\nhello\r\n0\r\n\r\n';
    for (const { index } of text.matchAll(/[\r\n]/g))
      for (let byte = 0; byte < 256; byte += 1) {
        const marred = Buffer.from(text);
        marred[index] = byte;
        if (byte === text.charCodeAt(index)) continue;
        expect(decode([marred]).where, `${byte} at ${index}`).toBe('malformed');
      }
  });

  it('gives nothing more to a listener that has gone', () => {
    const heard: string[] = [];
    const decoder = chunkDecoder((bytes) => heard.push(bytes.toString()) === 0);
    expect(decoder(Buffer.from('1\r\na\r\n1\r\nb\r\n0\r\n\r\n'), 0)).toBe('more');
    expect(heard).toEqual(['a']);
  });
});
