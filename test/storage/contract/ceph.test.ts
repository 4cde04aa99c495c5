import { describe } from 'vitest';
import { availableStores } from '../../support/stores.ts';
import { BUCKET_CONTRACT } from './bucket-contract.ts';
import { FAULT_CONTRACT } from './fault-contract.ts';
import { askAll } from './given.ts';
import { READ_CONTRACT } from './read-contract.ts';
import { WRITE_CONTRACT } from './write-contract.ts';

const CONTRACT = { ...BUCKET_CONTRACT, ...READ_CONTRACT, ...WRITE_CONTRACT, ...FAULT_CONTRACT };

// Ceph, and what the environment names; the double has a file of its own, with no known fault.
const STORES = availableStores().filter((store) => store.name !== 'double');

describe.runIf(STORES.length > 0)('the contract on other stores', () => {
  for (const { name, open } of STORES) {
    for (const [title, questions] of Object.entries(CONTRACT)) {
      askAll(`${name}: ${title}`, questions, { open });
    }
  }
});
