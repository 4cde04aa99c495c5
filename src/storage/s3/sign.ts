// Pre-signed URLs: computed here, no call to storage.
import { within } from '../../core/deadline.js';
import { FileServiceError } from '../../core/errors.js';
import type { Signed, SignRequest } from '../bucket.js';
import type { FormRequest, SignedForm } from '../upload-store.js';
import { attributesInput, keepingInput } from './attributes.js';
import type { Connection } from './connection.js';
import { translate } from './errors.js';
import type { StorageSettings } from './settings.js';
import { lateCredentials } from './wire/answer-error.js';
import { endpointFinder } from './wire/configured-endpoint.js';
import type { Endpoint, LiveIdentity } from './wire/endpoint.js';
import { formSigner } from './wire/sign-form.js';
import { urlSigner, type UrlRequest, type UrlSigner } from './wire/sign-url.js';

/** Signs for S3 keys. */
export interface Signer {
  /** `s3Key` is the whole key. Throws `storage_access_denied` when there are no live credentials. */
  sign(s3Key: string, request: SignRequest): Promise<Signed>;
  /** As `sign`, a form; null where signatures are not plain SigV4. */
  signForm(s3Key: string, request: FormRequest): Promise<SignedForm | null>;
  close(): void;
}

/** Signs by one endpoint as whoever is signed in there. */
interface Signing {
  readonly sign: (identity: LiveIdentity, url: UrlRequest) => Signed | Promise<Signed>;
  readonly close: () => void;
}

/** A signer for the endpoint that clients see. */
export function s3Signer({ settings, wire }: Connection): Signer {
  let signing: Promise<Signing> | undefined;
  let opened: Signing | undefined;
  const resolve = async (): Promise<Endpoint> => {
    if (settings.publicEndpoint === undefined) return wire.endpoint();
    const find = await endpointFinder(settings, settings.publicEndpoint);
    return bounded(settings, find());
  };
  const open = (): Promise<Signing> => {
    signing ??= resolve()
      .then((endpoint) => signingBy(endpoint, settings, () => Date.now() + wire.clockOffsetMs()))
      .then((made) => (opened = made));
    // No credentials at the moment: the next URL looks again.
    signing.catch(() => (signing = undefined));
    return signing;
  };

  return {
    async sign(s3Key, request) {
      try {
        const { sign } = opened ?? (await open());
        const identity = await wire.identity();
        const headers = request.kind === 'write' ? writeHeaders(settings, request) : {};
        const expiresSeconds = expiryOf(identity, request.expiresSeconds);
        return await sign(identity, { s3Key, request, headers, expiresSeconds });
      } catch (error) {
        throw translate(error);
      }
    },
    async signForm(s3Key, request) {
      try {
        const endpoint = await resolve();
        if (!endpoint.isPlainSigV4) return null;
        const identity = await wire.identity();
        const { bucket } = settings;
        const expiresSeconds = expiryOf(identity, request.expiresSeconds);
        const fields = keepingHeaders(settings);
        const policy = { ...request, bucket, s3Key, expiresSeconds, fields };
        return formSigner(endpoint)(identity, policy);
      } catch (error) {
        throw translate(error);
      }
    },
    close: () => opened?.close(),
  };
}

function bounded<T>({ timeouts }: StorageSettings, work: PromiseLike<T>): Promise<T> {
  return within(work, timeouts.requestMs, lateCredentials);
}

/** `now` is storage's clock, by which URLs begin and end. */
async function signingBy(
  endpoint: Endpoint,
  settings: StorageSettings,
  now: () => number,
): Promise<Signing> {
  if (settings.leanCalls && endpoint.isPlainSigV4) {
    const sign: UrlSigner = urlSigner(endpoint, now);
    return { sign, close: () => {} };
  }
  const { presigner } = await import('./wire/sdk/presigner.js');
  return presigner(settings, now);
}

type WriteRequest = Extract<SignRequest, { kind: 'write' }>;

/** What the URL's user must send. */
function writeHeaders(settings: StorageSettings, request: WriteRequest): Record<string, string> {
  const { Metadata, ...attributes } = attributesInput(request.attributes ?? {});
  const metadata = Object.entries(Metadata ?? {}).map(([name, value]) => [
    `x-amz-meta-${name}`,
    value,
  ]);
  return given({
    'Content-Type': attributes.ContentType,
    'Content-Length': request.contentLength?.toString(),
    'Cache-Control': attributes.CacheControl,
    'Content-Disposition': attributes.ContentDisposition,
    'Content-Encoding': attributes.ContentEncoding,
    'Content-Language': attributes.ContentLanguage,
    ...(Object.fromEntries(metadata) as Record<string, string>),
    'If-None-Match': request.createOnly === true ? '*' : undefined,
    ...keepingHeaders(settings),
  });
}

/** How the object is to be kept, as its sender has to say it. */
function keepingHeaders(settings: StorageSettings): Record<string, string> {
  const keeping = keepingInput(settings);
  return given({
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
function expiryOf({ expiration }: LiveIdentity, asked: number): number {
  if (expiration === undefined) return asked;
  const left = Math.floor((expiration.getTime() - Date.now()) / 1000);
  if (left < 1) {
    throw new FileServiceError('storage_access_denied', 'The session of this service has ended.');
  }
  return Math.min(asked, left);
}
