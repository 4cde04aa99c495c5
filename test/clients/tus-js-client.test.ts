// tus-js-client as it is published, in Node: every size around a part, in pieces of any size, with the length known or not.
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Upload } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../support/fixture.ts';
import { startService, type RunningService } from '../support/service.ts';
import { availableStores, type Store } from '../support/stores.ts';

const PART = 5 * 2 ** 20;
const KIB = 1024;
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const CASES = [
  ...[0, 1, PART - 1, PART, PART + 1, 3 * PART].flatMap((size) =>
    [PART, PART + 1, Infinity].map((chunkSize) => ({ size, chunkSize, isDeferred: false })),
  ),
  { size: 300 * KIB, chunkSize: 64 * KIB, isDeferred: false },
  { size: 2 * PART + 5, chunkSize: 1024 * KIB, isDeferred: false },
  ...[1, PART, 2 * PART + 5].map((size) => ({ size, chunkSize: PART, isDeferred: true })),
  { size: PART + 1, chunkSize: 1024 * KIB, isDeferred: true },
];

describe.each(availableStores())('tus-js-client over $name', ({ name, open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    service = await startService(store, { resumable: true, partSize: PART });
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  interface Sending {
    readonly chunkSize: number;
    readonly isDeferred?: boolean;
  }

  const upload = (bytes: Buffer, filename: string, { chunkSize, isDeferred }: Sending) =>
    new Promise<string | null>((resolve, reject) => {
      const started = new Upload(isDeferred ? Readable.from(pieces(bytes)) : bytes, {
        endpoint: `http://127.0.0.1:${service.port}${service.mount}/in/`,
        metadata: { filename, filetype: 'application/x-test' },
        chunkSize,
        retryDelays: null,
        ...(isDeferred ? { uploadLengthDeferred: true } : {}),
        onError: reject,
        onSuccess: () => resolve(started.url),
      });
      started.start();
    });

  // The double answers as every store does; on the others some sizes of each kind are enough.
  const cases = name === 'double' ? CASES : CASES.filter((_, n) => n % 5 === 0);

  it.each(cases)(
    'uploads $size bytes in pieces of $chunkSize, deferred: $isDeferred',
    async (given) => {
      const bytes = randomBytes(given.size);
      const filename = `${given.size}-${given.chunkSize}-${given.isDeferred}.bin`;
      expect(await upload(bytes, filename, given)).toContain('/_uploads/');
      expect(digestOf((await around.bytes(`in/${filename}`)) ?? Buffer.from('nothing'))).toBe(
        digestOf(bytes),
      );
      expect((await around.keys()).filter((key) => key.startsWith('.s3files/tails'))).toEqual([]);
    },
  );

  it('goes on where it was paused', async () => {
    const bytes = randomBytes(3 * PART);
    const options = {
      endpoint: `http://127.0.0.1:${service.port}${service.mount}/`,
      metadata: { filename: 'paused.bin' },
      chunkSize: 1024 * KIB,
      retryDelays: [100, 300],
    };
    const url = await new Promise<string>((resolve, reject) => {
      const first = new Upload(bytes, {
        ...options,
        onError: reject,
        onProgress: (sent) => {
          if (sent < 4 * 2 ** 20 || first.url === null) return;
          void first.abort();
          resolve(first.url);
        },
      });
      first.start();
    });
    let started = 0;
    await new Promise<void>((resolve, reject) => {
      const second = new Upload(bytes, {
        ...options,
        uploadUrl: url,
        onError: reject,
        onProgress: (sent) => {
          started ||= sent;
        },
        onSuccess: () => resolve(),
      });
      second.start();
    });
    expect(started).toBeGreaterThanOrEqual(3 * 2 ** 20);
    expect(digestOf((await around.bytes('paused.bin')) ?? Buffer.from('nothing'))).toBe(
      digestOf(bytes),
    );
  });

  it.each([
    ['with the first bytes in the request that begins it', { uploadDataDuringCreation: true }],
    ['by POST instead of PATCH', { overridePatchMethod: true }],
    ['with an id for each request', { addRequestId: true }],
  ])('uploads %s', async (what, more) => {
    const bytes = randomBytes(PART + 1000);
    const filename = `${what}.bin`;
    await new Promise<void>((resolve, reject) => {
      new Upload(bytes, {
        endpoint: `http://127.0.0.1:${service.port}${service.mount}/`,
        metadata: { filename },
        chunkSize: 2 * 2 ** 20,
        retryDelays: null,
        ...more,
        onError: reject,
        onSuccess: () => resolve(),
      }).start();
    });
    expect((await around.bytes(filename))?.equals(bytes)).toBe(true);
  });

  it('gives up an upload, and leaves nothing', async () => {
    const bytes = randomBytes(2 * PART);
    await new Promise<void>((resolve, reject) => {
      const given = new Upload(bytes, {
        endpoint: `http://127.0.0.1:${service.port}${service.mount}/`,
        metadata: { filename: 'given-up.bin' },
        chunkSize: 1024 * KIB,
        onError: reject,
        onChunkComplete: () => void given.abort(true).then(resolve, reject),
      });
      given.start();
    });
    expect(await around.bytes('given-up.bin')).toBeUndefined();
  });
});

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}
