// R: ranges and conditions of one file of ten bytes, GET and HEAD, over every store.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTrial, type Trial } from '../support/oracles.ts';
import { availableStores, doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

const DIGITS = '0123456789';
const STALE = 'Mon, 01 Jan 2001 00:00:00 GMT';

/** Status, Content-Range and body of an answer. */
interface Part {
  readonly status: number;
  readonly range: string | undefined;
  readonly body: string;
}

const part = (start: number, end: number): Part => ({
  status: 206,
  range: `bytes ${start}-${end}/10`,
  body: DIGITS.slice(start, end + 1),
});
const WHOLE: Part = { status: 200, range: undefined, body: DIGITS };

describe.each(availableStores())('ranges over $name', ({ open }) => {
  let trial: Trial;
  let etag: string;
  let modified: string;

  beforeAll(async () => {
    trial = await startTrial(await open());
    await trial.put('f10', DIGITS, 'text/plain');
    await trial.put('empty', '');
    const { headers } = await trial.ask({ method: 'HEAD', path: '/f10' });
    etag = headers['etag'] ?? '';
    modified = headers['last-modified'] ?? '';
    await trial.verify();
  });
  afterEach(() => trial.verify());
  afterAll(() => trial.close());

  const get = async (headers: Record<string, string>, path = '/f10'): Promise<Part> => {
    const { status, headers: got, text } = await trial.ask({ path, headers });
    return { status, range: got['content-range'], body: status < 400 ? text : '' };
  };

  it.each([
    ['bytes=0-4', part(0, 4)],
    ['bytes=2-', part(2, 9)],
    ['bytes=-5', part(5, 9)],
    ['bytes=3-7', part(3, 7)],
    ['bytes=0-0', part(0, 0)],
    ['bytes=9-9', part(9, 9)],
    ['bytes=5-1000', part(5, 9)],
    ['bytes=-100', part(0, 9)],
    ['bytes=0-9', part(0, 9)],
    ['Bytes=0-1', part(0, 1)],
  ])('R65 answers %s with the part', async (range, expected) => {
    expect(await get({ range })).toEqual(expected);
    expect(trial.calls()).toEqual(['GetObject']);
  });

  it('R65 ignores a range on HEAD', async () => {
    const answer = await trial.ask({
      method: 'HEAD',
      path: '/f10',
      headers: { range: 'bytes=0-4' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-length']).toBe('10');
    expect(answer.headers['content-range']).toBeUndefined();
  });

  it.each(['bytes=10-', 'bytes=10-12', 'bytes=100-', 'bytes=-0', 'bytes=99999999999999999999-'])(
    'R66 R67 answers %s with 416 and the size',
    async (range) => {
      const answer = await trial.ask({ path: '/f10', headers: { range } });
      expect(answer.status).toBe(416);
      expect(answer.headers['content-range']).toBe('bytes */10');
      expect(answer.json()).toMatchObject({ error: { reason: 'range_not_satisfiable' } });
    },
  );

  it.each([
    'bytes=5-2',
    'bytes=',
    'bytes=a-b',
    'bytes=-',
    'items=0-1',
    'bytes=0-1x',
    `bytes=${'9-'.repeat(5000)}`,
  ])('R67 ignores %s and never sends it to storage', async (range) => {
    expect(await get({ range })).toEqual(WHOLE);
    expect(trial.proxy.calls.map(({ headers }) => headers.range)).toEqual([undefined]);
  });

  it('R68 answers two ranges as multipart/byteranges', async () => {
    const answer = await trial.ask({ path: '/f10', headers: { range: 'bytes=0-1,4-5' } });
    expect(answer.status).toBe(206);
    const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(
      answer.headers['content-type'] ?? '',
    )?.[1];
    expect(answer.text).toBe(
      [
        `--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01`,
        `--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 4-5/10\r\n\r\n45`,
        `--${boundary}--\r\n`,
      ].join('\r\n'),
    );
    expect(answer.headers['content-length']).toBe(String(answer.body.length));
  });

  it.each([
    ['500 overlapping ranges', Array.from({ length: 500 }, () => '0-9').join()],
    ['three open ranges', '0-,1-,2-'],
  ])('R68 answers %s by the file in one read', async (_, ranges) => {
    const { body } = await get({ range: `bytes=${ranges}` });
    expect(body).toBe(DIGITS);
    expect(trial.calls().filter((name) => name === 'GetObject')).toHaveLength(1);
  });

  it.each(['/', '/?full_tree=true'])('R70 ignores a range on %s', async (path) => {
    const answer = await trial.ask({ path, headers: { range: 'bytes=0-1' } });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-range']).toBeUndefined();
  });

  it('R65 answers any range of an empty file as a whole', async () => {
    expect(await get({ range: 'bytes=0-4' }, '/empty')).toEqual({
      status: 200,
      range: undefined,
      body: '',
    });
  });

  describe.each(['GET', 'HEAD'])('%s', (method) => {
    const status = async (headers: Record<string, string>) =>
      (await trial.ask({ method, path: '/f10', headers })).status;

    it.each([
      ['its tag', () => etag],
      ['its tag, weak', () => `W/${etag}`],
      ['a list with it', () => `"x", ${etag}`],
      ['any', () => '*'],
      [
        '1000 tags, it the last',
        () => [...Array(999).keys()].map((n) => `"${n}"`).join() + `,${etag}`,
      ],
    ])('R71 answers If-None-Match of %s with 304', async (_, tag) => {
      const answer = await trial.ask({
        method,
        path: '/f10',
        headers: { 'if-none-match': tag() },
      });
      expect(answer.status).toBe(304);
      expect(answer.body).toHaveLength(0);
      expect(answer.headers).toMatchObject({
        etag,
        'cache-control': 'private, no-cache, no-transform',
      });
      expect(answer.headers['content-length']).toBeUndefined();
    });

    it.each([',', 'unquoted', '"open', '""', '"other"'])(
      'R71 answers If-None-Match: %s with 200',
      async (tag) => {
        expect(await status({ 'if-none-match': tag })).toBe(200);
      },
    );

    it('R72 lets If-None-Match win over If-Modified-Since', async () => {
      const headers = { 'if-none-match': '"other"', 'if-modified-since': modified };
      expect(await status(headers)).toBe(200);
    });

    it.each([
      ['equal', () => modified, 304],
      ['older', () => STALE, 200],
      ['later', () => new Date(Date.parse(modified) + 1000).toUTCString(), 304],
      ['garbage', () => 'yesterday', 200],
      ['two values', () => `${modified}, ${modified}`, 200],
    ])('R73 answers If-Modified-Since %s', async (_, date, expected) => {
      const answer = await trial.ask({
        method,
        path: '/f10',
        headers: { 'if-modified-since': date() },
      });
      expect(answer.status).toBe(expected);
      expect(answer.headers['etag']).toBe(etag);
      expect(answer.headers['cache-control']).toBe('private, no-cache, no-transform');
    });

    it.each([
      ['older', () => STALE, 412],
      ['equal', () => modified, 200],
    ])('R75 answers If-Unmodified-Since %s', async (_, date, expected) => {
      expect(await status({ 'if-unmodified-since': date() })).toBe(expected);
    });

    it('R77 answers a range of an unchanged file with 304', async () => {
      expect(await status({ range: 'bytes=0-4', 'if-none-match': etag })).toBe(304);
    });
  });

  it.each([
    ['its tag', () => etag, 206],
    ['another tag', () => '"other"', 200],
    ['its tag, weak', () => `W/${etag}`, 200],
    ['its date', () => modified, 206],
    ['a date one second off', () => new Date(Date.parse(modified) - 1000).toUTCString(), 200],
    ['garbage', () => 'yesterday', 200],
  ])('R76 answers If-Range with %s', async (_, value, expected) => {
    const answer = await get({ range: 'bytes=0-4', 'if-range': value() });
    expect(answer).toEqual(expected === 206 ? part(0, 4) : WHOLE);
  });

  it('R80 refuses stale writes and deletes with 412', async () => {
    const body = 'changed';
    const stale = { 'if-match': '"stale"' };
    const put = await trial.ask({ method: 'PUT', path: '/f10', headers: stale, body });
    const create = { 'if-none-match': '*' };
    const putNew = await trial.ask({ method: 'PUT', path: '/f10', headers: create, body });
    const remove = await trial.ask({ method: 'DELETE', path: '/f10', headers: stale });
    expect([put.status, putNew.status, remove.status]).toEqual([412, 412, 412]);
    expect(await trial.etagOf('f10')).toBe(etag);
  });

  it('R73 ignores If-Modified-Since on PUT', async () => {
    const headers = { 'if-modified-since': new Date().toUTCString() };
    const put = await trial.ask({ method: 'PUT', path: '/ims', headers, body: 'x' });
    expect(put.status).toBe(201);
  });
});

describe('ranges of what changes or is large', () => {
  it('R79 never mixes two versions of a file that is replaced between look and read', async () => {
    const trial = await startTrial(await doubleStore());
    await trial.put('f', 'old old old');
    trial.proxy.fail({
      operation: 'GetObject',
      times: 1,
      fault: { kind: 'delay', delayMs: 300 },
    });
    const asked = trial.ask({ path: '/f', headers: { range: 'bytes=0-2,8-10' } });
    await until(() => trial.calls().includes('GetObject'), { what: 'the read to begin' });
    await trial.put('f', 'new new new');
    const answer = await asked.catch(() => 'broken' as const);
    if (answer !== 'broken') {
      expect(answer.text.includes('old') && answer.text.includes('new')).toBe(false);
    }
    await trial.verify();
    await trial.close();
  });

  it('R82 finds bytes beyond 4 GiB exactly', async () => {
    const store = await doubleStore();
    const trial = await startTrial(store);
    const size = 5 * 2 ** 30;
    store.double.sparse(store.bucket, 'tenant1/huge', size);
    for (const start of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, size - 4]) {
      const answer = await trial.ask({
        path: '/huge',
        headers: { range: `bytes=${start}-${start + 3}` },
      });
      expect(answer.headers['content-range']).toBe(`bytes ${start}-${start + 3}/${size}`);
      expect(answer.body).toEqual(Buffer.alloc(4));
    }
    const last = await trial.ask({ path: '/huge', headers: { range: 'bytes=-1' } });
    expect(last.headers['content-range']).toBe(`bytes ${size - 1}-${size - 1}/${size}`);
    await trial.verify();
    await trial.close();
  });
});
