// Steady requests while storage goes out and comes back, or fails a share of its calls.
import type { FaultProxy } from './fault-proxy.ts';
import { status } from './faults.ts';
import type { ServiceChild } from './service-child.ts';

/** One request of a steady load. */
export interface Sample {
  /** Milliseconds since the load began. */
  readonly at: number;
  readonly status: number;
  readonly ms: number;
}

/** Asks at a steady rate whatever the answers; `at` calls things in between. */
export async function steadily(
  { ask }: ServiceChild,
  { perSecond, seconds, at }: SteadyOptions,
): Promise<Sample[]> {
  const began = performance.now();
  const pending: Promise<Sample>[] = [];
  const events = [...at];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const due = (index * 1000) / perSecond;
    while (performance.now() - began < due) await new Promise((resolve) => setTimeout(resolve, 2));
    while (events[0] !== undefined && events[0][0] * 1000 <= due) events.shift()?.[1]();
    pending.push(one(index));
  }
  return Promise.all(pending);

  async function one(index: number): Promise<Sample> {
    const question = QUESTIONS[index % QUESTIONS.length] ?? { path: '/f' };
    const asked = performance.now();
    const answer = await ask(question);
    return { at: asked - began, status: answer.status, ms: performance.now() - asked };
  }
}

/** How to load. */
export interface SteadyOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** What to do after so many seconds. */
  readonly at: readonly (readonly [seconds: number, act: () => void])[];
}

const QUESTIONS = [
  { path: '/f' },
  { path: '/?as_list=true' },
  { method: 'HEAD', path: '/f' },
  { path: '/f?include_properties=true' },
];

/** What an outage did. */
export interface Outage {
  /** From its begin to the last moment with three calls to storage in half a second, in milliseconds. */
  readonly opensMs: number;
  /** 99 % of answers while the breaker was open, in milliseconds. */
  readonly openMs: number;
  /** Calls that reached storage a second, from 2 s after the begin. */
  readonly callsPerSecond: number;
  /** Calls per request over the whole outage. */
  readonly amplification: number;
  /** From the heal to the first second of 99 % success, in milliseconds. */
  readonly recoveryMs: number;
  readonly otherStatuses: readonly number[];
}

/** Storage answers 503 to all from `from` to `until` seconds. */
export async function outage(
  service: ServiceChild,
  proxy: FaultProxy,
  {
    perSecond,
    from,
    until,
    seconds,
  }: { perSecond: number; from: number; until: number; seconds: number },
): Promise<Outage> {
  let callsBefore = 0;
  let callsAfter2 = 0;
  let callsAfter = 0;
  const samples = await steadily(service, {
    perSecond,
    seconds,
    at: [
      [
        from,
        () => {
          callsBefore = proxy.calls.length;
          proxy.fail({ fault: status(503, 'SlowDown') });
        },
      ],
      [from + 2, () => (callsAfter2 = proxy.calls.length)],
      [
        until,
        () => {
          callsAfter = proxy.calls.length;
          proxy.heal();
        },
      ],
    ],
  });
  const during = samples.filter(({ at }) => at >= from * 1000 && at < until * 1000);
  const calls = proxy.calls.slice(callsBefore, callsAfter).map(({ startedAt }) => startedAt);
  // Open, each of the two kinds that are asked has one look a second, which a busy machine sees a little early or late.
  const crowded = calls.filter((call, index) => (calls[index + 2] ?? Infinity) - call < 500);
  const open = during.filter(({ at }) => at >= (from + 2) * 1000).map(({ ms }) => ms);
  const failed = samples.filter(({ at, status: got }) => at >= until * 1000 && got !== 200);
  return {
    opensMs: (crowded.at(-1) ?? 0) - (crowded[0] ?? 0),
    openMs: open.toSorted((left, right) => left - right)[Math.floor(open.length * 0.95)] ?? 0,
    callsPerSecond: (callsAfter - callsAfter2) / (until - from - 2),
    amplification: (callsAfter - callsBefore) / during.length,
    recoveryMs: Math.max(0, ...failed.map(({ at }) => at - until * 1000)),
    otherStatuses: [...new Set(samples.map(({ status: got }) => got))].filter(
      (got) => got !== 200 && got !== 503,
    ),
  };
}
