// What is answered from the cache, and that nobody can tell but by the time it takes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryCache } from '../../../src/index.ts';
import type { Access } from '../../../src/index.ts';
import { availableStores, doubleStore, type Store } from '../../support/stores.ts';
import type { Question, RunningService } from '../../support/service.ts';
import { until } from '../../support/until.ts';
import { cachedService, lasting, put, tell } from './given.ts';

const KILOBYTE = Buffer.alloc(1024, 'abcdefgh');

describe.each(availableStores())('the cache on $name', ({ open }) => {
  let store: Store;
  let service: RunningService;
  const asked: Access[] = [];

  beforeAll(async () => {
    store = await open();
    service = await cachedService(store, {
      authorize: (access) => asked.push(access) > 0,
      cacheMaxBodyBytes: 2048,
    });
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  const twice = async (question: Question) => {
    const first = await tell(service, question);
    asked.length = 0;
    const second = await tell(service, question);
    return { first, second, asked: [...asked] };
  };

  it('answers a file of 1 KB without storage, asking authorize once', async () => {
    await put(service, '/docs/kilobyte.txt', KILOBYTE);
    const { first, second, asked: questions } = await twice({ path: '/docs/kilobyte.txt' });
    expect([first.calls, second.calls]).toEqual([1, 0]);
    expect(questions).toEqual([
      { action: 'read', path: 'docs/kilobyte.txt', verb: 'GET', operation: 'read' },
    ]);
    expect(second.answer.status).toBe(200);
    expect(second.answer.body.equals(KILOBYTE)).toBe(true);
    expect(lasting(second.answer)).toEqual(lasting(first.answer));
  });

  it.each<[string, Question]>([
    ['HEAD of a file', { method: 'HEAD', path: '/same/a.txt' }],
    ['a listing', { path: '/same/' }],
    ['HEAD of a listing', { method: 'HEAD', path: '/same/' }],
    ['a tree', { path: '/same/?full_tree=true' }],
    ['a page', { path: '/same/?limit=10' }],
    ['a search', { path: '/same/?search=a' }],
    ['properties of a file', { path: '/same/a.txt?include_properties=true' }],
    ['properties with content', { path: '/same/a.txt?include_properties=true&content=true' }],
  ])('answers %s without storage the second time, word for word', async (_name, question) => {
    await put(service, '/same/a.txt', 'a');
    await put(service, '/same/b/c.txt', 'c');
    const { first, second } = await twice(question);
    expect(first.calls).toBeGreaterThan(0);
    expect(second.calls).toBe(0);
    expect(second.answer.status).toBe(200);
    expect(second.answer.text).toBe(first.answer.text);
    expect(lasting(second.answer)).toEqual(lasting(first.answer));
  });

  it('answers HEAD and properties from the bytes that a GET brought', async () => {
    await put(service, '/known.txt', 'known');
    await service.ask({ path: '/known.txt' });
    const head = await tell(service, { method: 'HEAD', path: '/known.txt' });
    const properties = await tell(service, { path: '/known.txt?include_properties=true' });
    expect([head.calls, properties.calls]).toEqual([0, 0]);
    expect(head.answer.headers['content-length']).toBe('5');
    expect(properties.answer.json()).toMatchObject({ path: 'known.txt', content_length: 5 });
  });

  it('signs a URL for a file that it knows without storage', async () => {
    await put(service, '/signed.html', 'known', { 'Content-Type': 'image/png' });
    const first = await tell(service, { path: '/signed.html?url=true' });
    const second = await tell(service, { path: '/signed.html?url=true' });
    expect([first.calls, second.calls]).toEqual([1, 0]);
    const { url } = second.answer.json() as { url: string };
    expect(new URL(url).searchParams.get('response-content-type')).toBe('image/png');
    await put(service, '/signed.html', 'known', { 'Content-Type': 'image/gif' });
    const third = await tell(service, { path: '/signed.html?url=true' });
    expect([third.calls, third.answer.text.includes('image%2Fgif')]).toEqual([1, true]);
  });

  it.each<[string, Record<string, string>]>([
    ['a range', { Range: 'bytes=2-5' }],
    ['a suffix', { Range: 'bytes=-3' }],
    ['a suffix longer than the file', { Range: 'bytes=-50' }],
    ['a range with an open end', { Range: 'bytes=7-' }],
    ['a range beyond the end', { Range: 'bytes=10-' }],
    ['several ranges', { Range: 'bytes=0-0,5-6' }],
    ['If-None-Match of the tag', { 'If-None-Match': 'ETAG' }],
    ['If-None-Match of a list with the tag', { 'If-None-Match': '"x", ETAG' }],
    ['If-None-Match of another tag', { 'If-None-Match': '"x"' }],
    ['If-None-Match *', { 'If-None-Match': '*' }],
    ['If-Match of the tag', { 'If-Match': 'ETAG' }],
    ['If-Match of another tag', { 'If-Match': '"x"' }],
    ['If-Match *', { 'If-Match': '*' }],
    ['If-Modified-Since its date', { 'If-Modified-Since': 'DATE' }],
    ['If-Modified-Since long ago', { 'If-Modified-Since': 'Thu, 01 Jan 2015 00:00:00 GMT' }],
    ['If-Unmodified-Since its date', { 'If-Unmodified-Since': 'DATE' }],
    ['If-Unmodified-Since long ago', { 'If-Unmodified-Since': 'Thu, 01 Jan 2015 00:00:00 GMT' }],
    [
      'a tag that differs and a date that fits',
      { 'If-None-Match': '"x"', 'If-Modified-Since': 'DATE' },
    ],
    ['If-Range of the tag', { Range: 'bytes=1-2', 'If-Range': 'ETAG' }],
    ['If-Range of another tag', { Range: 'bytes=1-2', 'If-Range': '"x"' }],
    ['If-Range of its date', { Range: 'bytes=1-2', 'If-Range': 'DATE' }],
    ['a range on a condition', { Range: 'bytes=1-2', 'If-Match': 'ETAG' }],
  ])('answers %s as storage would', async (name, headers) => {
    const path = `/conditions/${encodeURIComponent(name)}.txt`;
    await put(service, path, '0123456789');
    const head = await service.ask({ method: 'HEAD', path });
    const { etag = '', 'last-modified': date = '' } = head.headers;
    const real = Object.fromEntries(
      Object.entries(headers).map(([field, value]) => [
        field,
        value.replace('ETAG', etag).replace('DATE', date),
      ]),
    );
    const around = await startUncached(store);
    const [expected, filled] = [
      await around.ask({ path, headers: real }),
      await tell(service, { path }),
    ];
    const told = await tell(service, { path, headers: real });
    await around.close();
    expect([filled.answer.status, told.calls]).toEqual([200, 0]);
    expect(comparable(told.answer)).toEqual(comparable(expected));
  });

  it('keeps the attributes of a body that is too large for it, and decides conditions on them', async () => {
    await put(service, '/large.bin', Buffer.alloc(3000, 1));
    const first = await tell(service, { path: '/large.bin' });
    const again = await tell(service, { path: '/large.bin' });
    const head = await tell(service, { method: 'HEAD', path: '/large.bin' });
    const { etag = '' } = first.answer.headers;
    const same = await tell(service, { path: '/large.bin', headers: { 'If-None-Match': etag } });
    expect([first.calls, again.calls, head.calls, same.calls]).toEqual([1, 1, 0, 0]);
    expect([first.answer.body.length, again.answer.body.length]).toEqual([3000, 3000]);
    expect([head.answer.headers['content-length'], same.answer.status]).toEqual(['3000', 304]);
  });

  it('keeps a body of exactly the largest size, and an empty one', async () => {
    for (const [path, size] of [
      ['/edge.bin', 2048],
      ['/empty.bin', 0],
    ] as const) {
      await put(service, path, Buffer.alloc(size, 2));
      const { second } = await twice({ path });
      expect([path, second.calls, second.answer.body.length]).toEqual([path, 0, size]);
    }
  });

  it('keeps no 404', async () => {
    const questions = ['/not/yet.txt', '/not/', '/not/yet.txt?include_properties=true'];
    for (const path of questions) {
      const { first, second } = await twice({ path });
      expect([first.answer.status, second.answer.status]).toEqual([404, 404]);
      expect(second.calls).toBeGreaterThan(0);
    }
    const around = await startUncached(store);
    await put(around, '/not/yet.txt', 'now');
    await around.close();
    for (const path of questions) expect((await service.ask({ path })).status).toBe(200);
  });

  it('keeps no file that was stored with no-store', async () => {
    await put(service, '/secret.txt', 'secret');
    await service.ask({
      method: 'PATCH',
      path: '/secret.txt',
      headers: { 'Content-Type': 'application/json' },
      body: '{"cache_control":"private, no-store"}',
    });
    const { first, second } = await twice({ path: '/secret.txt' });
    expect([first.calls, second.calls]).toEqual([1, 1]);
  });
});

describe('the time to live', () => {
  it('ends after cacheTtl seconds, also for what others changed', async () => {
    const store = await doubleStore();
    const service = await cachedService(store, { cache: memoryCache(), cacheTtl: 1 });
    store.double.seed(store.bucket, 'a.txt', 'old');
    await service.ask({ path: '/a.txt' });
    store.double.seed(store.bucket, 'a.txt', 'new');
    expect((await service.ask({ path: '/a.txt' })).text).toBe('old');
    await until(async () => (await service.ask({ path: '/a.txt' })).text === 'new', {
      what: 'the end of the copy',
    });
    await service.close();
    await store.close();
  });
});

const startUncached = (store: Store) => cachedService(store, { cache: undefined, cacheTtl: 0 });

const comparable = ({ status, text, headers }: Awaited<ReturnType<RunningService['ask']>>) => {
  const { date: _date, 'x-request-id': _id, ...rest } = headers;
  // The border of multipart/byteranges is random.
  const border = /boundary=(\S+)/.exec(rest['content-type'] ?? '')?.[1];
  const plain = (value: string) => (border === undefined ? value : value.replaceAll(border, '-'));
  return {
    status,
    text: plain(text),
    headers: Object.fromEntries(
      Object.entries(rest)
        // RFC 9110 section 15.4.5 leaves the date of a 304 to the server; Ceph does not send it.
        .filter(([name]) => status !== 304 || name !== 'last-modified')
        .map(([name, value]) => [name, plain(value)]),
    ),
  };
};
