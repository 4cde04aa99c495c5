// Uploads of several requests and those who judge files: nobody can read one before the verdict, not for a moment.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileServiceConfig, OnUploaded } from '../../../src/index.ts';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { startService, type RunningService } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';
import { beginTus, type TusUpload } from '../../support/tus.ts';
import { until } from '../../support/until.ts';

const PART = 5 * 2 ** 20;
const EICAR = 'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*';
let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
});
afterAll(async () => {
  around.close();
  await store.close();
});

const scan: FileServiceConfig['scan'] = async (stream) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return !Buffer.concat(chunks).includes('EICAR');
};
const withService = async (
  config: Partial<FileServiceConfig>,
  work: (service: RunningService) => Promise<void>,
): Promise<void> => {
  const service = await startService(store, { resumable: true, partSize: PART, ...config });
  try {
    await work(service);
  } finally {
    await service.close();
  }
};
const infected = (size: number): Buffer => {
  const bytes = randomBytes(size);
  // Across two requests, so that no single one shows it.
  bytes.write(EICAR, (size >> 1) - 30, 'latin1');
  return bytes;
};
const inHalves = async (upload: TusUpload, bytes: Buffer) => {
  const half = bytes.length >> 1;
  await upload.patch(0, bytes.subarray(0, half));
  return upload.patch(half, bytes.subarray(half));
};
const ownKeys = async (): Promise<string[]> =>
  (await around.keys()).filter(
    (key) => key.startsWith('.s3files/') && !key.startsWith('.s3files/probe/'),
  );

describe.each([1000, 2 * PART])('an upload of %d bytes', (size) => {
  it('that the scanner refuses is never there', async () => {
    await withService({ scan }, async (service) => {
      const path = `/bad-${size}.bin`;
      const upload = await beginTus(service, path, { 'Upload-Length': String(size) });
      let isOver = false;
      const seen: number[] = [];
      const watching = (async () => {
        while (!isOver) seen.push((await service.ask({ path })).status);
      })();
      const answer = await inHalves(upload, infected(size));
      isOver = true;
      await watching;
      expect([answer.status, answer.text.includes('rejected_by_scan')]).toEqual([403, true]);
      expect(new Set(seen)).toEqual(new Set([404]));
      await until(() => store.double.uploads(store.bucket).length === 0, { what: 'nothing open' });
      expect(await ownKeys()).toEqual([]);
    });
  });

  it('that the scanner passes is the file', async () => {
    await withService({ scan }, async (service) => {
      const bytes = randomBytes(size);
      const headers = { 'Upload-Length': String(size), 'X-Meta-Owner': 'alice' };
      const upload = await beginTus(service, `/good-${size}.bin`, headers);
      expect((await inHalves(upload, bytes)).status).toBe(204);
      expect((await around.bytes(`good-${size}.bin`))?.equals(bytes)).toBe(true);
      expect((await around.look(`good-${size}.bin`)).metadata).toMatchObject({ owner: 'alice' });
      expect(await upload.offset()).toBe(size);
      expect(await ownKeys()).toEqual([]);
    });
  });

  it('that is refused is kept for an operator where the host wants it', async () => {
    await withService({ scan, quarantine: 'keep' }, async (service) => {
      const bytes = infected(size);
      const upload = await beginTus(service, '/kept.bin', { 'Upload-Length': String(size) });
      expect((await inHalves(upload, bytes)).status).toBe(403);
      const kept = await ownKeys();
      expect(kept.map((key) => key.split('/').at(-1))).toEqual(['about.json', 'file']);
      expect((await around.bytes(kept[1] ?? ''))?.equals(bytes)).toBe(true);
      for (const key of kept) await around.remove(key);
    });
  });

  it('is told to the host before its client is, and again when its last request is repeated', async () => {
    const told: Parameters<OnUploaded>[] = [];
    const onUploaded: OnUploaded = (...event) => {
      told.push(event);
      if (told.length === 1) throw new Error('the database is down');
    };
    await withService({ onUploaded, onError: () => undefined }, async (service) => {
      const path = `/told-${size}.bin`;
      const upload = await beginTus(service, path, { 'Upload-Length': String(size) });
      const first = await inHalves(upload, randomBytes(size));
      expect([first.status, first.text.includes('hook_failed')]).toEqual([502, true]);
      expect((await upload.patch(size, Buffer.alloc(0))).status).toBe(204);
      const ids = told.map(([file, { upload: by }]) => [file.path, by.via, by.id]);
      expect(ids).toEqual([ids[0], ids[0]]);
      expect(ids[0]?.slice(0, 2)).toEqual([path.slice(1), 'tus']);
    });
  });
});
