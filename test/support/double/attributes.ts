// What an object carries beside its bytes, from the headers of a request and back to headers.
import { s3Error } from './errors.ts';
import type { Attributes, StoredObject } from './store.ts';

type Headers = Readonly<Record<string, string>>;

const KEPT = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
  'x-amz-storage-class',
  'x-amz-server-side-encryption',
  'x-amz-website-redirect-location',
];

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
  return { headers: kept, metadata };
}

/** The headers of a GET or HEAD of that object, but for its length. */
export function objectHeaders(object: StoredObject): Record<string, string> {
  return {
    ...object.headers,
    ...Object.fromEntries(
      Object.entries(object.metadata).map(([name, value]) => [META + name, value]),
    ),
    ...validators(object),
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
  const encryption = attributes.headers['x-amz-server-side-encryption'];
  return {
    ...(encryption === undefined ? {} : { 'x-amz-server-side-encryption': encryption }),
    ...checksumHeaders(checksum),
  };
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

// aws-chunked is a framing of the request; S3 does not store it.
function contentEncoding(headers: Headers): string | undefined {
  const encodings = headers['content-encoding']?.split(',').map((encoding) => encoding.trim());
  return encodings?.filter((encoding) => encoding !== 'aws-chunked').join(',');
}
