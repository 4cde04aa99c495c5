// The questions about uploads that go on over several requests: asked through two storages that share nothing.
import { createHash, randomBytes } from 'node:crypto';
import { GetObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { ClientAbort } from '../../../src/core/client-signal.ts';
import type { OpenedUpload, UploadStore } from '../../../src/storage/upload-store.ts';
import { s3Storage } from '../../../src/storage/s3/storage.ts';
import { until } from '../../support/until.ts';
import type { Given, Questions } from './given.ts';

const PART = 5 * 2 ** 20;
const NONCE = 'the-nonce';

const openIn = ({ bucket }: Given, key = 'film.bin'): Promise<OpenedUpload> =>
  bucket.uploads().open(key, { nonce: NONCE, contentType: 'video/mp4', metadata: { a: 'b' } });

/** Asks with the uploads of another process. */
async function elsewhere<T>(given: Given, work: (uploads: UploadStore) => Promise<T>): Promise<T> {
  const other = s3Storage(given.settings);
  const call = { signal: new ClientAbort(), onCall: () => undefined };
  try {
    return await work(other.open(given.container, call).uploads());
  } finally {
    await other.close();
  }
}

const partsOf = async (uploads: UploadStore, upload: OpenedUpload, after?: number) => {
  const found = await uploads.parts(upload, after);
  if (found.kind === 'gone') throw new Error('the upload is gone');
  return found.parts;
};

const sizesOf = async (uploads: UploadStore, upload: OpenedUpload, after?: number) =>
  (await partsOf(uploads, upload, after)).map(({ number, size }) => [number, size]);

const bytesOf = async ({ truth, store, container }: Given, key: string): Promise<Buffer> => {
  const command = new GetObjectCommand({ Bucket: store.bucket, Key: container + key });
  const { Body } = await truth.send(command);
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

const openKeys = async ({ truth, store, container }: Given): Promise<string[]> => {
  const command = new ListMultipartUploadsCommand({ Bucket: store.bucket, Prefix: container });
  const { Uploads = [] } = await truth.send(command);
  return Uploads.map(({ Key = '' }) => Key.slice(container.length));
};

// An abort that storage takes its time for goes on in the background.
const untilNoneIsOpen = (given: Given): Promise<unknown> =>
  until(async () => (await openKeys(given)).length === 0, { what: 'no upload to be open' });

/** Bytes that come in odd chunks, and may end early. */
const sourceOf = (bytes: Uint8Array, chunk = 700_000) => {
  let stopped = false;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length && !stopped; at += chunk)
      yield bytes.subarray(at, at + chunk);
  }
  return { chunks: chunks(), stop: () => void (stopped = true), isStopped: () => stopped };
};

const send = async (uploads: UploadStore, upload: OpenedUpload, bytes: Uint8Array, first = 1) => {
  const result = await uploads.putParts(upload, sourceOf(bytes), { first, size: PART });
  if (result.kind === 'gone') return result;
  const rest = digestOf(result.rest);
  result.release();
  return { parts: result.parts, rest };
};

// Comparing megabytes byte by byte takes the runner a minute.
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const UPLOADS: Questions = {
  'uploads \u203a go on in another process, and become one object with its attributes': async (
    given,
  ) => {
    const bytes = randomBytes(2 * PART + 1000);
    const uploads = given.bucket.uploads();
    const upload = await openIn(given);
    expect(await send(uploads, upload, bytes.subarray(0, PART + 10))).toEqual({
      parts: 1,
      rest: digestOf(bytes.subarray(PART, PART + 10)),
    });
    const etag = await elsewhere(given, async (others) => {
      expect(await sizesOf(others, upload)).toEqual([[1, PART]]);
      const sent = await send(others, upload, bytes.subarray(PART), 2);
      expect(sent).toEqual({ parts: 1, rest: digestOf(bytes.subarray(2 * PART)) });
      await others.putPart(upload, 3, bytes.subarray(2 * PART));
      const parts = await partsOf(others, upload);
      const result = await others.complete(upload, { parts, nonce: NONCE });
      expect(result).toMatchObject({ kind: 'written', size: bytes.length });
      return result.kind === 'written' ? result.etag : '';
    });
    expect((await bytesOf(given, 'film.bin')).equals(bytes)).toBe(true);
    await untilNoneIsOpen(given);
    const made = await uploads.made('film.bin', NONCE);
    expect(made).toMatchObject({ size: bytes.length, etag, contentType: 'video/mp4' });
    expect(made?.metadata).toEqual({ a: 'b' });
  },
  'uploads \u203a cost two calls to open, one to look, one a part, and are marked for sweep':
    async (given) => {
      const uploads = given.bucket.uploads();
      const upload = await openIn(given);
      await uploads.putPart(upload, 1, randomBytes(10));
      await uploads.parts(upload);
      const create = 'CreateMultipartUpload';
      expect(given.calls).toEqual([create, create, 'UploadPart', 'ListParts']);
      expect(
        (await openKeys(given)).map((key) => key.replace(/[0-9a-f]{64}$/, 'mark')).toSorted(),
      ).toEqual(['.s3files/sessions/mark', 'film.bin']);
      await uploads.abort(upload);
      await untilNoneIsOpen(given);
    },
  'uploads \u203a list the parts behind one': async (given) => {
    const uploads = given.bucket.uploads();
    const upload = await openIn(given);
    for (const number of [1, 2, 4]) await uploads.putPart(upload, number, randomBytes(number));
    expect(await sizesOf(uploads, upload, 1)).toEqual([
      [2, 2],
      [4, 4],
    ]);
    expect(await sizesOf(uploads, upload, 4)).toEqual([]);
    await uploads.abort(upload);
  },
  'uploads \u203a replace a part by one of that number, also by an empty one': async (given) => {
    const uploads = given.bucket.uploads();
    const upload = await openIn(given);
    await uploads.putPart(upload, 1, randomBytes(PART));
    await uploads.putPart(upload, 1, new Uint8Array(0));
    expect(await sizesOf(uploads, upload)).toEqual([[1, 0]]);
    const parts = await partsOf(uploads, upload);
    expect(await uploads.complete(upload, { parts, nonce: NONCE })).toMatchObject({
      kind: 'written',
      size: 0,
    });
    expect(await bytesOf(given, 'film.bin')).toHaveLength(0);
  },
  'uploads \u203a are gone once they were aborted': async (given) => {
    const uploads = given.bucket.uploads();
    const upload = await openIn(given);
    await uploads.putPart(upload, 1, randomBytes(100));
    const parts = await partsOf(uploads, upload);
    await elsewhere(given, async (others) => {
      await others.abort(upload);
      await untilNoneIsOpen(given);
    });
    expect(await uploads.parts(upload)).toEqual({ kind: 'gone' });
    expect(await uploads.putPart(upload, 2, randomBytes(100))).toEqual({ kind: 'gone' });
    expect(await send(uploads, upload, randomBytes(2 * PART))).toEqual({ kind: 'gone' });
    expect(await uploads.complete(upload, { parts, nonce: NONCE })).toEqual({ kind: 'gone' });
    expect(await uploads.made('film.bin', NONCE)).toBeNull();
    await uploads.abort(upload);
  },
  'uploads \u203a take no part once they were completed': async (given) => {
    const uploads = given.bucket.uploads();
    const upload = await openIn(given);
    await uploads.putPart(upload, 1, Buffer.from('first'));
    const parts = await partsOf(uploads, upload);
    await elsewhere(given, (others) => others.complete(upload, { parts, nonce: NONCE }));
    expect(await uploads.putPart(upload, 1, Buffer.from('other'))).toEqual({ kind: 'gone' });
    expect(await uploads.parts(upload)).toEqual({ kind: 'gone' });
    expect((await bytesOf(given, 'film.bin')).toString()).toBe('first');
    // Some stores take a second completion, others know nothing of it any more.
    const again = await uploads.complete(upload, { parts, nonce: NONCE });
    expect(['gone', 'written']).toContain(again.kind);
    expect(await uploads.made('film.bin', NONCE)).toMatchObject({ size: 5 });
  },
  'uploads \u203a say that a part is another one than was listed': async (given) => {
    const uploads = given.bucket.uploads();
    const upload = await openIn(given);
    await uploads.putPart(upload, 1, Buffer.from('first'));
    const parts = await partsOf(uploads, upload);
    await elsewhere(given, (others) => others.putPart(upload, 1, Buffer.from('other')));
    expect(await uploads.complete(upload, { parts, nonce: NONCE })).toEqual({ kind: 'changed' });
    const again = { parts: await partsOf(uploads, upload), nonce: NONCE };
    expect(await uploads.complete(upload, again)).toMatchObject({ kind: 'written' });
    expect((await bytesOf(given, 'film.bin')).toString()).toBe('other');
  },
  'uploads \u203a create only what is not there, and are aborted then': async (given) => {
    const uploads = given.bucket.uploads();
    const upload = await openIn(given);
    await uploads.putPart(upload, 1, Buffer.from('late'));
    await given.seed('film.bin', 'there');
    const parts = await partsOf(uploads, upload);
    const request = { parts, nonce: NONCE, createOnly: true };
    expect(await uploads.complete(upload, request)).toEqual({ kind: 'exists' });
    expect((await bytesOf(given, 'film.bin')).toString()).toBe('there');
    expect(await uploads.made('film.bin', NONCE)).toBeNull();
    await untilNoneIsOpen(given);
  },
  'uploads \u203a replace only the version that was named': async (given) => {
    const uploads = given.bucket.uploads();
    await given.seed('film.bin', 'one');
    const there = await given.bucket.stat('film.bin');
    const ifMatch = there.kind === 'found' ? there.stat.etag : '';
    const [late, right] = [await openIn(given), await openIn(given)];
    for (const upload of [late, right]) await uploads.putPart(upload, 1, Buffer.from('two'));
    const complete = async (upload: OpenedUpload) =>
      uploads.complete(upload, { parts: await partsOf(uploads, upload), nonce: NONCE, ifMatch });
    expect(await complete(right)).toMatchObject({ kind: 'written' });
    expect(await complete(late)).toEqual({ kind: 'precondition-failed' });
    await untilNoneIsOpen(given);
  },
  'uploads \u203a cut a stream into whole parts and a rest': async (given) => {
    const uploads = given.bucket.uploads();
    const upload = await openIn(given);
    for (const [length, parts] of [
      [0, 0],
      [1, 0],
      [PART - 1, 0],
      [PART, 1],
      [PART + 1, 1],
      [3 * PART, 3],
    ] as const) {
      const bytes = randomBytes(length);
      const rest = digestOf(bytes.subarray(parts * PART));
      expect(await send(uploads, upload, bytes)).toEqual({ parts, rest });
    }
    await uploads.abort(upload);
  },
  'uploads \u203a stop reading once storage knows nothing of them': async (given) => {
    const uploads = given.bucket.uploads();
    const upload = await openIn(given);
    await uploads.abort(upload);
    const source = sourceOf(Buffer.alloc(40 * PART), PART);
    expect(await uploads.putParts(upload, source, { first: 1, size: PART })).toEqual({
      kind: 'gone',
    });
    expect(source.isStopped()).toBe(true);
  },
  'write \u203a leaves a word by which the file is known again': async (given) => {
    const uploads = given.bucket.uploads();
    await given.bucket.write('small', Buffer.from('x'), { nonce: 'mine' });
    expect(await uploads.made('small', 'mine')).toMatchObject({ key: 'small', size: 1 });
    expect(await uploads.made('small', 'other')).toBeNull();
    expect(await uploads.made('missing', 'mine')).toBeNull();
  },
};
