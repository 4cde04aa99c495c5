import { describe } from 'vitest';
import { availableStores } from '../../support/stores.ts';
import { CONTRACT } from './contract.ts';
import { enableVersions } from '../../support/versioned.ts';
import { askAll } from './given.ts';
import { VERSIONS_CONTRACT } from './versions-contract.ts';

// Ceph, and what the environment names; the double has a file of its own, with no known fault.
const STORES = availableStores().filter((store) => store.name !== 'double');

describe.runIf(STORES.length > 0)('the contract on other stores', () => {
  for (const { name, open } of STORES) {
    askAll(`${name}: versions`, VERSIONS_CONTRACT, {
      open: async () => enableVersions(await open()),
    });
    for (const [title, questions] of Object.entries(CONTRACT)) {
      askAll(`${name}: ${title}`, questions, { open });
    }
  }
});
