// The state of the double: buckets, objects in the order of S3, uploads that are not complete.
import type { ChecksumAlgorithm } from './checksum.ts';
import type { Content } from './content.ts';
import { s3Error } from './errors.ts';
import type { Answer } from './answer.ts';
import type { XmlElement } from './xml.ts';

/** A checksum that the client gave and the double verified. */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

/** A tag of an object. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** One line of an ACL; the grantee is an account by its canonical id, or a group by its URI. */
export interface Grant {
  readonly grantee: { readonly kind: 'id' | 'uri'; readonly value: string };
  readonly permission: 'FULL_CONTROL' | 'READ' | 'READ_ACP' | 'WRITE' | 'WRITE_ACP';
}

const OWNERSHIPS = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'] as const;

/** Who owns the objects of a bucket; enforced ownership turns ACLs off. */
export type Ownership = (typeof OWNERSHIPS)[number];

/** True for the name of an ownership. */
export function isOwnership(name: string | undefined): name is Ownership {
  return OWNERSHIPS.some((ownership) => ownership === name);
}

/** What an object carries beside its bytes; `headers` by lower-case name. */
export interface Attributes {
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  readonly grants: readonly Grant[];
}

/** An object at rest. `etag` is without quotes, `partSizes` there when it was made of parts. */
export interface StoredObject extends Attributes {
  readonly key: string;
  readonly content: Content;
  readonly etag: string;
  readonly lastModified: number;
  readonly checksum: StoredChecksum | undefined;
  readonly partSizes: readonly number[] | undefined;
}

/** One version of an object; without an object it is a delete marker. */
export interface StoredVersion {
  readonly versionId: string;
  readonly object: StoredObject | undefined;
  readonly lastModified: number;
}

/** A part of an upload. */
export interface StoredPart {
  readonly content: Content;
  readonly etag: string;
  readonly lastModified: number;
  readonly checksum: StoredChecksum | undefined;
}

/** A multipart upload that is neither complete nor aborted. */
export interface StoredUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: number;
  readonly attributes: Attributes;
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined;
  readonly checksumType: 'FULL_OBJECT' | 'COMPOSITE';
  readonly parts: Map<number, StoredPart>;
}

/** The objects of a bucket, listed in the order of the UTF-8 bytes of their keys. */
export interface ObjectTable {
  get(key: string): StoredObject | undefined;
  set(object: StoredObject): void;
  delete(key: string): void;
  readonly size: number;
  sortedKeys(): readonly string[];
}

/** A bucket. */
export interface StoredBucket {
  readonly name: string;
  readonly created: number;
  readonly objects: ObjectTable;
  readonly uploads: Map<string, StoredUpload>;
  /** The answers of completed uploads, by upload id: only stores that take a second completion keep them. */
  readonly completed: Map<string, Answer>;
  /** Undefined where no ownership controls were set, as in buckets from before 2023. */
  ownership: Ownership | undefined;
  /** Undefined where no CORS rules were set. */
  corsRules: readonly XmlElement[] | undefined;
  /** Whether objects may be locked; decided when the bucket is made. */
  readonly hasLock: boolean;
  /** Undefined until the owner turns it on. */
  versioning: 'Enabled' | 'Suspended' | undefined;
  /** The versions of the keys written since, the newest first; `objects` has the newest of each. */
  readonly versions: Map<string, readonly StoredVersion[]>;
}

/** How a bucket is made; by default without ownership controls and locks. */
export interface BucketSettings {
  readonly ownership?: Ownership;
  readonly hasLock?: boolean;
}

/** Makes an empty bucket. */
export function createBucket(
  name: string,
  created: number,
  { ownership, hasLock = false }: BucketSettings = {},
): StoredBucket {
  const objects = createObjectTable();
  const [uploads, completed] = [new Map(), new Map()];
  return {
    name,
    created,
    objects,
    uploads,
    completed,
    ownership,
    corsRules: undefined,
    hasLock,
    versioning: undefined,
    versions: new Map(),
  };
}

/** The object of that key, or NoSuchKey. */
export function requireObject(bucket: StoredBucket, key: string): StoredObject {
  const object = bucket.objects.get(key);
  if (object === undefined) throw s3Error('NoSuchKey', { elements: { Key: key } });
  return object;
}

/**
 * Compares two strings by their UTF-8 bytes. UTF-16 order differs from it where a surrogate
 * (U+10000 and above) meets U+E000 to U+FFFF.
 */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    if (a >= 0xd800 && b >= 0xd800) return rotate(a) - rotate(b);
    return a - b;
  }
  return left.length - right.length;
}

/** The first index whose key is not `before` the place that is looked for. */
export function lowerBound(keys: readonly string[], before: (key: string) => boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(keys[middle] ?? '')) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rotate(unit: number): number {
  return unit >= 0xe000 ? unit - 0x2000 : unit + 0x2000;
}

function createObjectTable(): ObjectTable {
  const objects = new Map<string, StoredObject>();
  const keys: string[] = [];
  let sorted = true;
  const sortedKeys = () => {
    if (!sorted) keys.sort(compareKeys);
    sorted = true;
    return keys;
  };
  return {
    get: (key) => objects.get(key),
    set: (object) => {
      if (!objects.has(object.key)) {
        sorted = keys.length === 0 || (sorted && compareKeys(keys.at(-1) ?? '', object.key) < 0);
        keys.push(object.key);
      }
      objects.set(object.key, object);
    },
    delete: (key) => {
      if (!objects.delete(key)) return;
      sortedKeys();
      keys.splice(
        lowerBound(keys, (other) => compareKeys(other, key) < 0),
        1,
      );
    },
    get size() {
      return objects.size;
    },
    sortedKeys,
  };
}
