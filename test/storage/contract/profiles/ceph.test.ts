import { askProfiles } from './profiles.ts';

askProfiles('ceph');
