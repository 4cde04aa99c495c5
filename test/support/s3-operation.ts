// Reads from an S3 request in path style what it asks for, as the fault proxy's log needs it.

/** What a request asks of S3, as far as its method, target and headers tell. */
export interface S3Request {
  /** AWS's name of the call (`GetObject`), or `Other`. */
  readonly operation: string;
  readonly bucket: string;
  /** The object's key, decoded; the prefix for listings; empty for a bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** The source of a copy, decoded, without its bucket. */
  readonly source: string | undefined;
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

// The first parameter that is present decides; the order matters where calls share parameters.
const SUBRESOURCES: Record<string, readonly (readonly [parameter: string, operation: string])[]> = {
  GET: [
    ['tagging', 'GetObjectTagging'],
    ['attributes', 'GetObjectAttributes'],
    ['acl', 'GetObjectAcl'],
    ['uploadId', 'ListParts'],
  ],
  PUT: [
    ['tagging', 'PutObjectTagging'],
    ['acl', 'PutObjectAcl'],
    ['uploadId', 'UploadPart'],
  ],
  POST: [
    ['uploads', 'CreateMultipartUpload'],
    ['uploadId', 'CompleteMultipartUpload'],
  ],
  DELETE: [
    ['tagging', 'DeleteObjectTagging'],
    ['uploadId', 'AbortMultipartUpload'],
  ],
};

const BUCKET_SUBRESOURCES: typeof SUBRESOURCES = {
  GET: [
    ['uploads', 'ListMultipartUploads'],
    ['location', 'GetBucketLocation'],
    ['versioning', 'GetBucketVersioning'],
    ['versions', 'ListObjectVersions'],
    ['cors', 'GetBucketCors'],
    ['lifecycle', 'GetBucketLifecycleConfiguration'],
    ['policy', 'GetBucketPolicy'],
    ['list-type', 'ListObjectsV2'],
  ],
  PUT: [
    ['cors', 'PutBucketCors'],
    ['lifecycle', 'PutBucketLifecycleConfiguration'],
    ['versioning', 'PutBucketVersioning'],
    ['policy', 'PutBucketPolicy'],
  ],
  POST: [['delete', 'DeleteObjects']],
};

const PLAIN: Record<string, string> = {
  GET: 'GetObject',
  HEAD: 'HeadObject',
  PUT: 'PutObject',
  DELETE: 'DeleteObject',
};

const BUCKET_PLAIN: Record<string, string> = {
  GET: 'ListObjects',
  HEAD: 'HeadBucket',
  PUT: 'CreateBucket',
  POST: 'PostObject',
  DELETE: 'DeleteBucket',
};

const nameOf = (method: string, ofObject: boolean, query: URLSearchParams): string => {
  const special = (ofObject ? SUBRESOURCES : BUCKET_SUBRESOURCES)[method] ?? [];
  const found = special.find(([parameter]) => query.has(parameter));
  return found?.[1] ?? (ofObject ? PLAIN : BUCKET_PLAIN)[method] ?? 'Other';
};

const COPIES: Record<string, string> = { PutObject: 'CopyObject', UploadPart: 'UploadPartCopy' };

/** Reads a request; `target` is the request line's, never normalised. */
export const readS3Request = (
  method: string,
  target: string,
  copySource: string | undefined,
): S3Request => {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  const [bucket = '', ...rest] = path.slice(1).split('/');
  const objectKey = decode(rest.join('/'));
  if (bucket === '') {
    const operation = method === 'GET' ? 'ListBuckets' : 'Other';
    return { operation, bucket, key: '', query, source: undefined };
  }
  const name = nameOf(method, objectKey !== '', query);
  return {
    operation: copySource === undefined ? name : (COPIES[name] ?? name),
    bucket: decode(bucket),
    key: objectKey === '' ? (query.get('prefix') ?? '') : objectKey,
    query,
    source: copySource && decode(copySource).replace(/^\/?[^/]*\//, ''),
  };
};

/** The keys in the body of a DeleteObjects call. */
export const keysOfDelete = (xml: string): string[] => {
  const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  const plain = (text: string): string =>
    text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
      if (decimal) return String.fromCodePoint(Number(decimal));
      if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
      return entities[name] ?? whole;
    });
  return [...xml.matchAll(/<Key>([\s\S]*?)<\/Key>/g)].map((match) => plain(match[1] ?? ''));
};
