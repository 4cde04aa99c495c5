// The ready-made limit: requests or bytes, by principal, address, role, service or a host's own key.
import { FileServiceError } from '../core/errors.js';
import type { Access, Action, HookRequest, LimitStatus, Use } from '../core/hooks.js';
import { addressGroup } from './address-group.js';
import { memoryCounter, type Counter, type Standing } from './counter.js';
import { checkOptions, checkWhole } from './known-options.js';
import { leasingCounter, redisCounter, type RedisClient } from './redis-counter.js';
import { guardStore } from './store-guard.js';

/**
 * Says which count a request belongs to; null when the limit does not apply to it.
 *
 * @example
 * const perTeam: LimitKey<unknown> = ({ principal }) => String(principal?.['team'] ?? 'none');
 * const limit = rateLimit({ points: 600, seconds: 60, per: perTeam });
 */
export type LimitKey<Req> = (request: HookRequest<Req>, access: readonly Access[]) => string | null;

const SCOPES = ['principal', 'address', 'role', 'service'] as const;
const ACTIONS = ['list', 'read', 'write', 'delete'] as const satisfies readonly Action[];

/**
 * Options of {@link rateLimit}.
 *
 * @example
 * const options: RateLimitOptions = { points: 600, seconds: 60, per: 'principal' };
 */
export interface RateLimitOptions<Req = unknown> {
  /**
   * Requests, or bytes with `unit: 'bytes'`, that fit in a window. A batch, a batch deletion and a form count as one
   * request and one more for each access of their items. Example: 600
   */
  readonly points: number;
  /** Length of a window, which begins with its first request. Example: 60 */
  readonly seconds: number;
  /**
   * What has a count of its own.
   *
   * - `principal`: each principal's id; callers without one count by address
   * - `address`: each IPv4 address, each IPv6 /64
   * - `role`: each role, shared by all who have it; a request counts for every role of its principal
   *   and is refused when one of them is spent; callers without a role share one count
   * - `service`: all requests together
   * - a function: what it returns; null leaves the request alone
   *
   * @default 'principal'
   */
  readonly per?: (typeof SCOPES)[number] | LimitKey<Req>;
  /** Only requests that ask for one of these count. @default all */
  readonly actions?: readonly Action[];
  /**
   * `bytes` counts the body bytes of both directions after they have moved: the request that crosses
   * the limit finishes, the next one is refused.
   * @default 'requests'
   */
  readonly unit?: 'requests' | 'bytes';
  /** A connected ioredis or node-redis client, for several instances. @default this process' memory */
  readonly store?: RedisClient;
  /**
   * Requests that one process takes from the store by one call, to allow them by itself. All processes together never
   * allow more than `points`; what one has taken and does not spend, no other can. 1 asks the store for each request.
   * Bytes are told one by one.
   * @default a twentieth of `points`, at most 100
   */
  readonly lease?: number;
  /**
   * When the store fails or is silent for 80 ms: `allow` lets requests pass uncounted, `refuse`
   * answers 503 `limit_unavailable`. A failing store is asked once a second.
   * @default 'allow'
   */
  readonly whenStoreFails?: 'allow' | 'refuse';
  /** Called once an outage of the store. @default a process warning, `S3FILES_LIMIT_STORE` */
  readonly onStoreFailure?: (error: unknown) => void;
  /**
   * Names the counts in the store, so that two limits do not share them. Required with `store` when
   * `per` is a function. @default made from the options above
   */
  readonly name?: string;
}

const OPTIONS = [
  'points',
  'seconds',
  'per',
  'actions',
  'unit',
  'store',
  'lease',
  'whenStoreFails',
  'onStoreFailure',
  'name',
] as const satisfies readonly (keyof RateLimitOptions)[];

const MOST_LEASED = 100;

const checkOneOf = (option: string, value: unknown, known: readonly string[]): void => {
  if (known.some((word) => word === value)) return;
  throw new TypeError(`rateLimit: "${option}" must be one of "${known.join('", "')}".`);
};

const checkStore = ({ store, per, name }: RateLimitOptions<never>): void => {
  if (store === undefined) return;
  const isClient = typeof store === 'object' && store !== null && 'multi' in store;
  if (!isClient) throw new TypeError('rateLimit: "store" must be an ioredis or node-redis client.');
  if (typeof per === 'function' && name === undefined) {
    throw new TypeError('rateLimit: "name" is needed with "store" when "per" is a function.');
  }
};

const read = <Req>(options: RateLimitOptions<Req>) => {
  checkOptions('rateLimit', options, OPTIONS);
  const { points, seconds, per = 'principal', actions = ACTIONS, unit = 'requests' } = options;
  const { store, whenStoreFails = 'allow', onStoreFailure } = options;
  checkWhole('rateLimit: "points"', points, 1);
  checkWhole('rateLimit: "seconds"', seconds, 1);
  if (typeof per !== 'function') checkOneOf('per', per, SCOPES);
  if (!Array.isArray(actions) || actions.length === 0) {
    throw new TypeError('rateLimit: "actions" must be a list of actions.');
  }
  for (const action of actions) checkOneOf('actions', action, ACTIONS);
  checkOneOf('unit', unit, ['requests', 'bytes']);
  checkOneOf('whenStoreFails', whenStoreFails, ['allow', 'refuse']);
  checkStore(options);
  const lease = options.lease ?? Math.max(1, Math.min(MOST_LEASED, Math.floor(points / 20)));
  checkWhole('rateLimit: "lease"', lease, 1);
  const scope = typeof per === 'function' ? 'own' : per;
  const name = options.name ?? [scope, unit, points, seconds, ...actions].join('-');
  return {
    points,
    seconds,
    per,
    actions,
    unit,
    store,
    lease,
    whenStoreFails,
    onStoreFailure,
    name,
  };
};

type Settings<Req> = ReturnType<typeof read<Req>>;

const keysOf = <Req>(
  per: Settings<Req>['per'],
  access: readonly Access[],
  request: HookRequest<Req>,
): readonly string[] => {
  const { principal, ip } = request;
  const address = `address:${addressGroup(ip)}`;
  if (typeof per === 'function') {
    const key = per(request, access);
    return typeof key === 'string' ? [`own:${key}`] : [];
  }
  if (per === 'service') return ['service'];
  if (per === 'address') return [address];
  if (per === 'principal') return [principal === null ? address : `principal:${principal.id}`];
  const roles = Array.isArray(principal?.roles) ? [...new Set(principal.roles)] : [];
  return roles.length === 0 ? ['no role'] : roles.map((role) => `role:${role}`);
};

/** The standing that leaves the least; when several are spent, the one that lasts longest. */
const tightest = (standings: readonly Standing[]): Standing =>
  standings.reduce((worst, next) => {
    if (next.used !== worst.used) return next.used > worst.used ? next : worst;
    return next.resetSeconds > worst.resetSeconds ? next : worst;
  });

const unguarded = <T>(ask: () => Promise<T>): Promise<T> => ask();

const unavailable = (): FileServiceError =>
  new FileServiceError('limit_unavailable', 'The rate limit cannot be checked at the moment.', {
    headers: { 'Retry-After': '1' },
  });

/**
 * A limit in fixed windows: `rateLimit({ points: 600, seconds: 60, per: 'principal' })`.
 *
 * In memory it holds at most 100,000 counts and forgets the one used longest ago. With `store`, all
 * instances share the counts, by leases; a failing store never makes a request wait more than 100 ms.
 *
 * Throws a TypeError for a wrong option; when asked, a FileServiceError `limit_unavailable` if the
 * store fails and `whenStoreFails` is `refuse`.
 *
 * @example
 * const limit = rateLimit({ points: 600, seconds: 60, per: 'principal' });
 */
export function rateLimit<Req = unknown>(
  options: RateLimitOptions<Req>,
): (use: Use, request: HookRequest<Req>) => Promise<LimitStatus | null> {
  const { points, per, actions, unit, store, lease, whenStoreFails, ...rest } = read(options);
  const window = { points, seconds: rest.seconds };
  const counter = store === undefined ? memoryCounter(window) : shared(store);
  function shared(client: RedisClient): Counter {
    const prefix = `s3files:limit:${rest.name}`;
    return unit === 'bytes' || lease === 1
      ? redisCounter(window, client, prefix)
      : leasingCounter(window, { client, prefix, points: lease });
  }
  const guarded = store === undefined ? unguarded : guardStore(rest);

  const count = (keys: readonly string[], added: number): Promise<Standing[] | null> =>
    guarded(() =>
      Promise.all(keys.map((key) => (added > 0 ? counter.add(key, added) : counter.look(key)))),
    );

  const ask = async (use: Use, keys: readonly string[]): Promise<LimitStatus | null> => {
    const isTransfer = use.kind === 'transfer';
    const bytes = isTransfer ? use.bytesIn + use.bytesOut : 0;
    const standings = await count(keys, unit === 'requests' ? 1 : bytes);
    if (standings === null) {
      // Bytes that have moved cannot be refused any more.
      if (whenStoreFails === 'refuse' && !isTransfer) throw unavailable();
      return null;
    }
    const { used, resetSeconds } = tightest(standings);
    const allowed = unit === 'requests' ? used <= points : used < points;
    return { allowed, limit: points, remaining: Math.max(0, points - used), resetSeconds };
  };

  return async (use, request) => {
    if (use.kind === 'transfer' && unit === 'requests') return null;
    if (!use.access.some(({ action }) => actions.includes(action))) return null;
    const keys = keysOf(per, use.access, request);
    return keys.length === 0 ? null : ask(use, keys);
  };
}
