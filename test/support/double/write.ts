// PutObject, DeleteObject and CopyObject. A write becomes visible in one turn, or not at all.
import { copiedAttributes, directive, quoted, readAttributes, writeHeaders } from './attributes.ts';
import { judgeBucketRules, judgeLock } from './bucket-rules.ts';
import { failed, judgeCopySource, judgeWrite, matches } from './conditions.ts';
import { md5Of } from './content.ts';
import { s3Error } from './errors.ts';
import { requireBucket, secondsNow, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { readPayload } from './payload.ts';
import type { StoredObject } from './store.ts';
import { checkKey, decodePercent } from './target.ts';
import { putVersion, removeNewest, removeVersion, requireVersion } from './version-state.ts';
import { document, tag } from './xml.ts';

// AWS, CopyObject: "You can copy an object up to 5 GB in size in a single atomic action".
const MAX_COPY_BYTES = 5 * 1024 ** 3;

/** Answers PutObject. */
export async function putObject(exchange: Exchange): Promise<Answer> {
  const { key, headers, service } = exchange;
  const bucket = requireBucket(exchange);
  judgeBucketRules(exchange, bucket);
  const attributes = readAttributes(headers);
  // Once before the body, so that a client that waits for 100 Continue need not send it.
  judgeWrite(exchange, bucket.objects.get(key));
  const { content, md5, checksum } = await readPayload(exchange);
  judgeWrite(exchange, bucket.objects.get(key));
  judgeLock(exchange, bucket.objects.get(key), bucket);
  const version = putVersion(bucket, {
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
    headers: { etag: quoted(md5), ...version, ...writeHeaders(attributes, checksum) },
  };
}

/** Answers DeleteObject: 204 whether or not it was there. */
export function deleteObject(exchange: Exchange): Answer {
  const bucket = requireBucket(exchange);
  const { versionId } = exchange.query;
  if (versionId !== undefined)
    return { status: 204, headers: removeVersion(exchange, bucket, exchange.key, versionId) };
  const existing = bucket.objects.get(exchange.key);
  const ifMatch = exchange.headers['if-match'];
  const isConditional = ifMatch !== undefined && exchange.service.conditionalWrites;
  if (isConditional && existing && !matches(ifMatch, existing.etag)) throw failed('If-Match');
  judgeLock(exchange, existing, bucket);
  return { status: 204, headers: removeNewest(exchange, bucket, exchange.key) };
}

/** Answers CopyObject. */
export function copyObject(exchange: Exchange): Answer {
  const { key, headers, service } = exchange;
  const bucket = requireBucket(exchange);
  const source = findCopySource(exchange);
  judgeBucketRules(exchange, bucket);
  const attributes = copiedAttributes(headers, source);
  const isItself = bucket.objects.get(key) === source;
  if (isItself && !changesObject(headers)) {
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
  if (service.quirks.copyConditions === 'judged') judgeWrite(exchange, bucket.objects.get(key));
  judgeLock(exchange, bucket.objects.get(key), bucket);
  const copy = {
    ...attributes,
    key,
    content: source.content,
    // A copy is one object again: its ETag is the MD5 also when the source was made of parts.
    etag: source.partSizes === undefined ? source.etag : md5Of(source.content),
    lastModified: secondsNow(service),
    checksum: source.checksum?.type === 'FULL_OBJECT' ? source.checksum : undefined,
    partSizes: undefined,
  };
  const version = putVersion(bucket, copy);
  const answer = xmlAnswer(document('CopyObjectResult', copyResult(copy)));
  return {
    ...answer,
    headers: { ...answer.headers, ...version, ...writeHeaders(attributes, undefined) },
  };
}

// What makes a copy of an object onto itself a legal one.
function changesObject(headers: Exchange['headers']): boolean {
  const names = ['storage-class', 'website-redirect-location', 'server-side-encryption'];
  return (
    directive(headers, 'metadata') === 'REPLACE' || names.some((name) => `x-amz-${name}` in headers)
  );
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
  const { bucketName, key, versionId } = parseCopySource(
    exchange.headers['x-amz-copy-source'] ?? '',
  );
  const bucket = exchange.service.buckets.get(bucketName);
  if (bucket === undefined) {
    throw s3Error('NoSuchBucket', { elements: { BucketName: bucketName } });
  }
  const { object: source } = requireVersion(bucket, key, versionId);
  judgeCopySource(exchange.headers, source);
  return source;
}

function parseCopySource(source: string): {
  bucketName: string;
  key: string;
  versionId: string | undefined;
} {
  const mark = source.indexOf('?versionId=');
  const path = decodePercent(mark === -1 ? source : source.slice(0, mark)).replace(/^\//, '');
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) {
    throw s3Error('InvalidArgument', {
      message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    });
  }
  const key = path.slice(slash + 1);
  checkKey(key);
  const versionId = mark === -1 ? undefined : source.slice(mark + '?versionId='.length);
  return { bucketName: path.slice(0, slash), key, versionId };
}
