// Every question that a Bucket has to answer, on every store and by both ways of travelling.
import { BUCKET_CONTRACT } from './bucket-contract.ts';
import { FAULT_CONTRACT } from './fault-contract.ts';
import { KEPT_CONTRACT } from './kept-contract.ts';
import { READ_CONTRACT } from './read-contract.ts';
import { TROUBLE_CONTRACT } from './trouble-contract.ts';
import { UPLOADS } from './upload-contract.ts';
import { WRITE_CONTRACT } from './write-contract.ts';

export const CONTRACT = {
  ...BUCKET_CONTRACT,
  ...READ_CONTRACT,
  ...WRITE_CONTRACT,
  ...FAULT_CONTRACT,
  ...TROUBLE_CONTRACT,
  ...KEPT_CONTRACT,
  uploads: UPLOADS,
};
