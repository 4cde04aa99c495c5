// One of several instances behind one address: cache and limits in the Redis that they share.
import { createServer } from 'node:http';
import KeyvRedis from '@keyv/redis';
import { Redis } from 'ioredis';
import Keyv from 'keyv';
import {
  allowAll,
  configureServer,
  createFileService,
  keyvCache,
  rateLimit,
} from '../../../src/index.ts';
import { reportToParent } from '../child-harness.ts';
import { inExpress, storeConfig } from '../service.ts';
import type { Store } from '../stores.ts';

const { STORE = '{}', REDIS = '', POINTS = '1000000', TTL = '60' } = process.env;
// Written by the test that starts this process.
const store = JSON.parse(STORE) as Store;
const ignore = (): void => undefined;

const keyv = new Keyv(new KeyvRedis({ url: REDIS, socket: { reconnectStrategy: () => 50 } }));
keyv.on('error', ignore);
const counts = new Redis(REDIS, { retryStrategy: () => 50 });
counts.on('error', ignore);

const files = createFileService({
  ...storeConfig(store),
  authorize: allowAll,
  authenticate: ({ headers }) => ({ id: headers['x-who'] ?? 'anyone' }),
  cache: keyvCache(keyv),
  cacheTtl: Number(TTL),
  limit: rateLimit({ points: Number(POINTS), seconds: 60, store: counts, onStoreFailure: ignore }),
});

reportToParent(configureServer(createServer(inExpress(files))).listen(0, '127.0.0.1'));
