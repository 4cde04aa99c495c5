// A service of resumable uploads that sends interim responses, on whichever Node this process is.
import { createServer } from 'node:http';
import { allowAll, createFileService } from '../../../src/index.ts';
import { reportToParent, tellParent } from '../child-harness.ts';
import { inExpress, storeConfig } from '../service.ts';
import type { Store } from '../stores.ts';

// Written by the test that starts this process.
const store = JSON.parse(process.env.STORE ?? '{}') as Store;
const files = createFileService({
  ...storeConfig(store),
  authorize: allowAll,
  resumable: { interim: true },
  partSize: 5 * 2 ** 20,
});

tellParent(process.version);
reportToParent(createServer(inExpress(files)).listen(0, '127.0.0.1'));
