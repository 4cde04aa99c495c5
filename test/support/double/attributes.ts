// What an object carries beside its bytes, from the headers of a request and back to headers.
import { s3Error } from './errors.ts';
import { grantsOfHeaders } from './grants.ts';
import type { Attributes, StoredObject } from './store.ts';
import { tagsOfHeader } from './tags.ts';

type Headers = Readonly<Record<string, string>>;

// What a copy takes over together with the metadata of its source.
const SYSTEM = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];

// AWS, CopyObject: these a copy has only when its own request gives them.
const OF_THIS_WRITE = [
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
];

const KEPT = [...SYSTEM, ...OF_THIS_WRITE];

const ENCRYPTION = OF_THIS_WRITE.filter((name) => name.startsWith('x-amz-server-side-'));

const META = 'x-amz-meta-';

// AWS, "Working with object metadata": user-defined metadata is limited to 2 KB.
const MAX_METADATA_BYTES = 2048;

/** The attributes that a write gives; Content-Type is `binary/octet-stream` when it gives none. */
export function readAttributes(headers: Headers): Attributes {
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of KEPT) {
    const value = name === 'content-encoding' ? contentEncoding(headers) : headers[name];
    if (value !== undefined && value !== '') kept[name] = value;
  }
  // STANDARD is the class that S3 does not mention.
  if (kept['x-amz-storage-class'] === 'STANDARD') delete kept['x-amz-storage-class'];
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(META)) continue;
    metadata[name.slice(META.length)] = value;
    bytes += name.length - META.length + value.length;
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw s3Error('MetadataTooLarge', {
      elements: { Size: String(bytes), MaxSizeAllowed: String(MAX_METADATA_BYTES) },
    });
  }
  return {
    headers: kept,
    metadata,
    tags: tagsOfHeader(headers['x-amz-tagging']),
    grants: grantsOfHeaders(headers),
  };
}

/** The attributes of a copy of `source` that is asked for with those headers. */
export function copiedAttributes(headers: Headers, source: Attributes): Attributes {
  const given = readAttributes(headers);
  const keepsMetadata = directive(headers, 'metadata') === 'COPY';
  const keepsTags = directive(headers, 'tagging') === 'COPY';
  return {
    headers: {
      ...pick(keepsMetadata ? source.headers : given.headers, SYSTEM),
      ...pick(given.headers, OF_THIS_WRITE),
    },
    metadata: keepsMetadata ? source.metadata : given.metadata,
    tags: keepsTags ? source.tags : given.tags,
    // AWS, CopyObject: "When copying an object [...] the ACL metadata is not preserved".
    grants: given.grants,
  };
}

/** What x-amz-metadata-directive or x-amz-tagging-directive says; COPY when it is not there. */
export function directive(headers: Headers, of: 'metadata' | 'tagging'): 'COPY' | 'REPLACE' {
  const value = headers[`x-amz-${of}-directive`] ?? 'COPY';
  if (value === 'COPY' || value === 'REPLACE') return value;
  throw s3Error('InvalidArgument', { message: `Unknown ${of} directive.` });
}

/** The headers of a GET or HEAD of that object, but for its length. */
export function objectHeaders(object: StoredObject): Record<string, string> {
  return {
    ...object.headers,
    ...Object.fromEntries(
      Object.entries(object.metadata).map(([name, value]) => [META + name, value]),
    ),
    ...validators(object),
    ...(object.tags.length > 0 ? { 'x-amz-tagging-count': String(object.tags.length) } : {}),
    'accept-ranges': 'bytes',
  };
}

/** ETag and Last-Modified as headers. */
export function validators(object: StoredObject): { etag: string; 'last-modified': string } {
  return {
    etag: quoted(object.etag),
    'last-modified': new Date(object.lastModified).toUTCString(),
  };
}

/** The headers by which a write tells how it stored: encryption and checksum. */
export function writeHeaders(
  attributes: Attributes,
  checksum: StoredObject['checksum'],
): Record<string, string> {
  return { ...pick(attributes.headers, ENCRYPTION), ...checksumHeaders(checksum) };
}

/** The checksum of an object or part as headers. */
export function checksumHeaders(checksum: StoredObject['checksum']): Record<string, string> {
  if (checksum === undefined) return {};
  return {
    [`x-amz-checksum-${checksum.algorithm}`]: checksum.value,
    'x-amz-checksum-type': checksum.type,
  };
}

/** An ETag in its quotes. */
export function quoted(etag: string): string {
  return `"${etag}"`;
}

function pick(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name)));
}

// aws-chunked is a framing of the request; S3 does not store it.
function contentEncoding(headers: Headers): string | undefined {
  const encodings = headers['content-encoding']?.split(',').map((encoding) => encoding.trim());
  return encodings?.filter((encoding) => encoding !== 'aws-chunked').join(',');
}
