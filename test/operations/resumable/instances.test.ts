// Several instances that share nothing but storage: whichever of them the next request comes to, however the last one
// ended there, the file is the one that was sent.
import { createHash, randomBytes } from 'node:crypto';
import { ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { startService, type RunningService } from '../../support/service.ts';
import { availableStores, client, type Store } from '../../support/stores.ts';
import { beginTus, tusUpload, type TusUpload } from '../../support/tus.ts';
import { until } from '../../support/until.ts';

const PART = 5 * 2 ** 20;
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** Repeats its numbers for a seed, so that a failure can be seen again. */
const seeded = (seed: number) => (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  return seed / 2 ** 31;
};

describe.each(availableStores())('instances over $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let truth: S3Client;
  const instances: RunningService[] = [];

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    truth = client(store);
    for (let n = 0; n < 3; n += 1)
      instances.push(await startService(store, { resumable: true, partSize: PART }));
  });
  afterAll(async () => {
    for (const instance of instances) await instance.close();
    truth.destroy();
    around.close();
    await store.close();
  });

  const on = (upload: TusUpload, instance: number): TusUpload =>
    tusUpload(instances[instance % instances.length] as RunningService, upload.url);
  const begun = (path: string, bytes: Uint8Array) =>
    beginTus(instances[0] as RunningService, path, { 'Upload-Length': String(bytes.length) });

  /** Nothing of an upload is left but its file. */
  const untilClean = async (): Promise<void> => {
    const openUploads = async (): Promise<number> => {
      const { Uploads = [] } = await truth.send(
        new ListMultipartUploadsCommand({ Bucket: store.bucket }),
      );
      return Uploads.length;
    };
    await until(async () => (await openUploads()) === 0, { what: 'no open upload' });
    expect((await around.keys()).filter((key) => key.startsWith('.s3files/tails'))).toEqual([]);
  };

  it(
    'go on with uploads that were cut at random bytes on others',
    { timeout: 120_000 },
    async () => {
      const random = seeded(13);
      for (let n = 0; n < 4; n += 1) {
        const bytes = randomBytes(Math.floor((1.5 + 2 * random()) * PART));
        const upload = await begun(`/cut-${n}.bin`, bytes);
        let offset = 0;
        let turn = n;
        for (let cuts = 0; cuts < 3; cuts += 1) {
          const left = bytes.length - offset;
          await on(upload, (turn += 1)).cut(
            offset,
            bytes.subarray(offset),
            Math.ceil(left * random()),
          );
          const seen = await on(upload, (turn += 1)).offset();
          expect(seen).toBeGreaterThanOrEqual(offset);
          offset = seen;
        }
        // A request that still runs elsewhere may have brought more by now: the answer says how far it is.
        for (;;) {
          const answer = await on(upload, (turn += 1)).patch(offset, bytes.subarray(offset));
          if (answer.status === 204) break;
          expect(answer.status).toBe(409);
          offset = Number(answer.headers['upload-offset']);
        }
        expect(digestOf((await around.bytes(`cut-${n}.bin`)) ?? Buffer.alloc(0))).toBe(
          digestOf(bytes),
        );
      }
      await untilClean();
    },
  );

  it('answer two that send the same bytes at once, with the file that both have sent', async () => {
    const bytes = randomBytes(2 * PART + 100);
    const upload = await begun('/both.bin', bytes);
    const answers = await Promise.all([0, 1].map((n) => on(upload, n).patch(0, bytes)));
    expect(answers.map(({ status }) => status)).toContain(204);
    for (const { status } of answers) expect([204, 409]).toContain(status);
    expect(digestOf((await around.bytes('both.bin')) ?? Buffer.alloc(0))).toBe(digestOf(bytes));
    expect(await on(upload, 2).offset()).toBe(bytes.length);
    await untilClean();
  });

  it.each(['before', 'after'] as const)(
    'are harmed by no request that wakes %s another one has made the file',
    async (when) => {
      const bytes = randomBytes(2 * PART + 100);
      const path = `/zombie-${when}.bin`;
      const upload = await begun(path, bytes);
      const zombie = on(upload, 0).stall(0, bytes, PART + 1000);
      await zombie.isStalled;
      // Its client has given it up, and asks another instance: what that one sees may be less, never more.
      const offset = await on(upload, 1).offset();
      expect([0, PART, PART + 1000]).toContain(offset);
      if (when === 'before') zombie.wake();
      let last = await on(upload, 1).patch(offset, bytes.subarray(offset));
      while (last.status === 409) {
        const told = Number(last.headers['upload-offset']);
        expect(told).toBeGreaterThanOrEqual(offset);
        last = await on(upload, 1).patch(told, bytes.subarray(told));
      }
      expect(last.status).toBe(204);
      zombie.wake();
      const late = await zombie.answer;
      expect([204, 404, 409]).toContain(late.status);
      expect(digestOf((await around.bytes(path.slice(1))) ?? Buffer.alloc(0))).toBe(
        digestOf(bytes),
      );
      await untilClean();
    },
  );

  it('let no request of an upload that was given up elsewhere bring it back', async () => {
    const bytes = randomBytes(3 * PART);
    const upload = await begun('/given-up.bin', bytes);
    await on(upload, 0).patch(0, bytes.subarray(0, PART + 5));
    const sending = on(upload, 1).patch(PART + 5, bytes.subarray(PART + 5));
    const removed = await on(upload, 2).remove();
    const late = await sending;
    // Whoever was first has its way: the file is there, or nothing is.
    const isFile = (await around.bytes('given-up.bin')) !== undefined;
    expect([removed.status, late.status, isFile]).toEqual(
      isFile ? [404, 204, true] : [204, 404, false],
    );
    await until(
      async () => (await around.keys()).every((key) => !key.startsWith('.s3files/tails')),
      {
        what: 'no tail to be left',
      },
    );
  });
});
