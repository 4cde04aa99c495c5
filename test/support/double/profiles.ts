// Stores by name, each as the switches that make the double behave as it does. `docs/stores.md` has a row for each.
import type { DoubleOptions } from './index.ts';

/** What the double is started with to stand for a store. */
export type Profile = Pick<DoubleOptions, 'quirks' | 'conditionalWrites' | 'region'>;

const AS_AWS: Profile = {};
const AS_CEPH: Profile = {
  quirks: {
    unsignedHeaders: 'honoured',
    cephMultipart: true,
    completeConditions: 'ignored',
    copyConditions: 'ignored',
    bareIfMatch: true,
  },
};

/** By the name that the guide has. */
export const PROFILES: Readonly<Record<string, Profile>> = {
  'AWS S3': AS_AWS,
  'Cloudflare R2': {
    region: 'auto',
    quirks: {
      oneWriteASecond: true,
      equalParts: true,
      attributes: 'unsupported',
      copyConditions: 'ignored',
    },
  },
  MinIO: AS_AWS,
  'Ceph RGW': AS_CEPH,
  'DigitalOcean Spaces': AS_CEPH,
  'Backblaze B2': {
    quirks: {
      writeConditions: 'unsupported',
      completeConditions: 'unsupported',
      attributes: 'unsupported',
    },
  },
  Wasabi: { conditionalWrites: false },
  'Google Cloud Storage': {
    region: 'auto',
    conditionalWrites: false,
    quirks: { oneWriteASecond: true, batchDelete: 'missing-501', transcodesGzip: true },
  },
  Garage: { region: 'garage', conditionalWrites: false, quirks: { attributes: 'unsupported' } },
  SeaweedFS: { conditionalWrites: false, quirks: { headsFolders: true } },
  LocalStack: AS_AWS,
  'OpenStack Swift, OVH': {
    quirks: {
      batchDelete: 'content-md5',
      writeConditions: 'unsupported',
      completeConditions: 'unsupported',
      attributes: 'unsupported',
    },
  },
  s3proxy: { conditionalWrites: false, quirks: { batchDelete: 'no-checksum' } },
  'Buckets with default retention': { quirks: { writesNeedDigest: true } },
};
