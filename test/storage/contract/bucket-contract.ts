// The questions about listing, looking, removing and signing that every store must answer alike.
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { PassThrough } from 'node:stream';
import { expect } from 'vitest';
import { ClientAbort } from '../../../src/core/client-signal.ts';
import { type Page } from '../../../src/storage/bucket.ts';
import { uploadName } from '../../../src/storage/s3/writing/upload-marks.ts';
import { until } from '../../support/until.ts';
import type { Given, Questions } from './given.ts';

/** Names that are legal on S3 and have broken somebody. */
export const ODD_NAMES = [
  'two words.txt',
  ' leading and trailing ',
  'a+b%20c%2Fd.txt',
  'q?x#y&z=1;2,3',
  'quotes\'(1)!*~`"<>.txt',
  '\u00fcml\u00e4ut-\u4e2d\u6587-\u0627\u0644.txt',
  'e\u0301 is not \u00e9',
  '\ud83d\ude00.png',
  'dots...',
  '.env',
  '%252e%252e',
  '$@:[]{}|^',
];

async function pages(given: Given, prefix: string, options: { recursive: boolean; limit: number }) {
  const found: Page[] = [];
  let after: string | undefined;
  do {
    const page = await given.bucket.list({ prefix, ...options, after });
    found.push(page);
    after = page.next;
  } while (after !== undefined && found.length < 20);
  return found;
}

const keysOf = (page: Page) => page.files.map(({ key }) => key);

const truthKeys = async ({ truth, store, container }: Given) => {
  const output = await truth.send(
    new ListObjectsV2Command({ Bucket: store.bucket, Prefix: container }),
  );
  return (output.Contents ?? []).map(({ Key }) => Key?.slice(container.length));
};

/** Listing. */
export const LIST: Questions = {
  'list \u203a gives files and folders directly below, with size, date and ETag': async (given) => {
    for (const key of ['a.txt', 'b/', 'b/c.txt', 'd/e/f.txt']) await given.seed(key, 'four');
    const page = await given.bucket.list({ prefix: '', recursive: false });
    expect(page).toEqual({
      files: [
        {
          key: 'a.txt',
          size: 4,
          lastModified: expect.any(Date),
          etag: '"8cbad96aced40b3838dd9f07f6ef5772"',
        },
      ],
      folders: ['b/', 'd/'],
      next: undefined,
    });
    expect(Math.abs((page.files[0]?.lastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(
      60_000,
    );
  },
  'list \u203a gives a folder with its placeholder, and never a neighbour that begins alike':
    async (given) => {
      for (const key of ['b/', 'b/c.txt', 'b2/x', 'bc']) await given.seed(key, '');
      const page = await given.bucket.list({ prefix: 'b/', recursive: false });
      expect([keysOf(page), page.folders]).toEqual([['b/', 'b/c.txt'], []]);
    },
  'list \u203a gives the whole tree when recursive': async (given) => {
    for (const key of ['x/1', 'x/y/2', 'z']) await given.seed(key, '');
    const page = await given.bucket.list({ prefix: '', recursive: true });
    expect([keysOf(page).sort(), page.folders]).toEqual([['x/1', 'x/y/2', 'z'], []]);
  },
  'list \u203a gives keys in the order of their UTF-8 bytes': async (given) => {
    const keys = ['B', 'a', 'a!', 'a-b', 'a/b', 'a0', '\uffee', '\ud83d\ude00'];
    for (const key of [...keys].reverse()) await given.seed(key, '');
    expect(keysOf(await given.bucket.list({ prefix: '', recursive: true }))).toEqual(keys);
  },
  'list \u203a answers an empty page where nothing is, in one call': async (given) => {
    expect(await given.bucket.list({ prefix: 'none/', recursive: false })).toEqual({
      files: [],
      folders: [],
      next: undefined,
    });
    expect(given.calls).toEqual(['ListObjectsV2']);
  },
  'list \u203a gives every key once over several pages, folders counted': async (given) => {
    for (const key of ['1', '2/a', '2/b', '3', '4/a', '5']) await given.seed(key, '');
    const found = await pages(given, '', { recursive: false, limit: 2 });
    const all = found.flatMap((page) => [...keysOf(page), ...page.folders]);
    expect([...all].sort()).toEqual(['1', '2/', '3', '4/', '5']);
    expect(found.every((page) => page.files.length + page.folders.length <= 2)).toBe(true);
  },
  'list \u203a gives odd names as they are': async (given) => {
    for (const name of ODD_NAMES) await given.seed(name, '');
    expect(keysOf(await given.bucket.list({ prefix: '', recursive: true })).sort()).toEqual(
      [...ODD_NAMES].sort(),
    );
  },
  'list \u203a gives odd folders as they are, and finds what is in them': async (given) => {
    for (const name of ODD_NAMES) await given.seed(`${name}/x`, '');
    const page = await given.bucket.list({ prefix: '', recursive: false });
    expect([...page.folders].sort()).toEqual(ODD_NAMES.map((name) => `${name}/`).sort());
    for (const name of ODD_NAMES) {
      const inside = await given.bucket.list({ prefix: `${name}/`, recursive: false });
      expect(keysOf(inside)).toEqual([`${name}/x`]);
    }
  },
  'list \u203a gives names that no document can carry': async (given) => {
    const keys = ['bell\u0007.txt', 'line\nfeed', 'return\r.txt', 'tab\t'];
    for (const key of keys) await given.seed(key, '');
    expect(keysOf(await given.bucket.list({ prefix: '', recursive: true })).sort()).toEqual(
      [...keys].sort(),
    );
  },
  'list \u203a gives names with empty segments': async (given) => {
    for (const key of ['a//b', 'a/c', '/d']) await given.seed(key, '');
    const page = await given.bucket.list({ prefix: '', recursive: true });
    expect(keysOf(page).sort()).toEqual(['/d', 'a//b', 'a/c']);
  },
};

/** Looking. */
export const STAT: Questions = {
  'stat \u203a gives what is known of a file, in one call': async (given) => {
    await given.seed('a/b.txt', 'four');
    expect(await given.bucket.stat('a/b.txt')).toEqual({
      kind: 'found',
      stat: expect.objectContaining({
        key: 'a/b.txt',
        size: 4,
        etag: '"8cbad96aced40b3838dd9f07f6ef5772"',
        lastModified: expect.any(Date),
        metadata: {},
        digest: null,
      }),
    });
    expect(given.calls).toEqual(['HeadObject']);
  },
  'stat \u203a answers missing for a file and for a folder without placeholder': async (given) => {
    await given.seed('folder/x', '');
    expect(await given.bucket.stat('none')).toEqual({ kind: 'missing' });
    expect(await given.bucket.stat('folder/')).toEqual({ kind: 'missing' });
    expect(await given.bucket.stat('folder')).toEqual({ kind: 'missing' });
  },
  'stat \u203a finds odd names': async (given) => {
    for (const name of ODD_NAMES) {
      await given.seed(name, 'four');
      expect(await given.bucket.stat(name), name).toMatchObject({
        kind: 'found',
        stat: { key: name },
      });
    }
  },
  'stat \u203a answers not-modified with the ETag when it matches': async (given) => {
    await given.seed('x', 'four');
    const ifNoneMatch = '"8cbad96aced40b3838dd9f07f6ef5772"';
    expect(await given.bucket.stat('x', { ifNoneMatch })).toMatchObject({
      kind: 'not-modified',
      stat: { etag: ifNoneMatch },
    });
  },
  'stat \u203a answers precondition-failed when the ETag is another': async (given) => {
    await given.seed('x', 'four');
    expect(await given.bucket.stat('x', { ifMatch: '"other"' })).toEqual({
      kind: 'precondition-failed',
    });
  },
};

/** Removing. */
export const REMOVE: Questions = {
  'remove \u203a removes a file, and does not mind when it is gone': async (given) => {
    await given.seed('x', '');
    expect(await given.bucket.remove('x')).toEqual({ kind: 'removed' });
    expect(await given.bucket.remove('x')).toEqual({ kind: 'removed' });
    expect(await truthKeys(given)).toEqual([]);
    expect(given.calls).toEqual(['DeleteObject', 'DeleteObject']);
  },
  'remove \u203a removes only the file with the ETag that was given': async (given) => {
    await given.seed('x', 'four');
    expect(await given.bucket.remove('x', '"other"')).toEqual({ kind: 'precondition-failed' });
    expect(await truthKeys(given)).toEqual(['x']);
    const etag = '"8cbad96aced40b3838dd9f07f6ef5772"';
    expect(await given.bucket.remove('x', etag)).toEqual({ kind: 'removed' });
    expect(await given.bucket.remove('x', etag)).toEqual({ kind: 'precondition-failed' });
    expect(await truthKeys(given)).toEqual([]);
  },
  'removeMany \u203a removes many in one call and leaves the rest': async (given) => {
    const keys = [...ODD_NAMES, 'folder/', 'folder/x'];
    for (const key of [...keys, 'stays']) await given.seed(key, '');
    expect(await given.bucket.removeMany([...keys, 'was never there'])).toEqual({
      failed: [],
      deleted: keys.length + 1,
    });
    expect(await truthKeys(given)).toEqual(['stays']);
    expect(given.calls).toEqual(['DeleteObjects']);
  },
  'removeMany \u203a removes names that no document can carry': async (given) => {
    const keys = ['bell\u0007.txt', 'line\nfeed', 'return\r.txt', 'plain'];
    for (const key of keys) await given.seed(key, '');
    expect(await given.bucket.removeMany(keys)).toEqual({ failed: [], deleted: 4 });
    expect(await truthKeys(given)).toEqual([]);
  },
  'removeMany \u203a removes a thousand at once': async (given) => {
    const keys = Array.from({ length: 1000 }, (_, index) => `file-${index}`);
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(keys.slice(at, at + 50).map((key) => given.seed(key, '')));
    }
    // Where a key takes one write a second, a deletion is one too.
    const seeded = performance.now();
    await until(() => performance.now() - seeded > 1100, { what: 'a second to pass' });
    expect(await given.bucket.removeMany(keys)).toEqual({ failed: [], deleted: 1000 });
    expect(await truthKeys(given)).toEqual([]);
  },
  'removeMany \u203a asks nothing for no keys': async (given) => {
    expect(await given.bucket.removeMany([])).toEqual({ failed: [], deleted: 0 });
    expect(given.calls).toEqual([]);
  },
};

const HOUR = 3600;

/** Signing. */
export const SIGN: Questions = {
  'sign \u203a gives a URL that reads, odd names included, without a call': async (given) => {
    for (const key of ODD_NAMES) {
      await given.seed(key, key);
      const { url, headers } = await given.bucket.sign({
        kind: 'read',
        key,
        expiresSeconds: HOUR,
      });
      const reply = await fetch(new URL(url), { headers });
      expect([reply.status, await reply.text()]).toEqual([200, key]);
    }
    expect(given.calls).toEqual([]);
  },
  'sign \u203a fixes the headers that a reader gets': async (given) => {
    await given.seed('x.html', '<b>');
    const { url } = await given.bucket.sign({
      kind: 'read',
      key: 'x.html',
      expiresSeconds: HOUR,
      contentType: 'text/plain',
      contentDisposition: 'attachment; filename="x.html"',
      cacheControl: 'no-store',
    });
    const reply = await fetch(url);
    const names = ['content-type', 'content-disposition', 'cache-control'];
    expect(names.map((name) => reply.headers.get(name))).toEqual([
      'text/plain',
      'attachment; filename="x.html"',
      'no-store',
    ]);
    await reply.text();
  },
  'sign \u203a gives a URL that reads one file and nothing else': async (given) => {
    for (const key of ['x', 'y']) await given.seed(key, 'secret');
    const { url } = await given.bucket.sign({ kind: 'read', key: 'x', expiresSeconds: HOUR });
    const other = url.replace(`${given.container}x`, `${given.container}y`);
    const longer = url.replace('X-Amz-Expires=3600', 'X-Amz-Expires=360000');
    const replies = [
      await fetch(url, { method: 'PUT', body: 'overwritten' }),
      await fetch(url, { method: 'DELETE' }),
      await fetch(other),
      await fetch(longer),
      await fetch(`${url}&response-content-type=text%2Fhtml`),
    ];
    expect(replies.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    await Promise.all(replies.map((reply) => reply.text()));
  },
  'sign \u203a gives a URL that writes what was agreed': async (given) => {
    const { url, headers } = await given.bucket.sign({
      kind: 'write',
      key: 'up \u00fc+.png',
      expiresSeconds: HOUR,
      attributes: {
        contentType: 'image/png',
        cacheControl: 'max-age=60',
        contentLanguage: 'de',
        contentDisposition: 'attachment',
        metadata: { Owner: 'Z\u00fcrich 100%' },
      },
      contentLength: 4,
    });
    expect(headers).toEqual({
      'Content-Type': 'image/png',
      'Content-Length': '4',
      'Cache-Control': 'max-age=60',
      'Content-Language': 'de',
      'Content-Disposition': 'attachment',
      'x-amz-meta-owner': 'Z%C3%BCrich 100%25',
    });
    const { 'x-amz-meta-owner': _, ...less } = headers;
    const refused = await fetch(url, { method: 'PUT', body: 'four', headers: less });
    expect(refused.status).toBe(403);
    expect((await fetch(url, { method: 'PUT', body: 'four', headers })).status).toBe(200);
    expect(await given.bucket.stat('up \u00fc+.png')).toMatchObject({
      stat: {
        size: 4,
        contentType: 'image/png',
        cacheControl: 'max-age=60',
        contentLanguage: 'de',
        contentDisposition: 'attachment',
        metadata: { owner: 'Z\u00fcrich 100%' },
      },
    });
  },
  'sign \u203a gives a URL that writes no other type and no other length': async (given) => {
    const request = { kind: 'write', key: 'x', expiresSeconds: HOUR } as const;
    const typed = await given.bucket.sign({ ...request, attributes: { contentType: 'image/png' } });
    const sized = await given.bucket.sign({ ...request, contentLength: 4 });
    const html = { 'Content-Type': 'text/html' };
    const replies = [
      await fetch(typed.url, { method: 'PUT', body: 'four', headers: html }),
      await fetch(sized.url, { method: 'PUT', body: 'fifty' }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([403, 403]);
    expect(await truthKeys(given)).toEqual([]);
  },
  'sign \u203a gives a URL that creates once': async (given) => {
    const { url, headers } = await given.bucket.sign({
      kind: 'write',
      key: 'x',
      expiresSeconds: HOUR,
      createOnly: true,
    });
    expect(headers).toEqual({ 'If-None-Match': '*' });
    const put = (body: string) => fetch(url, { method: 'PUT', body, headers });
    expect([(await put('first')).status, (await put('again')).status]).toEqual([200, 412]);
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(403);
  },
  'conditionalWrites \u203a says that create-only writes are atomic': async (given) => {
    expect(await given.bucket.conditionalWrites()).toBe(true);
    expect(await truthKeys(given)).toEqual([]);
  },
};

const NOTHING = { signal: new ClientAbort().signal, onCall: () => undefined };

async function begin({ truth, store }: Given, Key: string): Promise<string> {
  const { UploadId } = await truth.send(
    new CreateMultipartUploadCommand({ Bucket: store.bucket, Key }),
  );
  if (UploadId === undefined) throw new Error('no upload id');
  return UploadId;
}

async function openUploads({ truth, store, container }: Given) {
  const command = new ListMultipartUploadsCommand({ Bucket: store.bucket, Prefix: container });
  const { Uploads = [] } = await truth.send(command);
  return Uploads.map(({ Key = '' }) => Key.slice(container.length)).toSorted((a, b) =>
    a < b ? -1 : 1,
  );
}

/** An upload as a process leaves it that was killed: begun, marked, with a part. */
async function orphan(given: Given, key: string): Promise<string> {
  const { truth, store, container } = given;
  const UploadId = await begin(given, container + key);
  await begin(given, `${container}.s3files/uploads/${uploadName(container + key, UploadId)}`);
  await truth.send(
    new UploadPartCommand({
      Bucket: store.bucket,
      Key: container + key,
      UploadId,
      PartNumber: 1,
      Body: 'part',
    }),
  );
  return UploadId;
}

/** Clean-up. */
export const SWEEP: Questions = {
  'sweep \u203a aborts what was left behind, and never what others began': async (given) => {
    await orphan(given, 'ours \u00fc.bin');
    await begin(given, `${given.container}theirs.bin`);
    await begin(given, `${given.container}ours \u00fc.bin`);
    const all = { olderThanSeconds: 0, sessionsOlderThanSeconds: 0, dryRun: false };
    const report = await given.storage.sweep(given.container, { ...all, dryRun: true });
    const upload = { key: 'ours \u00fc.bin', startedAt: expect.any(Date), aborted: false };
    expect(report).toEqual({ uploads: [upload], aborted: 0, kept: 2, objects: 0 });
    expect(await given.storage.sweep(given.container, all)).toEqual({
      uploads: [{ ...upload, aborted: true }],
      aborted: 1,
      kept: 2,
      objects: 0,
    });
    expect(await openUploads(given)).toEqual(['ours \u00fc.bin', 'theirs.bin']);
    expect(await given.storage.sweep(given.container, all)).toEqual({
      uploads: [],
      aborted: 0,
      kept: 2,
      objects: 0,
    });
  },
  'sweep \u203a leaves young uploads, and those of other containers': async (given) => {
    await orphan(given, 'young.bin');
    const young = await given.storage.sweep(given.container, {
      olderThanSeconds: HOUR,
      sessionsOlderThanSeconds: HOUR,
      dryRun: false,
    });
    expect(young).toEqual({ uploads: [], aborted: 0, kept: 1, objects: 0 });
    const other = await given.storage.sweep(`${given.container}not-here/`, {
      olderThanSeconds: 0,
      sessionsOlderThanSeconds: 0,
      dryRun: false,
    });
    expect(other).toEqual({ uploads: [], aborted: 0, kept: 0, objects: 0 });
    expect(await openUploads(given)).toHaveLength(2);
  },
  'sweep \u203a leaves what this service still works on': async (given) => {
    const body = new PassThrough();
    const writing = given.bucket.write('live.bin', body, {});
    body.write(Buffer.alloc(11 * 2 ** 20));
    // The upload and its mark.
    await expect.poll(() => openUploads(given)).toHaveLength(2);
    const all = { olderThanSeconds: 0, sessionsOlderThanSeconds: 0, dryRun: false };
    expect(await given.storage.sweep(given.container, all)).toEqual({
      uploads: [],
      aborted: 0,
      kept: 1,
      objects: 0,
    });
    body.end();
    expect(await writing).toMatchObject({ kind: 'written', size: 11 * 2 ** 20 });
    expect(await openUploads(given)).toEqual([]);
  },
};

/** The storage as a whole. */
export const STORAGE: Questions = {
  'check \u203a finds nothing wrong and leaves nothing behind': async (given) => {
    const findings = await given.storage.check(given.container);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.map(({ name }) => name)).toEqual([
      'connection',
      'clock',
      'region',
      'credentials',
      'bucket',
      'list',
      'write',
      'read',
      'delete',
      'multipart',
      'conditional-writes',
      'signed-writes',
      'copies',
    ]);
    expect(await truthKeys(given)).toEqual([]);
  },
  'every call \u203a rejects with the reason of an abort': async (given) => {
    const reason = new Error('the client has gone');
    const listing = given.bucket.list({ prefix: '', recursive: true });
    given.client.abort(reason);
    await expect(listing).rejects.toBe(reason);
    await expect(given.bucket.stat('x')).rejects.toBe(reason);
  },
  'open \u203a makes no call': async (given) => {
    given.storage.open('other/', NOTHING);
    expect(given.storage.busySockets()).toBe(0);
  },
};

/** All of these, by the title that they stand under. */
export const BUCKET_CONTRACT = {
  list: LIST,
  stat: STAT,
  remove: REMOVE,
  sign: SIGN,
  sweep: SWEEP,
  storage: STORAGE,
} satisfies Record<string, Questions>;
