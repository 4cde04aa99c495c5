// Pre-signed URLs by the SDK's presigner, where signatures are not plain SigV4.
import {
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Signed } from '../../../bucket.js';
import type { StorageSettings } from '../../settings.js';
import { SILENT, clientConfig } from './sdk-config.js';
import { sdkSockets } from './sdk-sockets.js';
import type { UrlRequest } from '../sign-url.js';

/** The SDK's presigner for the endpoint that clients see. */
export interface Presigner {
  readonly sign: (identity: unknown, url: UrlRequest) => Promise<Signed>;
  readonly close: () => void;
}

/** Opens nothing: signing makes no call, but for S3 Express, which signs by a session that it has to ask for. */
export function presigner(settings: StorageSettings, now: () => number): Presigner {
  const endpoint = settings.publicEndpoint ?? settings.endpoint;
  const sockets = sdkSockets(settings);
  const client = new S3Client({
    ...clientConfig(settings, endpoint),
    requestHandler: { ...sockets.agents, logger: SILENT },
  });
  const Bucket = settings.bucket;
  const lifeOf = (expiresIn: number) => ({ expiresIn, signingDate: new Date(now()) });

  return {
    async sign(_, { s3Key, request, headers, expiresSeconds }) {
      const target = { Bucket, Key: s3Key };
      if (request.kind === 'read') {
        const command = new GetObjectCommand({
          ...target,
          VersionId: request.versionId,
          ResponseContentType: request.contentType,
          ResponseContentDisposition: request.contentDisposition,
          ResponseCacheControl: request.cacheControl,
        });
        const url = await getSignedUrl(client, command, lifeOf(expiresSeconds));
        return { url, headers, expiresSeconds };
      }
      if (request.kind === 'part') {
        const { uploadId: UploadId, number: PartNumber } = request;
        const command = new UploadPartCommand({ ...target, UploadId, PartNumber });
        const url = await getSignedUrl(client, command, lifeOf(expiresSeconds));
        return { url, headers, expiresSeconds };
      }
      const command = new PutObjectCommand({
        ...target,
        ...attributesOf(headers),
        ContentLength: request.contentLength,
        IfNoneMatch: request.createOnly === true ? '*' : undefined,
        // Border with the SDK: its unions of known values are narrower than what stores accept.
        ServerSideEncryption: settings.serverSideEncryption as 'AES256' | undefined,
        SSEKMSKeyId: settings.kmsKeyId,
        StorageClass: settings.storageClass as 'STANDARD' | undefined,
      });
      const names = Object.keys(headers).map((name) => name.toLowerCase());
      const url = await getSignedUrl(client, command, {
        ...lifeOf(expiresSeconds),
        // The presigner leaves Content-Type unsigned unless it is asked; and what it moves into the query
        // (x-amz-*) some stores ignore there.
        signableHeaders: new Set(['host', ...names]),
        unhoistableHeaders: new Set(names),
      });
      return { url, headers, expiresSeconds };
    },
    close: () => {
      client.destroy();
      sockets.close();
    },
  };
}

const METADATA = 'x-amz-meta-';

function attributesOf(headers: UrlRequest['headers']) {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith(METADATA));
  return {
    ContentType: headers['Content-Type'],
    CacheControl: headers['Cache-Control'],
    ContentDisposition: headers['Content-Disposition'],
    ContentEncoding: headers['Content-Encoding'],
    ContentLanguage: headers['Content-Language'],
    Metadata: Object.fromEntries(
      metadata.map(([name, value]) => [name.slice(METADATA.length), value]),
    ),
  };
}
