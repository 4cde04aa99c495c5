// What nobody goes on with is cleared away once it cannot go on any more; younger uploads and those of others are left.
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { inParallel } from '../../support/service-child.ts';
import { startService, type RunningService } from '../../support/service.ts';
import { client, doubleStore } from '../../support/stores.ts';
import { beginTus } from '../../support/tus.ts';

const PART = 5 * 2 ** 20;
const HOUR_MS = 3_600_000;
let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  service = await startService(store, {
    resumable: { maxAgeSeconds: 7200 },
    partSize: PART,
    container: 'home',
  });
});
afterAll(async () => {
  await service.close();
  around.close();
  await store.close();
});

const HOW_MANY = 100;

/** Begins uploads and leaves them. */
async function abandon(name: string): Promise<void> {
  await inParallel(HOW_MANY, 10, async (n) => {
    const upload = await beginTus(service, `/${name}-${n}.bin`, {
      'Upload-Length': String(n % 2 === 0 ? 3 * PART : 1000),
    });
    await upload.patch(0, randomBytes(100));
  });
}

it('takes uploads, tails and staged objects of expired sessions, and leaves all others', async () => {
  await around.plant({
    'home/.s3files/staged/old': { body: 'old' },
    'home/film.bin': { body: 'a' },
  });
  await abandon('old');
  const s3 = client(store);
  const Key = 'home/theirs.bin';
  await s3.send(new CreateMultipartUploadCommand({ Bucket: store.bucket, Key }));
  // Of a process that was killed before it had marked it.
  const unmarked = { Bucket: store.bucket, Key: 'home/.s3files/staged/unmarked' };
  await s3.send(new CreateMultipartUploadCommand(unmarked));
  s3.destroy();
  store.double.age(store.bucket, 4 * HOUR_MS);
  await abandon('young');

  const dry = await service.files.sweep({ olderThanSeconds: 0, dryRun: true });
  expect([dry.uploads.length, dry.aborted, dry.objects]).toEqual([
    HOW_MANY / 2 + 1,
    0,
    HOW_MANY + 1,
  ]);
  const swept = await service.files.sweep({ olderThanSeconds: 0 });
  expect([swept.aborted, swept.objects]).toEqual([HOW_MANY / 2 + 1, HOW_MANY + 1]);

  // Each large young upload with its mark, and the one of somebody else.
  const open = store.double.uploads(store.bucket).map(({ key }) => key);
  expect(open).toHaveLength(HOW_MANY + 1);
  expect(open).toContain(Key);
  expect(open.filter((key) => key.startsWith('home/old'))).toEqual([]);
  const keys = await around.keys();
  expect(keys.filter((key) => key.startsWith('home/.s3files/tails/'))).toHaveLength(HOW_MANY);
  expect(keys).toContain('home/film.bin');
});
