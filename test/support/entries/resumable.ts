// One of several instances that share nothing but storage, for uploads that go on on another one.
import { createServer } from 'node:http';
import { allowAll, configureServer, createFileService } from '../../../src/index.ts';
import { reportToParent } from '../child-harness.ts';
import { inExpress, storeConfig } from '../service.ts';
import type { Store } from '../stores.ts';

// Written by the test that starts this process.
const store = JSON.parse(process.env.STORE ?? '{}') as Store;
const files = createFileService({
  ...storeConfig(store),
  authorize: allowAll,
  resumable: true,
  partSize: 5 * 2 ** 20,
});

reportToParent(configureServer(createServer(inExpress(files))).listen(0, '127.0.0.1'));
