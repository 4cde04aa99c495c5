// The operations on buckets themselves.
import { s3Error } from './errors.ts';
import { requireBucket, secondsNow, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { OWNER_ID } from './grants.ts';
import { readXmlBody } from './payload.ts';
import { compareKeys, createBucket as makeBucket, isOwnership } from './store.ts';
import { document, tag } from './xml.ts';

/** Answers HeadBucket. */
export function headBucket(exchange: Exchange): Answer {
  requireBucket(exchange);
  return { status: 200, headers: { 'x-amz-bucket-region': exchange.service.region } };
}

/** Answers CreateBucket. The location in the body is read and not heeded: there is one region. */
export async function createBucket(exchange: Exchange): Promise<Answer> {
  const { headers, service } = exchange;
  const { buckets } = service;
  const name = exchange.call.bucket;
  if (Number(headers['content-length'] ?? 0) > 0) await readXmlBody(exchange);
  // AWS, "Bucket naming rules".
  if (!/^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]|\.(?!\.))*[a-z0-9]$/.test(name)) {
    throw s3Error('InvalidBucketName', { elements: { BucketName: name } });
  }
  // AWS, CreateBucket: to make one's own bucket again is an error everywhere but in us-east-1.
  if (buckets.has(name) && service.region !== 'us-east-1') {
    throw s3Error('BucketAlreadyOwnedByYou', { elements: { BucketName: name } });
  }
  const ownership = headers['x-amz-object-ownership'];
  if (ownership !== undefined && !isOwnership(ownership)) {
    throw s3Error('InvalidArgument', { message: 'Invalid x-amz-object-ownership header' });
  }
  const hasLock = headers['x-amz-bucket-object-lock-enabled']?.toLowerCase() === 'true';
  if (!buckets.has(name)) {
    buckets.set(name, makeBucket(name, secondsNow(service), { ownership, hasLock }));
  }
  return { status: 200, headers: { location: `/${name}` } };
}

/** Answers DeleteBucket. */
export function deleteBucket(exchange: Exchange): Answer {
  const bucket = requireBucket(exchange);
  if (bucket.objects.size > 0) {
    throw s3Error('BucketNotEmpty', { elements: { BucketName: bucket.name } });
  }
  exchange.service.buckets.delete(bucket.name);
  return { status: 204 };
}

/** Answers GetBucketLocation; us-east-1 is the empty location. */
export function getBucketLocation(exchange: Exchange): Answer {
  requireBucket(exchange);
  const { region } = exchange.service;
  const location = region === 'us-east-1' ? '' : region;
  return xmlAnswer(document('LocationConstraint', location));
}

/** Answers ListBuckets. */
export function listBuckets(exchange: Exchange): Answer {
  const buckets = [...exchange.service.buckets.values()]
    .sort((a, b) => compareKeys(a.name, b.name))
    .map(({ name, created }) => {
      const date = tag('CreationDate', new Date(created).toISOString());
      return `<Bucket>${tag('Name', name)}${date}</Bucket>`;
    });
  const owner = tag('ID', OWNER_ID) + tag('DisplayName', 's3double-owner');
  const inner = `<Owner>${owner}</Owner><Buckets>${buckets.join('')}</Buckets>`;
  return xmlAnswer(document('ListAllMyBucketsResult', inner));
}
