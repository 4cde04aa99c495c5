// Whether a signed upload URL gives nothing but its upload, asked of the store itself: AWS refuses `x-amz-*` headers
// that were not signed, Ceph 16 obeys them.
import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { debugStorage } from '../../../core/debug.js';
import type { S3Context, StorageSettings } from '../call.js';
import { s3Signer } from '../sign.js';

const EXPIRES_SECONDS = 60;

/**
 * Asks once for all, and again only when nothing was learnt. AWS is known to refuse. Nothing learnt is false: the
 * service then gives no URL that might give more than it says.
 */
export function signedWritesAreBound(
  settings: StorageSettings,
): (context: S3Context) => Promise<boolean> {
  let known: Promise<boolean | null> | undefined;
  return async (context) => {
    if (settings.endpoint === undefined) return true;
    known ??= probe(context);
    const bound = await known;
    if (bound === null) known = undefined;
    return bound ?? false;
  };
}

/** Sends a signed PUT with a header that its signature does not name; null when the answer says nothing. */
async function probe(context: S3Context): Promise<boolean | null> {
  // As the service itself reaches storage: where clients do, it may not get through.
  const signer = s3Signer({ ...context.settings, publicEndpoint: undefined });
  const key = context.keyOf(`.s3files-probe-${randomUUID()}`);
  try {
    const { url, headers } = await signer.sign(key, {
      kind: 'write',
      key,
      expiresSeconds: EXPIRES_SECONDS,
    });
    const { status } = await fetch(url, {
      method: 'PUT',
      headers: { ...headers, 'x-amz-meta-s3files-unsigned': '1' },
      body: '',
      signal: AbortSignal.timeout(context.settings.timeouts.requestMs),
    });
    if (status === 400 || status === 403) return true;
    if (status !== 200) return null;
    await context.send(
      'meta',
      'DeleteObject',
      new DeleteObjectCommand({ Bucket: context.settings.bucket, Key: key }),
    );
    return false;
  } catch (error) {
    debugStorage('the probe of signed headers failed: %O', error);
    return null;
  } finally {
    signer.close();
  }
}
