// Counts of what the service did, from its audit events, with labels that input cannot multiply.
import type { AuditEvent } from '../core/hooks.js';

/** Requests of one operation that answered alike. */
export interface RequestCount {
  readonly operation: string;
  /** `2xx` to `5xx`, or `other` for a request that got no status. */
  readonly statusClass: string;
  readonly count: number;
}

/**
 * How long the requests of one operation took.
 *
 * @example
 * const meanSeconds = ({ sumSeconds, count }: DurationHistogram): number => sumSeconds / count;
 */
export interface DurationHistogram {
  readonly operation: string;
  /** Cumulative: how many took at most `seconds`; longer ones stand in `count` only. */
  readonly buckets: readonly { readonly seconds: number; readonly count: number }[];
  readonly sumSeconds: number;
  readonly count: number;
}

/**
 * How long storage took for one kind of operation, and how often it failed.
 *
 * @example
 * const failing = ({ failures, count }: StorageHistogram): number => failures / count;
 */
export interface StorageHistogram extends DurationHistogram {
  readonly failures: number;
}

/**
 * What has happened since the collector was made.
 *
 * @example
 * const failed = ({ requests }: MetricsSnapshot): number =>
 *   requests.reduce((sum, { statusClass, count }) => sum + (statusClass === '5xx' ? count : 0), 0);
 */
export interface MetricsSnapshot {
  readonly requests: readonly RequestCount[];
  readonly durations: readonly DurationHistogram[];
  readonly storageCalls: readonly { readonly operation: string; readonly count: number }[];
  /** By operation of storage: `list`, `stat`, `read`, `write`, `copy`, `remove`, `removeMany`. */
  readonly storage: readonly StorageHistogram[];
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

/**
 * Counts what it is told.
 *
 * @example
 * const metrics: MetricsCollector = metricsCollector();
 * const text: string = prometheusText(metrics.snapshot());
 */
export interface MetricsCollector {
  /** A request has arrived; `record` ends it. */
  start(): void;
  /** A request has ended. */
  record(event: MeasuredEvent): void;
  /** Storage has answered, or failed to. */
  storage(operation: string, durationMs: number, ok: boolean): void;
  cacheHit(): void;
  cacheMiss(): void;
  /** The counts at this moment; later events do not change it. */
  snapshot(): MetricsSnapshot;
}

// Prometheus' own default buckets end at 10 s; transfers of gigabytes take longer.
const BUCKET_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

// Operations are a short closed list; the bound holds whatever becomes of it.
const MAX_OPERATIONS = 64;

interface Durations {
  /** Not cumulative; the last is for what is longer than every bucket. */
  readonly buckets: number[];
  sumSeconds: number;
  count: number;
}

interface Tally extends Durations {
  readonly statusClasses: Map<string, number>;
  storageCalls: number;
}

interface StorageTally extends Durations {
  failures: number;
}

const newDurations = (): Durations => ({
  buckets: Array.from({ length: BUCKET_SECONDS.length + 1 }, () => 0),
  sumSeconds: 0,
  count: 0,
});

const newTally = (): Tally => ({ ...newDurations(), statusClasses: new Map(), storageCalls: 0 });
const newStorageTally = (): StorageTally => ({ ...newDurations(), failures: 0 });

const statusClassOf = (status: number): string =>
  status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : 'other';

const bucketOf = (seconds: number): number => {
  const index = BUCKET_SECONDS.findIndex((limit) => seconds <= limit);
  return index === -1 ? BUCKET_SECONDS.length : index;
};

const addDuration = (durations: Durations, durationMs: number): void => {
  const seconds = durationMs / 1000;
  const bucket = bucketOf(seconds);
  durations.buckets[bucket] = (durations.buckets[bucket] ?? 0) + 1;
  durations.sumSeconds += seconds;
  durations.count += 1;
};

const add = (tally: Tally, event: MeasuredEvent): void => {
  const statusClass = statusClassOf(event.status);
  tally.statusClasses.set(statusClass, (tally.statusClasses.get(statusClass) ?? 0) + 1);
  tally.storageCalls += event.storageCalls;
  addDuration(tally, event.durationMs);
};

const histogramOf = (operation: string, durations: Durations): DurationHistogram => {
  let count = 0;
  const buckets = BUCKET_SECONDS.map((seconds, index) => {
    count += durations.buckets[index] ?? 0;
    return { seconds, count };
  });
  return { operation, buckets, sumSeconds: durations.sumSeconds, count: durations.count };
};

/** The tally of an operation; one for all others once there are too many. */
const tallyIn = <T>(tallies: Map<string, T>, operation: string, create: () => T): T => {
  const isNew = !tallies.has(operation);
  const name = isNew && tallies.size >= MAX_OPERATIONS ? 'other' : operation;
  const tally = tallies.get(name) ?? create();
  tallies.set(name, tally);
  return tally;
};

/**
 * Counts requests by operation and status class. A request without an operation counts as `none`.
 *
 * @example
 * const metrics = metricsCollector();
 * const audit = (event: AuditEvent): void => metrics.record(event);
 */
export function metricsCollector(): MetricsCollector {
  const tallies = new Map<string, Tally>();
  const storage = new Map<string, StorageTally>();
  const total = { bytesIn: 0, bytesOut: 0, incomplete: 0, active: 0, cacheHits: 0, cacheMisses: 0 };

  return {
    start: () => void (total.active += 1),
    record: (event) => {
      add(tallyIn(tallies, event.operation ?? 'none', newTally), event);
      total.bytesIn += event.bytesIn;
      total.bytesOut += event.bytesOut;
      total.incomplete += event.complete ? 0 : 1;
      total.active = Math.max(0, total.active - 1);
    },
    storage: (operation, durationMs, ok) => {
      const tally = tallyIn(storage, operation, newStorageTally);
      addDuration(tally, durationMs);
      if (!ok) tally.failures += 1;
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
        storage: Array.from(storage, ([operation, tally]) => ({
          ...histogramOf(operation, tally),
          failures: tally.failures,
        })),
        ...total,
      };
    },
  };
}
