// The bucket contract under the profile of each store: which questions are asked of it, and which it answers otherwise.
//
// A switch of a profile changes some answers and not others: it names here the questions that it can change, by words of
// theirs. `npm test` asks a profile those, both ways of travelling; FULL=1 asks it the whole contract, which shows
// whether the words are right. Stores that behave alike are asked once, those that behave as AWS by the double's own.
import { PROFILES, type Profile } from '../../../support/double/profiles.ts';
import { doubleStore } from '../../../support/stores.ts';
import { CONTRACT } from '../contract.ts';
import { askAll, type KnownFaults, type Questions } from '../given.ts';

/** What one switch changes. */
interface Change {
  /** Words of the questions that it can change. */
  readonly asks: RegExp;
  /** What cannot hold on such a store, and what the service then is. */
  readonly faults?: KnownFaults;
}

const NO_CONDITIONS = 'the store does not judge conditions: creating is a best effort';
const CONDITIONS: Change = {
  asks: /creates once|create-only|hundred racers|create only|replaces? (by parts )?only|removes only|^check/,
  faults: {
    'write \u203a lets one of a hundred racers create': NO_CONDITIONS,
    'conditionalWrites \u203a says that create-only writes are atomic': NO_CONDITIONS,
    'sign \u203a gives a URL that creates once': NO_CONDITIONS,
    'check \u203a finds nothing wrong and leaves nothing behind': 'it finds conditional-writes',
  },
};

const NOT_KEPT = 'the store has no tags and no ACLs that could be kept';
const ONE_BY_ONE: Change = {
  asks: /^removeMany/,
  faults: {
    'removeMany \u203a removes many in one call and leaves the rest': 'they are removed one by one',
  },
};

/** By the switch, and by its value where that decides. */
const CHANGES: Readonly<Record<string, Change>> = {
  conditionalWrites: CONDITIONS,
  writeConditions: CONDITIONS,
  completeConditions: { asks: /by parts|uploads › (create|replace) only/ },
  copyConditions: { asks: /^copy › (creates|replaces)/ },
  bareIfMatch: { asks: /replaces? (by parts )?only/ },
  cephMultipart: { asks: /^uploads|by parts/ },
  unsignedHeaders: { asks: /^sign|^check/ },
  oneWriteASecond: {
    asks: /creates once$|replaces bytes|replaces? only|create-only|^check/,
    faults: {
      'sign \u203a gives a URL that creates once': 'the second use within a second is 429, not 412',
    },
  },
  equalParts: { asks: /^uploads|by parts|exactly one part/ },
  attributes: {
    asks: /^copy|^check/,
    faults: {
      'copy \u203a keeps Expires, redirect, tags and ACL': NOT_KEPT,
      'copy \u203a keeps them with other attributes': NOT_KEPT,
      'copy \u203a keeps them of a file that is changed in its place': NOT_KEPT,
      'copy \u203a keeps them by parts': NOT_KEPT,
      'copy \u203a keeps them by parts with other attributes': NOT_KEPT,
    },
  },
  'batchDelete: content-md5': { asks: /^removeMany/ },
  'batchDelete: missing-501': ONE_BY_ONE,
  'batchDelete: no-checksum': ONE_BY_ONE,
  // The contract stores no gzip: `read` of one is asked in test/storage/s3/read.test.ts.
  transcodesGzip: { asks: /^read › gives a large file/ },
  headsFolders: { asks: /^stat|^copy › answers missing/ },
  writesNeedDigest: {
    asks: /^write › (stores|creates)|^uploads › go on|^check/,
    faults: {
      'write \u203a stores bytes in memory, a stream of known length, and nothing at all':
        'the first stream is 503, those after it go by parts',
      'write \u203a stores a long stream by parts of equal size':
        'the first parts are sent twice, until it is known that they need a digest',
    },
  },
};

/** The switches of a profile. */
export function switchesOf({ quirks = {}, conditionalWrites }: Profile): readonly string[] {
  return [...(conditionalWrites === false ? ['conditionalWrites'] : []), ...Object.keys(quirks)];
}

function changesOf(profile: Profile): readonly Change[] {
  return switchesOf(profile).map((name) => {
    const value = profile.quirks?.[name as keyof typeof profile.quirks];
    const change = CHANGES[name] ?? CHANGES[`${name}: ${String(value)}`];
    if (change === undefined) throw new Error(`what does the switch ${name} change? See CHANGES`);
    return change;
  });
}

type Distinct = readonly [first: string, names: string, profile: Profile];

/** Profiles that differ from AWS, each behaviour once, with the names of the stores that have it. */
function distinctProfiles(): readonly Distinct[] {
  const found = new Map<string, [string[], Profile]>();
  for (const [name, profile] of Object.entries(PROFILES)) {
    const same = JSON.stringify({ ...profile, region: undefined });
    const [names] = found.get(same) ?? [[], profile];
    found.set(same, [[...names, name], profile]);
  }
  found.delete('{}');
  return [...found.values()].map(([names, profile]) => [names[0] ?? '', names.join(', '), profile]);
}

const IS_FULL = process.env.FULL === '1';

function questionsOf(questions: Questions, changes: readonly Change[]): Questions {
  const isAsked = (name: string): boolean => IS_FULL || changes.some(({ asks }) => asks.test(name));
  return Object.fromEntries(Object.entries(questions).filter(([name]) => isAsked(name)));
}

/** The profiles that one test file asks, by the first name of each, so that several workers share them. */
export const GROUPS = {
  'one-write-a-second': ['Cloudflare R2'],
  'no-batches': ['Google Cloud Storage', 's3proxy'],
  ceph: ['Ceph RGW', 'Buckets with default retention'],
  'no-conditions': ['Backblaze B2', 'Wasabi', 'Garage', 'SeaweedFS', 'OpenStack Swift, OVH'],
} as const;

/** The first names of the profiles that have to be asked. */
export const FIRST_NAMES: readonly string[] = distinctProfiles().map(([first]) => first);

/** Asks a group's profiles what their switches can change, or with FULL=1 everything. */
export function askProfiles(group: keyof typeof GROUPS): void {
  const inGroup: readonly string[] = GROUPS[group];
  for (const [first, names, profile] of distinctProfiles()) {
    if (!inGroup.includes(first)) continue;
    const changes = changesOf(profile);
    const faults: KnownFaults = Object.assign({}, ...changes.map((change) => change.faults ?? {}));
    for (const [title, all] of Object.entries(CONTRACT)) {
      const questions = questionsOf(all, changes);
      if (Object.keys(questions).length === 0) continue;
      askAll(`${names}: ${title}`, questions, { open: () => doubleStore(profile), faults });
    }
  }
}
