// What vouches for bytes that are in memory, beside TLS and signatures: buckets with a default retention refuse writes
// without it. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html#API_PutObject_RequestSyntax
import { createHash, randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { detached, type CallOptions, type S3Context } from '../call.js';
import type { Checksum } from '../connection.js';
import { refusalOf } from '../errors.js';
import type { Input, Output } from '../wire/commands.js';

/** The checksum of a PutObject, as S3 takes it. */
export type ChecksumInput = { readonly ChecksumCRC32: string } | { readonly ContentMD5: string };

/** The checksum of these bytes, of the kind that this store takes. */
export function checksumInput(bytes: Uint8Array, kind: Checksum): ChecksumInput {
  if (kind === 'md5') return { ContentMD5: createHash('md5').update(bytes).digest('base64') };
  const value = Buffer.allocUnsafe(4);
  value.writeUInt32BE(crc32(bytes));
  return { ChecksumCRC32: value.toString('base64') };
}

/** Bytes that are in memory, and how they are sent. */
export interface PutInMemory {
  readonly input: Omit<Input<'PutObject'>, 'Body'>;
  readonly bytes: Uint8Array;
  readonly options?: CallOptions;
}

/**
 * One PutObject with a checksum. A store that refuses one that it does not know is sent the older one, now and from
 * then on. Throws as `send` does.
 */
export async function putInMemory(
  context: S3Context,
  { input, bytes, options = {} }: PutInMemory,
): Promise<Output<'PutObject'>> {
  const { learnt } = context.connection;
  // A watched body is made anew for each attempt.
  const Body = options.body === undefined ? { Body: bytes } : {};
  const put = () => {
    const checksum = checksumInput(bytes, learnt.checksum);
    return context.send('PutObject', { ...input, ...Body, ...checksum }, options);
  };
  try {
    return await put();
  } catch (error) {
    const refusal = refusalOf(error);
    const isForeign = refusal?.kind === 'unsupported' || refusal?.kind === 'nonsense';
    const isAnswer = isForeign && refusal.status !== undefined;
    if (!isAnswer || learnt.checksum === 'md5') throw error;
    learnt.checksum = 'md5';
    return put();
  }
}

/**
 * Whether every write needs a checksum here, so that a body has to be in memory first: the bucket has a default
 * retention. Asked of the store once; one that cannot tell is sent an empty object without a checksum.
 */
export function needsChecksum(context: S3Context): Promise<boolean> {
  const { connection, call } = context;
  return connection.known.needsChecksum.get(() => ask(detached(context)), call.signal);
}

async function ask(context: S3Context): Promise<boolean> {
  try {
    const { ObjectLockConfiguration } = await context.send('GetObjectLockConfiguration', {});
    return ObjectLockConfiguration?.Rule?.DefaultRetention !== undefined;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.status === undefined || refusal.kind === 'unavailable') throw error;
    // AWS says 404 where there is no such configuration, and other stores that they know none.
    return refusal.status === 404 || refusal.kind === 'denied' ? false : refusesPlain(context);
  }
}

async function refusesPlain(context: S3Context): Promise<boolean> {
  const Key = context.keyOf(`.s3files-probe-${randomUUID()}`);
  try {
    await context.send('PutObject', { Key, Body: new Uint8Array(0) });
  } catch (error) {
    if (refusalOf(error)?.status === 400) return true;
    throw error;
  }
  await context.send('DeleteObject', { Key }).catch(() => undefined);
  return false;
}
