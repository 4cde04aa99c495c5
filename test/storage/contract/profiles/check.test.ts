import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { s3Storage } from '../../../../src/storage/s3/storage.ts';
import { PROFILES } from '../../../support/double/profiles.ts';
import { doubleStore } from '../../../support/stores.ts';
import { settingsFor } from '../given.ts';
import { FIRST_NAMES, GROUPS, switchesOf } from './profiles.ts';

it('every profile is asked, once, by the test file of its group', () => {
  expect(Object.values(GROUPS).flat().toSorted()).toEqual(FIRST_NAMES.toSorted());
  for (const group of Object.keys(GROUPS))
    expect([group, existsSync(new URL(`./${group}.test.ts`, import.meta.url))]).toEqual([
      group,
      true,
    ]);
});

describe.each(Object.entries(PROFILES))('%s', (_, profile) => {
  it('check names what the store cannot do, and nothing else', async () => {
    const store = await doubleStore(profile);
    const storage = s3Storage(settingsFor(store));
    const findings = await storage.check('');
    const wrong = findings.filter(({ ok }) => !ok).map(({ name }) => name);
    const hasConditions = switchesOf(profile).every(
      (name) => name !== 'conditionalWrites' && name !== 'writeConditions',
    );
    expect(wrong).toEqual(hasConditions ? [] : ['conditional-writes']);
    await storage.close();
    await store.close();
  });
});
