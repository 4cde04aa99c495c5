// Changes of one key that are under way at once in this process: each counts by what it saw, which another one may have
// replaced since. The last one looks at what they have come to, and counts the difference.
import type { Change } from './ledger.js';

/** What stands under a key; null for nothing. */
export type Seen = { readonly size: number; readonly etag: string } | null;

/** One change of a key, from before it looks to its end. */
export interface KeyChange {
  /** What stood there before the first change of those that are under way; `ask` is used once for all of them. */
  readonly look: (ask: () => Promise<Seen>) => Promise<Seen>;
  /** Something else stands there now. Answers what that comes to, beside what the others have counted. */
  readonly count: (after: Seen, how?: { readonly createOnly?: boolean }) => Change;
  /**
   * It is over; `isKnown` is false when storage may have done what failed. Answers what is still to be counted. `ask`
   * is used where other changes, or an unknown outcome, leave that open.
   */
  readonly end: (isKnown: boolean, ask: () => Promise<Seen>) => Promise<Change>;
}

interface Group {
  base: Promise<Seen> | undefined;
  /** Whether `base` is what a look has told while everything before it was counted. */
  isSure: boolean;
  /** What the last one has left there; undefined when nobody knows yet. */
  now: Seen | undefined;
  readonly created: Set<string>;
  bytes: number;
  files: number;
  running: number;
  /** Whether what they have counted may not be what they have come to. */
  isOpen: boolean;
  /** The looks at what they have come to, one after the other. */
  looks: Promise<unknown>;
}

const NOTHING: Change = { bytes: 0, files: 0 };

/** Changes of the keys of one process. `name` tells the key and its container from all others. */
export function keyChanges(): (name: string) => KeyChange {
  const groups = new Map<string, Group>();
  return (name) => {
    const group = groups.get(name) ?? newGroup();
    groups.set(name, group);
    group.running += 1;
    group.isOpen ||= group.running > 1 || group.isSure;
    return {
      look: (ask) => lookOnce(group, ask),
      count: (after, { createOnly = false } = {}) => {
        const change = difference(group.now ?? null, after);
        group.now = after;
        group.bytes += change.bytes;
        group.files += change.files;
        if (createOnly && after !== null) group.created.add(after.etag);
        return change;
      },
      end: async (isKnown, ask) => {
        group.isOpen ||= !isKnown;
        group.running -= 1;
        try {
          const isOver = group.running === 0 && group.isOpen && isBased(group);
          return isOver ? await inTurn(group, () => rest(group, ask)) : NOTHING;
        } finally {
          // One that has joined meanwhile is the last one then.
          if (group.running === 0 && groups.get(name) === group) groups.delete(name);
        }
      },
    };
  };
}

function newGroup(): Group {
  return {
    base: undefined,
    isSure: false,
    now: undefined,
    created: new Set(),
    bytes: 0,
    files: 0,
    running: 0,
    isOpen: false,
    looks: Promise.resolve(),
  };
}

async function lookOnce(group: Group, ask: () => Promise<Seen>): Promise<Seen> {
  try {
    // Another one's look fails with its request, and says nothing of ours.
    if (group.base !== undefined) return await group.base;
  } catch {}
  const own = ask();
  group.base = own;
  try {
    const seen = await own;
    if (group.now === undefined) group.now = seen;
    return seen;
  } catch (error) {
    if (group.base === own) group.base = undefined;
    throw error;
  }
}

/** Whether anybody knows what was there: of creations that all found something in their way, nobody does. */
function isBased({ base, created }: Group): boolean {
  return base !== undefined || created.size > 0;
}

function inTurn<T>(group: Group, run: () => Promise<T>): Promise<T> {
  const mine = group.looks.then(run, run);
  group.looks = mine.catch(() => undefined);
  return mine;
}

/** What all changes have come to, less what they have counted. */
async function rest(group: Group, ask: () => Promise<Seen>): Promise<Change> {
  const { bytes, files } = group;
  const before = await baseOf(group);
  const now = await ask();
  // Whoever has joined meanwhile counts from here on.
  group.base = Promise.resolve(now);
  group.isSure = true;
  group.now = now;
  group.bytes -= bytes;
  group.files -= files;
  const whole = difference(before, now);
  return { bytes: whole.bytes - bytes, files: whole.files - files };
}

function difference(before: Seen, after: Seen): Change {
  return {
    bytes: (after?.size ?? 0) - (before?.size ?? 0),
    files: Number(after !== null) - Number(before !== null),
  };
}

// Creating does not look. Where one of them has created, nothing was there, and a look that tells otherwise saw its file.
async function baseOf({ base, isSure, created }: Group): Promise<Seen> {
  const seen = (await base) ?? null;
  return !isSure && seen !== null && created.has(seen.etag) ? null : seen;
}
