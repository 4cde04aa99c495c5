// What the links of one service share: the store that knows them, their uses, and how often a password was guessed.
import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';
import { within } from '../../core/deadline.js';
import { FileServiceError, isFileServiceError } from '../../core/errors.js';
import type { Principal } from '../../core/hooks.js';
import type { LinkStore } from '../../core/link-store.js';
import { linkGone } from './share-grant.js';
import type { ShareGrant } from './share-grant.js';
import type { TicketGrant } from '../uploads/token.js';

/** A link as its maker sees it again. */
export interface LinkRecord {
  readonly id: string;
  readonly path: string;
  readonly tenant: string;
  /** Id of its maker; null was anonymous. */
  readonly maker: string | null;
  readonly created_at: number;
  readonly expires_at: number;
  readonly download: boolean;
  readonly has_password: boolean;
  readonly max_uses: number | null;
  readonly uses: number;
}

/** A ticket, as far as its files are counted. */
export type CountedTicket = Pick<TicketGrant, 'id' | 'maxFiles' | 'expiresAt'>;

/** The links of one service. */
export interface LinkDesk {
  /** Whether links can be listed, revoked and counted. */
  readonly hasStore: boolean;
  readonly remember: (record: LinkRecord) => Promise<void>;
  /** Undefined for one that was revoked, has expired, or never was. */
  readonly find: (id: string) => Promise<LinkRecord | undefined>;
  readonly forget: (record: LinkRecord) => Promise<void>;
  readonly listOf: (tenant: string, maker: string | null) => Promise<readonly LinkRecord[]>;
  /**
   * Counts a use of a link that has a limit, one at a time in this process.
   *
   * @throws FileServiceError `link_gone` when it was revoked or is used up
   */
  readonly use: (grant: ShareGrant) => Promise<void>;
  /**
   * Looks whether a link still gives anything, and counts nothing.
   *
   * @throws FileServiceError `link_gone`
   */
  readonly look: (grant: ShareGrant) => Promise<void>;
  /** Takes a use back: nothing came of it. */
  readonly giveBack: (grant: ShareGrant) => Promise<void>;
  /**
   * Counts a file that comes by a ticket with a limit: for all instances where there is a store, else for this one.
   *
   * @throws FileServiceError `too_large` when as many have come
   */
  readonly countFile: (ticket: CountedTicket) => Promise<void>;
  /** Takes a file back: nothing came of it. */
  readonly giveFileBack: (ticket: CountedTicket) => Promise<void>;
  /** @throws FileServiceError `rate_limited` after too many wrong passwords, of an address or of all */
  readonly refuseGuessing: (id: string, ip: string) => void;
  /** Counts a guess before it is judged, so that those at the same time count too. */
  readonly guess: (id: string, ip: string) => void;
  readonly guessedRight: (id: string, ip: string) => void;
}

// Wrong passwords in a window: of one address, and of all addresses together.
const MOST_OF_ADDRESS = 10;
const MOST_OF_LINK = 100;
const WINDOW_MS = 15 * 60_000;
const MAX_COUNTED = 100_000;

/** How a store is asked. */
interface Asking {
  readonly timeoutMs: number;
  /** Told of what the store throws or leaves unanswered. */
  readonly onFailure: (error: unknown) => void;
}

/** The desk of a service; `store` is what the host keeps links in. */
export function linkDesk(store: LinkStore | undefined, asking: Asking): LinkDesk {
  const ask = asker(asking);
  const turns = oneAtATime();

  const find = async (id: string): Promise<LinkRecord | undefined> => {
    // What `remember` stored.
    const record = (await ask(() => store?.get(KEY + id))) as LinkRecord | undefined;
    return record !== undefined && record.expires_at * 1000 > Date.now() ? record : undefined;
  };
  const save = async (record: LinkRecord): Promise<void> => {
    await ask(() => store?.set(KEY + record.id, record, lifetimeMs(record)));
  };
  const idsOf = async (index: string): Promise<readonly string[]> =>
    ((await ask(() => store?.get(index))) as readonly string[] | undefined) ?? [];
  // Links are listed in the order in which they were made: for each new one the two oldest are looked at, so that a
  // list grows no longer than its links live.
  const withoutEnded = async (ids: readonly string[]): Promise<readonly string[]> => {
    const oldest = await Promise.all(ids.slice(0, 2).map(find));
    return ids.filter((_, at) => at >= oldest.length || oldest[at] !== undefined);
  };

  return {
    hasStore: store !== undefined,
    remember: async (record) => {
      await save(record);
      const index = indexOf(record.tenant, record.maker);
      await turns(index, async () => {
        const ids = [...(await withoutEnded(await idsOf(index))), record.id];
        await ask(() => store?.set(index, ids));
      });
    },
    find,
    forget: async ({ id, tenant, maker }) => {
      await ask(() => store?.delete(KEY + id));
      const index = indexOf(tenant, maker);
      await turns(index, async () => {
        const ids = (await idsOf(index)).filter((other) => other !== id);
        await ask(() => store?.set(index, ids));
      });
    },
    listOf: async (tenant, maker) => {
      const ids = await idsOf(indexOf(tenant, maker));
      const records = await Promise.all(ids.map(find));
      return records.filter((record) => record !== undefined);
    },
    ...useCounter({ find, save, turns }),
    ...fileCounter(store, { ask, turns }),
    ...guessCounter(),
  };
}

interface Uses extends Pick<LinkDesk, 'find'>, Pick<Tools, 'turns'> {
  readonly save: (record: LinkRecord) => Promise<void>;
}

function useCounter({ find, save, turns }: Uses): Pick<LinkDesk, 'use' | 'look' | 'giveBack'> {
  const change = (grant: ShareGrant, by: 1 | -1): Promise<void> =>
    turns(grant.id, async () => {
      const record = await find(grant.id);
      if (record === undefined || (by === 1 && isUsedUp(record))) throw linkGone();
      await save({ ...record, uses: Math.max(0, record.uses + by) });
    });
  const look = async ({ id, isStored }: ShareGrant): Promise<void> => {
    if (!isStored) return;
    const record = await find(id);
    if (record === undefined || isUsedUp(record)) throw linkGone();
  };
  return {
    look,
    use: (grant) =>
      grant.isStored && grant.maxUses !== undefined ? change(grant, 1) : look(grant),
    giveBack: async (grant) => {
      if (grant.maxUses !== undefined) await change(grant, -1).catch(() => undefined);
    },
  };
}

function isUsedUp({ max_uses, uses }: LinkRecord): boolean {
  return max_uses !== null && uses >= max_uses;
}

interface Tools {
  readonly ask: ReturnType<typeof asker>;
  readonly turns: ReturnType<typeof oneAtATime>;
}

function fileCounter(
  store: LinkStore | undefined,
  { ask, turns }: Tools,
): Pick<LinkDesk, 'countFile' | 'giveFileBack'> {
  const here = new LRUCache<string, number>({ max: MAX_COUNTED });
  const change = (ticket: CountedTicket, by: 1 | -1): Promise<void> =>
    turns(ticket.id, async () => {
      const { id, maxFiles, expiresAt } = ticket;
      if (maxFiles === undefined) return;
      const ttl = lifetimeMs({ expires_at: expiresAt });
      const key = `s3files:ticket:${id}`;
      const count = store === undefined ? here.get(key) : await ask(() => store.get(key));
      // What was stored below.
      const files = (count as number | undefined) ?? 0;
      if (by === 1 && files >= maxFiles) throw ticketIsFull(maxFiles);
      const next = Math.max(0, files + by);
      if (store === undefined) here.set(key, next, { ttl });
      else await ask(() => store.set(key, next, ttl));
    });
  return {
    countFile: (ticket) => change(ticket, 1),
    giveFileBack: (ticket) => change(ticket, -1).catch(() => undefined),
  };
}

function ticketIsFull(most: number): FileServiceError {
  return new FileServiceError('too_large', `The ticket takes at most ${most} files.`, {
    context: { limit: most },
  });
}

function guessCounter(): Pick<LinkDesk, 'refuseGuessing' | 'guess' | 'guessedRight'> {
  const wrong = new LRUCache<string, { count: number }>({ max: MAX_COUNTED, ttl: WINDOW_MS });
  return {
    refuseGuessing: (id, ip) => {
      const spent =
        (wrong.get(`${id} ${ip}`)?.count ?? 0) >= MOST_OF_ADDRESS ||
        (wrong.get(id)?.count ?? 0) >= MOST_OF_LINK;
      if (spent) throw guessing();
    },
    guessedRight: (id, ip) => {
      for (const key of [`${id} ${ip}`, id]) {
        const counted = wrong.get(key);
        if (counted !== undefined) counted.count -= 1;
      }
    },
    guess: (id, ip) => {
      for (const key of [`${id} ${ip}`, id]) {
        const counted = wrong.get(key);
        if (counted === undefined) wrong.set(key, { count: 1 });
        else counted.count += 1;
      }
    },
  };
}

const KEY = 's3files:link:';

function indexOf(tenant: string, maker: string | null): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([tenant, maker]))
    .digest('base64url');
  return `s3files:links:${digest}`;
}

/** The id under which a maker's links are listed. */
export function makerOf(principal: Principal | null): string | null {
  return principal?.id ?? null;
}

function lifetimeMs({ expires_at }: Pick<LinkRecord, 'expires_at'>): number {
  return Math.max(1, expires_at * 1000 - Date.now());
}

function asker({ timeoutMs, onFailure }: Asking) {
  return async <T>(question: () => T | PromiseLike<T>): Promise<T> => {
    try {
      const late = (): Error => new Error('the store of links is silent');
      return await within(Promise.resolve(question()), timeoutMs, late);
    } catch (cause) {
      if (isFileServiceError(cause)) throw cause;
      onFailure(cause);
      throw new FileServiceError('authorization_unavailable', 'The link could not be looked up.', {
        cause,
      });
    }
  };
}

function oneAtATime() {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.catch(() => undefined);
    last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (last.get(key) === settled) last.delete(key);
    }
  };
}

function guessing(): FileServiceError {
  const seconds = WINDOW_MS / 1000;
  return new FileServiceError('rate_limited', 'Too many wrong passwords; try again later.', {
    headers: { 'Retry-After': String(seconds) },
    context: { retry_after: seconds },
  });
}
