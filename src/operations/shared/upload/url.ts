// Where an upload may be sent without further credentials: to storage itself, or to a sealed link through the service.
import { UPLOADS_FOLDER } from '../../../core/key.js';
import type { Attributes, Bucket } from '../../../storage/bucket.js';
import { sealGrant } from '../../uploads/token.js';
import type { LinkGrant } from '../../uploads/token.js';
import type { Ask, RunContext } from '../../operation.js';
import { writeVerb } from './store-file.js';

/** The one upload that an upload URL is for. */
export interface PlannedUpload {
  readonly key: string;
  readonly expiresSeconds: number;
  readonly contentType: string | undefined;
  /** What is to be stored beside the bytes and their type. */
  readonly attributes?: Attributes;
  readonly length: number | undefined;
  readonly createOnly: boolean;
}

/** A URL that takes an upload, what its user must send, and its end in seconds since 1970. */
export interface UploadUrl {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: number;
}

/** AWS "PutObject": one call stores at most 5 GiB, whoever signed it. */
const MOST_BYTES_OF_A_PUT = 5 * 2 ** 30;

/**
 * The URL for an upload: signed for storage where the signature holds all that an upload through the service obeys,
 * else a sealed link through the service.
 *
 * @throws FileServiceError `storage_access_denied` when there is nothing to sign with; what the first look at
 * storage's signatures finds
 */
export async function uploadUrl(
  ask: Ask,
  { bucket, principal }: Pick<RunContext, 'bucket' | 'principal'>,
  upload: PlannedUpload,
): Promise<UploadUrl> {
  return (await storageHolds(ask, bucket, upload))
    ? signedUpload(bucket, upload)
    : sealedUpload(ask, principal, upload);
}

// A scanner sees no bytes that go past the service, and nobody is told of them; storage knows no size limit but its own; and a store that takes headers which were not signed
// copies or publishes whatever the URL's user names in them.
async function storageHolds(
  { settings }: Ask,
  bucket: Bucket,
  { length, createOnly }: PlannedUpload,
): Promise<boolean> {
  if (settings.scan !== undefined || settings.onUploaded !== undefined) return false;
  if (!settings.directUploads || settings.hasQuota) return false;
  if (length === undefined && settings.maxUploadBytes < MOST_BYTES_OF_A_PUT) return false;
  if (!(await bucket.signedWritesAreBound())) return false;
  return !createOnly || bucket.conditionalWrites();
}

async function signedUpload(bucket: Bucket, upload: PlannedUpload): Promise<UploadUrl> {
  const { key, expiresSeconds, contentType, attributes, length, createOnly } = upload;
  const signed = await bucket.sign({
    kind: 'write',
    key,
    expiresSeconds,
    attributes: { ...attributes, ...(contentType === undefined ? {} : { contentType }) },
    ...(length === undefined ? {} : { contentLength: length }),
    createOnly,
  });
  return { ...signed, expiresAt: secondsFromNow(signed.expiresSeconds) };
}

/** A link through the service, with the same meaning. */
function sealedUpload(
  ask: Ask,
  principal: LinkGrant['principal'],
  upload: PlannedUpload,
): UploadUrl {
  const { key, contentType, attributes, length, createOnly } = upload;
  const expiresAt = secondsFromNow(upload.expiresSeconds);
  const token = sealGrant(ask.settings.uploadSecrets, {
    key,
    verb: writeVerb(ask),
    createOnly,
    ...(contentType === undefined ? {} : { contentType }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(length === undefined ? {} : { length }),
    tenant: ask.tenant(),
    principal,
    expiresAt,
  });
  return {
    url: `${ask.request.mount}/${UPLOADS_FOLDER}${token}`,
    headers: {
      ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
      ...(length === undefined ? {} : { 'Content-Length': String(length) }),
    },
    expiresAt,
  };
}

function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}
