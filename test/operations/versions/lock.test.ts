// Object lock: what a lock refuses is a conflict with its date, never a right that is missing.
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { startService, type Answer } from '../../support/service.ts';
import { client, doubleStore } from '../../support/stores.ts';
import { keptVersions, storesBothWays, withLocks } from '../../support/versioned.ts';

const errorOf = (answer: Answer) =>
  (answer.json() as { error: { reason: string; message: string; context: unknown } }).error;

// Governance mode, so that what the tests leave behind can go.
const UNTIL = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
const DATE = `${UNTIL.toISOString().slice(0, 19)}Z`;

describe.each(storesBothWays())('a locked file on $name', ({ open, leanCalls }) => {
  it('is 409 with its date when it is purged, alone, in its folder or in a list', async () => {
    const store = await open();
    const locked = await withLocks(store);
    const s3 = client(locked);
    const put = (Key: string, lock: object) =>
      s3.send(new PutObjectCommand({ Bucket: locked.bucket, Key, Body: 'kept', ...lock }));
    await put('f/dated.txt', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: UNTIL });
    await put('f/held.txt', { ObjectLockLegalHoldStatus: 'ON' });
    await put('f/free.txt', {});
    const service = await startService(locked, { versions: true, trash: true, leanCalls });
    const purge = (path: string) =>
      service.ask({ method: 'DELETE', path: `${path}?purge=true&force=true` });

    const dated = await purge('/f/dated.txt');
    expect([dated.status, errorOf(dated)]).toEqual([
      409,
      {
        code: 409,
        status_code: 409,
        reason: 'locked',
        message: `Conflict: File 'f/dated.txt' is locked until ${DATE}.`,
        context: {
          path: 'f/dated.txt',
          locked_until: DATE,
          legal_hold: false,
          failed: ['f/dated.txt'],
          deleted: 0,
        },
      },
    ]);
    const held = await purge('/f/held.txt');
    expect([held.status, errorOf(held)]).toMatchObject([
      409,
      { reason: 'locked', context: { locked_until: null, legal_hold: true } },
    ]);
    const folder = await purge('/f/');
    expect([folder.status, errorOf(folder)]).toMatchObject([
      409,
      { reason: 'locked', context: { deleted: 1 } },
    ]);
    const { failed } = errorOf(folder).context as { failed: string[] };
    expect(failed.toSorted()).toEqual(['f/dated.txt', 'f/held.txt']);
    // A deletion and a new version leave the locked one as it is.
    for (const [method, body] of [
      ['PUT', 'newer'],
      ['DELETE', undefined],
    ] as const)
      expect((await service.ask({ method, path: '/f/dated.txt', body })).status).toBeLessThan(300);
    expect(await keptVersions(locked, 'f/dated.txt')).toHaveLength(3);
    // Purged as far as the lock lets it: what was deleted is not there again.
    expect((await purge('/f/dated.txt')).status).toBe(409);
    expect((await service.ask({ path: '/f/dated.txt' })).status).toBe(404);
    expect(await keptVersions(locked, 'f/dated.txt')).toHaveLength(2);
    await service.close();
    s3.destroy();
    await store.close();
  });
});

describe.each([true, false])('a store whose locks refuse to replace (lean: %s)', (leanCalls) => {
  it('is 409 with the date for PUT, move onto it and DELETE', async () => {
    const store = await doubleStore();
    const bucket = `worm-${store.bucket.slice(5)}`;
    const s3 = client(store);
    await s3.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: 'kept.txt',
        Body: 'kept',
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: UNTIL,
      }),
    );
    const service = await startService({ ...store, bucket }, { leanCalls });
    await service.ask({ method: 'PUT', path: '/other.txt', body: 'other' });
    const copy = JSON.stringify({
      resource: [{ type: 'file', source_path: 'other.txt', name: 'kept.txt' }],
    });
    for (const question of [
      { method: 'PUT', path: '/kept.txt', body: 'new' },
      { method: 'DELETE', path: '/kept.txt' },
      { method: 'DELETE', path: '/kept.txt?no_check=true' },
      { method: 'PUT', path: '/', body: copy, headers: { 'Content-Type': 'application/json' } },
    ]) {
      const answer = await service.ask(question);
      expect([question.method, question.path, answer.status]).toEqual([
        question.method,
        question.path,
        409,
      ]);
      expect(errorOf(answer)).toMatchObject({ reason: 'locked' });
      expect(answer.text).toContain(DATE);
    }
    expect((await service.ask({ path: '/kept.txt' })).text).toBe('kept');
    await service.close();
    s3.destroy();
    await store.close();
  });

  it('is still 403 where a right is missing, and not a lock', async () => {
    const store = await doubleStore();
    const service = await startService(store, { leanCalls });
    store.double.seed(store.bucket, 'a.txt', 'a');
    for (const [operation, method] of [
      ['PutObject', 'PUT'],
      ['DeleteObject', 'DELETE'],
    ] as const) {
      store.double.inject({ operation, kind: 'status', status: 403, code: 'AccessDenied' });
      const answer = await service.ask({
        method,
        path: '/a.txt',
        body: method === 'PUT' ? 'x' : undefined,
      });
      expect([answer.status, errorOf(answer).reason]).toEqual([403, 'storage_access_denied']);
    }
    await service.close();
    await store.close();
  });
});
