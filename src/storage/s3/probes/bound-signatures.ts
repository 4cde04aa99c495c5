// Whether a signed upload URL gives nothing but its upload, asked of the store itself: AWS refuses `x-amz-*` headers
// that were not signed, Ceph 16 obeys them.
import { randomUUID } from 'node:crypto';
import { debugStorage } from '../../../core/debug.js';
import { OWN_FOLDER } from '../../../core/key.js';
import { detached, type S3Context } from '../call.js';
import { s3Signer, type Signer } from '../sign.js';
import { openTransport } from '../wire/transport/open-transport.js';
import type { Transport } from '../wire/transport/transport.js';

const EXPIRES_SECONDS = 60;
const MOST_ANSWER_BYTES = 64 * 1024;

/**
 * Asks once for all, and again only when nothing was learnt. AWS is known to refuse. Nothing learnt is false: the
 * service then gives no URL that might give more than it says.
 */
export async function signedWritesAreBound(context: S3Context): Promise<boolean> {
  const { connection, call } = context;
  if ((await connection.wire.endpoint()).isAws) return true;
  const ask = (): Promise<boolean> => probe(detached(context));
  return connection.known.signedWritesAreBound.get(ask, call.signal).catch((error: unknown) => {
    if (call.signal.aborted) throw call.signal.reason;
    debugStorage('the probe of signed headers failed: %O', error);
    return false;
  });
}

/** Sends a signed PUT with a header that its signature does not name. Throws when the answer says nothing. */
async function probe(context: S3Context): Promise<boolean> {
  const { connection, settings } = context;
  // As the service itself reaches storage: where clients do, it may not get through.
  const own = { ...connection, settings: { ...settings, publicEndpoint: undefined } };
  const signer = s3Signer(own);
  const key = context.keyOf(`${OWN_FOLDER}probe/${randomUUID()}`);
  const { origin } = await connection.wire.endpoint();
  const transport = await openTransport(origin, settings);
  try {
    const sending = { context, signer, transport, key };
    const status = await put(sending, { 'x-amz-meta-unsigned': '1' });
    if (status === 200) return false;
    if (status !== 400 && status !== 403) throw new Error(`the probe was answered with ${status}`);
    // Refused for the header, or for anything else? Without it the same PUT has to be taken.
    const plain = await put(sending, {});
    if (plain !== 200) throw new Error(`a plain signed PUT was answered with ${plain}`);
    return true;
  } finally {
    signer.close();
    transport.close(new Error('the probe has ended'));
    await context.send('DeleteObject', { Key: key }).catch(() => undefined);
  }
}

interface Sending {
  readonly context: S3Context;
  readonly signer: Signer;
  readonly transport: Transport;
  readonly key: string;
}

async function put(
  { context, signer, transport, key }: Sending,
  unsigned: Readonly<Record<string, string>>,
): Promise<number> {
  const request = { kind: 'write', key, expiresSeconds: EXPIRES_SECONDS } as const;
  const signed = await signer.sign(key, request);
  const { host, pathname, search } = new URL(signed.url);
  const headers = Object.entries({ ...signed.headers, ...unsigned }).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  const { status } = await transport.send(
    {
      method: 'PUT',
      target: pathname + search,
      headers: [['host', host], ...headers, ['content-length', '0']],
      body: null,
      wholeBytes: MOST_ANSWER_BYTES,
      streamed: false,
      answerMs: context.settings.timeouts.requestMs,
    },
    context.call.signal,
  );
  return status;
}
