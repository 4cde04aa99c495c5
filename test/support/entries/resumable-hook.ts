// A service of resumable uploads that tells the test of each upload: it hangs in its hook for ever, or answers.
import { createServer } from 'node:http';
import { allowAll, configureServer, createFileService } from '../../../src/index.ts';
import { reportToParent, tellParent } from '../child-harness.ts';
import { inExpress, storeConfig } from '../service.ts';
import type { Store } from '../stores.ts';

const { STORE = '{}', HANGS } = process.env;
// Written by the test that starts this process.
const store = JSON.parse(STORE) as Store;
const files = createFileService({
  ...storeConfig(store),
  authorize: allowAll,
  resumable: true,
  partSize: 5 * 2 ** 20,
  timeouts: { hookMs: 60_000 },
  onUploaded: ({ path }, { upload }) => {
    tellParent({ path, id: upload.id });
    return HANGS === '1' ? new Promise(() => {}) : { told: path };
  },
});

reportToParent(configureServer(createServer(inExpress(files))).listen(0, '127.0.0.1'));
