// The questions about writing and copying that every store must answer alike.
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  NotFound,
  type GetObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { ClientAbort } from '../../../src/core/client-signal.ts';
import type { Attributes, WriteRequest } from '../../../src/storage/bucket.ts';
import { s3Context } from '../../../src/storage/s3/call.ts';
import { connect } from '../../../src/storage/s3/connection.ts';
import { copy } from '../../../src/storage/s3/copy.ts';
import { ODD_NAMES } from './bucket-contract.ts';
import { settingsFor, type Given, type Questions } from './given.ts';

const MEGABYTE = 2 ** 20;

/** A stream in chunks as a socket gives them. */
const streamOf = (bytes: Uint8Array, chunk = 64 * 1024): Readable => {
  let offset = 0;
  return new Readable({
    read() {
      this.push(offset < bytes.length ? bytes.subarray(offset, (offset += chunk)) : null);
    },
  });
};

const stored = async ({ truth, store, container }: Given, key: string) => {
  const command = new GetObjectCommand({ Bucket: store.bucket, Key: container + key });
  const output: GetObjectCommandOutput = await truth.send(command);
  // Under Node a body is always a Readable.
  return { ...output, bytes: await buffer(output.Body as Readable) };
};

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

const isThere = ({ truth, store, container }: Given, key: string): Promise<boolean> =>
  truth.send(new HeadObjectCommand({ Bucket: store.bucket, Key: container + key })).then(
    () => true,
    (error: unknown) => {
      if (error instanceof NotFound) return false;
      throw error;
    },
  );

const allKeys = async ({ truth, store, container }: Given) => {
  const command = new ListObjectsV2Command({ Bucket: store.bucket, Prefix: container });
  return ((await truth.send(command)).Contents ?? []).map(({ Key }) =>
    Key?.slice(container.length),
  );
};

const openUploads = async ({ truth, store, container }: Given) => {
  // s3rver cannot be asked.
  if (store.name === 's3rver') return [];
  const command = new ListMultipartUploadsCommand({ Bucket: store.bucket, Prefix: container });
  return ((await truth.send(command)).Uploads ?? []).map(({ Key }) => Key?.slice(container.length));
};

const expectNothingLeft = async (given: Given): Promise<void> => {
  await expect.poll(() => openUploads(given), { timeout: 5000 }).toEqual([]);
  await expect.poll(() => given.storage.busySockets()).toBe(0);
};

const etagOf = async (given: Given, key: string): Promise<string> => {
  const found = await given.bucket.stat(key);
  if (found.kind !== 'found') throw new Error(found.kind);
  return found.stat.etag;
};

const EVERYTHING: Attributes = {
  contentType: 'text/x-test; charset=utf-8',
  cacheControl: 'max-age=60',
  contentDisposition: 'attachment; filename="a.txt"',
  contentEncoding: 'identity',
  contentLanguage: 'da',
  metadata: {
    plain: 'red wine',
    percent: '100% and %41',
    unicode: 'caf\u00e9 \u4e2d\u6587 \ud83d\ude00',
    spaces: '  both ends ',
  },
  digest: 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
};

const written = (bytes: Uint8Array) => ({
  kind: 'written',
  etag: `"${md5(bytes)}"`,
  size: bytes.length,
});

/** Writing. */
export const WRITE: Questions = {
  'write \u203a stores bytes in memory, a stream of known length, and nothing at all': async (
    given,
  ) => {
    const bytes = randomBytes(300_000);
    const empty = Buffer.alloc(0);
    const { bucket } = given;
    expect([
      await bucket.write('bytes', bytes, { length: bytes.length }),
      await bucket.write('stream', streamOf(bytes), { length: bytes.length }),
      await bucket.write('tiny chunks', streamOf(bytes, 1000), { length: bytes.length }),
      await bucket.write('empty bytes', empty, { length: 0 }),
      await bucket.write('empty stream', streamOf(empty), { length: 0 }),
      await bucket.write('empty unknown', streamOf(empty), {}),
      await bucket.write('unknown', streamOf(bytes), {}),
    ]).toEqual([bytes, bytes, bytes, empty, empty, empty, bytes].map(written));
    expect(given.calls).toEqual(Array.from({ length: 7 }, () => 'PutObject'));
    for (const key of ['bytes', 'stream', 'tiny chunks', 'unknown']) {
      expect((await stored(given, key)).bytes.equals(bytes), key).toBe(true);
    }
    await expectNoBusySocket(given);
  },
  'write \u203a stores odd names': async (given) => {
    for (const name of ODD_NAMES) {
      await given.bucket.write(name, streamOf(Buffer.from(name)), {});
      expect((await stored(given, name)).bytes.toString()).toBe(name);
    }
  },
  'write \u203a keeps what is said of the bytes, in any script': async (given) => {
    const request: WriteRequest = { ...EVERYTHING, length: 1 };
    await given.bucket.write('a.txt', Buffer.from('a'), request);
    expect(await given.bucket.stat('a.txt')).toMatchObject({ kind: 'found', stat: EVERYTHING });
  },
  'write \u203a replaces bytes and all that was said of them': async (given) => {
    await given.bucket.write('a', Buffer.from('first'), { ...EVERYTHING, length: 5 });
    await given.bucket.write('a', Buffer.from('second'), { length: 6 });
    expect(await given.bucket.stat('a')).toMatchObject({
      stat: { size: 6, metadata: {}, digest: null, cacheControl: null },
    });
  },
  'write \u203a stores nothing and keeps what was there when the body is short, long or fails':
    async (given) => {
      const { bucket } = given;
      await given.seed('old', 'old');
      const incomplete = { reason: 'incomplete_body' };
      const short = { length: 300_000 };
      await expect(
        bucket.write('old', streamOf(randomBytes(200_000)), short),
      ).rejects.toMatchObject(incomplete);
      const failing = streamOf(randomBytes(200_000));
      const writing = bucket.write('old', failing, { length: 200_000 });
      failing.once('data', () => failing.destroy(new Error('the client has gone')));
      await expect(writing).rejects.toMatchObject(incomplete);
      const gone = streamOf(Buffer.alloc(1)).on('error', () => {});
      gone.destroy(new Error('the client has gone'));
      await expect(bucket.write('new', gone, { length: 1 })).rejects.toMatchObject(incomplete);
      await expect(bucket.write('new', gone, {})).rejects.toMatchObject(incomplete);
      await expect(
        bucket.write('old', streamOf(randomBytes(200_000)), { length: 100_000 }),
      ).rejects.toMatchObject(incomplete);
      await expect(
        bucket.write('new', streamOf(Buffer.alloc(0)), { length: 1 }),
      ).rejects.toMatchObject(incomplete);
      expect((await stored(given, 'old')).bytes.toString()).toBe('old');
      expect(await isThere(given, 'new')).toBe(false);
      await expectNoBusySocket(given);
    },
  'write \u203a creates once': async (given) => {
    const { bucket } = given;
    const first = Buffer.from('first');
    const create = { createOnly: true, length: 5 };
    expect(await bucket.write('a', streamOf(first), create)).toEqual(written(first));
    expect(await bucket.write('a', streamOf(Buffer.from('again')), create)).toEqual({
      kind: 'exists',
    });
    expect((await stored(given, 'a')).bytes.toString()).toBe('first');
  },
  'write \u203a lets one of a hundred racers create': async (given) => {
    await given.bucket.conditionalWrites();
    const racers = Array.from({ length: 100 }, (_, index) => {
      const bytes = Buffer.from(`racer ${index}`);
      const length = index % 2 === 0 ? bytes.length : undefined;
      return given.bucket.write('race', streamOf(bytes), { createOnly: true, length });
    });
    const results = await Promise.all(racers);
    const winners = results.flatMap(({ kind }, index) => (kind === 'written' ? [index] : []));
    expect(winners).toHaveLength(1);
    expect(results.filter(({ kind }) => kind === 'exists')).toHaveLength(99);
    expect((await stored(given, 'race')).bytes.toString()).toBe(`racer ${winners[0]}`);
  },
  'write \u203a replaces only the version that was named': async (given) => {
    await given.seed('a', 'first');
    const etag = await etagOf(given, 'a');
    const { bucket } = given;
    const write = (ifMatch: string, key = 'a') =>
      bucket.write(key, streamOf(Buffer.from('second')), { ifMatch, length: 6 });
    expect(await write('"other"')).toEqual({ kind: 'precondition-failed' });
    expect(await write(etag, 'none')).toEqual({ kind: 'precondition-failed' });
    expect(await write(etag)).toEqual(written(Buffer.from('second')));
    expect(await write(etag)).toEqual({ kind: 'precondition-failed' });
    expect(await allKeys(given)).toEqual(['a']);
  },
  'write \u203a settles and leaves nothing when the call is aborted': async (given) => {
    const reason = new Error('the client has gone');
    const body = new Readable({ read() {} });
    body.push(Buffer.alloc(100_000));
    const writing = given.bucket.write('a', body, { length: 200_000 });
    body.once('pause', () => given.client.abort(reason));
    setImmediate(() => given.client.abort(reason));
    await expect(writing).rejects.toBe(reason);
    expect(body.destroyed).toBe(true);
    expect(await isThere(given, 'a')).toBe(false);
    await expectNoBusySocket(given);
  },
};

/** Writing by parts. */
export const PARTS: Questions = {
  'write \u203a stores a long stream by parts of equal size': async (given) => {
    const bytes = randomBytes(12 * MEGABYTE);
    const result = await given.bucket.write('long', streamOf(bytes), EVERYTHING);
    expect(result).toEqual({
      kind: 'written',
      etag: await etagOf(given, 'long'),
      size: bytes.length,
    });
    expect(given.calls.filter((name) => name === 'UploadPart')).toHaveLength(3);
    expect((await stored(given, 'long')).bytes.equals(bytes)).toBe(true);
    expect(await given.bucket.stat('long')).toMatchObject({ stat: EVERYTHING });
    await expectNothingLeft(given);
  },
  'write \u203a stores a stream above the threshold by parts': async (given) => {
    const bytes = randomBytes(17 * MEGABYTE);
    const result = await given.bucket.write('long', streamOf(bytes), { length: bytes.length });
    expect(result).toMatchObject({ kind: 'written', size: bytes.length });
    expect((await stored(given, 'long')).bytes.equals(bytes)).toBe(true);
    await expectNothingLeft(given);
  },
  'write \u203a stores a stream of exactly one part, and of exactly two': async (given) => {
    for (const size of [5 * MEGABYTE, 10 * MEGABYTE]) {
      const bytes = randomBytes(size);
      await given.bucket.write('exact', streamOf(bytes), {});
      expect((await stored(given, 'exact')).bytes.equals(bytes)).toBe(true);
    }
    await expectNothingLeft(given);
  },
  'write \u203a leaves no upload when the stream fails between parts': async (given) => {
    const bytes = randomBytes(MEGABYTE);
    let sent = 0;
    const body = new Readable({
      read() {
        if (sent++ < 8) this.push(bytes);
        else this.destroy(new Error('the client has gone'));
      },
    });
    await expect(given.bucket.write('long', body, {})).rejects.toMatchObject({
      reason: 'incomplete_body',
    });
    expect(await isThere(given, 'long')).toBe(false);
    await expectNothingLeft(given);
  },
  'write \u203a creates once by parts, and lets one of five racers': async (given) => {
    const racers = Array.from({ length: 5 }, (_, index) =>
      given.bucket.write('race', streamOf(Buffer.alloc(6 * MEGABYTE, index)), { createOnly: true }),
    );
    const kinds = (await Promise.all(racers)).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['exists', 'exists', 'exists', 'exists', 'written']);
    await expectNothingLeft(given);
  },
  'write \u203a replaces by parts only the version that was named': async (given) => {
    await given.seed('a', 'first');
    const ifMatch = await etagOf(given, 'a');
    const bytes = Buffer.alloc(6 * MEGABYTE);
    const write = () => given.bucket.write('a', streamOf(bytes), { ifMatch });
    expect(await write()).toMatchObject({ kind: 'written', size: bytes.length });
    expect(await write()).toEqual({ kind: 'precondition-failed' });
    await expectNothingLeft(given);
  },
};

/** Copying. */
export const COPY: Questions = {
  'copy \u203a copies bytes and all that is said of them': async (given) => {
    await given.bucket.write('from', Buffer.from('four'), { ...EVERYTHING, length: 4 });
    expect(await given.bucket.copy({ from: 'from', to: 'to' })).toEqual({
      kind: 'copied',
      etag: written(Buffer.from('four')).etag,
      size: 4,
    });
    expect(await given.bucket.stat('to')).toMatchObject({ stat: { ...EVERYTHING, size: 4 } });
  },
  'copy \u203a copies odd names': async (given) => {
    for (const name of ODD_NAMES) {
      await given.seed(name, name);
      const to = `copies/${name}`;
      expect(await given.bucket.copy({ from: name, to })).toMatchObject({ kind: 'copied' });
      expect((await stored(given, to)).bytes.toString()).toBe(name);
    }
  },
  'copy \u203a answers missing': async (given) => {
    expect(await given.bucket.copy({ from: 'none', to: 'to' })).toEqual({ kind: 'missing' });
    expect(await allKeys(given)).toEqual([]);
  },
  'copy \u203a replaces what is said of a file in its place': async (given) => {
    await given.bucket.write('a', Buffer.from('four'), { ...EVERYTHING, length: 4 });
    const attributes = { contentType: 'a/b', metadata: { only: 'this' } };
    expect(await given.bucket.copy({ from: 'a', to: 'a', attributes })).toMatchObject({
      kind: 'copied',
    });
    expect(await given.bucket.stat('a')).toMatchObject({
      stat: { size: 4, ...attributes, cacheControl: null, digest: null },
    });
    expect((await stored(given, 'a')).bytes.toString()).toBe('four');
  },
  'copy \u203a creates once': async (given) => {
    await given.seed('from', 'new');
    await given.seed('to', 'old');
    const request = { from: 'from', createOnly: true };
    expect(await given.bucket.copy({ ...request, to: 'to' })).toEqual({ kind: 'exists' });
    expect((await stored(given, 'to')).bytes.toString()).toBe('old');
    expect(await given.bucket.copy({ ...request, to: 'fresh' })).toMatchObject({ kind: 'copied' });
  },
  'copy \u203a replaces only the version that was named': async (given) => {
    await given.seed('from', 'new');
    await given.seed('to', 'old');
    const copyOver = (to: string, ifMatch: string) =>
      given.bucket.copy({ from: 'from', to, ifMatch, size: 3 });
    const refused = { kind: 'precondition-failed' };
    expect(await copyOver('to', '"other"')).toEqual(refused);
    expect(await copyOver('none', '"other"')).toEqual(refused);
    expect(await copyOver('none', '*')).toEqual(refused);
    expect((await stored(given, 'to')).bytes.toString()).toBe('old');
    expect(await copyOver('to', await etagOf(given, 'to'))).toMatchObject({ kind: 'copied' });
    expect(await copyOver('to', '*')).toMatchObject({ kind: 'copied' });
    expect((await stored(given, 'to')).bytes.toString()).toBe('new');
    expect(await allKeys(given)).toEqual(['from', 'to']);
  },
  'copy \u203a copies only the version that was named': async (given) => {
    await given.seed('from', 'four');
    const copyIf = (ifSourceMatch: string) =>
      given.bucket.copy({ from: 'from', to: 'to', ifSourceMatch });
    expect(await copyIf('"other"')).toEqual({ kind: 'precondition-failed' });
    expect(await allKeys(given)).toEqual(['from']);
    expect(await copyIf(await etagOf(given, 'from'))).toMatchObject({ kind: 'copied' });
  },
  'copy \u203a copies by parts what is too large for one copy': async (given) => {
    const bytes = randomBytes(11 * MEGABYTE);
    await given.seed('from \u00fc? %41', 'another');
    await given.seed('from \u00fc?+ A', 'another');
    await given.bucket.write('from \u00fc?+ %41', bytes, { ...EVERYTHING, length: bytes.length });
    const connection = connect(settingsFor(given.store));
    const calls: string[] = [];
    const context = s3Context(connection, given.container, {
      signal: new ClientAbort().signal,
      onCall: (operation) => calls.push(operation),
    });
    const limits = { whole: MEGABYTE, part: 5 * MEGABYTE };
    expect(await copy(context, { from: 'from \u00fc?+ %41', to: 'to' }, limits)).toEqual({
      kind: 'copied',
      etag: expect.stringMatching(/^("[0-9a-f]{32}-3")?$/),
      size: bytes.length,
    });
    expect(calls.filter((name) => name === 'UploadPartCopy').length).toBeLessThanOrEqual(4);
    expect((await stored(given, 'to')).bytes.equals(bytes)).toBe(true);
    expect(await given.bucket.stat('to')).toMatchObject({ stat: EVERYTHING });
    await expectNothingLeft(given);
    connection.close(new Error('the test has ended'));
  },
};

async function expectNoBusySocket({ storage }: Given): Promise<void> {
  await expect.poll(() => storage.busySockets()).toBe(0);
}

/** All of these, by the title that they stand under. */
export const WRITE_CONTRACT = {
  write: WRITE,
  parts: PARTS,
  copy: COPY,
} satisfies Record<string, Questions>;
