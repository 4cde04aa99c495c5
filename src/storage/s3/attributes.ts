// What stands beside an object's bytes, between the port's words and S3's.
import { randomUUID } from 'node:crypto';
import type { Attributes, Stat } from '../bucket.js';
import type { StorageSettings } from './settings.js';
import type { Output } from './wire/commands.js';

// Ceph 16 turns `_` into `-` in metadata names, so our own have hyphens only.
const OWN = 's3files-';
const DIGEST = `${OWN}digest`;
const NONCE = `${OWN}write`;

/** The attributes of a write, a copy or a new multipart upload, as S3 takes them. */
export function attributesInput(attributes: Attributes, nonce?: string) {
  return {
    ContentType: attributes.contentType,
    CacheControl: attributes.cacheControl,
    ContentDisposition: attributes.contentDisposition,
    ContentEncoding: attributes.contentEncoding,
    ContentLanguage: attributes.contentLanguage,
    Metadata: metadataInput(attributes, nonce),
  };
}

/** How the objects of a service are kept: encryption and storage class, of every kind of write. */
export function keepingInput({ serverSideEncryption, kmsKeyId, storageClass }: StorageSettings) {
  // Border with the SDK: its unions of known values are narrower than what stores accept.
  return {
    ...(serverSideEncryption === undefined
      ? {}
      : { ServerSideEncryption: serverSideEncryption as 'AES256', SSEKMSKeyId: kmsKeyId }),
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as 'STANDARD' }),
  };
}

/** What a head or a read said of an object of `size` bytes, null when that is not known. `key` is ours. */
export function statOf(
  key: string,
  size: number | null,
  output: Output<'GetObject'> | Output<'HeadObject'>,
): Stat {
  return {
    key,
    size,
    lastModified: output.LastModified ?? null,
    etag: quoted(output.ETag),
    contentType: output.ContentType ?? null,
    cacheControl: output.CacheControl ?? null,
    contentDisposition: output.ContentDisposition ?? null,
    contentEncoding: output.ContentEncoding ?? null,
    contentLanguage: output.ContentLanguage ?? null,
    metadata: metadataOf(output.Metadata),
    digest: output.Metadata?.[DIGEST] ?? null,
  };
}

function metadataOf(stored: Readonly<Record<string, string>> = {}): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(stored)) {
    const lower = name.toLowerCase();
    if (!lower.startsWith(OWN)) metadata[lower] = decodeValue(value);
  }
  return metadata;
}

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * What a 304 says of the object. Ceph 16 leaves the ETag out of it: then it is the one of the
 * condition, when that named one.
 */
export function unchanged(headers: Headers, ifNoneMatch?: string): Partial<Stat> {
  const etag = headers['etag'] ?? ONE_TAG.exec(ifNoneMatch ?? '')?.[1];
  const cacheControl = headers['cache-control'];
  const modified = new Date(headers['last-modified'] ?? '');
  return {
    ...(etag === undefined ? {} : { etag: quoted(etag) }),
    ...(Number.isNaN(modified.getTime()) ? {} : { lastModified: modified }),
    ...(cacheControl === undefined ? {} : { cacheControl }),
  };
}

const ONE_TAG = /^(?:W\/)?("[^"]*")$/;

/** The attributes of an object as a copy by parts has to repeat them. */
export function attributesOf(stat: Stat): Attributes {
  return {
    contentType: stat.contentType ?? undefined,
    cacheControl: stat.cacheControl ?? undefined,
    contentDisposition: stat.contentDisposition ?? undefined,
    contentEncoding: stat.contentEncoding ?? undefined,
    contentLanguage: stat.contentLanguage ?? undefined,
    metadata: stat.metadata,
    digest: stat.digest ?? undefined,
  };
}

/** A word that one write leaves in its object, to be recognised when its answer is lost. */
export function newNonce(): string {
  return randomUUID();
}

/** Whether the write with this nonce made the object. */
export function hasNonce(output: Output<'HeadObject'>, nonce: string): boolean {
  return output.Metadata?.[NONCE] === nonce;
}

/** An ETag as HTTP has it; Ceph 16 leaves out the quotes of some. `''` when storage gave none. */
export function quoted(etag: string | undefined): string {
  if (etag === undefined || etag === '') return '';
  return etag.endsWith('"') ? etag : `"${etag}"`;
}

function metadataInput(attributes: Attributes, nonce: string | undefined): Record<string, string> {
  const given = Object.entries(attributes.metadata ?? {})
    .map(([name, value]) => [name.toLowerCase(), encodeValue(value)] as const)
    // A client must not say of its file what only a write of ours can know.
    .filter(([name]) => !name.startsWith(OWN));
  return Object.fromEntries([
    ...given,
    ...(attributes.digest === undefined ? [] : [[DIGEST, attributes.digest] as const]),
    ...(nonce === undefined ? [] : [[NONCE, nonce] as const]),
  ]);
}

// Every store mangles Latin-1 and HTTP trims spaces; `%` itself is encoded so that any text comes back.
const UNSAFE = /[^\x20-\x7e]+|%|^ +| +$/gu;
const LONE_SURROGATE = /\p{Surrogate}/gu;

function encodeValue(value: string): string {
  return value.replace(LONE_SURROGATE, '\ufffd').replace(UNSAFE, encodeURIComponent);
}

function decodeValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
