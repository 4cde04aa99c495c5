// Counts in Redis, shared by every process that uses the same prefix: each request by itself, or many by one lease.
import { LRUCache } from 'lru-cache';
import { scriptRunner, type RunScript } from '../core/redis-script.js';
import { MAX_KEYS, shorten, type Counter, type Standing, type Window } from './counter.js';

/** A connected ioredis or node-redis client. */
export type RedisClient = object;

// ARGV: points to take, most that may be taken in a window (negative: no bound), the window in milliseconds.
const TAKE = `
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local taken = tonumber(ARGV[1])
local most = tonumber(ARGV[2])
if most >= 0 then taken = math.max(0, math.min(taken, most - used)) end
if taken > 0 then used = redis.call('INCRBY', KEYS[1], string.format('%.0f', taken)) end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[3])
  if taken > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
end
return { taken, used, left }`;

interface Taken {
  readonly taken: number;
  /** Points that are taken in this window, by all processes. */
  readonly used: number;
  readonly endsAtMs: number;
}

/** Takes points of a key; `most` bounds what all processes may take in a window. */
type Take = (key: string, points: number, most?: number) => Promise<Taken>;

function takes(run: RunScript, { seconds }: Window, prefix: string): Take {
  return async (key, points, most = -1) => {
    const answer = await run(TAKE, `${prefix}:${shorten(key)}`, [points, most, seconds * 1000]);
    if (answer === null) throw new Error('the store of the limit gave no numbers');
    const [taken = 0, used = 0, leftMs = 0] = answer;
    return { taken, used, endsAtMs: performance.now() + leftMs };
  };
}

const resetSeconds = (endsAtMs: number): number =>
  Math.max(1, Math.ceil((endsAtMs - performance.now()) / 1000));

const standing = ({ used, endsAtMs }: Pick<Taken, 'used' | 'endsAtMs'>): Standing => ({
  used,
  resetSeconds: resetSeconds(endsAtMs),
});

/** Counts one by one, each with a call. */
export function redisCounter(window: Window, client: RedisClient, prefix: string): Counter {
  const take = takes(scriptRunner(client), window, prefix);
  return {
    add: async (key, points) => standing(await take(key, points)),
    look: async (key) => standing(await take(key, 0)),
  };
}

/** Points of one key that this process has taken and not spent yet. */
interface Lease {
  left: number;
  used: number;
  endsAtMs: number;
  /** A call that takes more; whoever needs points meanwhile waits for it. */
  taking: Promise<void> | undefined;
}

/**
 * Takes `points` at a time and spends them in this process. What is taken counts as used, so that all processes
 * together never allow more than the limit; what one of them has taken and does not spend, no other can.
 */
export function leasingCounter(
  window: Window,
  { client, prefix, points }: { client: RedisClient; prefix: string; points: number },
): Counter {
  const take = takes(scriptRunner(client), window, prefix);
  const leases = new LRUCache<string, Lease>({ max: MAX_KEYS });

  const renew = async (key: string, lease: Lease): Promise<void> => {
    const { taken, used, endsAtMs } = await take(key, points, window.points);
    // What was left of a window that is over is not worth anything in the next one.
    lease.left = taken + (lease.endsAtMs > performance.now() ? lease.left : 0);
    Object.assign(lease, { used, endsAtMs });
  };

  return {
    async add(key, wanted) {
      let lease = leases.get(key);
      if (lease === undefined) {
        lease = { left: 0, used: 0, endsAtMs: 0, taking: undefined };
        leases.set(key, lease);
      }
      const isOver = ({ endsAtMs }: Lease): boolean => endsAtMs <= performance.now();
      // Nothing more is to be had in a window whose points are all taken.
      while (isOver(lease) || (lease.left < wanted && lease.used < window.points)) {
        const held = lease;
        held.taking ??= renew(key, held).finally(() => (held.taking = undefined));
        await held.taking;
      }
      const { used, left, endsAtMs } = lease;
      if (left < wanted) return standing({ used: window.points + wanted, endsAtMs });
      lease.left -= wanted;
      return standing({ used: used - lease.left, endsAtMs });
    },
    async look(key) {
      const lease = leases.get(key);
      if (lease === undefined) return standing(await take(key, 0));
      return standing({ used: lease.used - lease.left, endsAtMs: lease.endsAtMs });
    },
  };
}
