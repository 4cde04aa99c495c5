import { askProfiles } from './profiles.ts';
import { READ_CONTRACT } from './read-contract.ts';
import { WRITE_CONTRACT } from './write-contract.ts';

askProfiles({ ...READ_CONTRACT, ...WRITE_CONTRACT });
