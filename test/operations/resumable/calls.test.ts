// What an upload of several requests costs: calls to storage, counted on the double.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startService, type RunningService } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';
import { beginTus } from '../../support/tus.ts';

const PART = 5 * 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let service: RunningService;

beforeAll(async () => {
  store = await doubleStore();
  service = await startService(store, { resumable: true, partSize: PART });
  // The first ones ask what the store can do.
  const warm = await beginTus(service, '/warm.bin', { 'Upload-Length': String(2 * PART) });
  await warm.patch(0, Buffer.alloc(2 * PART));
});
beforeEach(() => store.double.clearCalls());
afterAll(async () => {
  await service.close();
  await store.close();
});

const calls = (): string[] => store.double.calls.map(({ operation }) => operation);

it('is two calls for a file that fits one part', async () => {
  const upload = await beginTus(service, '/small.bin', { 'Upload-Length': '1000' });
  expect(calls()).toEqual([]);
  await upload.patch(0, Buffer.alloc(1000));
  expect(calls()).toEqual(['ListObjectsV2', 'PutObject']);
});

it('is one call for a file that comes with the first request', async () => {
  await beginTus(service, '/whole.bin', { 'Upload-Length': '1000' }, Buffer.alloc(1000));
  expect(calls()).toEqual(['PutObject']);
});

it('is three calls to begin a large file, two to look', async () => {
  const upload = await beginTus(service, '/large.bin', { 'Upload-Length': String(3 * PART) });
  expect(calls()).toEqual(['HeadObject', 'CreateMultipartUpload', 'CreateMultipartUpload']);
  store.double.clearCalls();
  await upload.head();
  expect(calls().toSorted()).toEqual(['ListObjectsV2', 'ListParts']);
  await upload.remove();
});

it('is at most eight calls beside the parts for 100 MB in one PATCH', async () => {
  const bytes = randomBytes(100_000_000);
  const upload = await beginTus(service, '/film.bin', { 'Upload-Length': String(bytes.length) });
  store.double.clearCalls();
  expect((await upload.patch(0, bytes)).status).toBe(204);
  const parts = Math.ceil(bytes.length / PART);
  expect(calls().filter((name) => name === 'UploadPart')).toHaveLength(parts);
  expect(calls().length).toBeLessThanOrEqual(parts + 8);
});
