// The questions about reading that every store must answer alike.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { streamOf } from '../../../src/http/body/stream-of.ts';
import type { ReadRequest, ReadResult } from '../../../src/storage/bucket.ts';
import { ODD_NAMES } from './bucket-contract.ts';
import type { Given, Questions } from './given.ts';

const TEN = '0123456789';
const TEN_ETAG = '"781e5e245d69b566979b86e28d23f2c7"';

const bodyStream = (result: ReadResult): Readable => {
  if (result.kind !== 'found') throw new Error(`the read answered ${result.kind}`);
  return streamOf(result.body);
};

const bodyOf = async (result: ReadResult): Promise<string> =>
  (await buffer(bodyStream(result))).toString();

const readTen = async (given: Given, request: ReadRequest): Promise<unknown> => {
  const result = await given.bucket.read('ten', request);
  if (result.kind !== 'found') return result;
  return { range: result.range, size: result.stat.size, text: await bodyOf(result) };
};

/** Reading. */
export const READ: Questions = {
  'read \u203a gives the bytes and what is known of them, in one call': async (given) => {
    await given.truth.send(
      new PutObjectCommand({
        Bucket: given.store.bucket,
        Key: `${given.container}ten`,
        Body: TEN,
        ContentType: 'text/plain',
        CacheControl: 'max-age=5',
        ContentDisposition: 'inline',
        ContentEncoding: 'identity',
        ContentLanguage: 'da',
        Metadata: { colour: 'red' },
      }),
    );
    const result = await given.bucket.read('ten');
    expect(result).toMatchObject({
      kind: 'found',
      range: null,
      stat: {
        key: 'ten',
        size: 10,
        etag: TEN_ETAG,
        lastModified: expect.any(Date),
        contentType: 'text/plain',
        cacheControl: 'max-age=5',
        contentDisposition: 'inline',
        contentEncoding: 'identity',
        contentLanguage: 'da',
        metadata: { colour: 'red' },
        digest: null,
      },
    });
    expect(await bodyOf(result)).toBe(TEN);
    expect(given.calls).toEqual(['GetObject']);
  },
  'read \u203a gives an empty file': async (given) => {
    await given.seed('empty', '');
    const result = await given.bucket.read('empty');
    expect(result).toMatchObject({ kind: 'found', stat: { size: 0 } });
    expect(await bodyOf(result)).toBe('');
  },
  'read \u203a gives a large file whole': async (given) => {
    const bytes = Buffer.alloc(6_000_000, 'large \u00fc');
    const command = { Bucket: given.store.bucket, Key: `${given.container}large`, Body: bytes };
    await given.truth.send(new PutObjectCommand(command));
    const result = await given.bucket.read('large');
    const hash = createHash('md5');
    for await (const chunk of bodyStream(result)) hash.update(chunk as Buffer);
    expect(hash.digest('hex')).toBe(createHash('md5').update(bytes).digest('hex'));
  },
  'read \u203a answers missing': async (given) => {
    expect(await given.bucket.read('none')).toEqual({ kind: 'missing' });
  },
  'read \u203a finds odd names': async (given) => {
    for (const name of ODD_NAMES) {
      await given.seed(name, name);
      expect(await bodyOf(await given.bucket.read(name))).toBe(name);
    }
  },
  'read \u203a gives a part from the start, from within and to the end': async (given) => {
    await given.seed('ten', TEN);
    expect([
      await readTen(given, { range: { kind: 'from', start: 0, end: 0 } }),
      await readTen(given, { range: { kind: 'from', start: 3, end: 5 } }),
      await readTen(given, { range: { kind: 'from', start: 8 } }),
      await readTen(given, { range: { kind: 'from', start: 8, end: 99 } }),
    ]).toEqual([
      { range: { start: 0, end: 0 }, size: 10, text: '0' },
      { range: { start: 3, end: 5 }, size: 10, text: '345' },
      { range: { start: 8, end: 9 }, size: 10, text: '89' },
      { range: { start: 8, end: 9 }, size: 10, text: '89' },
    ]);
  },
  'read \u203a gives the last bytes, all of them when fewer are there': async (given) => {
    await given.seed('ten', TEN);
    expect([
      await readTen(given, { range: { kind: 'suffix', length: 3 } }),
      await readTen(given, { range: { kind: 'suffix', length: 500 } }),
    ]).toEqual([
      { range: { start: 7, end: 9 }, size: 10, text: '789' },
      { range: { start: 0, end: 9 }, size: 10, text: TEN },
    ]);
  },
  'read \u203a answers unsatisfiable beyond the end': async (given) => {
    await given.seed('ten', TEN);
    const result = await given.bucket.read('ten', { range: { kind: 'from', start: 10 } });
    expect(result.kind).toBe('unsatisfiable');
    // Stores may keep the size to themselves; one that tells must tell the right one.
    if (result.kind === 'unsatisfiable') expect([10, null]).toContain(result.size);
  },
  'read \u203a answers not-modified when the ETag matches': async (given) => {
    await given.seed('ten', TEN);
    expect(await readTen(given, { ifNoneMatch: TEN_ETAG })).toMatchObject({
      kind: 'not-modified',
      stat: { etag: TEN_ETAG },
    });
    expect(await readTen(given, { ifNoneMatch: '"other"' })).toMatchObject({ text: TEN });
  },
  'read \u203a answers not-modified since a date': async (given) => {
    await given.seed('ten', TEN);
    const future = new Date(Date.now() - 1000);
    const there = await given.bucket.stat('ten');
    const lastModified = there.kind === 'found' ? there.stat.lastModified : null;
    expect(await readTen(given, { ifModifiedSince: lastModified ?? future })).toMatchObject({
      kind: 'not-modified',
    });
  },
  'read \u203a answers precondition-failed for another ETag and an older date': async (given) => {
    await given.seed('ten', TEN);
    expect(await readTen(given, { ifMatch: '"other"' })).toEqual({ kind: 'precondition-failed' });
    expect(await readTen(given, { ifUnmodifiedSince: new Date(0) })).toEqual({
      kind: 'precondition-failed',
    });
    expect(await readTen(given, { ifMatch: TEN_ETAG })).toMatchObject({ text: TEN });
  },
  'read \u203a frees its sockets when bodies are left unread': async (given) => {
    const bytes = Buffer.alloc(2_000_000);
    const command = { Bucket: given.store.bucket, Key: `${given.container}large`, Body: bytes };
    await given.truth.send(new PutObjectCommand(command));
    for (let index = 0; index < 100; index += 1) {
      const result = await given.bucket.read('large');
      bodyStream(result).destroy();
    }
    await expect.poll(() => given.storage.busySockets()).toBe(0);
  },
};

/** All of these, by the title that they stand under. */
export const READ_CONTRACT = { read: READ } satisfies Record<string, Questions>;
