// The service as a host configures it, from the build under test.
import type { FileService, FileServiceConfig } from '../../src/index.ts';
import { bucket, credentials, endpoint, library, region } from './environment.ts';

export type Library = typeof import('../../src/index.ts');

/** The build under test; loaded by address, so that two builds can be compared. */
export const s3files = (await import(library)) as Library;

export const service = (more: Partial<FileServiceConfig> = {}): FileService =>
  s3files.createFileService({
    bucket,
    region,
    endpoint,
    usePathStyleEndpoint: true,
    key: credentials.accessKeyId,
    secret: credentials.secretAccessKey,
    authorize: s3files.allowAll,
    ...more,
  });
