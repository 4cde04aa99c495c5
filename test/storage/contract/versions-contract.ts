// Versions of objects, in a bucket that keeps them.
import { expect } from 'vitest';
import type { Bucket, Version } from '../../../src/storage/bucket.ts';
import type { Questions } from './given.ts';

const put = async (bucket: Bucket, key: string, body: string): Promise<void> => {
  const written = await bucket.write(key, Buffer.from(body), { length: body.length });
  expect(written.kind).toBe('written');
};

const all = async (bucket: Bucket, prefix: string, limit?: number): Promise<Version[]> => {
  const versions: Version[] = [];
  let after: string | undefined;
  do {
    const page = await bucket.listVersions({ prefix, limit, after });
    versions.push(...page.versions);
    after = page.next;
  } while (after !== undefined);
  return versions;
};

const textOf = async (bucket: Bucket, key: string, versionId?: string): Promise<string> => {
  const result = await bucket.read(key, { versionId });
  if (result.kind !== 'found') return result.kind;
  return result.body instanceof Uint8Array
    ? Buffer.from(result.body).toString()
    : Buffer.concat(await result.body.toArray()).toString();
};

export const VERSIONS_CONTRACT: Questions = {
  'versions \u203a lists them by key, the newest first, deletions marked, over several pages':
    async ({ bucket }) => {
      await put(bucket, 'a', '1');
      await put(bucket, 'a', '22');
      await put(bucket, 'a b+ä', '333');
      await bucket.remove('a b+ä');
      const versions = await all(bucket, '');
      expect(versions.map(({ key }) => key)).toEqual(['a', 'a', 'a b+ä', 'a b+ä']);
      expect(versions.map(({ isLatest, isDeletion }) => [isLatest, isDeletion])).toEqual([
        [true, false],
        [false, false],
        [true, true],
        [false, false],
      ]);
      expect(versions.map(({ size }) => size)).toEqual([2, 1, 0, 3]);
      expect(versions[0]?.etag).toMatch(/^"[0-9a-f]{32}"$/);
      const paged = await all(bucket, '', 1);
      expect(paged.map(({ versionId }) => versionId).toSorted()).toEqual(
        versions.map(({ versionId }) => versionId).toSorted(),
      );
    },

  'versions \u203a begins behind a key': async ({ bucket }) => {
    for (const key of ['k1', 'k1', 'k2', 'k3']) await put(bucket, key, 'x');
    const { versions } = await bucket.listVersions({ prefix: 'k', afterKey: 'k1' });
    expect(versions.map(({ key }) => key)).toEqual(['k2', 'k3']);
  },

  'versions \u203a reads, looks at and copies one': async ({ bucket }) => {
    await put(bucket, 'v', 'old');
    const [old] = await all(bucket, 'v');
    await put(bucket, 'v', 'newest');
    const versionId = old?.versionId ?? '';
    expect(await textOf(bucket, 'v', versionId)).toBe('old');
    expect(await bucket.stat('v', { versionId })).toMatchObject({ stat: { size: 3 } });
    const cut = await bucket.read('v', { versionId, range: { kind: 'suffix', length: 2 } });
    expect(cut).toMatchObject({ kind: 'found', range: { start: 1, end: 2 } });
    const { kind } = await bucket.copy({ from: 'v', to: 'v', versionId });
    expect([kind, await textOf(bucket, 'v')]).toEqual(['copied', 'old']);
  },

  'versions \u203a copies one only over the ETag that is named': async ({ bucket }) => {
    await put(bucket, 'c', 'old');
    const [old] = await all(bucket, 'c');
    await put(bucket, 'c', 'newest');
    const there = await bucket.stat('c');
    const etag = there.kind === 'found' ? there.stat.etag : '';
    const copy = (ifMatch: string) =>
      bucket.copy({ from: 'c', to: 'c', versionId: old?.versionId ?? '', ifMatch });
    expect(await copy('"0123"')).toEqual({ kind: 'precondition-failed' });
    expect(await textOf(bucket, 'c')).toBe('newest');
    expect((await copy(etag)).kind).toBe('copied');
    expect(await textOf(bucket, 'c')).toBe('old');
  },

  'versions \u203a answers missing for one that is not there or marks a deletion': async ({
    bucket,
  }) => {
    await put(bucket, 'm', 'x');
    await bucket.remove('m');
    const [deletion] = await all(bucket, 'm');
    for (const versionId of ['0'.repeat(32), deletion?.versionId ?? '']) {
      expect(await bucket.stat('m', { versionId })).toEqual({ kind: 'missing' });
      expect(await bucket.read('m', { versionId })).toEqual({ kind: 'missing' });
      expect(await bucket.copy({ from: 'm', to: 'n', versionId })).toEqual({ kind: 'missing' });
    }
  },

  'versions \u203a removes the mark of a deletion, and whole files, in one call': async ({
    bucket,
    calls,
  }) => {
    await put(bucket, 'r', 'back');
    await bucket.remove('r');
    const [deletion, kept] = await all(bucket, 'r');
    calls.splice(0);
    expect(await bucket.removeVersions(deletion === undefined ? [] : [deletion])).toEqual({
      failed: [],
      deleted: 1,
    });
    expect(calls).toEqual(['DeleteObjects']);
    expect(await textOf(bucket, 'r')).toBe('back');
    await bucket.removeVersions(kept === undefined ? [] : [kept]);
    expect(await all(bucket, 'r')).toEqual([]);
  },

  'versions \u203a keeps none of what the service kept for itself, removed alone or with others':
    async ({ bucket }) => {
      for (const key of ['.s3files/staged/1', '.s3files/tails/a/1', '.s3files/tails/a/2', 'kept'])
        for (const body of ['1', '22']) await put(bucket, key, body);
      await bucket.remove('.s3files/staged/1');
      expect(await bucket.removeMany(['.s3files/tails/a/1', '.s3files/tails/a/2'])).toEqual({
        failed: [],
        deleted: 2,
      });
      await bucket.remove('kept');
      const left = (await all(bucket, '')).filter(({ key }) => !key.startsWith('.s3files/probe/'));
      expect(left.map(({ key }) => key)).toEqual(['kept', 'kept', 'kept']);
    },
};
