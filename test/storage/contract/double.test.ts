import { doubleStore } from '../../support/stores.ts';
import { BUCKET_CONTRACT } from './bucket-contract.ts';
import { FAULT_CONTRACT } from './fault-contract.ts';
import { askAll } from './given.ts';
import { READ_CONTRACT } from './read-contract.ts';
import { WRITE_CONTRACT } from './write-contract.ts';

const CONTRACT = { ...BUCKET_CONTRACT, ...READ_CONTRACT, ...WRITE_CONTRACT, ...FAULT_CONTRACT };

for (const [title, questions] of Object.entries(CONTRACT)) {
  askAll(`double: ${title}`, questions, { open: () => doubleStore() });
}
