// The fast lane: an Express application beside it, and the mount path goes straight to the service.
import express from 'express';
import { MOUNT } from './environment.ts';
import { listen } from './listen.ts';
import { s3files, service } from './us.ts';

const files = service();
const app = express().use(MOUNT, files);

// Older builds, given with --library, have no lane; 3 tells the rig so.
if (!('fastLane' in s3files)) process.exit(3);
listen(s3files.fastLane(MOUNT, files, app));
