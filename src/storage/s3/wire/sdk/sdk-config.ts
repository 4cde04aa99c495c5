// How every SDK client of a storage is set up, whatever it is for.
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { StorageSettings } from '../../settings.js';

/** A logger that says nothing: without one the SDK warns on the console about streams that failed. */
export const SILENT = { debug() {}, info() {}, warn() {}, error() {}, trace() {} };

/** What every client of a storage shares, the signing one too. */
export function clientConfig(
  settings: StorageSettings,
  endpoint: string | undefined,
): S3ClientConfig {
  return {
    region: settings.region,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: settings.usePathStyleEndpoint,
    ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
    // The SDK's default sends streams as aws-chunked with a trailing checksum, which older stores
    // refuse (Ceph 16) or store as content (s3rver). One way for all stores, AWS too, is the one that
    // is tested; AWS adds a CRC64 of its own to every object.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // A reader that wants its answer checked asks with ChecksumMode.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestStreamBufferSize: 65_536,
    // Retries are made in call.ts, under one budget with the breaker.
    maxAttempts: 1,
    logger: SILENT,
  };
}
