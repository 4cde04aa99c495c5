// The quirks that refuse a call before its operation runs.
import { s3Error, S3Error } from './errors.ts';
import type { Answer, Exchange } from './exchange.ts';

const WRITES = new Set([
  'CompleteMultipartUpload',
  'CopyObject',
  'CreateMultipartUpload',
  'PutObject',
  'UploadPart',
  'UploadPartCopy',
]);

// Of a multipart upload only the completion writes the key itself.
const KEY_WRITES = new Set(['CompleteMultipartUpload', 'CopyObject', 'DeleteObject', 'PutObject']);

/** The page that answers everything on a console port. */
export const HTML: Answer = {
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<!doctype html><title>Console</title><div id="root"></div>',
};

/** Throws the refusal of a quirk that meets this call. */
export function judgeQuirks(exchange: Exchange): void {
  judgeAvailability(exchange);
  if (WRITES.has(exchange.call.operation)) judgeRoom(exchange);
  judgeRate(exchange);
  judgeDigest(exchange);
  judgeBatchDelete(exchange);
  judgeConditions(exchange);
  judgeAttributes(exchange);
}

function judgeConditions({ service, call, headers }: Exchange): void {
  if (service.quirks.writeConditions !== 'unsupported') return;
  const isWrite = call.operation === 'PutObject' || call.operation === 'CopyObject';
  const isConditional = ['if-none-match', 'if-match'].some((name) => name in headers);
  if (isWrite && isConditional) throw s3Error('NotImplemented');
}

function judgeAttributes({ service, call, headers }: Exchange): void {
  if (service.quirks.attributes === 'kept') return;
  const isSent = Object.keys(headers).some((name) => /^x-amz-(?:acl|grant-.*|tagging)$/.test(name));
  if (isSent || /ObjectTagging$|ObjectAcl$/.test(call.operation)) throw s3Error('NotImplemented');
}

function judgeAvailability({ service, key, query }: Exchange): void {
  const { poisoned, slowDownBelow } = service.quirks;
  if (poisoned !== undefined && key !== '' && key.search(poisoned) !== -1)
    throw s3Error('InternalError');
  const name = key === '' ? (query['prefix'] ?? '') : key;
  if (slowDownBelow !== undefined && name.startsWith(slowDownBelow))
    throw new S3Error('SlowDown', 503, 'Please reduce your request rate.');
}

function judgeRoom({ service }: Exchange): void {
  const { full } = service.quirks;
  if (full === 'quota') throw new S3Error('QuotaExceeded', 403, 'The quota is exceeded.');
  if (full === 'disk') throw new S3Error('XMinioStorageFull', 507, 'There is no room left.');
}

function judgeRate({ service, call, key }: Exchange): void {
  if (!service.quirks.oneWriteASecond || !KEY_WRITES.has(call.operation)) return;
  const name = `${call.bucket}/${key}`;
  const now = service.now();
  if (now - (service.lastWrites.get(name) ?? -Infinity) < 1000)
    throw new S3Error('TooManyRequests', 429, 'Reduce your rate of writes to this object.');
  service.lastWrites.set(name, now);
}

function judgeDigest({ service, call, headers }: Exchange): void {
  const isWrite = call.operation === 'PutObject' || call.operation === 'UploadPart';
  if (!service.quirks.writesNeedDigest || !isWrite || hasDigest(headers)) return;
  throw s3Error('InvalidRequest', {
    message:
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
  });
}

function judgeBatchDelete({ service, call, headers }: Exchange): void {
  if (call.operation !== 'DeleteObjects') return;
  const hasChecksum = Object.keys(headers).some((name) => name.startsWith('x-amz-checksum-'));
  switch (service.quirks.batchDelete) {
    case 'missing-501':
      throw s3Error('NotImplemented');
    case 'missing-400':
      throw s3Error('InvalidArgument', { message: 'Invalid argument.' });
    case 'no-checksum':
      if (hasChecksum) throw s3Error('NotImplemented');
      return;
    case 'content-md5':
      if (headers['content-md5'] === undefined)
        throw s3Error('InvalidRequest', {
          message: 'Missing required header for this request: Content-MD5',
        });
      return;
    case 'taken':
  }
}

function hasDigest(headers: Exchange['headers']): boolean {
  return Object.keys(headers).some(
    (name) =>
      name === 'content-md5' ||
      (name.startsWith('x-amz-checksum-') && name !== 'x-amz-checksum-mode') ||
      name === 'x-amz-trailer',
  );
}
