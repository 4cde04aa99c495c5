// A process that is in the middle of uploads that never end, to be killed.
import { Readable } from 'node:stream';
import { s3Storage } from '../../../src/storage/s3/storage.ts';
import { settingsFor } from '../../storage/contract/given.ts';

const endpoint = process.argv[2] ?? '';
const keys = process.argv.slice(3);

const storage = s3Storage(
  settingsFor({
    name: 'double',
    endpoint,
    region: 'us-east-1',
    bucket: 'bucket',
    accessKeyId: 'testaccess',
    secretAccessKey: 'testsecretkey',
    close: async () => {},
  }),
);
const bucket = storage.open('box/', {
  signal: new AbortController().signal,
  onCall: () => undefined,
});

for (const key of keys) {
  const chunk = Buffer.alloc(2 ** 20);
  let left = 7;
  // One part and some, and then nothing more for ever.
  const body = new Readable({
    read() {
      left -= 1;
      if (left >= 0) this.push(chunk);
    },
  });
  void bucket.write(key, body, {});
}
setInterval(() => undefined, 1000);
