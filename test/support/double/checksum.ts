// The additional checksums of S3, computed as the bytes pass.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { s3Error } from './errors.ts';

/** The algorithms that the double computes, in the spelling of the header names. */
export type ChecksumAlgorithm = 'crc32' | 'crc32c' | 'crc64nvme' | 'sha1' | 'sha256';

/** A running checksum; `digest` gives it in base64, as headers carry it. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  digest(): string;
}

const BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
};

// Castagnoli, RFC 3720 appendix B.4, reflected.
const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_none, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  }
  return value >>> 0;
});

interface Halves {
  high: number;
  low: number;
}

// NVM Express base specification, 64-bit CRC, reflected; in halves, for a number has 53 bits.
const CRC64_TABLE = Array.from({ length: 256 }, (_none, index): Halves => {
  let high = 0;
  let low = index;
  for (let bit = 0; bit < 8; bit += 1) {
    const isOdd = (low & 1) === 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (isOdd) {
      high ^= 0x9a6c9329;
      low ^= 0xac4bc9b5;
    }
  }
  return { high, low };
});

/** True for the name of an algorithm that the double computes. */
export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.hasOwn(BYTES, name);
}

/** Starts a checksum. */
export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  if (algorithm === 'sha1' || algorithm === 'sha256') {
    const hash = createHash(algorithm);
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') };
  }
  if (algorithm === 'crc64nvme') return startCrc64();
  const next = algorithm === 'crc32' ? crc32 : crc32c;
  let value = 0;
  return {
    update: (bytes) => {
      value = next(bytes, value);
    },
    digest: () => {
      const out = Buffer.alloc(4);
      out.writeUInt32BE(value);
      return out.toString('base64');
    },
  };
}

/** Refuses a value that cannot be a checksum of that algorithm. */
export function checkChecksumForm(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === BYTES[algorithm] && bytes.toString('base64') === value) return;
  throw s3Error('InvalidRequest', {
    message: `Value for x-amz-checksum-${algorithm} header is invalid.`,
  });
}

function crc32c(bytes: Uint8Array, previous: number): number {
  let value = ~previous;
  for (const byte of bytes) value = (CRC32C_TABLE[(value ^ byte) & 255] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
}

function startCrc64(): RunningChecksum {
  const value: Halves = { high: -1, low: -1 };
  return {
    update: (bytes) => {
      for (const byte of bytes) {
        const { high = 0, low = 0 } = CRC64_TABLE[(value.low ^ byte) & 255] ?? {};
        value.low = ((value.low >>> 8) | (value.high << 24)) ^ low;
        value.high = (value.high >>> 8) ^ high;
      }
    },
    digest: () => {
      const out = Buffer.alloc(8);
      out.writeUInt32BE(~value.high >>> 0, 0);
      out.writeUInt32BE(~value.low >>> 0, 4);
      return out.toString('base64');
    },
  };
}
