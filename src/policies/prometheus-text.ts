// A metrics snapshot in the text format that Prometheus reads. Knows nothing of how it was counted.
import type { DurationHistogram, MetricsSnapshot } from './metrics.js';

/**
 * The content type of {@link prometheusText}.
 *
 * @example
 * const headers = { 'Content-Type': PROMETHEUS_CONTENT_TYPE };
 */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

// Prometheus' exposition format: in a label value, backslash, quote and line feed are escaped.
const escapeLabel = (value: string): string =>
  value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');

const labelText = (labels: Labels = {}): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

const metric = (
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: readonly Sample[],
): string =>
  [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(
      ({ suffix = '', labels, value }) => `${name}${suffix}${labelText(labels)} ${value}`,
    ),
  ].join('\n');

const histogramSamples = (histogram: DurationHistogram): readonly Sample[] => {
  const { operation, buckets, sumSeconds, count } = histogram;
  return [
    ...buckets.map((bucket) => ({
      suffix: '_bucket',
      labels: { operation, le: `${bucket.seconds}` },
      value: bucket.count,
    })),
    { suffix: '_bucket', labels: { operation, le: '+Inf' }, value: count },
    { suffix: '_sum', labels: { operation }, value: sumSeconds },
    { suffix: '_count', labels: { operation }, value: count },
  ];
};

/**
 * The snapshot as Prometheus scrapes it: answer it with {@link PROMETHEUS_CONTENT_TYPE}.
 *
 * Throws a TypeError when `prefix`, which every name begins with, is no metric name.
 *
 * @example
 * const body: string = prometheusText(metricsCollector().snapshot());
 */
export function prometheusText(snapshot: MetricsSnapshot, prefix = 's3files'): string {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(prefix)) {
    throw new TypeError('prometheusText: "prefix" must be a metric name, such as "s3files".');
  }
  const one = (value: number): readonly Sample[] => [{ value }];
  const requests = snapshot.requests.map(({ operation, statusClass, count }) => ({
    labels: { operation, status: statusClass },
    value: count,
  }));
  const storageCalls = snapshot.storageCalls.map(({ operation, count }) => ({
    labels: { operation },
    value: count,
  }));
  const failures = snapshot.storage.map(({ operation, failures: value }) => ({
    labels: { operation },
    value,
  }));
  const storageDurations = snapshot.storage.flatMap(histogramSamples);
  const durations = snapshot.durations.flatMap(histogramSamples);
  const metrics = [
    metric(`${prefix}_requests_total`, 'counter', 'Requests answered.', requests),
    metric(`${prefix}_request_duration_seconds`, 'histogram', 'Until the last byte.', durations),
    metric(`${prefix}_storage_calls_total`, 'counter', 'Calls made to storage.', storageCalls),
    metric(
      `${prefix}_storage_duration_seconds`,
      'histogram',
      'Until storage answered, by operation of storage.',
      storageDurations,
    ),
    metric(`${prefix}_storage_failures_total`, 'counter', 'Failures of storage.', failures),
    metric(`${prefix}_received_bytes_total`, 'counter', 'Body bytes read.', one(snapshot.bytesIn)),
    metric(`${prefix}_sent_bytes_total`, 'counter', 'Body bytes sent.', one(snapshot.bytesOut)),
    metric(
      `${prefix}_incomplete_answers_total`,
      'counter',
      'Answers that did not reach their last byte.',
      one(snapshot.incomplete),
    ),
    metric(`${prefix}_active_requests`, 'gauge', 'Requests running now.', one(snapshot.active)),
    metric(`${prefix}_cache_hits_total`, 'counter', 'Cache hits.', one(snapshot.cacheHits)),
    metric(`${prefix}_cache_misses_total`, 'counter', 'Cache misses.', one(snapshot.cacheMisses)),
  ];
  return `${metrics.join('\n')}\n`;
}
