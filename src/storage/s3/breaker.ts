// When storage is out, asking it again helps nobody: the breaker answers instead, and lets a few calls through
// to find out when it is back. It tells an outage from one key that always fails, and reads from writes. Beside it
// stands the budget of retries, so that they never become the load that keeps storage down.
import { FileServiceError } from '../../core/errors.js';

/** What a call is about. Each kind has its own circuit: writes that cannot be stored stop no reads. */
export type CallKind = 'read' | 'list' | 'write' | 'remove';

/** One call, as far as the breaker knows it. */
export interface CallOf {
  readonly kind: CallKind;
  /** The whole key, or the prefix of a listing. */
  readonly s3Key: string;
}

/** Stops calls to a storage that is out. Shared by every request of one service. */
export interface Breaker {
  /** Throws `storage_unavailable` while storage is out and it is not time for another look. */
  admit(call: CallOf): void;
  /** Storage answered, with whatever it had to say. */
  succeeded(): void;
  /** Storage did not answer (`silent`), answered that it cannot (`failing`), or that it is asked too often (`throttled`). */
  failed(call: CallOf, how: Failure): void;
  /** Storage could not even be reached: that is about no key and no kind. */
  unreached(): void;
  /** True while calls of this kind and key are refused: no time for retries. */
  isOpen(call: CallOf): boolean;
}

export type Failure = 'silent' | 'failing' | 'throttled';

// Five lost answers or ten 5xx without one answer in between. At 20 % random 503s ten in a row come once in ten
// million calls, so a store that is only busy is never taken for one that is out.
const OPENS_AT = 10;
const WEIGHT: Readonly<Record<Failure, number>> = { silent: 2, failing: 1, throttled: 1 };
const PROBE_EVERY_MS = 1000;
// Fewer failing keys say something of those keys, not of storage.
const LEAST_KEYS = 3;
// As many looks a second as a kind has while it is closed: one poisoned key must not be the only one that looks.
const MOST_PROBES = 3;
// More failing keys than this are not told apart.
const MOST_KEYS = 100;

/** A closed breaker; `now` gives milliseconds that never go back. */
export function breaker(now: () => number = () => performance.now()): Breaker {
  const whole = gate(now, 1);
  const kinds = {
    read: circuit(now),
    list: circuit(now),
    write: circuit(now),
    remove: circuit(now),
  } satisfies Record<CallKind, Circuit>;
  const circuits = Object.values(kinds);
  return {
    admit({ kind, s3Key }) {
      if (!whole.admits() || !kinds[kind].admits(s3Key)) throw out();
    },
    succeeded() {
      whole.reset();
      for (const circuit of circuits) circuit.reset();
    },
    // S3 throttles by prefix: what one of them may not do says nothing of the keys of others.
    failed: ({ kind, s3Key }, how) =>
      kinds[kind].failed(how === 'throttled' ? prefixOf(s3Key) : s3Key, WEIGHT[how]),
    unreached: () => whole.add(WEIGHT.silent),
    isOpen: ({ kind, s3Key }) => whole.isOpen() || kinds[kind].isOpen(s3Key),
  };
}

/** Counts failures, opens, and admits so many calls a second while it is open. */
interface Gate {
  add(weight: number): void;
  open(): void;
  reset(): void;
  isOpen(): boolean;
  admits(): boolean;
}

function gate(now: () => number, probes: number): Gate {
  let score = 0;
  let nextProbes: number | undefined;
  let left = 0;
  const open = (): void => {
    nextProbes ??= now() + PROBE_EVERY_MS;
  };
  return {
    open,
    add(weight) {
      score += weight;
      if (score >= OPENS_AT) open();
    },
    reset() {
      score = 0;
      nextProbes = undefined;
    },
    isOpen: () => nextProbes !== undefined,
    admits() {
      if (nextProbes === undefined) return true;
      if (now() >= nextProbes) {
        nextProbes = now() + PROBE_EVERY_MS;
        left = probes;
      }
      left -= 1;
      return left >= 0;
    },
  };
}

/** The circuit of one kind of call: a gate for the kind, and one for each key, or prefix, that fails. */
interface Circuit {
  admits(s3Key: string): boolean;
  failed(name: string, weight: number): void;
  reset(): void;
  isOpen(s3Key: string): boolean;
}

function circuit(now: () => number): Circuit {
  const kind = gate(now, MOST_PROBES);
  // Keys and prefixes that have failed since the last answer of storage.
  const failing = new Map<string, Gate>();
  let score = 0;
  const gateOf = (s3Key: string): Gate | undefined =>
    failing.size === 0 ? undefined : (failing.get(s3Key) ?? failing.get(prefixOf(s3Key)));

  return {
    admits(s3Key) {
      const key = gateOf(s3Key);
      // Known to fail: it takes none of the looks of the kind, for it would learn nothing of the others.
      if (key?.isOpen() === true && kind.isOpen()) return key.admits();
      return (key?.admits() ?? true) && kind.admits();
    },
    failed(name, weight) {
      let key = failing.get(name);
      if (key === undefined) {
        key = gate(now, 1);
        if (failing.size >= MOST_KEYS) failing.delete(failing.keys().next().value ?? '');
        failing.set(name, key);
      }
      key.add(weight);
      score += weight;
      if (score >= OPENS_AT && failing.size >= LEAST_KEYS) kind.open();
    },
    reset() {
      if (failing.size === 0) return;
      failing.clear();
      score = 0;
      kind.reset();
    },
    isOpen: (s3Key) => kind.isOpen() || gateOf(s3Key)?.isOpen() === true,
  };
}

// Two folders deep: a tenant's place in most buckets. Ends in `//`, which stands for it beside keys.
function prefixOf(s3Key: string): string {
  const first = s3Key.indexOf('/') + 1;
  const second = first === 0 ? 0 : s3Key.indexOf('/', first) + 1;
  return `${s3Key.slice(0, second || first)}//`;
}

function out(): FileServiceError {
  return new FileServiceError('storage_unavailable', 'Storage is out of service at the moment.', {
    headers: { 'Retry-After': '1' },
  });
}

/** Tokens for retries, earned by calls that succeed. Shared by every request of one service. */
export interface RetryBudget {
  /** Takes a token; false when there is none. */
  take(): boolean;
  /** Pays for a success. */
  earn(): void;
}

// A store that fails 20 % of its calls needs 0.24 retries a call; one that fails all earns nothing,
// so an outage costs at most the tokens in hand.
const COST = 10;
const EARNED = 3;
const MOST = 20 * COST;

/** A full budget. */
export function retryBudget(): RetryBudget {
  let tokens = MOST;
  return {
    take() {
      if (tokens < COST) return false;
      tokens -= COST;
      return true;
    },
    earn() {
      tokens = Math.min(MOST, tokens + EARNED);
    },
  };
}
