// `Upload-Metadata` and `Upload-Checksum` of tus 1.0.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { FileServiceError } from '../../core/errors.js';
import { tooLarge } from '../../core/too-large.js';
import type { DigestCheck } from '../../http/body/digest.js';
import { CHECKSUM_ALGORITHMS } from './protocol.js';

/** It is sealed into the URL of the upload, which servers and proxies bound. */
const MOST_METADATA_BYTES = 1024;
// tus, "Upload-Metadata": keys of ASCII without spaces and commas, values in Base64, which may be absent.
const PAIR = /^([\x21-\x2b\x2d-\x7e]+)(?: ([A-Za-z0-9+/]*={0,2}))?$/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * What the client says of a file, by key.
 *
 * @throws FileServiceError `invalid_header`; `too_large` above a kilobyte
 */
export function readMetadata(value: string | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (value === undefined || value.trim() === '') return found;
  if (value.length > MOST_METADATA_BYTES)
    throw tooLarge(
      `The header "Upload-Metadata" is longer than ${MOST_METADATA_BYTES} bytes.`,
      MOST_METADATA_BYTES,
    );
  for (const pair of value.split(',')) {
    const [, key, base64 = ''] = PAIR.exec(pair.trim()) ?? [];
    // tus: "The key MUST be unique."
    if (key === undefined || found.has(key)) throw malformed();
    found.set(key, decode(base64));
  }
  return found;
}

function decode(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  // Encoding it again shows whatever a lenient decoder passed over.
  if (bytes.toString('base64') !== base64) throw malformed();
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed();
  }
}

function malformed(): FileServiceError {
  return new FileServiceError(
    'invalid_header',
    'The header "Upload-Metadata" takes unique keys, each with a text in Base64, separated by commas.',
  );
}

/**
 * The check of a piece by `Upload-Checksum`; null where there is none.
 *
 * @throws FileServiceError `invalid_header` for another algorithm, or for no Base64
 */
export function tusChecksum(value: string | undefined): DigestCheck | null {
  if (value === undefined) return null;
  const [name = '', expected = ''] = value.trim().split(/ +/);
  const algorithm = CHECKSUM_ALGORITHMS.find((one) => one === name);
  if (algorithm === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(expected))
    throw new FileServiceError(
      'invalid_header',
      `The header "Upload-Checksum" takes one of ${CHECKSUM_ALGORITHMS.join(', ')} and a checksum in Base64.`,
    );
  const sum = algorithm === 'crc32' ? crcSum() : hashOf(algorithm);
  return {
    update: sum.update,
    verify: () => {
      if (sum.digest() === expected) return;
      throw new FileServiceError(
        'checksum_mismatch',
        'The bytes differ from their checksum; the offset is unchanged.',
      );
    },
  };
}

function hashOf(algorithm: string) {
  const hash = createHash(algorithm);
  return {
    update: (chunk: Uint8Array) => void hash.update(chunk),
    digest: (): string => hash.digest('base64'),
  };
}

function crcSum() {
  let sum = 0;
  return {
    update: (chunk: Uint8Array) => void (sum = crc32(chunk, sum)),
    digest: (): string => {
      const value = Buffer.allocUnsafe(4);
      value.writeUInt32BE(sum);
      return value.toString('base64');
    },
  };
}
