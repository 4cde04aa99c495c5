// PutObject, DeleteObject and CopyObject. A write becomes visible in one turn, or not at all.
import { quoted, readAttributes, writeHeaders } from './attributes.ts';
import { failed, judgeCopySource, judgeWrite, matches } from './conditions.ts';
import { md5Of } from './content.ts';
import { s3Error } from './errors.ts';
import { requireBucket, secondsNow, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { readPayload } from './payload.ts';
import { requireObject, type StoredObject } from './store.ts';
import { checkKey, decodePercent } from './target.ts';
import { document, tag } from './xml.ts';

// AWS, CopyObject: "You can copy an object up to 5 GB in size in a single atomic action".
const MAX_COPY_BYTES = 5 * 1024 ** 3;

/** Answers PutObject. */
export async function putObject(exchange: Exchange): Promise<Answer> {
  const { key, headers, service } = exchange;
  const bucket = requireBucket(exchange);
  const attributes = readAttributes(headers);
  // Once before the body, so that a client that waits for 100 Continue need not send it.
  judgeWrite(exchange, bucket.objects.get(key));
  const { content, md5, checksum } = await readPayload(exchange);
  judgeWrite(exchange, bucket.objects.get(key));
  bucket.objects.set({
    ...attributes,
    key,
    content,
    etag: md5,
    lastModified: secondsNow(service),
    checksum,
    partSizes: undefined,
  });
  return {
    status: 200,
    headers: { etag: quoted(md5), ...writeHeaders(attributes, checksum) },
  };
}

/** Answers DeleteObject: 204 whether or not it was there. */
export function deleteObject(exchange: Exchange): Answer {
  const bucket = requireBucket(exchange);
  const existing = bucket.objects.get(exchange.key);
  const ifMatch = exchange.headers['if-match'];
  const isConditional = ifMatch !== undefined && exchange.service.conditionalWrites;
  if (isConditional && existing && !matches(ifMatch, existing.etag)) throw failed('If-Match');
  bucket.objects.delete(exchange.key);
  return { status: 204 };
}

/** Answers CopyObject. */
export function copyObject(exchange: Exchange): Answer {
  const { key, headers, service } = exchange;
  const bucket = requireBucket(exchange);
  const source = findCopySource(exchange);
  const directive = headers['x-amz-metadata-directive'] ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw s3Error('InvalidArgument', { message: 'Unknown metadata directive.' });
  }
  const isItself = bucket.objects.get(key) === source;
  if (isItself && directive === 'COPY' && headers['x-amz-storage-class'] === undefined) {
    throw s3Error('InvalidRequest', {
      message:
        'This copy request is illegal because it is trying to copy an object to itself without ' +
        "changing the object's metadata, storage class, website redirect location or encryption " +
        'attributes.',
    });
  }
  if (source.content.size > MAX_COPY_BYTES) {
    throw s3Error('InvalidRequest', {
      message:
        'The specified copy source is larger than the maximum allowable size for a copy source: ' +
        String(MAX_COPY_BYTES),
    });
  }
  judgeWrite(exchange, bucket.objects.get(key));
  const copy = {
    ...copiedAttributes(directive, headers, source),
    key,
    content: source.content,
    // A copy is one object again: its ETag is the MD5 also when the source was made of parts.
    etag: source.partSizes === undefined ? source.etag : md5Of(source.content),
    lastModified: secondsNow(service),
    checksum: source.checksum?.type === 'FULL_OBJECT' ? source.checksum : undefined,
    partSizes: undefined,
  };
  bucket.objects.set(copy);
  return xmlAnswer(document('CopyObjectResult', copyResult(copy)));
}

/** The elements that CopyObject and UploadPartCopy answer. */
export function copyResult(copied: { etag: string; lastModified: number }): string {
  return (
    tag('LastModified', new Date(copied.lastModified).toISOString()) +
    tag('ETag', quoted(copied.etag))
  );
}

/** The object that x-amz-copy-source names, its conditions judged. */
export function findCopySource(exchange: Exchange): StoredObject {
  const { bucketName, key } = parseCopySource(exchange.headers['x-amz-copy-source'] ?? '');
  const bucket = exchange.service.buckets.get(bucketName);
  if (bucket === undefined) {
    throw s3Error('NoSuchBucket', { elements: { BucketName: bucketName } });
  }
  const source = requireObject(bucket, key);
  judgeCopySource(exchange.headers, source);
  return source;
}

function parseCopySource(source: string): { bucketName: string; key: string } {
  const mark = source.indexOf('?versionId=');
  const path = decodePercent(mark === -1 ? source : source.slice(0, mark)).replace(/^\//, '');
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) {
    throw s3Error('InvalidArgument', {
      message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    });
  }
  if (mark !== -1 && source.slice(mark) !== '?versionId=null') {
    throw s3Error('InvalidArgument', { message: 'Invalid version id specified' });
  }
  const key = path.slice(slash + 1);
  checkKey(key);
  return { bucketName: path.slice(0, slash), key };
}

function copiedAttributes(
  directive: 'COPY' | 'REPLACE',
  headers: Exchange['headers'],
  source: StoredObject,
): Pick<StoredObject, 'headers' | 'metadata'> {
  const given = readAttributes(headers);
  if (directive === 'REPLACE') return given;
  // AWS, CopyObject: the storage class is not copied, it is that of the request.
  const { 'x-amz-storage-class': _source, ...copied } = source.headers;
  const storageClass = given.headers['x-amz-storage-class'];
  return {
    headers:
      storageClass === undefined ? copied : { ...copied, 'x-amz-storage-class': storageClass },
    metadata: source.metadata,
  };
}
