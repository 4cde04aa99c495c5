import { askProfiles } from './profiles.ts';

askProfiles('one-write-a-second');
