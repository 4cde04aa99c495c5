// A quota in Redis, for several instances: each step one script, which Redis runs as a whole.
import { scriptRunner } from '../../core/redis-script.js';
import { memoryQuota, type QuotaStore } from './store.js';

// A hash a container: `used`, `files`, `reserved`, and a field `r:<id>` for each reservation.
const RESERVE = `
local used = redis.call('HGET', KEYS[1], 'used')
if not used then return false end
local reserved = tonumber(redis.call('HGET', KEYS[1], 'reserved') or '0')
local bytes = tonumber(ARGV[2])
local granted = 0
if bytes <= 0 or tonumber(used) + reserved + bytes <= tonumber(ARGV[3]) then
  granted = 1
  redis.call('HINCRBY', KEYS[1], 'r:' .. ARGV[1], ARGV[2])
  reserved = redis.call('HINCRBY', KEYS[1], 'reserved', ARGV[2])
end
return { granted, used, redis.call('HGET', KEYS[1], 'files') or '0', tostring(reserved) }`;

const SETTLE = `
local held = redis.call('HGET', KEYS[1], 'r:' .. ARGV[1])
if held then
  redis.call('HDEL', KEYS[1], 'r:' .. ARGV[1])
  redis.call('HINCRBY', KEYS[1], 'reserved', '-' .. held)
end
if redis.call('HEXISTS', KEYS[1], 'used') == 1 then
  if redis.call('HINCRBY', KEYS[1], 'used', ARGV[2]) < 0 then redis.call('HSET', KEYS[1], 'used', '0') end
  if redis.call('HINCRBY', KEYS[1], 'files', ARGV[3]) < 0 then redis.call('HSET', KEYS[1], 'files', '0') end
end
return 1`;

const LOOK = `
local used = redis.call('HGET', KEYS[1], 'used')
if not used then return false end
return { used, redis.call('HGET', KEYS[1], 'files') or '0', redis.call('HGET', KEYS[1], 'reserved') or '0' }`;

const RESET = `
if ARGV[3] == '1' and redis.call('HEXISTS', KEYS[1], 'used') == 1 then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'used', ARGV[1], 'files', ARGV[2], 'reserved', '0')
return 1`;

const PREFIX = 's3files:quota:';

/** The store that a host gave: its own, a Redis client, or none, which is the memory of this process. */
export function quotaStoreOf(store: QuotaStore | object | undefined): QuotaStore {
  if (store === undefined) return memoryQuota();
  // checkOptions has let nothing else pass.
  return 'eval' in store ? redisQuota(store) : (store as QuotaStore);
}

/** What a killed instance had reserved stays reserved until `files.reconcile()`. */
function redisQuota(client: object): QuotaStore {
  const evaluate = scriptRunner(client);
  const run = (script: string, container: string, given: readonly (string | number)[]) =>
    evaluate(script, PREFIX + container, given);
  return {
    reserve: async (container, { id, bytes, allowed }) => {
      const answer = await run(RESERVE, container, [id, bytes, allowed]);
      if (answer === null) return null;
      const [granted = 0, used = 0, files = 0, reserved = 0] = answer;
      return { granted: granted === 1, used, files, reserved };
    },
    settle: async (container, { id, bytes, files }) => {
      await run(SETTLE, container, [id, bytes, files]);
    },
    look: async (container) => {
      const answer = await run(LOOK, container, []);
      if (answer === null) return null;
      const [used = 0, files = 0, reserved = 0] = answer;
      return { used, files, reserved };
    },
    reset: async (container, { used, files, isFirst }) => {
      await run(RESET, container, [used, files, isFirst ? 1 : 0]);
    },
  };
}
