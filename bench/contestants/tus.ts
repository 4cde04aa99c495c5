// Resumable uploads: one POST that creates the upload and carries all of its bytes.
import { S3Store } from '@tus/s3-store';
import { Server } from '@tus/server';
import { bucket, credentials, endpoint, region } from './environment.ts';
import { listen } from './listen.ts';

let count = 0;
const tus = new Server({
  path: '/',
  namingFunction: () => `up/tus-${(count += 1) % 1000}`,
  datastore: new S3Store({
    useTags: false,
    s3ClientConfig: { bucket, region, endpoint, credentials, forcePathStyle: true },
  }),
});

listen((req, res) => void tus.handle(req, res));
