// The bucket contract under the profile of each store. Stores that behave alike are asked once.
import { describe, expect, it } from 'vitest';
import { s3Storage } from '../../../src/storage/s3/storage.ts';
import { PROFILES, type Profile } from '../../support/double/profiles.ts';
import { doubleStore } from '../../support/stores.ts';
import { askAll, settingsFor, type KnownFaults, type Questions } from './given.ts';

/** What cannot hold where a store ignores or refuses conditions, and what the service then is: a best effort. */
const WITHOUT_CONDITIONS: KnownFaults = {
  'write \u203a lets one of a hundred racers create': 'the store does not judge conditions',
  'conditionalWrites \u203a says that create-only writes are atomic':
    'the store does not judge conditions',
  'sign \u203a gives a URL that creates once': 'the store does not judge conditions',
};

/** Whether a store of this profile honours conditional writes. */
export function honoursConditions({ conditionalWrites, quirks }: Profile): boolean {
  return conditionalWrites !== false && quirks?.writeConditions !== 'unsupported';
}

/** Profiles that differ from AWS, each behaviour once, with the names of the stores that have it. */
export function distinctProfiles(): readonly (readonly [names: string, profile: Profile])[] {
  const found = new Map<string, [string[], Profile]>();
  for (const [name, profile] of Object.entries(PROFILES)) {
    const same = JSON.stringify({ ...profile, region: undefined });
    const [names] = found.get(same) ?? [[], profile];
    found.set(same, [[...names, name], profile]);
  }
  // AWS's own is the double as it is, which has a suite of its own.
  found.delete('{}');
  return [...found.values()].map(([names, profile]) => [names.join(', '), profile]);
}

/** Asks a contract under every profile, both ways of travelling. */
export function askProfiles(contract: Readonly<Record<string, Questions>>): void {
  for (const [names, profile] of distinctProfiles())
    for (const [title, questions] of Object.entries(contract))
      askAll(`${names}: ${title}`, questions, {
        open: () => doubleStore(profile),
        faults: honoursConditions(profile) ? {} : WITHOUT_CONDITIONS,
      });
}

/** What `check()` says of each store. */
export function askChecks(): void {
  describe.each(Object.entries(PROFILES))('%s', (_, profile) => {
    it('check names what the store cannot do, and nothing else', async () => {
      const store = await doubleStore(profile);
      const storage = s3Storage(settingsFor(store));
      const findings = await storage.check('');
      const wrong = findings.filter(({ ok }) => !ok).map(({ name }) => name);
      expect(wrong).toEqual(honoursConditions(profile) ? [] : ['conditional-writes']);
      await storage.close();
      await store.close();
    });
  });
}
