import { askProfiles } from './profiles.ts';

askProfiles('no-conditions');
