// What `metrics()` tells of a service at work, and Prometheus' text of it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryCache, prometheusText } from '../../src/index.ts';
import type { FileServiceConfig, MetricsSnapshot } from '../../src/index.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

let store: Awaited<ReturnType<typeof doubleStore>>;
let service: RunningService;

beforeEach(async () => {
  store = await doubleStore();
  store.double.seed(store.bucket, 'a.txt', '0123456789');
});
afterEach(async () => {
  await service.close();
  await store.close();
});

const start = async (config: Partial<FileServiceConfig> = {}) => {
  service = await startService(store, config);
};

/** The counts once so many requests have ended. */
const after = async (requests: number): Promise<MetricsSnapshot> => {
  await until(() => service.audit.length === requests, { what: `${requests} requests` });
  return service.files.metrics();
};

const counts = ({ requests }: MetricsSnapshot) =>
  Object.fromEntries(
    requests.map(({ operation, statusClass, count }) => [`${operation} ${statusClass}`, count]),
  );

describe('metrics', () => {
  it('counts requests, bytes, calls, hits and misses, and measures both ends', async () => {
    await start({ cache: memoryCache(), cacheTtl: 60, authorize: ({ path }) => path !== 'no.txt' });
    await service.ask({ path: '/a.txt' });
    await service.ask({ path: '/a.txt' });
    await service.ask({ path: '/no.txt' });
    await service.ask({ path: '/%00' });
    await service.ask({ method: 'PUT', path: '/b.txt', body: 'seven b' });
    const snapshot = await after(5);
    expect(counts(snapshot)).toEqual({
      'read 2xx': 2,
      'read 4xx': 1,
      'none 4xx': 1,
      'write 2xx': 1,
    });
    expect(snapshot.storageCalls).toEqual([
      { operation: 'read', count: 1 },
      { operation: 'none', count: 0 },
      { operation: 'write', count: 1 },
    ]);
    const { bytesIn, cacheHits, cacheMisses, active, incomplete } = snapshot;
    expect({ bytesIn, cacheHits, cacheMisses, active, incomplete }).toEqual({
      bytesIn: 7,
      cacheHits: 1,
      cacheMisses: 1,
      active: 0,
      incomplete: 0,
    });
    expect(snapshot.bytesOut).toBeGreaterThan(20);
    expect(
      snapshot.durations.map(({ operation, count, sumSeconds }) => [
        operation,
        count,
        sumSeconds > 0,
      ]),
    ).toEqual([
      ['read', 3, true],
      ['none', 1, true],
      ['write', 1, true],
    ]);
    expect(
      snapshot.storage.map(({ operation, count, failures, sumSeconds }) => [
        operation,
        count,
        failures,
        sumSeconds > 0,
      ]),
    ).toEqual([
      ['read', 1, 0, true],
      ['write', 1, 0, true],
    ]);
  });

  it('measures how long storage took, and counts what it failed, not what it denied', async () => {
    await start();
    store.double.inject({ operation: 'GetObject', kind: 'delay', delayMs: 300 });
    await service.ask({ path: '/a.txt' });
    await service.ask({ path: '/none.txt' });
    store.double.inject({ operation: 'ListObjectsV2', kind: 'status', status: 503, times: 100 });
    await service.ask({ path: '/' });
    const { storage } = await after(3);
    const [read, list] = ['read', 'list'].map((name) =>
      storage.find(({ operation }) => operation === name),
    );
    expect([read?.count, read?.failures, list?.count, list?.failures]).toEqual([2, 0, 2, 1]);
    expect(read?.sumSeconds).toBeGreaterThanOrEqual(0.29);
    expect(read?.buckets.find(({ seconds }) => seconds === 0.25)?.count).toBe(1);
  });

  it('shows who is there at the moment, and answers that broke off', async () => {
    await start();
    store.double.inject({ operation: 'GetObject', kind: 'delay', delayMs: 300 });
    const slow = service.ask({ path: '/a.txt' });
    await until(() => service.files.metrics().active === 1, { what: 'the running request' });
    await slow;
    await after(1);
    expect(service.files.metrics().active).toBe(0);
    store.double.sparse(store.bucket, 'large.bin', 8 * 2 ** 20);
    store.double.inject({ operation: 'GetObject', kind: 'fin', bytes: 1000, times: 100 });
    await service.ask({ path: '/large.bin' }).catch(() => undefined);
    expect((await after(2)).incomplete).toBe(1);
  });

  it('has labels from short closed lists, whatever clients send', async () => {
    await start();
    const questions = Array.from({ length: 60 }, (_, index) => ({
      method: ['GET', 'HEAD', 'DELETE', 'REPORT', 'LINK', 'OPTIONS'][index % 6] ?? 'GET',
      path: [`/${index}.txt`, `/${index}/`, `/%0${index % 10}`, `/?x=${index}`][index % 4] ?? '/',
      headers: { 'X-Request-Id': `id-${index}`, 'User-Agent': `agent ${index}` },
    }));
    for (const question of questions) await service.ask(question);
    const { requests, durations, storage } = await after(60);
    const known = new Set([...OPERATIONS.map(({ name }) => name), 'none']);
    expect([...requests, ...durations].filter(({ operation }) => !known.has(operation))).toEqual(
      [],
    );
    expect(new Set(requests.map(({ statusClass }) => statusClass))).toEqual(
      new Set(['2xx', '4xx']),
    );
    const port = ['list', 'stat', 'read', 'write', 'copy', 'remove', 'removeMany'];
    expect(storage.filter(({ operation }) => !port.includes(operation))).toEqual([]);
  });

  it('is exported as Prometheus reads it', async () => {
    await start({ cacheEnabled: true, cacheTtl: 60 });
    await service.ask({ path: '/a.txt' });
    await service.ask({ path: '/a.txt' });
    const text = prometheusText(await after(2), 'files');
    expect(text).toContain('files_requests_total{operation="read",status="2xx"} 2\n');
    expect(text).toContain('files_storage_duration_seconds_count{operation="read"} 1\n');
    expect(text).toContain('files_storage_failures_total{operation="read"} 0\n');
    expect(text).toContain('files_cache_hits_total 1\n');
    expect(text).toContain('files_sent_bytes_total 20\n');
    const line =
      /^(?:# (?:HELP|TYPE) \S+ .+|[a-z_]+(?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? \S+)$/;
    expect(
      text
        .trimEnd()
        .split('\n')
        .filter((one) => !line.test(one)),
    ).toEqual([]);
  });
});
