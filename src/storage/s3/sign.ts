// Pre-signed URLs: computed here, no call to storage.
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { FileServiceError } from '../../core/errors.js';
import type { Signed, SignRequest } from '../bucket.js';
import { keepingInput } from './attributes.js';
import type { StorageSettings } from './call.js';
import { clientConfig } from './wire/sdk-config.js';
import { storageError } from './errors.js';
import { urlSigner } from './wire/sign-url.js';
import { resolvePlace } from './wire/endpoint.js';

/** Signs for S3 keys. */
export interface Signer {
  /** `s3Key` is the whole key. Throws `storage_access_denied` when there are no live credentials. */
  sign(s3Key: string, request: SignRequest): Promise<Signed>;
  close(): void;
}

/** A signer for the endpoint that clients see. */
export function s3Signer(settings: StorageSettings): Signer {
  let client: S3Client | undefined;
  let lean: Promise<LeanSigner | null> | undefined;
  const endpoint = settings.publicEndpoint ?? settings.endpoint;
  const opened = () => (client ??= new S3Client(clientConfig(settings, endpoint)));

  return {
    async sign(s3Key, request) {
      lean ??= settings.leanCalls ? leanSigner(settings, endpoint) : Promise.resolve(null);
      const signed = await lean
        .then((sign) => sign?.(s3Key, request))
        // No credentials at the moment: the presigner says so in its own way.
        .catch(() => void (lean = undefined));
      if (signed !== undefined) return signed;
      const expiresIn = await expiry(opened(), request.expiresSeconds);
      return request.kind === 'read'
        ? signRead(opened(), settings.bucket, { ...request, key: s3Key, expiresSeconds: expiresIn })
        : signWrite(opened(), settings, { ...request, key: s3Key, expiresSeconds: expiresIn });
    },
    close: () => client?.destroy(),
  };
}

/** Signs where plain signatures do; undefined leaves it to the presigner. */
type LeanSigner = (s3Key: string, request: SignRequest) => Promise<Signed | undefined>;

async function leanSigner(
  settings: StorageSettings,
  endpoint: string | undefined,
): Promise<LeanSigner | null> {
  const place = await resolvePlace(settings, endpoint);
  if (place === null) return null;
  const signer = urlSigner(place);
  return async (s3Key, request) => {
    const identity = await place.identity();
    // How long a session still lives is for the presigner's way to look at.
    if (identity.expiration !== undefined) return undefined;
    const headers = request.kind === 'write' ? writeHeaders(settings, request) : {};
    return signer(identity, { s3Key, request, headers, expiresSeconds: request.expiresSeconds });
  };
}

type ReadRequest = Extract<SignRequest, { kind: 'read' }>;
type WriteRequest = Extract<SignRequest, { kind: 'write' }>;

async function signRead(client: S3Client, Bucket: string, request: ReadRequest): Promise<Signed> {
  const command = new GetObjectCommand({
    Bucket,
    Key: request.key,
    ResponseContentType: request.contentType,
    ResponseContentDisposition: request.contentDisposition,
    ResponseCacheControl: request.cacheControl,
  });
  const { expiresSeconds } = request;
  const url = await getSignedUrl(client, command, { expiresIn: expiresSeconds });
  return { url, headers: {}, expiresSeconds };
}

async function signWrite(
  client: S3Client,
  settings: StorageSettings,
  request: WriteRequest,
): Promise<Signed> {
  const { contentType, contentLength, createOnly = false } = request;
  const keeping = keepingInput(settings);
  const command = new PutObjectCommand({
    Bucket: settings.bucket,
    Key: request.key,
    ContentType: contentType,
    ContentLength: contentLength,
    IfNoneMatch: createOnly ? '*' : undefined,
    ...keeping,
  });
  const headers = writeHeaders(settings, request);
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const url = await getSignedUrl(client, command, {
    expiresIn: request.expiresSeconds,
    // The presigner leaves Content-Type unsigned unless it is asked; and what it moves into the query
    // (x-amz-*) some stores ignore there.
    signableHeaders: new Set(['host', ...names]),
    unhoistableHeaders: new Set(names),
  });
  return { url, headers, expiresSeconds: request.expiresSeconds };
}

/** What the URL's user must send. */
function writeHeaders(settings: StorageSettings, request: WriteRequest): Record<string, string> {
  const keeping = keepingInput(settings);
  return given({
    'Content-Type': request.contentType,
    'Content-Length': request.contentLength?.toString(),
    'If-None-Match': request.createOnly === true ? '*' : undefined,
    'x-amz-server-side-encryption': keeping.ServerSideEncryption,
    'x-amz-server-side-encryption-aws-kms-key-id': keeping.SSEKMSKeyId,
    'x-amz-storage-class': keeping.StorageClass,
  });
}

function given(headers: Record<string, string | undefined>): Record<string, string> {
  // The filter leaves strings only, which the type of `filter` on entries cannot say.
  return Object.fromEntries(
    Object.entries(headers).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
}

/** A URL lives no longer than the session that signed it: asked seconds, or what is left. */
async function expiry(client: S3Client, asked: number): Promise<number> {
  const { expiration } = await client.config.credentials().catch((error: unknown) => {
    throw storageError('denied', error);
  });
  if (expiration === undefined) return asked;
  const left = Math.floor((expiration.getTime() - Date.now()) / 1000);
  if (left < 1) {
    throw new FileServiceError('storage_access_denied', 'The session of this service has ended.');
  }
  return Math.min(asked, left);
}
