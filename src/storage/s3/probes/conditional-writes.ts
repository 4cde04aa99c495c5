// Whether a store honours `If-None-Match: *`, asked of the store itself: names and versions lie.
import { randomUUID } from 'node:crypto';
import type { ClientSignal } from '../../../core/client-signal.js';
import { OWN_FOLDER } from '../../../core/key.js';
import { keepingInput } from '../attributes.js';
import { detached, type S3Context } from '../call.js';
import { refusalOf } from '../errors.js';
import { putInMemory } from '../writing/checksum.js';
import { pause, pauseBefore } from '../retry.js';

/**
 * True when create-only writes are atomic here: AWS is known to, other stores are asked once. A store that takes too
 * few writes to be asked is taken for one that does not, and asked again the next time.
 */
export async function conditionalWrites(context: S3Context): Promise<boolean> {
  const { connection, call } = context;
  if ((await connection.wire.endpoint()).isAws) return true;
  const ask = async (): Promise<boolean> => {
    const answer = await probe(detached(context));
    if (answer === 'unknown') throw new NotKnown();
    if (answer === 'ignored') warn();
    return answer === 'honoured';
  };
  return connection.known.conditionalWrites.get(ask, call.signal).catch((error: unknown) => {
    if (error instanceof NotKnown) return false;
    throw error;
  });
}

class NotKnown extends Error {}

// Swift 2.38 answers 412 to the second of two writes, and lets several of a race win: so race.
const RACERS = 4;
const ATTEMPTS = 3;

/**
 * Races create-only writes for one fresh key, and removes it. `ignored` when not exactly one won, or when the store
 * refuses the condition; throws when the store is unavailable.
 */
export async function probe(context: S3Context): Promise<'honoured' | 'ignored' | 'unknown'> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await onFreshKey(context, (put) => race(put, context.call.signal));
    } catch (error) {
      // Nobody waits for an answer twice: a timeout has used up the caller's patience.
      if (attempt === ATTEMPTS || refusalOf(error)?.kind !== 'unavailable') throw error;
      await pauseBefore(attempt, context.call.signal);
    }
  }
}

/** How one create-only write ended. */
type Verdict = 'stored' | 'refused' | 'unsupported' | 'too-many';
type Put = () => Promise<Verdict>;

async function race(put: Put, signal: ClientSignal): Promise<'honoured' | 'ignored' | 'unknown'> {
  const results = await Promise.allSettled(Array.from({ length: RACERS }, put));
  const verdicts = results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  if (verdicts.includes('unsupported')) return 'ignored';
  if (verdicts.filter((verdict) => verdict === 'stored').length > 1) return 'ignored';
  if (verdicts.includes('refused')) return 'honoured';
  return patiently(put, signal);
}

// R2 and GCS take one write a second on one key, and answer 429 to all others: those say nothing.
const SECONDS = 3;

async function patiently(
  put: Put,
  signal: ClientSignal,
): Promise<'honoured' | 'ignored' | 'unknown'> {
  for (let second = 1; second <= SECONDS; second += 1) {
    // A service that closes does not wait for the next second.
    await pause(1100, signal);
    const verdict = await put();
    if (verdict === 'refused') return 'honoured';
    if (verdict !== 'too-many') return 'ignored';
  }
  return 'unknown';
}

async function onFreshKey<T>(context: S3Context, trial: (put: Put) => Promise<T>): Promise<T> {
  const Key = context.keyOf(`${OWN_FOLDER}probe/${randomUUID()}`);
  const kept = keepingInput(context.settings);
  const input = { Key, IfNoneMatch: '*', ...kept };
  const bytes = new Uint8Array(0);
  const put: Put = () =>
    putInMemory(context, { input, bytes, options: { attempts: 1 }, learns: true }).then(
      () => 'stored' as const,
      verdictOf,
    );
  const remove = (): Promise<unknown> =>
    context.send('DeleteObject', { Key }).catch(() => undefined);
  try {
    const answer = await trial(put);
    await remove();
    return answer;
  } catch (error) {
    // Storage is in trouble: nobody waits for the cleaning up as well.
    void remove();
    throw error;
  }
}

function verdictOf(error: unknown): Verdict {
  const refusal = refusalOf(error);
  if (refusal?.status === 429) return 'too-many';
  if (refusal?.kind === 'precondition-failed' || refusal?.kind === 'conflict') return 'refused';
  const isOutage = refusal === undefined || OUTAGE.has(refusal.kind);
  if (isOutage) throw error;
  return 'unsupported';
}

const OUTAGE: ReadonlySet<string> = new Set(['unavailable', 'unreachable', 'timeout', 'crowded']);

function warn(): void {
  process.emitWarning(
    'The storage of a file service does not honour conditional writes (If-None-Match): ' +
      'two uploads that race for one new file may both succeed.',
    { type: 'FileServiceWarning', code: 'S3FILES_CONDITIONAL_WRITES' },
  );
}
