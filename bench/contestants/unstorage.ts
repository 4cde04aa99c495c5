// unstorage's own HTTP server over its own S3 driver.
import { createStorage } from 'unstorage';
import s3Driver from 'unstorage/drivers/s3';
import { createStorageServer } from 'unstorage/server';
import { bucket, credentials, endpoint, region } from './environment.ts';
import { listen } from './listen.ts';

const storage = createStorage({ driver: s3Driver({ bucket, region, endpoint, ...credentials }) });

listen(createStorageServer(storage).handle);
