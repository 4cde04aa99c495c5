// The body of a request: read whole, unframed, counted and checked before anyone sees it.
import { createHash } from 'node:crypto';
import {
  checkChecksumForm,
  isChecksumAlgorithm,
  startChecksum,
  type ChecksumAlgorithm,
} from './checksum.ts';
import { decodeAwsChunked } from './chunked.ts';
import { contentOf, type Content } from './content.ts';
import { s3Error } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { countsRequest } from './faults.ts';
import { damage, readUnderFault } from './wire.ts';
import type { StoredChecksum } from './store.ts';

/** A body that arrived whole. `md5` in hex. */
export interface Payload {
  readonly content: Content;
  readonly md5: string;
  readonly checksum: StoredChecksum | undefined;
}

// AWS, "Amazon S3 multipart upload limits": the largest single PUT and the largest part.
const MAX_BYTES = 5 * 1024 ** 3;

/** Reads the body; throws what S3 answers when it is not what the headers promise. */
export async function readPayload(exchange: Exchange): Promise<Payload> {
  const { caller, headers } = exchange;
  const isFramed = caller.payloadHash.startsWith('STREAMING-');
  const expected = expectedLength(headers, isFramed);
  const wantedMd5 = readContentMd5(headers);
  const announced = announcedChecksum(headers, isFramed);
  const md5 = createHash('md5');
  const sha256 = /^[0-9a-f]{64}$/.test(caller.payloadHash) ? createHash('sha256') : undefined;
  const checksum = announced && startChecksum(announced.algorithm);
  const signer = caller.payloadHash.includes('HMAC') ? caller.chunkSigner : undefined;
  const decoder = isFramed ? decodeAwsChunked(signer) : undefined;
  const buffers: Buffer[] = [];
  const isDamaged = countsRequest(exchange.call.operation);
  let length = 0;

  if (exchange.expectsContinue) exchange.res.writeContinue();
  for await (const raw of readUnderFault(exchange)) {
    for (const sound of decoder?.push(raw) ?? [raw]) {
      const data = isDamaged ? damage(exchange.fault, sound, length) : sound;
      length += data.length;
      if (length > expected) throw s3Error('IncompleteBody');
      md5.update(data);
      sha256?.update(data);
      checksum?.update(data);
      buffers.push(data);
    }
  }
  const trailer = decoder?.end() ?? {};
  if (length !== expected) throw s3Error('IncompleteBody');
  if (sha256 && sha256.digest('hex') !== caller.payloadHash) {
    throw s3Error('XAmzContentSHA256Mismatch');
  }
  const md5Hex = md5.digest('hex');
  if (wantedMd5 !== undefined && wantedMd5 !== md5Hex) throw s3Error('BadDigest');
  return {
    content: contentOf(buffers),
    md5: md5Hex,
    checksum: announced && checkChecksum(announced, checksum?.digest() ?? '', trailer),
  };
}

/** Reads a small XML body; S3 takes at most 1 MiB for Complete and DeleteObjects. */
export async function readXmlBody(exchange: Exchange): Promise<Payload> {
  if (Number(exchange.headers['content-length']) > 2 * 1024 * 1024) {
    throw s3Error('MalformedXML');
  }
  return readPayload(exchange);
}

interface AnnouncedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string | undefined;
}

function expectedLength(headers: Exchange['headers'], isFramed: boolean): number {
  const name = isFramed ? 'x-amz-decoded-content-length' : 'content-length';
  const value = headers[name];
  if (value === undefined || !/^\d{1,15}$/.test(value)) throw s3Error('MissingContentLength');
  if (Number(value) > MAX_BYTES) {
    throw s3Error('EntityTooLarge', {
      elements: { ProposedSize: value, MaxSizeAllowed: String(MAX_BYTES) },
    });
  }
  return Number(value);
}

function readContentMd5(headers: Exchange['headers']): string | undefined {
  const value = headers['content-md5'];
  if (value === undefined) return undefined;
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length !== 16 || bytes.toString('base64') !== value) throw s3Error('InvalidDigest');
  return bytes.toString('hex');
}

function announcedChecksum(
  headers: Exchange['headers'],
  isFramed: boolean,
): AnnouncedChecksum | undefined {
  const trailer = isFramed ? headers['x-amz-trailer']?.toLowerCase() : undefined;
  const given = Object.keys(headers).filter(isChecksumHeader);
  if (trailer !== undefined && isChecksumHeader(trailer)) given.push(trailer);
  if (given.length > 1) {
    throw s3Error('InvalidRequest', { message: 'Expecting a single x-amz-checksum- header' });
  }
  const name = given[0];
  const named = headers['x-amz-sdk-checksum-algorithm']?.toLowerCase();
  if (name === undefined) {
    if (named === undefined) return undefined;
    throw s3Error('InvalidRequest', {
      message:
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* ' +
        'or x-amz-trailer headers were found.',
    });
  }
  const algorithm = name.slice('x-amz-checksum-'.length);
  if (!isChecksumAlgorithm(algorithm)) {
    throw s3Error('NotImplemented', { message: `The checksum ${algorithm} is not implemented` });
  }
  if (named !== undefined && named !== algorithm) {
    throw s3Error('InvalidRequest', {
      message: 'Value for x-amz-sdk-checksum-algorithm header is invalid.',
    });
  }
  const value = headers[name];
  if (value !== undefined) checkChecksumForm(algorithm, value);
  return { algorithm, value };
}

function isChecksumHeader(name: string): boolean {
  return (
    name.startsWith('x-amz-checksum-') && !/^x-amz-checksum-(?:algorithm|type|mode)$/.test(name)
  );
}

function checkChecksum(
  announced: AnnouncedChecksum,
  computed: string,
  trailer: Readonly<Record<string, string>>,
): StoredChecksum {
  const { algorithm } = announced;
  const value = announced.value ?? trailer[`x-amz-checksum-${algorithm}`];
  if (value === undefined) throw s3Error('MalformedTrailerError');
  checkChecksumForm(algorithm, value);
  if (value !== computed) {
    throw s3Error('BadDigest', {
      message: `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    });
  }
  return { algorithm, value, type: 'FULL_OBJECT' };
}
