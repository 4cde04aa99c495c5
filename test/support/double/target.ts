// The request target as S3 reads it: bucket, literal key, query, and the name of the operation.
import { s3Error } from './errors.ts';

/** A request target in its raw and its decoded form. */
export interface Target {
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
}

// Sub-resources of S3 that the double does not have; to ignore them would answer another question.
const UNSUPPORTED = new Set(
  (
    'accelerate analytics attributes encryption intelligent-tiering inventory legal-hold ' +
    'lifecycle logging metrics notification object-lock policy policyStatus ' +
    'publicAccessBlock renameObject replication requestPayment restore retention select session ' +
    'torrent website'
  ).split(' '),
);

const MAX_KEY_BYTES = 1024;

/** Splits the target without tidying it; decodes percent-encoding once. */
export function parseTarget(url: string, host: string): Target {
  const origin = /^https?:\/\/[^/?#]*/i.exec(url)?.[0] ?? '';
  const raw = url.slice(origin.length);
  const mark = raw.indexOf('?');
  const rawPath = mark === -1 ? raw : raw.slice(0, mark);
  const rawQuery = mark === -1 ? '' : raw.slice(mark + 1);
  const path = decodePercent(rawPath).slice(1);
  const query = Object.fromEntries(queryPairs(rawQuery));
  const hosted = /^(.+)\.localhost(?::\d+)?$/i.exec(host)?.[1];
  if (hosted !== undefined) return { rawPath, rawQuery, bucket: hosted, key: path, query };
  const slash = path.indexOf('/');
  const bucket = slash === -1 ? path : path.slice(0, slash);
  const key = slash === -1 ? '' : path.slice(slash + 1);
  return { rawPath, rawQuery, bucket, key, query };
}

/** Refuses a key that S3 does not take. */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) <= MAX_KEY_BYTES) return;
  throw s3Error('KeyTooLongError', {
    elements: { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: String(MAX_KEY_BYTES) },
  });
}

/** The decoded pairs of a raw query, in their order; `+` is a plus. */
export function queryPairs(rawQuery: string): [name: string, value: string][] {
  if (rawQuery === '') return [];
  return rawQuery.split('&').map((pair) => {
    const equals = pair.indexOf('=');
    if (equals === -1) return [decodePercent(pair), ''];
    return [decodePercent(pair.slice(0, equals)), decodePercent(pair.slice(equals + 1))];
  });
}

/** Decodes percent-encoding once; invalid escapes and invalid UTF-8 are InvalidURI. */
export function decodePercent(text: string): string {
  if (/^[\x20-\x24\x26-\x7e]*$/.test(text)) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) throw s3Error('InvalidURI');
  const bytes = text.replace(/%(..)/g, (_all, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  try {
    // ignoreBOM keeps a leading U+FEFF, which is a character of the key.
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    throw s3Error('InvalidURI');
  }
}

/** The AWS name of what a request asks; `NotImplemented` for what the double does not have. */
export function nameOperation(
  method: string,
  target: Target,
  headers: Readonly<Record<string, string>>,
): string {
  const { query } = target;
  if (method === 'OPTIONS') return 'OptionsObject';
  if (Object.keys(query).some((name) => UNSUPPORTED.has(name))) return 'NotImplemented';
  if (target.bucket === '') return method === 'GET' ? 'ListBuckets' : 'MethodNotAllowed';
  const subResource = nameSubResource(method, target);
  if (subResource !== undefined) return subResource;
  if (target.key === '') return nameBucketOperation(method, query);
  return nameObjectOperation(method, query, 'x-amz-copy-source' in headers);
}

// Sub-resources by name, and their operations by method.
const OF_BUCKET: SubResources = {
  cors: { DELETE: 'DeleteBucketCors', GET: 'GetBucketCors', PUT: 'PutBucketCors' },
  ownershipControls: {
    DELETE: 'DeleteBucketOwnershipControls',
    GET: 'GetBucketOwnershipControls',
    PUT: 'PutBucketOwnershipControls',
  },
  versioning: { GET: 'GetBucketVersioning', PUT: 'PutBucketVersioning' },
  versions: { GET: 'ListObjectVersions' },
};
const OF_OBJECT: SubResources = {
  acl: { GET: 'GetObjectAcl', PUT: 'PutObjectAcl' },
  tagging: { DELETE: 'DeleteObjectTagging', GET: 'GetObjectTagging', PUT: 'PutObjectTagging' },
};

type SubResources = Readonly<Record<string, Readonly<Record<string, string>>>>;

// `NotImplemented` for a sub-resource that only the other kind of target has here.
function nameSubResource(method: string, { key, query }: Target): string | undefined {
  const [own, others] = key === '' ? [OF_BUCKET, OF_OBJECT] : [OF_OBJECT, OF_BUCKET];
  const name = Object.keys(query).find((each) => Object.hasOwn(own, each));
  if (name !== undefined) return own[name]?.[method] ?? 'MethodNotAllowed';
  return Object.keys(query).some((each) => Object.hasOwn(others, each))
    ? 'NotImplemented'
    : undefined;
}

function nameBucketOperation(method: string, query: Readonly<Record<string, string>>): string {
  if (method === 'GET') {
    if ('location' in query) return 'GetBucketLocation';
    if ('uploads' in query) return 'ListMultipartUploads';
    return query['list-type'] === '2' ? 'ListObjectsV2' : 'NotImplemented';
  }
  if (method === 'POST') return 'delete' in query ? 'DeleteObjects' : 'MethodNotAllowed';
  const names: Readonly<Record<string, string>> = {
    HEAD: 'HeadBucket',
    PUT: 'CreateBucket',
    DELETE: 'DeleteBucket',
  };
  return names[method] ?? 'MethodNotAllowed';
}

function nameObjectOperation(
  method: string,
  query: Readonly<Record<string, string>>,
  isCopy: boolean,
): string {
  const inUpload = 'uploadId' in query;
  if (method === 'GET') return inUpload ? 'ListParts' : 'GetObject';
  if (method === 'HEAD') return 'HeadObject';
  if (method === 'PUT') {
    if (inUpload || 'partNumber' in query) return isCopy ? 'UploadPartCopy' : 'UploadPart';
    return isCopy ? 'CopyObject' : 'PutObject';
  }
  if (method === 'DELETE') return inUpload ? 'AbortMultipartUpload' : 'DeleteObject';
  if (method === 'POST' && 'uploads' in query) return 'CreateMultipartUpload';
  if (method === 'POST' && inUpload) return 'CompleteMultipartUpload';
  return 'MethodNotAllowed';
}
