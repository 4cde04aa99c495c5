import { doubleStore } from '../../support/stores.ts';
import { CONTRACT } from './contract.ts';
import { askAll } from './given.ts';
import { ON_OTHER_STORES } from './other-stores.ts';
import { enableVersions } from '../../support/versioned.ts';
import { VERSIONS_CONTRACT } from './versions-contract.ts';

for (const [title, questions] of Object.entries(CONTRACT)) {
  askAll(`double: ${title}`, questions, { open: () => doubleStore() });
}

askAll('double: versions', VERSIONS_CONTRACT, {
  open: async () => enableVersions(await doubleStore()),
});

for (const { title, questions, open, sdkFaults } of ON_OTHER_STORES)
  askAll(`double: ${title}`, questions, { open, sdkFaults });
