import { doubleStore } from '../support/stores.ts';
import { BUCKET_CONTRACT } from './bucket-contract.ts';
import { askAll } from './given.ts';

for (const [title, questions] of Object.entries(BUCKET_CONTRACT)) {
  askAll(`double: ${title}`, questions, { open: () => doubleStore() });
}
