// Multipart uploads: create, parts, complete, abort.
import { randomBytes } from 'node:crypto';
import { checksumHeaders, quoted, readAttributes, writeHeaders } from './attributes.ts';
import { judgeBucketRules } from './bucket-rules.ts';
import { isChecksumAlgorithm, type ChecksumAlgorithm } from './checksum.ts';
import { md5Of, sliceContent } from './content.ts';
import { s3Error } from './errors.ts';
import { requireBucket, secondsNow, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { readPayload } from './payload.ts';
import { copyResult, findCopySource } from './write.ts';
import type { StoredPart, StoredUpload } from './store.ts';
import { document, tag } from './xml.ts';

const MAX_PARTS = 10_000;

/** Answers CreateMultipartUpload. */
export function createUpload(exchange: Exchange): Answer {
  const bucket = requireBucket(exchange);
  const { key, headers, service } = exchange;
  const checksumAlgorithm = readAlgorithm(headers['x-amz-checksum-algorithm']);
  judgeBucketRules(exchange, bucket);
  service.begunUploads += 1;
  const upload: StoredUpload = {
    key,
    // Ids sort by time, so that pages of a listing do; the rest is there to be opaque.
    uploadId: `${service.begunUploads.toString().padStart(10, '0')}${randomBytes(24).toString('base64url')}`,
    initiated: secondsNow(service),
    attributes: readAttributes(headers),
    checksumAlgorithm,
    checksumType: readChecksumType(headers['x-amz-checksum-type'], checksumAlgorithm),
    parts: new Map(),
  };
  bucket.uploads.set(upload.uploadId, upload);
  const answer = xmlAnswer(
    document(
      'InitiateMultipartUploadResult',
      tag('Bucket', bucket.name) + tag('Key', key) + tag('UploadId', upload.uploadId),
    ),
  );
  const checksum: Record<string, string> =
    checksumAlgorithm === undefined
      ? {}
      : {
          'x-amz-checksum-algorithm': checksumAlgorithm.toUpperCase(),
          'x-amz-checksum-type': upload.checksumType,
        };
  const written = writeHeaders(upload.attributes, undefined);
  return { ...answer, headers: { ...answer.headers, ...written, ...checksum } };
}

/** Answers UploadPart. */
export async function uploadPart(exchange: Exchange): Promise<Answer> {
  const partNumber = readPartNumber(exchange);
  const upload = requireUpload(exchange);
  const { content, md5, checksum } = await readPayload(exchange);
  const expected = upload.checksumAlgorithm;
  if (checksum && expected && checksum.algorithm !== expected) {
    throw s3Error('InvalidRequest', {
      message:
        `Checksum Type mismatch occurred, expected checksum Type: ${expected}, ` +
        `actual checksum Type: ${checksum.algorithm}`,
    });
  }
  // The upload may have been completed or aborted while the body came in.
  requireUpload(exchange);
  const lastModified = secondsNow(exchange.service);
  upload.parts.set(partNumber, { content, etag: md5, lastModified, checksum });
  const { 'x-amz-checksum-type': _type, ...checksums } = checksumHeaders(checksum);
  return {
    status: 200,
    headers: { etag: quoted(md5), ...writeHeaders(upload.attributes, undefined), ...checksums },
  };
}

/** Answers UploadPartCopy. */
export function uploadPartCopy(exchange: Exchange): Answer {
  const partNumber = readPartNumber(exchange);
  const upload = requireUpload(exchange);
  const source = findCopySource(exchange);
  const { size } = source.content;
  const range = exchange.headers['x-amz-copy-source-range'];
  let content = source.content;
  if (range !== undefined) {
    const match = /^bytes=(\d+)-(\d+)$/.exec(range);
    const [start, last] = [Number(match?.[1]), Number(match?.[2])];
    if (match === null || start > last || last >= size) {
      throw s3Error('InvalidArgument', {
        message: `Range specified is not valid for source object of size: ${size}`,
        elements: { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: range },
      });
    }
    content = sliceContent(content, start, last + 1);
  }
  if (content.size > 5 * 1024 ** 3) {
    throw s3Error('InvalidRequest', {
      message: 'The specified copy source is larger than the maximum allowable size',
    });
  }
  const part: StoredPart = {
    content,
    etag: md5Of(content),
    lastModified: secondsNow(exchange.service),
    checksum: undefined,
  };
  upload.parts.set(partNumber, part);
  return xmlAnswer(document('CopyPartResult', copyResult(part)));
}

/** Answers AbortMultipartUpload. */
export function abortUpload(exchange: Exchange): Answer {
  const upload = requireUpload(exchange);
  requireBucket(exchange).uploads.delete(upload.uploadId);
  return { status: 204 };
}

/** The upload that a request names, or NoSuchUpload; an upload belongs to one key. */
export function requireUpload(exchange: Exchange): StoredUpload {
  const uploadId = exchange.query['uploadId'] ?? '';
  const upload = requireBucket(exchange).uploads.get(uploadId);
  if (upload === undefined || upload.key !== exchange.key) {
    throw s3Error('NoSuchUpload', { elements: { UploadId: uploadId } });
  }
  return upload;
}

function readPartNumber(exchange: Exchange): number {
  const text = exchange.query['partNumber'] ?? '';
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= MAX_PARTS) return number;
  throw s3Error('InvalidArgument', {
    message: 'Part number must be an integer between 1 and 10000, inclusive',
    elements: { ArgumentName: 'partNumber', ArgumentValue: text },
  });
}

function readAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  const algorithm = name?.toLowerCase();
  if (algorithm === undefined || isChecksumAlgorithm(algorithm)) return algorithm;
  throw s3Error('NotImplemented', { message: `The checksum ${name} is not implemented` });
}

// AWS, "Checking object integrity": SHA is composite only, CRC64NVME is of the whole object only.
function readChecksumType(
  type: string | undefined,
  algorithm: ChecksumAlgorithm | undefined,
): StoredUpload['checksumType'] {
  const isSha = algorithm === 'sha1' || algorithm === 'sha256';
  const absent = algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE';
  const chosen = type ?? absent;
  const isKnown = chosen === 'FULL_OBJECT' || chosen === 'COMPOSITE';
  if (
    !isKnown ||
    (isSha && chosen === 'FULL_OBJECT') ||
    (chosen !== absent && absent !== 'COMPOSITE')
  ) {
    throw s3Error('InvalidRequest', {
      message: `The ${chosen} checksum type cannot be used with the ${algorithm} algorithm.`,
    });
  }
  return chosen;
}
