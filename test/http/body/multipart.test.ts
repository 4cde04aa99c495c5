import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileServiceError } from '../../../src/core/errors.ts';
import { readForm, type FormFile, type FormLimits } from '../../../src/http/body/multipart.ts';

afterEach(() => {
  vi.useRealTimers();
});

const B = 'XBOUNDARYX';
const type = `multipart/form-data; boundary=${B}`;

const limits = (given: Partial<FormLimits> = {}): FormLimits => ({
  maxFiles: 10,
  maxFields: 100,
  fieldNameBytes: 100,
  maxBytes: 1e6,
  idleMs: 10_000,
  length: undefined,
  signal: new AbortController().signal,
  ...given,
});

// A part with the given headers; `\xNN` of the text are bytes.
const part = (headers: string, content = ''): string =>
  `--${B}\r\n${headers}\r\n\r\n${content}\r\n`;
const file = (filename: string, content = '', contentType = 'image/png'): string =>
  part(
    `Content-Disposition: form-data; name="files"; filename="${filename}"\r\nContent-Type: ${contentType}`,
    content,
  );
const field = (name: string, value: string): string =>
  part(`Content-Disposition: form-data; name="${name}"`, value);
const end = `--${B}--\r\n`;

interface Stored {
  readonly field: string;
  readonly filename: string;
  readonly contentType: string | null;
  readonly index: number;
  /** The content when the stream ended; the error's reason in `failed` otherwise. */
  readonly content?: string;
  readonly failed?: unknown;
}

const readStream = async (stream: Readable): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
};

const store = async ({ stream, ...rest }: FormFile): Promise<Stored> => {
  try {
    return { ...rest, content: await readStream(stream) };
  } catch (error) {
    return { ...rest, failed: (error as FileServiceError).reason };
  }
};

interface Read {
  readonly stored: readonly Stored[];
  readonly fields?: Readonly<Record<string, string>>;
  readonly reason?: unknown;
}

const readFrom = async (
  body: Readable,
  given: Partial<FormLimits> = {},
  headers: Record<string, string> = { 'content-type': type },
): Promise<Read> => {
  const stored: Stored[] = [];
  try {
    const { files, fields } = await readForm(body, headers, limits(given), async (one) => {
      stored.push(await store(one));
    });
    expect(files).toBe(stored.length);
    return { stored, fields };
  } catch (error) {
    if (!(error instanceof FileServiceError)) throw error;
    return { stored, reason: error.reason };
  }
};

// In chunks of the given size, so that every seam is tried.
const source = (text: string, size = text.length): Readable => {
  const bytes = Buffer.from(text, 'latin1');
  const count = Math.ceil(bytes.length / Math.max(size, 1));
  const chunks = Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
  return Readable.from(chunks, { objectMode: false });
};

const read = (text: string, given?: Partial<FormLimits>, size?: number): Promise<Read> =>
  readFrom(source(text, size), given);

const stored = (filename: string, content: string, index = 0): Stored => ({
  field: 'files',
  filename,
  contentType: 'image/png',
  index,
  content,
});

describe('readForm', () => {
  it.each([1, 2, 3, 7, 64, 1000])('reads files and fields, in chunks of %i bytes', async (size) => {
    const text =
      field('a', '1') + file('x.png', 'one\r\n--X') + field('a', '2') + file('y.png', '') + end;
    expect(await read(text, {}, size)).toEqual({
      stored: [stored('x.png', 'one\r\n--X'), stored('y.png', '', 1)],
      fields: Object.assign(Object.create(null), { a: '2' }),
    });
  });

  it('hands over any bytes of any files', async () => {
    const content = fc.uint8Array({ maxLength: 5000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(content, { maxLength: 5 }),
        fc.integer({ min: 1, max: 9000 }),
        async (contents, size) => {
          const texts = contents.map((bytes) => Buffer.from(bytes).toString('latin1'));
          const text = texts.map((one, i) => file(`${i}.png`, one)).join('') + end;
          const { stored: found } = await read(text, {}, size);
          expect(found.map((one) => one.content)).toEqual(texts);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('handles one file after another, and reads no further while one waits', async () => {
    const body = new PassThrough({ highWaterMark: 16 });
    let most = 0;
    let open = 0;
    const large = 'x'.repeat(300_000);
    const done = readForm(body, { 'content-type': type }, limits(), async ({ stream }) => {
      open += 1;
      most = Math.max(most, open);
      await readStream(stream);
      open -= 1;
    });
    body.end(file('a.png', large) + file('b.png', large) + file('c.png', large) + end);
    expect(await done).toEqual({ files: 3, fields: Object.create(null) });
    expect(most).toBe(1);
  });

  it('lets the rest of a refused file pass by', async () => {
    const names: string[] = [];
    const body = source(file('a.png', 'x'.repeat(500_000)) + file('b.png', 'y') + end, 1000);
    await readForm(body, { 'content-type': type }, limits(), async ({ filename }) => {
      names.push(filename);
    });
    expect(names).toEqual(['a.png', 'b.png']);
  });

  it('fails one file that is too large, and reads the next', async () => {
    expect(await read(file('a.png', 'xxxx') + file('b.png', 'yyy') + end, { maxBytes: 3 })).toEqual(
      {
        stored: [
          {
            field: 'files',
            filename: 'a.png',
            contentType: 'image/png',
            index: 0,
            failed: 'too_large',
          },
          stored('b.png', 'yyy', 1),
        ],
        fields: Object.create(null),
      },
    );
  });

  it('ends with the error of a handler', async () => {
    const reading = readForm(
      source(file('a.png', 'x') + end),
      { 'content-type': type },
      limits(),
      () => Promise.reject(new FileServiceError('quota_exceeded', 'Full.')),
    );
    await expect(reading).rejects.toMatchObject({ reason: 'quota_exceeded' });
  });

  it.each(['dEpJ/xY:z=1', "a'()+_,-./:=?", 'x'.repeat(70)])(
    'takes the boundary %s, quoted or not',
    async (boundary) => {
      const text = (file('a.png', 'x') + end).replaceAll(B, boundary);
      for (const value of [boundary, `"${boundary}"`, `${boundary} ; charset=utf-8`]) {
        const type = `multipart/form-data; boundary=${value}`;
        const reading = readForm(source(text), { 'content-type': type }, limits(), async (one) => {
          one.stream.resume();
        });
        await expect(reading).resolves.toMatchObject({ files: 1 });
      }
    },
  );

  describe('names', () => {
    it.each([
      ['x.png', 'x.png'],
      // A path below the folder, which the rules of paths judge.
      ['../../etc/passwd', '../../etc/passwd'],
      ['site/css/x.css', 'site/css/x.css'],
      ['a/', 'a/'],
      ['say %22hi%22.txt', 'say "hi".txt'],
      ['C:\\site/x\\y.txt', 'y.txt'],
      ['C:\\x\\y.txt', 'y.txt'],
      ['..', '..'],
      ['..%2f..%2fe', '..%2f..%2fe'],
      ['caf\u00c3\u00a9.png', 'caf\u00e9.png'],
      ['caf\u00e9.png', 'caf\u00e9.png'],
      ['a;b=c.png', 'a;b=c.png'],
      ['n'.repeat(300), 'n'.repeat(300)],
    ])('takes the file name %s as sent, without the path of a drive', async (sent, expected) => {
      const { stored: found } = await read(file(sent, 'x') + end);
      expect(found.map((one) => one.filename)).toEqual([expected]);
    });

    it('takes filename* before filename', async () => {
      const headers = `Content-Disposition: form-data; name="f"; filename="e.png"; filename*=UTF-8''%e2%82%ac.png`;
      const { stored: found } = await read(part(headers, 'x') + end);
      expect(found.map((one) => one.filename)).toEqual(['\u20ac.png']);
    });

    it.each([
      [
        'no file name',
        part(
          'Content-Disposition: form-data; name="f"\r\nContent-Type: application/octet-stream',
          'x',
        ),
      ],
      ['an empty file name', file('', 'x', 'application/octet-stream')],
      ['a file without field name', part('Content-Disposition: form-data; filename="a.png"', 'x')],
      [
        'a file with an empty field name',
        part('Content-Disposition: form-data; name=""; filename="a.png"', 'x'),
      ],
      ['a field without name', part('Content-Disposition: form-data', 'x')],
      ['a field with an empty name', field('', 'x')],
      ['__proto__', field('__proto__', 'x')],
      ['__proto__[x]', field('__proto__[x]', 'x')],
      ['constructor.prototype.y', field('constructor.prototype.y', 'x')],
      ['a[constructor]', field('a[constructor]', 'x')],
      ['x[4294967295]', field('x[4294967295]', 'x')],
    ])('refuses %s', async (_, text) => {
      expect(await read(text + end)).toMatchObject({ reason: 'invalid_body' });
      expect(({} as { x?: unknown }).x).toBeUndefined();
    });

    it('keeps fields flat, whatever their names look like', async () => {
      const { fields } = await read(
        field('a[b][c]', '1') + field('files[]', '2') + field('7', '3') + end,
      );
      expect({ ...fields }).toEqual({ 'a[b][c]': '1', 'files[]': '2', '7': '3' });
    });
  });

  it.each([
    ['image/png', 'a.bin', 'image/png'],
    ['TEXT/Html; charset=utf-8', 'a.bin', 'text/html'],
    ['text/plain', 'a.txt', 'text/plain'],
    ['text/plain', 'a.png', null],
    ['text/plain', 'README', 'text/plain'],
    ['text/plain', 'png', 'text/plain'],
    ['garbage', 'a.png', null],
  ])('tells the type %s of %s as %s', async (sent, filename, expected) => {
    const { stored: found } = await read(file(filename, 'x', sent) + end);
    expect(found.map((one) => one.contentType)).toEqual([expected]);
  });

  describe('limits', () => {
    const times = (count: number, one: (i: number) => string): string =>
      Array.from({ length: count }, (_, i) => one(i)).join('');

    it.each([
      ['11 files', times(11, (i) => file(`${i}.png`, 'x')), 10],
      ['101 fields', times(101, (i) => field(`f${i}`, 'x')), 0],
      ['3000 parts', times(3000, () => part('X: y', 'x')), 0],
      ['a field name of 101 bytes', field('n'.repeat(101), 'x'), 0],
      ['a nested field name of 500 levels', field(`a${'[b]'.repeat(500)}`, 'x'), 0],
      ['a field of 64 KiB', field('a', 'x'.repeat(65_536)), 0],
      ['a preamble of 200 KB', 'p'.repeat(200_000) + file('a.png', 'x'), 0],
      ['parts of 200 KB that are neither file nor field', part('X: y', 'p'.repeat(200_000)), 0],
    ])('refuses %s', async (_, text, most) => {
      const result = await read(text + end, {}, 16_384);
      expect(result.reason).toBe('too_large');
      expect(result.stored.filter((one) => one.content !== undefined).length).toBeLessThan(
        most || 1,
      );
    });

    it('refuses an epilogue of 200 KB, and does not end the last file', async () => {
      const result = await read(`${file('a.png', 'x')}${end}${'e'.repeat(200_000)}`, {}, 16_384);
      expect(result).toMatchObject({ reason: 'too_large', stored: [{ failed: 'too_large' }] });
    });

    it('takes 10 files and 100 fields', async () => {
      const text = times(10, (i) => file(`${i}.png`, 'x')) + times(100, (i) => field(`f${i}`, 'x'));
      const result = await read(text + end);
      expect([result.stored.length, Object.keys(result.fields ?? {}).length]).toEqual([10, 100]);
    });

    it('answers a file too many as it is told, and ends none of the files that were allowed', async () => {
      const tooManyFiles = new FileServiceError('invalid_body', 'One file only.');
      const text = file('a.png', 'x') + field('a', '1') + file('b.png', 'y') + end;
      expect(await read(text, { maxFiles: 1, tooManyFiles }, 50)).toMatchObject({
        reason: 'invalid_body',
        stored: [{ filename: 'a.png', failed: 'invalid_body' }],
      });
    });

    it('gives up on a file that goes on long after its limit', async () => {
      const head = file('a.png', '').slice(0, -2);
      let sent = 0;
      const endless = new Readable({
        read() {
          this.push(sent === 0 ? head : Buffer.alloc(65_536));
          sent += 1;
        },
      });
      expect(await readFrom(endless, { maxBytes: 3 })).toMatchObject({ reason: 'too_large' });
      endless.destroy();
    });
  });

  describe('malformed', () => {
    it.each([
      ['no type', {}],
      ['another type', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['no boundary', { 'content-type': 'multipart/form-data' }],
      ['an empty boundary', { 'content-type': 'multipart/form-data; boundary=' }],
      ['an empty quoted boundary', { 'content-type': 'multipart/form-data; boundary=""' }],
      [
        'a boundary of 71 characters',
        { 'content-type': `multipart/form-data; boundary=${'b'.repeat(71)}` },
      ],
      ['an open quote', { 'content-type': 'multipart/form-data; boundary="abc' }],
    ])('refuses %s', async (_, headers: Record<string, string>) => {
      expect(await readFrom(source(file('a.png', 'x') + end), {}, headers)).toEqual({
        stored: [],
        reason: 'invalid_body',
      });
    });

    it.each([
      ['an empty body', ''],
      ['junk', 'a=b&c=d'],
      ['another boundary', file('a.png', 'x').replaceAll(B, 'OTHER')],
      ['no closing boundary', file('a.png', 'x')],
      ['a header without name', `--${B}\r\n: x\r\n\r\n`],
      ['a header without colon', `--${B}\r\nContent-Disposition\r\n\r\nx\r\n${end}`],
      // CVE-2022-24434 (dicer): a header that ends at once.
      [
        'a header that folds into nothing',
        `--${B}\r\n Content-Disposition: form-data; name="f"\r\n\r\nx\r\n${end}`,
      ],
      ['a header of 100 KB', part(`X: ${'y'.repeat(100_000)}`) + end],
      ['5000 headers', part(Array.from({ length: 5000 }, (_, i) => `X${i}: y`).join('\r\n')) + end],
      [
        'a closing boundary within the headers',
        `--${B}\r\nContent-Disposition: form-data; name="f"\r\n--${B}--\r\n`,
      ],
      [
        'a control character in a header',
        part('Content-Disposition: form-data; name="a\u0000"') + end,
      ],
    ])('refuses %s', async (_, text) => {
      const result = await read(text);
      expect(result.reason).toBe('invalid_body');
      expect(result.stored.filter((one) => one.content !== undefined)).toEqual([]);
    });

    it('ends no file of a form that is cut anywhere', async () => {
      const text = file('a.png', 'some bytes') + end.trimEnd();
      for (let cut = 0; cut < text.length; cut += 1) {
        const result = await read(text.slice(0, cut));
        expect(result.reason).toBe('invalid_body');
        expect(result.stored.filter((one) => one.content !== undefined)).toEqual([]);
      }
    });

    it('reads any bytes without hanging or crashing', async () => {
      const piece = fc.constantFrom(
        `--${B}`,
        '--',
        '\r\n',
        '\r',
        '\n',
        ':',
        ';',
        'Content-Disposition',
        ': form-data',
        '; name="a"',
        '; filename="b"',
        "; filename*=UTF-8''%ff",
        '\r\n\r\n',
        '\u0000',
        '\u00ff',
        'x'.repeat(1000),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(piece, { maxLength: 40 }),
          fc.integer({ min: 1, max: 500 }),
          async (pieces, size) => {
            const { reason } = await read(pieces.join(''), {}, size);
            expect([undefined, 'invalid_body', 'incomplete_body', 'too_large']).toContain(reason);
          },
        ),
        { numRuns: 500 },
      );
    });
  });

  describe('incomplete', () => {
    const whole = file('a.png', 'x'.repeat(100)) + end;

    it('does not end the last file until every declared byte has come', async () => {
      const body = new PassThrough();
      const reading = readFrom(body, { length: whole.length + 50 });
      body.write(whole);
      await new Promise(setImmediate);
      body.end('e'.repeat(49));
      expect(await reading).toMatchObject({
        reason: 'incomplete_body',
        stored: [{ failed: 'incomplete_body' }],
      });
    });

    it('does not end the last file when the client leaves behind the closing boundary', async () => {
      const body = new PassThrough();
      const reading = readFrom(body, { length: whole.length + 50 });
      body.write(whole);
      body.write('e');
      await new Promise(setImmediate);
      body.destroy();
      expect(await reading).toMatchObject({
        reason: 'incomplete_body',
        stored: [{ failed: 'incomplete_body' }],
      });
    });

    it('fails the open file when the signal fires', async () => {
      const control = new AbortController();
      const body = new PassThrough();
      const reading = readFrom(body, { signal: control.signal });
      body.write(whole.slice(0, -30));
      await new Promise(setImmediate);
      control.abort();
      expect(await reading).toMatchObject({ reason: 'incomplete_body' });
    });

    it('settles within a second of the client leaving, also when a handler does not', async () => {
      vi.useFakeTimers();
      const body = new PassThrough();
      const reading = readForm(
        body,
        { 'content-type': type },
        limits(),
        () => new Promise(() => undefined),
      );
      const failed = expect(reading).rejects.toMatchObject({ reason: 'incomplete_body' });
      body.write(whole.slice(0, -30));
      await vi.advanceTimersByTimeAsync(10);
      body.destroy();
      await vi.advanceTimersByTimeAsync(999);
      await failed;
    });

    it('gives up on a client that is silent between two parts', async () => {
      vi.useFakeTimers();
      const body = new PassThrough();
      const reading = readFrom(body, { idleMs: 1000 });
      body.write(file('a.png', 'x'));
      await vi.advanceTimersByTimeAsync(1001);
      expect(await reading).toMatchObject({ reason: 'request_timeout' });
    });

    it('does not end the last file when the digest of the form differs', async () => {
      const digest = (text: string): string =>
        `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;
      const headers = { 'content-type': type, 'content-digest': digest(whole) };
      expect(await readFrom(source(whole), {}, headers)).toMatchObject({ stored: [{ index: 0 }] });
      headers['content-digest'] = digest('other');
      expect(await readFrom(source(whole), {}, headers)).toMatchObject({
        reason: 'checksum_mismatch',
        stored: [],
      });
    });

    it('leaves nothing listening on the body', async () => {
      const body = new PassThrough();
      const events = ['data', 'end', 'error', 'close'];
      const count = (): number => events.reduce((sum, name) => sum + body.listenerCount(name), 0);
      const before = count();
      const reading = readFrom(body);
      body.write('--junk');
      body.write(file('a.png', 'x') + part(': y'));
      body.write('more');
      expect(await reading).toMatchObject({ reason: 'invalid_body' });
      expect([count(), body.destroyed]).toEqual([before, false]);
    });
  });

  it('settles when a client breaks off in the middle of a file (over HTTP)', async () => {
    let settle: (result: Read) => void = () => undefined;
    const settled = new Promise<Read>((resolve) => (settle = resolve));
    const server = createServer((message) => {
      void readFrom(message, { length: 1000 }).then(settle);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\n`,
    );
    socket.write(file('a.png', 'abc').slice(0, -10), () => socket.resetAndDestroy());
    expect(await settled).toMatchObject({ reason: 'incomplete_body' });
    server.close();
    await once(server, 'close');
  });
});
