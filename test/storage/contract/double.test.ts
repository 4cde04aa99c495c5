import { doubleStore } from '../../support/stores.ts';
import { CONTRACT } from './contract.ts';
import { askAll } from './given.ts';
import { ON_OTHER_STORES } from './other-stores.ts';

for (const [title, questions] of Object.entries(CONTRACT)) {
  askAll(`double: ${title}`, questions, { open: () => doubleStore() });
}

for (const { title, questions, open, sdkFaults } of ON_OTHER_STORES)
  askAll(`double: ${title}`, questions, { open, sdkFaults });
