// Many readers, one call to storage; and copies that a write has overtaken, or that never became whole.
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryCache } from '../../../src/index.ts';
import type { Cache, FileServiceConfig } from '../../../src/index.ts';
import type { Fault } from '../../support/double/index.ts';
import { MOUNT, type Question, type RunningService } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';
import { until } from '../../support/until.ts';
import { gateTo } from './gate.ts';
import { cachedService, tell } from './given.ts';

let store: Awaited<ReturnType<typeof doubleStore>>;
let service: RunningService;

beforeEach(async () => {
  store = await doubleStore();
});
afterEach(async () => {
  await service.close();
  await store.close();
});

const start = async (config: Partial<FileServiceConfig> = {}) => {
  service = await cachedService(store, config);
};

/** A cache that answers a turn of the event loop later, as those over a network do. */
const distant = (near: Cache): Cache => {
  const later = async <T>(act: () => T): Promise<T> => {
    await new Promise((resolve) => setImmediate(resolve));
    return act();
  };
  return {
    get: (key) => later(() => near.get(key)),
    set: (key, value, ttl) => later(() => near.set(key, value, ttl)),
    delete: (key) => later(() => near.delete(key)),
  };
};

const operations = (): string[] => store.double.calls.map(({ operation }) => operation);

/** Asks, and waits until the service works for one client more; the client leaves when told to. */
const askAs = async (path: string): Promise<{ readonly leave: () => Promise<void> }> => {
  const active = service.files.metrics().active + 1;
  const client = request({ port: service.port, path: MOUNT + path, agent: false }).end();
  const closed = new Promise((resolve) => client.once('close', resolve));
  client.on('error', () => {});
  await until(() => service.files.metrics().active === active, { what: 'the client' });
  return {
    leave: async () => {
      const before = service.files.metrics().active;
      client.destroy();
      await closed;
      await until(() => service.files.metrics().active < before, { what: 'the leaving' });
    },
  };
};

/** Whoever asks for the same at once shares one call, whatever is asked for. */
const SHARED: readonly (readonly [what: string, path: string, operation: string])[] = [
  ['a file', '/a.txt', 'GetObject'],
  ['a file too large to be kept', '/large.txt', 'GetObject'],
  ['a listing', '/', 'ListObjectsV2'],
  ['properties', '/a.txt?include_properties=true', 'HeadObject'],
];

describe.each([
  ['in memory', () => memoryCache()],
  ['that answers later', () => distant(memoryCache())],
])('a thousand misses at once, in a cache %s (K135)', (_name, makeCache) => {
  it.each([
    ['a file', '/a.txt', 'GetObject'],
    ['a listing', '/', 'ListObjectsV2'],
    ['properties', '/a.txt?include_properties=true', 'HeadObject'],
  ])('make one call for %s', async (_what, path, operation) => {
    const gate = await gateTo(store);
    service = await cachedService(gate.store, { cache: makeCache() });
    store.double.seed(store.bucket, 'a.txt', 'x'.repeat(1024));
    await service.ask({ path: '/warm.txt' });
    store.double.clearCalls();
    const held = gate.hold(operation === 'HeadObject' ? 'HEAD' : 'GET', /./);
    const asked = Array.from({ length: 1000 }, () => service.ask({ path }));
    await until(() => service.files.metrics().active === 1000, {
      what: 'a thousand readers',
      deadlineMs: 20_000,
    });
    held.release();
    const answers = await Promise.all(asked);
    await gate.close();
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set([`200 ${answers[0]?.text}`]),
    );
    expect(operations()).toEqual([operation]);
  });
});

describe('a call that others wait for (K135)', () => {
  beforeEach(() => {
    store.double.seed(store.bucket, 'a.txt', 'text');
    store.double.seed(store.bucket, 'large.txt', 'y'.repeat(300_000));
  });

  it.each(SHARED)(
    'goes on when the one who began it leaves: %s',
    async (_what, path, operation) => {
      await start({ cacheMaxBodyBytes: 1000 });
      store.double.inject({ operation, kind: 'delay', delayMs: 1000 });
      const first = await askAs(path);
      const second = service.ask({ path });
      await until(() => service.files.metrics().active === 2, { what: 'the second' });
      await first.leave();
      const { status, text } = await second;
      expect([status, text.length]).toEqual([200, (await service.ask({ path })).text.length]);
      await until(() => store.double.calls.every(({ complete }) => complete), {
        what: 'all calls',
      });
      expect(operations()[0]).toBe(operation);
    },
  );

  it.each(SHARED)('is stopped when the last one leaves: %s', async (_what, path, operation) => {
    await start({ cacheMaxBodyBytes: 1000 });
    store.double.inject({ operation, kind: 'black-hole' });
    const first = await askAs(path);
    const second = await askAs(path);
    await until(() => operations().includes(operation), { what: 'the call' });
    await first.leave();
    expect(store.double.openSockets()).toBe(1);
    await second.leave();
    await until(() => store.double.openSockets() === 0, { what: 'the end of the call' });
    expect((await service.ask({ path })).status).toBe(200);
  });

  it('makes one call for those who stay', async () => {
    await start();
    store.double.inject({ operation: 'GetObject', kind: 'delay', delayMs: 1000 });
    const first = await askAs('/a.txt');
    const staying = Array.from({ length: 10 }, () => service.ask({ path: '/a.txt' }));
    await until(() => service.files.metrics().active === 11, { what: 'all of them' });
    await first.leave();
    const answers = await Promise.all(staying);
    expect(answers.map(({ status, text }) => [status, text])).toEqual(
      Array.from({ length: 10 }, () => [200, 'text']),
    );
    expect(operations()).toEqual(['GetObject']);
  });

  it('fails for all who wait when storage fails, and is tried anew by the next', async () => {
    await start();
    store.double.seed(store.bucket, 'a.txt', 'text');
    store.double.inject({
      operation: 'GetObject',
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
      delayMs: 200,
      times: 20,
    });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => service.ask({ path: '/a.txt' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]));
    // What the lean way does not understand is asked once more by the SDK.
    expect(operations().length).toBeLessThanOrEqual(2);
    store.double.clearFaults();
    expect((await service.ask({ path: '/a.txt' })).text).toBe('text');
  });

  it('gives each who waits for a large file a stream of its own', async () => {
    await start({ cacheMaxBodyBytes: 1000 });
    const body = 'y'.repeat(300_000);
    store.double.seed(store.bucket, 'large.txt', body);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => service.ask({ path: '/large.txt' })),
    );
    expect(answers.filter(({ text }) => text === body)).toHaveLength(20);
    expect(operations()).toHaveLength(20);
    await until(() => store.double.calls.every(({ complete }) => complete), { what: 'all reads' });
  });

  it('shares nothing before each has been judged', async () => {
    await start({
      authorize: (_access, { headers }) => headers['x-who'] === 'alice',
    });
    store.double.seed(store.bucket, 'a.txt', 'text');
    store.double.inject({ operation: 'GetObject', kind: 'delay', delayMs: 200 });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        service.ask({ path: '/a.txt', headers: { 'X-Who': index % 2 === 0 ? 'alice' : 'bob' } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 200 : 401)),
    );
  });
});

describe.each([
  ['in memory', () => memoryCache()],
  ['that answers later', () => distant(memoryCache())],
])('a fill that a write has overtaken, in a cache %s (K133)', (_name, makeCache) => {
  it.each<[string, string, Question, number, string]>([
    ['the bytes', '/dir/a.txt', { method: 'PUT', path: '/dir/a.txt', body: 'new' }, 200, 'new'],
    ['the bytes', '/dir/a.txt', { method: 'DELETE', path: '/dir/a.txt' }, 404, 'not exist'],
    ['the bytes', '/dir/a.txt', { method: 'DELETE', path: '/dir/?force=true' }, 404, 'not exist'],
    [
      'the properties',
      '/dir/a.txt?include_properties=true',
      { method: 'PUT', path: '/dir/a.txt', body: 'longer' },
      200,
      '"content_length":6',
    ],
    [
      'the listing',
      '/?full_tree=true&as_list=true',
      { method: 'POST', path: '/dir/b.txt', body: 'b' },
      200,
      'dir/b.txt',
    ],
    [
      'the listing',
      '/dir/?as_list=true',
      { method: 'DELETE', path: '/dir/a.txt' },
      200,
      '{"resource":["dir/z.txt"]}',
    ],
  ])('does not keep %s of %s', async (_what, path, write, status, found) => {
    const gate = await gateTo(store);
    service = await cachedService(gate.store, { cache: makeCache() });
    store.double.seed(store.bucket, 'dir/a.txt', 'old');
    store.double.seed(store.bucket, 'dir/z.txt', 'z');
    const { method, target } = callOf(path);
    const held = gate.hold(method, target);
    const slow = service.ask({ path });
    await held.answered;
    expect((await service.ask(write)).status).toBeLessThan(300);
    const during = await service.ask({ path });
    held.release();
    await slow;
    const after = await service.ask({ path });
    for (const answer of [during, after]) {
      expect(answer.status).toBe(status);
      expect(answer.text).toContain(found);
    }
    await gate.close();
  });
});

describe('a fill that begins and ends while a write is under way (K133)', () => {
  it.each<[string, Question, string, string]>([
    ['PutObject', { method: 'PUT', path: '/dir/a.txt', body: 'new' }, '/dir/a.txt', 'new'],
    ['PutObject', { method: 'PUT', path: '/dir/b.txt', body: 'b' }, '/dir/?as_list=true', 'b.txt'],
    ['DeleteObject', { method: 'DELETE', path: '/dir/a.txt' }, '/dir/a.txt', 'not exist'],
    ['DeleteObjects', { method: 'DELETE', path: '/dir/?force=true' }, '/dir/a.txt', 'not exist'],
  ])('is not kept past %s', async (operation, write, path, found) => {
    await start();
    store.double.seed(store.bucket, 'dir/a.txt', 'old');
    store.double.inject({ operation, kind: 'delay', delayMs: 1000 });
    const writing = service.ask(write);
    await until(() => operations().includes(operation), { what: 'the write at storage' });
    expect((await service.ask({ path })).text).not.toContain(found);
    expect((await writing).status).toBeLessThan(300);
    expect((await service.ask({ path })).text).toContain(found);
  });
});

const callOf = (path: string): { method: string; target: RegExp } => {
  if (path.includes('include_properties')) return { method: 'HEAD', target: /dir\/a\.txt/ };
  if (path.includes('as_list')) return { method: 'GET', target: /list-type=2/ };
  return { method: 'GET', target: /dir\/a\.txt/ };
};

describe('an answer that is not whole (K134)', () => {
  const BODY = 'w'.repeat(1000);

  it.each<[string, Fault]>([
    ['a body cut by a reset', { operation: 'GetObject', kind: 'reset', bytes: 1, times: 20 }],
    ['a body that ends too early', { operation: 'GetObject', kind: 'fin', bytes: 1, times: 20 }],
    ['a 500', { operation: 'GetObject', kind: 'status', status: 500, times: 20 }],
    ['a 503', { operation: 'GetObject', kind: 'status', status: 503, times: 20 }],
    ['a 403', { operation: 'GetObject', kind: 'status', status: 403, times: 20 }],
    ['a 404', { operation: 'GetObject', kind: 'status', status: 404, code: 'NoSuchKey' }],
  ])('is not kept: %s', async (_name, fault) => {
    await start();
    store.double.seed(store.bucket, 'a.txt', BODY);
    store.double.inject(fault);
    const broken = await service.ask({ path: '/a.txt' });
    expect(broken.status).toBeGreaterThanOrEqual(400);
    expect(broken.text).not.toContain('www');
    store.double.clearFaults();
    await until(
      async () => {
        const { status, text } = await service.ask({ path: '/a.txt' });
        return status === 200 && text === BODY;
      },
      { what: 'the whole body' },
    );
  });

  it.each<[string, Question]>([
    ['a range', { path: '/a.txt', headers: { Range: 'bytes=0-9' } }],
    ['a HEAD', { method: 'HEAD', path: '/a.txt' }],
    ['a 304', { path: '/a.txt', headers: { 'If-Modified-Since': 'DATE' } }],
  ])('is not kept as the whole: %s', async (_name, question) => {
    await start();
    store.double.seed(store.bucket, 'a.txt', BODY);
    const date = new Date(Date.now() + 1000).toUTCString();
    const headers = Object.fromEntries(
      Object.entries(question.headers ?? {}).map(([name, value]) => [
        name,
        String(value).replace('DATE', date),
      ]),
    );
    await service.ask({ ...question, headers });
    const whole = await service.ask({ path: '/a.txt' });
    expect([whole.status, whole.text]).toEqual([200, BODY]);
  });

  it('is not kept when its only client left before the end', async () => {
    await start();
    store.double.seed(store.bucket, 'a.txt', BODY);
    store.double.inject({ operation: 'GetObject', kind: 'stall', bytes: 500 });
    const client = await askAs('/a.txt');
    await until(() => operations().includes('GetObject'), { what: 'the call' });
    await client.leave();
    await until(() => store.double.openSockets() === 0, { what: 'the end of the call' });
    expect((await tell(service, { path: '/a.txt' })).answer.text).toBe(BODY);
    expect((await tell(service, { path: '/a.txt' })).calls).toBe(0);
    expect(operations()).toEqual(['GetObject', 'GetObject']);
  });
});
