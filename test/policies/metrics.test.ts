import { describe, expect, it } from 'vitest';
import { metricsCollector } from '../../src/policies/metrics.ts';
import { prometheusText } from '../../src/policies/prometheus-text.ts';
import { auditEvent, repeated } from '../policies/request.ts';

const filled = () => {
  const metrics = metricsCollector();
  for (let request = 0; request < 5; request += 1) metrics.start();
  metrics.record(auditEvent({ durationMs: 4, bytesOut: 10 }));
  metrics.record(auditEvent({ durationMs: 5, bytesOut: 20, storageCalls: 2 }));
  metrics.record(auditEvent({ durationMs: 400_000, status: 503, bytesOut: 0, complete: false }));
  metrics.record(
    auditEvent({
      operation: null,
      status: 400,
      durationMs: 1,
      bytesIn: 7,
      bytesOut: 0,
      storageCalls: 0,
    }),
  );
  metrics.storage('stat', 3, true);
  metrics.storage('stat', 20_000, false);
  metrics.cacheHit();
  metrics.cacheHit();
  metrics.cacheMiss();
  return metrics;
};

describe('metricsCollector', () => {
  it('counts requests, durations, calls and bytes', () => {
    const { durations, storage, ...counts } = filled().snapshot();
    expect(counts).toEqual({
      requests: [
        { operation: 'read', statusClass: '2xx', count: 2 },
        { operation: 'read', statusClass: '5xx', count: 1 },
        { operation: 'none', statusClass: '4xx', count: 1 },
      ],
      storageCalls: [
        { operation: 'read', count: 4 },
        { operation: 'none', count: 0 },
      ],
      bytesIn: 7,
      bytesOut: 30,
      incomplete: 1,
      active: 1,
      cacheHits: 2,
      cacheMisses: 1,
    });
    const [stat] = storage;
    expect(storage).toHaveLength(1);
    expect([stat?.operation, stat?.failures, stat?.count, stat?.sumSeconds]).toEqual([
      'stat',
      1,
      2,
      20.003,
    ]);
    expect(stat?.buckets.map(({ count }) => count)).toEqual([
      ...repeated(11, 1),
      ...repeated(3, 2),
    ]);
    const read = durations.find(({ operation }) => operation === 'read');
    expect(read?.buckets.map(({ count }) => count)).toEqual(repeated(14, 2));
    expect([read?.buckets[0]?.seconds, read?.count, read?.sumSeconds]).toEqual([0.005, 3, 400.009]);
  });

  it('hands out snapshots that later events do not change', () => {
    const metrics = filled();
    const snapshot = metrics.snapshot();
    const before = structuredClone(snapshot);
    metrics.record(auditEvent());
    expect(snapshot).toEqual(before);
    expect(metrics.snapshot()).not.toEqual(before);
  });

  it('has few labels whatever it is told', () => {
    const metrics = metricsCollector();
    for (let index = 0; index < 10_000; index += 1) {
      metrics.record(auditEvent({ operation: `op ${index}`, status: index }));
    }
    const { requests, durations } = metrics.snapshot();
    expect(durations).toHaveLength(65);
    expect(new Set(requests.map(({ statusClass }) => statusClass))).toEqual(
      new Set(['1xx', '2xx', '3xx', '4xx', '5xx', 'other']),
    );
    expect(requests.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
  });
});

describe('prometheusText', () => {
  it('writes the text format', () => {
    const text = prometheusText(filled().snapshot());
    const lines = text.split('\n');
    expect(lines.filter((line) => !line.startsWith('#') && !line.includes('_bucket'))).toEqual([
      's3files_requests_total{operation="read",status="2xx"} 2',
      's3files_requests_total{operation="read",status="5xx"} 1',
      's3files_requests_total{operation="none",status="4xx"} 1',
      's3files_request_duration_seconds_sum{operation="read"} 400.009',
      's3files_request_duration_seconds_count{operation="read"} 3',
      's3files_request_duration_seconds_sum{operation="none"} 0.001',
      's3files_request_duration_seconds_count{operation="none"} 1',
      's3files_storage_calls_total{operation="read"} 4',
      's3files_storage_calls_total{operation="none"} 0',
      's3files_storage_duration_seconds_sum{operation="stat"} 20.003',
      's3files_storage_duration_seconds_count{operation="stat"} 2',
      's3files_storage_failures_total{operation="stat"} 1',
      's3files_received_bytes_total 7',
      's3files_sent_bytes_total 30',
      's3files_incomplete_answers_total 1',
      's3files_active_requests 1',
      's3files_cache_hits_total 2',
      's3files_cache_misses_total 1',
      '',
    ]);
    expect(lines.filter((line) => line.includes('_bucket{operation="read"')).slice(-2)).toEqual([
      's3files_request_duration_seconds_bucket{operation="read",le="300"} 2',
      's3files_request_duration_seconds_bucket{operation="read",le="+Inf"} 3',
    ]);
    expect(lines.filter((line) => line.startsWith('# TYPE'))).toHaveLength(11);
  });

  it('is well formed line by line, whatever the labels hold', () => {
    const metrics = metricsCollector();
    metrics.record(auditEvent({ operation: 'a"b\\c\nd} 1' }));
    const line =
      /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? [0-9.e+-]+)$/;
    const lines = prometheusText(metrics.snapshot(), 'files').trimEnd().split('\n');
    expect(lines.filter((one) => !line.test(one))).toEqual([]);
    expect(lines).toContain('files_requests_total{operation="a\\"b\\\\c\\nd} 1",status="2xx"} 1');
  });

  it('throws for a prefix that is no metric name', () => {
    expect(() => prometheusText(metricsCollector().snapshot(), 'my files')).toThrow(TypeError);
  });
});
