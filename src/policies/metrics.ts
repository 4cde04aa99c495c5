// Counts of what the service did, from its audit events, with labels that input cannot multiply.
import type { AuditEvent } from '../hooks.js';

/** Requests of one operation that answered alike. */
export interface RequestCount {
  readonly operation: string;
  /** `2xx` to `5xx`, or `other` for a request that got no status. */
  readonly statusClass: string;
  readonly count: number;
}

/** How long the requests of one operation took. */
export interface DurationHistogram {
  readonly operation: string;
  /** Cumulative: how many took at most `seconds`; longer ones stand in `count` only. */
  readonly buckets: readonly { readonly seconds: number; readonly count: number }[];
  readonly sumSeconds: number;
  readonly count: number;
}

/** What has happened since the collector was made. */
export interface MetricsSnapshot {
  readonly requests: readonly RequestCount[];
  readonly durations: readonly DurationHistogram[];
  readonly storageCalls: readonly { readonly operation: string; readonly count: number }[];
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Requests whose answer did not reach its last byte. */
  readonly incomplete: number;
  /** Requests running now. */
  readonly active: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
}

/** What a collector counts of an event. */
export type MeasuredEvent = Pick<
  AuditEvent,
  'operation' | 'status' | 'bytesIn' | 'bytesOut' | 'complete' | 'durationMs' | 'storageCalls'
>;

/** Counts what it is told. */
export interface MetricsCollector {
  /** A request has arrived; `record` ends it. */
  start(): void;
  /** A request has ended. */
  record(event: MeasuredEvent): void;
  cacheHit(): void;
  cacheMiss(): void;
  /** The counts at this moment; later events do not change it. */
  snapshot(): MetricsSnapshot;
}

// Prometheus' own default buckets end at 10 s; transfers of gigabytes take longer.
const BUCKET_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

// Operations are a short closed list; the bound holds whatever becomes of it.
const MAX_OPERATIONS = 64;

interface Tally {
  readonly statusClasses: Map<string, number>;
  /** Not cumulative; the last is for what is longer than every bucket. */
  readonly buckets: number[];
  sumSeconds: number;
  count: number;
  storageCalls: number;
}

const newTally = (): Tally => ({
  statusClasses: new Map(),
  buckets: Array.from({ length: BUCKET_SECONDS.length + 1 }, () => 0),
  sumSeconds: 0,
  count: 0,
  storageCalls: 0,
});

const statusClassOf = (status: number): string =>
  status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : 'other';

const bucketOf = (seconds: number): number => {
  const index = BUCKET_SECONDS.findIndex((limit) => seconds <= limit);
  return index === -1 ? BUCKET_SECONDS.length : index;
};

const add = (tally: Tally, event: MeasuredEvent): void => {
  const statusClass = statusClassOf(event.status);
  const seconds = event.durationMs / 1000;
  const bucket = bucketOf(seconds);
  tally.statusClasses.set(statusClass, (tally.statusClasses.get(statusClass) ?? 0) + 1);
  tally.buckets[bucket] = (tally.buckets[bucket] ?? 0) + 1;
  tally.sumSeconds += seconds;
  tally.count += 1;
  tally.storageCalls += event.storageCalls;
};

const histogramOf = (operation: string, tally: Tally): DurationHistogram => {
  let count = 0;
  const buckets = BUCKET_SECONDS.map((seconds, index) => {
    count += tally.buckets[index] ?? 0;
    return { seconds, count };
  });
  return { operation, buckets, sumSeconds: tally.sumSeconds, count: tally.count };
};

/** Counts requests by operation and status class. A request without an operation counts as `none`. */
export function metricsCollector(): MetricsCollector {
  const tallies = new Map<string, Tally>();
  const total = { bytesIn: 0, bytesOut: 0, incomplete: 0, active: 0, cacheHits: 0, cacheMisses: 0 };

  const tallyOf = (operation: string): Tally => {
    const isNew = !tallies.has(operation);
    const name = isNew && tallies.size >= MAX_OPERATIONS ? 'other' : operation;
    const tally = tallies.get(name) ?? newTally();
    tallies.set(name, tally);
    return tally;
  };

  return {
    start: () => void (total.active += 1),
    record: (event) => {
      add(tallyOf(event.operation ?? 'none'), event);
      total.bytesIn += event.bytesIn;
      total.bytesOut += event.bytesOut;
      total.incomplete += event.complete ? 0 : 1;
      total.active = Math.max(0, total.active - 1);
    },
    cacheHit: () => void (total.cacheHits += 1),
    cacheMiss: () => void (total.cacheMisses += 1),
    snapshot: () => {
      const operations = [...tallies];
      return {
        requests: operations.flatMap(([operation, { statusClasses }]) =>
          Array.from(statusClasses, ([statusClass, count]) => ({ operation, statusClass, count })),
        ),
        durations: operations.map(([operation, tally]) => histogramOf(operation, tally)),
        storageCalls: operations.map(([operation, { storageCalls }]) => ({
          operation,
          count: storageCalls,
        })),
        ...total,
      };
    },
  };
}
