// Buckets that keep versions, and a look at what they keep, around the service.
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { jsonDate } from './fixture.ts';
import { availableStores, client, type Store } from './stores.ts';

/** A version at rest, or the mark of a deletion. */
export interface KeptVersion {
  readonly key: string;
  readonly versionId: string;
  readonly isDeletion: boolean;
  /** As our answers write it. */
  readonly lastModified: string;
}

interface Listed {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly LastModified?: Date | undefined;
}

/** Every version in a store's bucket, below `prefix`. */
export async function keptVersions(store: Store, prefix = ''): Promise<KeptVersion[]> {
  const s3 = client(store);
  const kept: KeptVersion[] = [];
  let marker: { KeyMarker?: string; VersionIdMarker?: string } = {};
  for (let more = true; more;) {
    const page = await s3.send(
      new ListObjectVersionsCommand({ Bucket: store.bucket, Prefix: prefix, ...marker }),
    );
    const add = (isDeletion: boolean, listed: Listed[] = []) =>
      kept.push(
        ...listed.map(({ Key = '', VersionId = '', LastModified }) => ({
          key: Key,
          versionId: VersionId,
          isDeletion,
          lastModified: jsonDate(LastModified),
        })),
      );
    add(false, page.Versions);
    add(true, page.DeleteMarkers);
    more = page.IsTruncated === true;
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
  s3.destroy();
  return kept;
}

/** Turns the versioning of a store's bucket on. */
export async function enableVersions<S extends Store>(store: S): Promise<S> {
  const s3 = client(store);
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await s3.send(new PutBucketVersioningCommand({ Bucket: store.bucket, VersioningConfiguration }));
  s3.destroy();
  return store;
}

/** The same store with another bucket, whose objects may be locked. */
export async function withLocks<S extends Store>(store: S): Promise<S> {
  const bucket = `locks-${randomUUID()}`;
  const s3 = client(store);
  await s3.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  s3.destroy();
  return enableVersions({ ...store, bucket });
}

/** Every store, by both ways for calls to travel. */
export const storesBothWays = () =>
  availableStores().flatMap(({ name, open }) =>
    [true, false].map((leanCalls) => ({
      name: `${name}, ${leanCalls ? 'lean' : 'SDK'}`,
      leanCalls,
      open,
    })),
  );
