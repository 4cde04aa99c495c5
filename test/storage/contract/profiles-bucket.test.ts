import { BUCKET_CONTRACT } from './bucket-contract.ts';
import { askChecks, askProfiles } from './profiles.ts';

askChecks();
askProfiles(BUCKET_CONTRACT);
