// One of several instances within one quota, in the Redis that they share.
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { allowAll, configureServer, createFileService } from '../../../src/index.ts';
import type { FileServiceConfig } from '../../../src/index.ts';
import { onParent, reportToParent, tellParent } from '../child-harness.ts';
import { inExpress } from '../service.ts';

const { FILE_SERVICE = '{}', REDIS = '', ROOM = '0' } = process.env;
// What startServiceChild wrote.
const config = JSON.parse(FILE_SERVICE) as Omit<FileServiceConfig, 'authorize'>;
const files = createFileService({
  ...config,
  authorize: allowAll,
  quota: { bytes: Number(ROOM), store: new Redis(REDIS) },
});

// Whatever the parent says, it wants the container counted again.
onParent(() => void files.reconcile().then((reconciled) => tellParent({ reconciled })));
reportToParent(configureServer(createServer(inExpress(files))).listen(0, '127.0.0.1'));
